"""What nobody needs any more is let go: everything after a run."""

import gc
import sys
import tracemalloc
import weakref
from itertools import pairwise
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Run, Workflow, task, workflow
from tests.conftest import Backend
from tests.support.memory import big, big_def, count_alive
from tests.support.naming import mention

pytestmark = pytest.mark.usefixtures("nothing_alive")


mention(big, big_def)


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


async def test_an_error_that_came_out_of_a_run_within_goes_with_its_last_reference() -> None:
    class Told(Exception):
        pass

    @task
    async def tells(big: Any) -> None:
        raise Told

    @workflow
    async def within(tells: Any) -> None: ...

    @workflow
    async def around(within: Any) -> None: ...

    @workflow
    async def w(around: Any) -> None: ...

    async def fail() -> weakref.ref[Told]:
        try:
            await w()
        except Told as error:
            if sys.version_info >= (3, 12):  # a frame stays linked with those that called it, nested or not
                error.__traceback__ = None
            return weakref.ref(error)
        raise AssertionError

    gc.disable()
    try:
        ref = await fail()
        assert (ref(), count_alive()) == (None, 0)
    finally:
        gc.enable()


async def test_the_run_of_an_error_from_a_plain_call_holds_no_results_for_those_within() -> None:
    @workflow
    async def within(big: Any, refused: Any) -> None: ...

    @task
    async def refused(big: Any) -> None:
        raise ValueError("no")

    @workflow
    async def w(big: Any, within: Any) -> None: ...

    error = None
    try:
        await w()
    except ValueError as caught:
        error = caught
        error.__traceback__ = None
    assert error is not None
    assert Run.of(error).tasks["within"].run.status == "failed"
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


@pytest.mark.parametrize(
    ("how", "runs", "most"), [("succeeds", 1_200, 3_000), ("fails", 1_000, 10_000), ("is kept", 1_000, 10_000)]
)
async def test_after_many_runs_memory_is_where_it_was(how: str, runs: int, most: int) -> None:
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
        # `most` is less than one list entry (8 bytes) or one object (48 with its entry) a run comes to in half of them.
        # A table of Python's own may grow in the one half, for good; what the runs leave behind grows in both.
        assert min(later - earlier for earlier, later in pairwise(sizes)) < most
    finally:
        tracemalloc.stop()
