"""What nobody needs any more is let go: results during a run, and everything after it."""

import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Run, Workflow, task, workflow
from tests.conftest import Backend


class Result:
    """A result that tells when it is gone."""


alive: list["weakref.ref[Result]"] = []


def made() -> Result:
    result = Result()
    alive.append(weakref.ref(result))
    return result


def count_alive() -> int:
    return sum(ref() is not None for ref in alive)


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """Nothing may need the garbage collector in order to go."""
    alive.clear()
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@task
async def big() -> Result:
    return made()


@task
def big_def() -> Result:
    return made()


@pytest.mark.parametrize("source", [big, big_def])
async def test_a_result_is_gone_when_its_last_reader_has_ended(source: Any) -> None:
    @task(needs={"big": source})
    async def reader(big: Any) -> int:
        assert count_alive() == 1
        return 1

    @task(needs={"big": source})
    def reader_def(big: Any) -> int:
        assert count_alive() == 1
        return 1

    @task
    async def later(reader: int, reader_def: int) -> int:
        return count_alive()

    @workflow
    async def w(later: Any) -> Any:
        return later, count_alive()

    assert await w() == (0, 0)


async def test_a_result_is_gone_while_its_last_reader_waits_if_that_has_let_it_go() -> None:
    @task
    async def reader(big: Any) -> int:
        del big
        before = count_alive()
        await checkpoint()
        return before + count_alive()

    @workflow
    async def w(reader: Any) -> Any:
        return reader

    assert await w() == 0


async def test_a_result_is_gone_while_another_node_waits() -> None:
    read = anyio.Event()

    @task
    async def reader(big: Any) -> None:
        read.set()

    @task
    def reader_def(big: Any, reader: Any) -> None: ...

    @task
    async def waits() -> int:
        await read.wait()
        while count_alive():
            await checkpoint()  # the thread of the last reader may take a moment
        return count_alive()

    @workflow
    async def w(waits: Any, reader_def: Any) -> Any:
        return waits

    with anyio.fail_after(30):
        assert await w() == 0


async def test_a_result_that_nobody_receives_is_gone_at_once() -> None:
    @task(after=[big, big_def])
    async def later() -> int:
        return count_alive()

    @workflow
    async def w(later: Any) -> Any:
        return later

    assert await w() == 0


async def test_an_output_that_nobody_receives_is_gone_with_the_whole() -> None:
    @task(outputs=("left", "right"))
    async def pair() -> tuple[Result, Result]:
        return made(), made()

    @task
    async def reader(left: Any) -> int:
        return count_alive()

    @task
    async def later(reader: int) -> tuple[int, int]:
        return reader, count_alive()

    @workflow
    async def w(later: Any) -> Any:
        return later

    assert await w() == (1, 0)


async def test_an_async_body_that_lets_go_of_its_arguments_keeps_nothing_alive() -> None:
    @workflow
    async def w(big: Any, big_def: Any) -> Any:
        before = count_alive()
        del big, big_def
        await checkpoint()
        return before, count_alive()

    assert await w() == (2, 0)


async def test_run_keeps_every_result() -> None:
    @task
    async def reader(big: Any, big_def: Any) -> None: ...

    @workflow
    async def w(reader: Any) -> None: ...

    run = await w.run()
    assert count_alive() == 2
    assert isinstance(run.tasks["big"].result, Result)
    assert isinstance(run.tasks["big_def"].result, Result)


async def test_a_kept_run_is_gone_with_all_its_results_when_it_is_let_go() -> None:
    @workflow
    async def w(big: Any) -> None: ...

    run = await w.run()
    ref = weakref.ref(run)
    del run
    assert (count_alive(), ref()) == (0, None)


def call(w: Workflow[Any, Any], backend: Backend) -> Any:
    name, options = backend
    return w.with_options(backend=name, backend_options=options)()


def test_no_result_is_left_when_a_plain_call_has_returned(backend: Backend) -> None:
    @workflow
    def w(big: Any, big_def: Any) -> None: ...

    call(w, backend)
    assert count_alive() == 0


def test_nothing_of_a_plain_call_is_left_when_it_has_returned(backend: Backend) -> None:
    runs: list[weakref.ref[Run[Any]]] = []

    @task
    async def note(run: Run[Any]) -> None:
        runs.append(weakref.ref(run))

    @workflow
    def w(big: Any, note: Any) -> None: ...

    call(w, backend)
    assert (count_alive(), runs[0]()) == (0, None)


async def test_nothing_of_an_awaited_call_is_left_when_it_has_returned() -> None:
    runs: list[weakref.ref[Run[Any]]] = []

    @task
    async def note(run: Run[Any]) -> None:
        runs.append(weakref.ref(run))

    @workflow
    async def inner(big: Any, note: Any) -> None: ...

    @workflow
    async def w(big: Any, inner: Any, note: Any) -> None: ...

    await w()
    assert len(runs) == 2
    assert (count_alive(), [ref() for ref in runs]) == (0, [None, None])


def test_the_run_of_an_error_from_a_plain_call_holds_no_results(backend: Backend) -> None:
    @task
    def bad(big: Any, big_def: Any) -> None:
        raise ValueError("no")

    @workflow
    def w(big: Any, bad: Any) -> None: ...

    def failed_run() -> Run[Any]:
        try:
            call(w, backend)
        except ValueError as error:
            error.__traceback__ = None  # the frames of the task hold its arguments
            return Run.of(error)
        raise AssertionError

    run = failed_run()
    assert run.tasks["big"].status == "completed"
    assert run.tasks["big"].result is None
    assert count_alive() == 0


@task
async def one() -> int:
    return 1


@task
async def two(one: int) -> int:
    await checkpoint()
    return one + 1


@task
def three(two: int) -> int:
    return two + 1


@task
async def fails(three: int) -> None:
    raise ValueError("no")


@workflow
async def succeeding(three: Any) -> Any:
    return three


@workflow
async def failing(fails: Any) -> None: ...


async def fail() -> None:
    with pytest.raises(ValueError, match="no"):
        await failing()


@pytest.mark.parametrize(("how", "runs"), [("succeeds", 10_000), ("fails", 1_000), ("is kept", 1_000)])
async def test_after_many_runs_memory_is_where_it_was(how: str, runs: int) -> None:
    async def many(times: int) -> None:
        for _ in range(times):
            if how == "fails":
                await fail()
            elif how == "is kept":
                await succeeding.run()
            else:
                await succeeding()

    await many(20)
    gc.collect()
    tracemalloc.start()
    try:
        await many(10)
        gc.collect()
        sizes = [tracemalloc.get_traced_memory()[0]]
        for _ in range(2):
            await many(runs // 2)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        # A table of Python's own may grow in the one half, for good; what the runs leave behind grows in both.
        assert min(later - earlier for earlier, later in pairwise(sizes)) < 10_000
    finally:
        tracemalloc.stop()
