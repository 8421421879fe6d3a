"""Who looks on at a run hears of the runs within it, too: of nested workflows and of those that are called, by path."""

import logging
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import Event, Monitor, Retry, Run, State, task, workflow
from tests.support.naming import mention


@task
async def size(line: str) -> int:
    return len(line)


@workflow(each={"line": "chapter"})
async def lines(line: str, size: int) -> int:
    return size


@workflow
async def pages(chapter: list[str], lines: list[int]) -> int:
    return sum(lines)


@task
async def agent() -> int:
    return await pages.call(["q"])


mention(size, lines, pages, agent)


def make(**options: Any) -> Any:
    @workflow(**options)
    async def book(chapter: list[str], pages: int) -> int:
        return pages

    return book


def make_calling(**options: Any) -> Any:
    @workflow(**options)
    async def book(agent: int) -> int:
        return agent + await pages.call(["ab"])

    return book


def name(event: Event) -> str:
    which = "" if event.index is None else f"[{event.index}]"
    return f"{event.task}{which} {event.status}"


def one_line(path: str, number: int = 0) -> list[str]:
    item = f"{path}/lines[{number}]"
    return [f"{item} running", f"{item}/size running", f"{item}/size completed", f"{item} completed"]


NESTED = [
    "None running",
    "pages running",
    *one_line("pages"),
    "pages completed",
    "None completed",
]
CALLED = [
    "None running",
    "agent running",
    "agent/pages#1 running",
    *one_line("agent/pages#1"),
    "agent/pages#1 completed",
    "agent completed",
    "pages#1 running",
    *one_line("pages#1"),
    "pages#1 completed",
    "None completed",
]


async def test_events_tell_of_what_happens_in_a_nested_run() -> None:
    async with make().start(["a"]) as run:
        assert [name(event) async for event in run.events()] == NESTED


async def test_events_tell_of_what_happens_in_a_called_workflow() -> None:
    async with make_calling().start() as run:
        assert [name(event) async for event in run.events()] == CALLED


