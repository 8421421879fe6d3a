"""Progress in a terminal: a view of what runs."""

from threading import Event as Signal
from threading import Thread
from typing import Any

import anyio
import pytest

from flowdeco import Event, Retry, task, workflow
from flowdeco.progress import Progress
from tests.conftest import Backend
from tests.support.naming import mention, on
from tests.support.progress import Clock, cursor_is_back, look, make_console, show

pytestmark = pytest.mark.usefixtures("clock")


def test_in_a_terminal_there_is_a_line_for_each_task_that_runs_with_its_time_and_attempt(
    backend: Backend, clock: Clock
) -> None:
    console = make_console()
    seen: list[list[str]] = []

    @task(retries=Retry(2, delay=0))
    async def page(attempts: list[int]) -> str:
        attempts.append(1)
        clock.now += 1.5
        seen.append(look(console))
        if len(attempts) < 2:
            raise ConnectionError("cut")
        return "text"

    @task
    async def words(page: str) -> int:
        clock.now += 12
        seen.append(look(console))
        return len(page)

    @workflow(on_state=Progress(console=console))
    async def summary(attempts: list[int], words: int) -> int:
        return words

    mention(page, words)
    on(summary, backend).call_sync(attempts=[])
    assert seen == [
        ["summary = 0 of 2  1.5 s", "  page  1.5 s"],
        ["summary = 0 of 2  3.0 s", "  page  attempt 2, 1.5 s"],
        ["summary = 1 of 2  15 s", "  words  12 s"],
    ]
    assert show(console) == ["summary: completed in 15 s (2 completed)"]
    assert cursor_is_back(console)


def test_in_a_terminal_a_task_that_waits_for_its_next_attempt_says_when_and_why(clock: Clock) -> None:
    console = make_console()
    seen: list[list[str]] = []
    file_hook = Progress(console=console)

    def look_at_retry(event: Event, /) -> None:
        if event.status == "retrying":
            clock.now += 0.5
            seen.append(look(console))
            clock.now += 10
            seen.append(look(console))

    @task(retries=Retry(1, delay=lambda: 2.0, jitter=0))
    async def page() -> str:
        raise ConnectionError("cut [bold]off[/bold]")

    @workflow(on_state=[file_hook, look_at_retry])
    async def summary(page: str) -> str:
        return page

    mention(page)

    async def no_wait(_: float) -> None: ...

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flowdeco._runner.lifecycle.sleep", no_wait)
        with pytest.raises(ConnectionError):
            summary.call_sync()
    assert [lines[-1] for lines in seen] == [
        "  page  attempt 1 failed, again in 1.5 s: ConnectionError: cut [bold]off[/bold]",
        "  page  attempt 1 failed, waits for the next attempt: ConnectionError: cut [bold]off[/bold]",
    ]
    assert show(console) == [
        "summary: page failed after 2 attempts (1 of 1): ConnectionError: cut [bold]off[/bold]",
        "summary: failed after 10 s (1 failed): ConnectionError: cut [bold]off[/bold]",
    ]


async def test_a_cancelled_run_leaves_nothing_on_the_terminal() -> None:
    console = make_console()
    begun = anyio.Event()

    @task
    async def forever() -> None:
        begun.set()
        await anyio.sleep_forever()

    @workflow(on_state=Progress(console=console))
    async def wait(forever: None) -> None: ...

    mention(forever)
    with anyio.fail_after(60):
        async with wait.start() as run:
            await begun.wait()
            assert look(console) == ["wait = 0 of 1  0.0 s", "  forever  0.0 s"]
            run.cancel()
    console.file.write("$ and on it goes")
    assert show(console) == ["wait: cancelled after 0.0 s (1 cancelled)", "$ and on it goes"]
    assert cursor_is_back(console)


def test_runs_on_several_threads_share_the_view() -> None:
    console = make_console()
    arrived = {name: Signal() for name in ("one", "two")}
    leave = Signal()

    @task
    def rest(name: str) -> None:
        arrived[name].set()
        assert leave.wait(60)

    def name_run(name: str) -> Any:
        @workflow(name=name, on_state=Progress(console=console), tasks=[rest])
        def wait(name: str, rest: None) -> None: ...

        return wait

    threads = [Thread(target=name_run(name), kwargs={"name": name}) for name in arrived]
    for thread in threads:
        thread.start()
    try:
        assert all(signal.wait(60) for signal in arrived.values())
        lines = look(console)
    finally:
        leave.set()
        for thread in threads:
            thread.join(60)
    assert sorted(lines) == ["  rest  0.0 s", "  rest  0.0 s", "one = 0 of 1  0.0 s", "two = 0 of 1  0.0 s"]
    assert sorted(show(console)) == [f"{name}: completed in 0.0 s (1 completed)" for name in arrived]


def test_a_nested_workflow_that_is_watched_too_has_its_own_place_in_the_view(backend: Backend) -> None:
    console = make_console()
    seen: list[list[str]] = []

    @task
    async def page() -> str:
        seen.append(look(console))
        return "text"

    @workflow(on_state=Progress(console=console))
    async def inner(page: str) -> str:
        return page

    @workflow(on_state=Progress(console=console))
    async def outer(inner: str) -> str:
        return inner

    mention(page, inner)
    on(outer, backend).call_sync()
    assert seen == [["outer = 0 of 1  0.0 s", "  inner  0.0 s", "inner = 0 of 1  0.0 s", "  page  0.0 s"]]
    assert show(console) == ["inner: completed in 0.0 s (1 completed)", "outer: completed in 0.0 s (1 completed)"]


async def test_the_view_is_never_higher_than_the_terminal() -> None:
    console = make_console(height=8)
    begun: list[None] = []
    all_begun = anyio.Event()

    async def rest() -> None:
        begun.append(None)
        if len(begun) == 30:
            all_begun.set()
        await anyio.sleep_forever()

    needs = {"rests": [task(rest, name=f"rest{index}") for index in range(30)]}

    @workflow(on_state=Progress(console=console), needs=needs)
    async def wait(rests: list[None]) -> None: ...

    with anyio.fail_after(60):
        async with wait.start() as run:
            await all_begun.wait()
            lines = look(console)
            run.cancel()
    assert len(lines) == 7
    assert lines[-1] == "  … and 25 more"
    assert show(console) == ["wait: cancelled after 0.0 s (30 cancelled)"]
