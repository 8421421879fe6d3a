"""What is tried again besides what a plain function does."""

import gc
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import pytest
from anyio import Event, fail_after, from_thread
from anyio.lowlevel import checkpoint

from flowdeco import OutputError, Retry, Run, Status, task, workflow
from tests.conftest import Backend
from tests.model.retry_scripts import offline
from tests.support.naming import on, take
from tests.support.retries import AGAIN, WAYS, alone, attempts_of, each_way, look_on, make

ONCE = Retry(1, delay=0, jitter=0)


async def test_the_attempts_of_a_generator_do_not_share_what_they_yield() -> None:
    calls: list[str] = []

    @task(retries=AGAIN)
    def plain() -> Iterator[int]:
        yield 1
        calls.append("plain")
        if len(calls) < 3:
            raise ConnectionError
        yield 2

    assert await alone(plain.with_options(name="page"))() == [1, 2]
    calls.clear()
    assert await alone(plain.with_options(name="page", on_start=look_on))() == [1, 2]
    calls.clear()

    @task(retries=AGAIN)
    async def on_loop() -> AsyncIterator[int]:
        yield 1
        await checkpoint()
        calls.append("async")
        if len(calls) < 3:
            raise ConnectionError
        yield 2

    assert await alone(on_loop)() == [1, 2]
    assert calls == ["async"] * 3


@pytest.mark.parametrize("way", ["awaitable", "awaitable with a hook"])
async def test_what_an_awaitable_out_of_a_def_raises_is_retried_recovered_and_checked(way: str) -> None:
    def recover(error: Exception, attempt: int) -> str:
        return f"{error}, {attempt}"

    function, _ = attempts_of(*offline(2))
    run = await alone(make(way, function, retries=AGAIN)).run()
    assert (run.result, run.tasks["page"].attempts) == (3, 3)
    function, _ = attempts_of(*offline(9))
    assert await alone(make(way, function, retries=ONCE, recover=recover))() == "offline 2, 2"
    assert await alone(make(way, function, recover=recover))() == "offline 3, 1"


async def test_an_awaitable_that_nobody_awaits_any_more_is_closed() -> None:
    ready = Event()

    @task
    async def bad() -> None:
        await ready.wait()
        raise ValueError("bad")

    async def late() -> None: ...  # Python warns of it if it is neither awaited nor closed

    @task(retries=AGAIN)
    def page() -> Awaitable[None]:
        from_thread.run_sync(ready.set)
        while bad_run[0].error is None:
            pass
        return late()

    bad_run: list[Run[Any]] = []

    @task
    async def note(run: Run[Any]) -> None:
        bad_run.append(run)

    @workflow(after=[bad.with_options(after=note), page.with_options(after=note)])
    async def w() -> None: ...

    with fail_after(60):
        run = await w.run()
    gc.collect()
    assert str(run.error) == "bad"
    assert run.tasks["page"].status is Status.CANCELLED


@each_way
async def test_outputs_that_do_not_fit_are_retried(way: str) -> None:
    results: list[Any] = [5, [1], {"left": 1, "right": 2}]

    def page() -> Any:
        return results.pop(0)

    run = await alone(make(way, page, retries=AGAIN, outputs=("left", "right"))).run()
    assert run.result == {"left": 1, "right": 2}
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, OutputError), (2, OutputError)]
    results[:] = [5, 6, 7]
    with pytest.raises(OutputError) as caught:
        await alone(make(way, page, retries=ONCE, outputs=("left", "right")))()
    assert caught.value.result == 6
    assert results == [7]


async def test_a_nested_workflow_s_tasks_are_retried_within_it() -> None:
    function, attempts = attempts_of(*offline(2))

    @workflow(needs={"page": make("def", function, retries=AGAIN)})
    async def inner(page: int) -> int:
        return page

    @workflow
    async def outer(inner: int) -> int:
        return inner

    run = await outer.run()
    assert (run.result, attempts.count, run.errors) == (3, 3, [])


def test_a_plain_call_retries_too(backend: Backend) -> None:
    for way in WAYS:
        function, attempts = attempts_of(*offline(2))
        page = make(way, function, retries=AGAIN)
        assert on(workflow(take, needs={"given": page}), backend)() == 3
        assert attempts.count == 3