@pytest.mark.parametrize("is_awaited", [False, True])
@pytest.mark.parametrize(("made", "inputs", "expected"), [(make, (["a"],), NESTED), (make_calling, (), CALLED)])
async def test_a_hook_of_the_workflow_hears_of_them_as_of_the_outer_run(
    is_awaited: bool, made: Callable[..., Any], inputs: tuple[Any, ...], expected: list[str]
) -> None:
    told: list[str] = []

    def hook(event: Event) -> None:
        assert (event.workflow, event.run.workflow) == ("book", "book")
        told.append(name(event))

    async def hook_async(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        hook(event)

    await made(on_state=hook_async if is_awaited else hook).call(*inputs)
    assert told == expected


def test_a_hook_hears_of_a_workflow_that_the_def_body_of_a_plain_call_calls() -> None:
    told: list[str] = []

    def hear(event: Event) -> None:
        told.append(name(event))

    @workflow(on_state=hear)
    def book() -> int:
        return pages.call_sync(["ab"])

    assert book() == 2
    assert told == [
        "None running",
        "pages#1 running",
        *one_line("pages#1"),
        "pages#1 completed",
        "None completed",
    ]


async def test_the_task_of_an_event_leads_to_its_record() -> None:
    found: list[Any] = []

    def hook(event: Event) -> None:
        if event.task is not None:
            record = event.run.tasks[event.task]
            found.append(record if event.index is None else record.items[event.index])

    run = await make(on_state=hook).run(["ab"])
    assert [record.name for record in found] == ["pages", "lines[0]", "size", "size", "lines[0]", "pages"]
    assert run.tasks["pages/lines"].items[0].result == 2
    assert run.tasks["pages/lines[0]/size"].result == 2
    assert "pages/lines[1]/size" not in run.tasks
    called = await make_calling().run()
    assert called.tasks["agent/pages#1/lines[0]/size"].result == 1
    assert called.tasks["pages#1"].task == "pages"
    assert called.tasks.item("agent/pages#1/lines[0]").result == 1
    for path in ("pages#2", "agent/pages#2", "agent/none#1", "agent/pages#1/none", "/", "agent/", "#1", "agent[0]/x"):
        assert path not in called.tasks, path


async def test_an_event_has_the_attempts_arguments_and_state_of_its_task_and_run() -> None:
    told: list[Event] = []
    failures = [OSError("first")]

    @task(retries=Retry(1, delay=0), metadata={"team": "x"})
    async def stock(item: str) -> int:
        if failures:
            raise failures.pop()
        return 7

    @workflow
    async def offer(item: str, stock: int) -> int:
        return stock

    @workflow(on_state=told.append, on_retry=told.append)
    async def shop(item: str, offer: int) -> int:
        return offer

    mention(stock, offer)
    run = await shop.run("tea")
    of_task = [event for event in told if event.task == "offer/stock"]
    kinds = [(event.kind, str(event.status), event.attempt) for event in of_task]
    assert kinds == [
        ("state", "running", 1),
        ("state", "retrying", 1),
        ("retry", "retrying", 1),
        ("state", "running", 2),
        ("state", "completed", 2),
    ]
    again, last = of_task[2], of_task[-1]
    assert (str(again.error), again.delay, again.inputs, again.metadata) == ("first", 0, {"item": "tea"}, {"team": "x"})
    assert [(failure.task, failure.attempt) for failure in last.errors] == [("offer/stock", 1)]
    assert (last.result, last.run, last.state) == (7, run, run.state)
    assert str(last).split(" ", 1)[1] == "shop.offer/stock: completed, attempt 2"


async def test_on_retry_alone_hears_of_retries_within() -> None:
    told: list[str | None] = []

    @task(retries=Retry(1, delay=0))
    async def fails() -> None:
        raise OSError

    @workflow
    async def inner(fails: None) -> None: ...

    def hear(task: str | None) -> None:
        told.append(task)

    @workflow(on_retry=hear)
    async def outer(inner: None) -> None: ...

    mention(fails, inner)
    with pytest.raises(OSError):
        await outer()
    assert told == ["inner/fails"]


async def test_the_hooks_of_the_workflow_within_hear_of_its_own_run_by_its_own_names() -> None:
    own: list[tuple[str, str | None, str]] = []
    outer: list[str] = []

    def hear_own(event: Event) -> None:
        own.append((event.workflow, event.task, event.run.workflow))

    def hear(event: Event) -> None:
        outer.append(name(event))

    @workflow(on_state=hear_own)
    async def inner(line: str, size: int) -> int:
        return size

    @workflow(on_state=hear)
    async def w(line: str, inner: int) -> int:
        return inner

    mention(inner)
    await w("a")
    assert own == [("inner", task, "inner") for task in (None, "size", "size", None)]
    assert outer == [
        "None running",
        "inner running",
        "inner/size running",
        "inner/size completed",
        "inner completed",
        "None completed",
    ]


class Listener:
    def __init__(self) -> None:
        self.told: list[str] = []

    def hear(self, event: Event) -> None:
        self.told.append(f"{event.workflow}: {name(event)}")


async def test_a_hook_that_hangs_on_both_is_told_once_of_what_happens_within() -> None:
    listener = Listener()

    @workflow(on_state=listener.hear)
    async def inner(line: str, size: int) -> int:
        return size

    @workflow
    async def middle(line: str, inner: int) -> int:
        return inner

    @workflow(on_state=listener.hear)
    async def w(line: str, middle: int) -> int:
        return middle

    mention(inner, middle)
    await w("a")
    assert listener.told == [
        "w: None running",
        "w: middle running",
        "w: middle/inner running",
        "inner: None running",
        "inner: size running",
        "inner: size completed",
        "inner: None completed",
        "w: middle/inner completed",
        "w: middle completed",
        "w: None completed",
    ]


async def test_each_level_that_is_looked_at_hears_of_all_below() -> None:
    told: dict[str, list[str | None]] = {"top": [], "middle": []}

    def hook(workflow: str, task: str | None, status: str) -> None:
        if status == "completed":
            told[workflow].append(task)

    def hook_too(workflow: str, task: str | None, status: str) -> None:
        hook(workflow, task, status)

    @workflow
    async def bottom(line: str, size: int) -> int:
        return size

    @workflow(on_state=hook)
    async def middle(line: str, bottom: int) -> int:
        return bottom

    @workflow(on_state=hook_too)
    async def top(line: str, middle: int) -> int:
        return middle

    mention(bottom, middle)
    await top("a")
    assert told == {
        "top": ["middle/bottom/size", "middle/bottom", "middle", None],
        "middle": ["bottom/size", "bottom", None],
    }


async def test_the_log_tells_of_it_once_as_of_the_outermost_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "flowdeco"):
        run = await make().run(["a"])
    own = [record for record in caplog.records if record.run == run.id]  # type: ignore[attr-defined]
    told = [f"{record.task} {record.status}" for record in own]  # type: ignore[attr-defined]
    assert told == [text.replace("[0] ", " ") for text in NESTED]
    rest = [record for record in caplog.records if record not in own]
    within = {(record.workflow, record.task, record.levelname) for record in rest}  # type: ignore[attr-defined]
    assert within == {("pages", None, "INFO"), ("lines", None, "INFO")}


@pytest.mark.parametrize("is_called", [False, True])
async def test_an_awaited_hook_is_told_while_what_it_is_told_of_is_still_under_way(is_called: bool) -> None:
    heard = anyio.Event()

    async def hook(task: str | None) -> None:
        await anyio.lowlevel.checkpoint()
        if task is not None and task.endswith("/wait"):
            heard.set()

    @task
    async def wait() -> str:
        await heard.wait()
        return "heard"

    @workflow
    async def inner(wait: str) -> str:
        return wait

    @workflow(on_state=hook)
    async def nested(inner: str) -> str:
        return inner

    @workflow(on_state=hook)
    async def calling() -> str:
        return await inner.call()

    mention(wait, inner)
    with anyio.fail_after(60):
        assert await (calling if is_called else nested).call() == "heard"


async def test_what_was_cancelled_within_is_told() -> None:
    begun = anyio.Event()

    @task
    async def slow() -> None:
        begun.set()
        await anyio.sleep_forever()

    @task
    async def later(slow: None) -> None: ...

    @workflow
    async def inner(later: None) -> None: ...

    @workflow
    async def outer(inner: None) -> None: ...

    mention(slow, later, inner)
    with anyio.fail_after(60):
        async with outer.start() as run:
            await begun.wait()
            run.cancel()
            told = [name(event) async for event in run.events()]
    assert told[:3] == ["None running", "inner running", "inner/slow running"]
    assert sorted(told[3:]) == ["None cancelled", "inner cancelled", "inner/later cancelled", "inner/slow cancelled"]
    assert told.index("inner/slow cancelled") < told.index("inner cancelled")


async def test_what_a_hook_raises_at_something_within_is_among_the_hook_errors_of_its_own_run() -> None:
    def hook(task: str | None) -> None:
        if task == "pages/lines":
            raise ValueError(task)

    run = await make(on_state=hook).run(["a"])
    assert run.status == "completed"
    assert [(told.task, told.index) for told in run.hook_errors] == [("pages/lines", 0)] * 2
    assert run.tasks["pages"].run.hook_errors == []


@pytest.mark.parametrize("is_called", [False, True])
async def test_with_hook_errors_raise_it_fails_the_outer_run(is_called: bool) -> None:
    def hook(task: str | None, status: str) -> None:
        if task is not None and task.endswith("/size") and status == "completed":
            raise ValueError("refused")

    made = make_calling if is_called else make
    run: Run[Any] = await made(on_state=hook, hook_errors="raise").run(*([] if is_called else [["a"]]))
    assert run.status == "failed"
    assert str(run.error) == "refused"


def test_with_hook_errors_raise_it_fails_a_blocking_call_in_a_def_body() -> None:
    def hook(task: str | None) -> None:
        if task == "pages#1/lines":
            raise ValueError("refused")

    @workflow(on_state=hook, hook_errors="raise")
    def book() -> int:
        return pages.call_sync(["ab"])

    with pytest.raises(ValueError, match="refused"):
        book()


async def test_with_hook_errors_raise_hooks_of_a_run_that_is_followed_are_told_once() -> None:
    listener = Listener()

    @task(on_state=listener.hear)
    async def one() -> int:
        return 1

    @workflow(hook_errors="raise", on_state=listener.hear)
    async def w(one: int) -> int:
        return one

    mention(one)
    async with w.start() as run:
        events = [name(event) async for event in run.events()]
    assert events == ["None running", "one running", "one completed", "None completed"]
    assert listener.told == [
        "w: None running",
        *["w: one running"] * 2,
        *["w: one completed"] * 2,
        "w: None completed",
    ]


async def test_a_monitor_counts_them_by_their_paths_without_which_one_it_was() -> None:
    monitor = Monitor()
    await make(on_state=monitor).call(["a", "bc"])
    assert monitor.names == ["book", "book.pages", "book.pages/lines", "book.pages/lines/size"]
    assert monitor.count("book.pages/lines/size", "completed") == 2
    assert [monitor.statistics(each).count for each in monitor.names] == [1, 1, 2, 2]
    calling = make_calling(on_state=monitor)
    run = await calling.run_async()
    assert run.hook_errors == []
    assert monitor.count("book.agent/pages/lines", "completed") == 1
    assert monitor.count("book.pages", "completed") == 2


async def test_a_state_of_its_own_stays_that_of_the_run_within() -> None:
    class Own(State):
        number: int = 1

    seen: list[Any] = []

    @workflow(state=Own)
    async def inner(line: str, size: int) -> int:
        return size

    def hook(event: Event) -> None:
        seen.append(event.state)

    @workflow(on_state=hook)
    async def w(line: str, inner: int) -> int:
        return inner

    mention(inner)
    run = await w.run("a")
    assert {id(state) for state in seen} == {id(run.state)}
    assert run.tasks["inner"].run.state is not run.state
