"""`retries=` on tasks: what is tried again, how often and when, what never is, and what is left of it all."""

import concurrent.futures
import copy
import functools
import gc
import logging
import math
import sys
import traceback
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import anyio
import pytest
from anyio import CancelScope, Event, current_effective_deadline, fail_after, from_thread, move_on_after, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import (
    OutputError,
    Retry,
    Run,
    Skip,
    Status,
    Task,
    TaskTimeoutError,
    Workflow,
    WorkflowTimeoutError,
    task,
    workflow,
)
from flowdeco._runner import lifecycle
from tests.conftest import Backend
from tests.model.retry_scripts import SCRIPTS, Script, offline
from tests.rules.failure.test_first_error import own_frames
from tests.support.naming import on, take
from tests.unit.policy.test_retry_scripts import differs

ONCE = Retry(1, delay=0, jitter=0)
AGAIN = Retry(3, delay=0, jitter=0)
FOR_EVER = Retry(10_000_000, delay=0, jitter=0)
LATER = Retry(3, delay=60)


# How a function is made an attempt's


class Way(NamedTuple):
    """How a task comes to call a function, and the options that see to it."""

    make: Callable[[Callable[..., Any]], Callable[..., Any]]
    options: dict[str, Any]


def as_async(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any) -> Any:
        return function(*args)

    return call


def as_waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any) -> Any:
        await checkpoint()
        return function(*args)

    return call


def as_awaitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """A `def` that hands its work over in what it returns."""
    later = as_waiting(function)

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return later(*args)

    return call


def as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def look_on() -> None:
    """A hook: with one, the event loop sees to all attempts of a `def`, the first included."""


WAYS = {
    "async": Way(as_async, {}),
    "waits": Way(as_waiting, {}),
    "def": Way(as_it_is, {}),
    "def with a hook": Way(as_it_is, {"on_start": look_on}),
    "def with a timeout": Way(as_it_is, {"timeout": 3600}),
    "loop": Way(as_it_is, {"run_in": "loop"}),
    "awaitable": Way(as_awaitable, {}),
    "awaitable with a hook": Way(as_awaitable, {"on_start": look_on}),
}
each_way = pytest.mark.parametrize("way", WAYS)


def make(way: str, function: Callable[..., Any], **options: Any) -> Task[..., Any]:
    """Return a task named page."""
    make, more = WAYS[way]
    return task(make(function), name="page", **{**more, **options})


def alone(page: Task[..., Any], **options: Any) -> Workflow[Any, Any]:
    """Return a workflow with one task, which gives its result."""

    async def w(page: Any) -> Any:
        return page

    return workflow(w, needs={"page": page}, **options)


class Attempts:
    """A function that raises these errors, one at each call, and then returns how often it was called."""

    def __init__(self, *errors: BaseException) -> None:
        self._errors = list(errors)
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        if self._errors:
            raise self._errors.pop(0)
        return self.count


def attempts_of(*errors: BaseException) -> tuple[Callable[[], int], Attempts]:
    """Return the same as a plain function, and what counts its calls."""
    attempts = Attempts(*errors)

    def page() -> int:
        return attempts()

    return page, attempts


# The scripts


class Stage:
    """Plays a script on a clock that only the script moves."""

    def __init__(self, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = 0.0
        self.waits: list[float] = []
        self.raised: list[BaseException] = []
        self._outcomes = iter(script.outcomes)
        monkeypatch.setattr(lifecycle, "sleep", self.sleep)
        monkeypatch.setattr(lifecycle, "current_time", lambda: self.clock)

    async def sleep(self, delay: float) -> None:
        self.waits.append(delay)
        self.clock += delay
        await checkpoint()

    def page(self) -> str:
        outcome = next(self._outcomes)
        self.clock += outcome.seconds
        try:
            return outcome.get()
        except BaseException as error:
            self.raised.append(error)
            raise


async def run_to_end(w: Workflow[Any, Any]) -> Run[Any]:
    """Return the run, also where what it ends with is no `Exception` and is raised."""
    try:
        run: Run[Any] = await w.run()
    except BaseException as error:
        return Run.of(error)
    return run


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.id for script in SCRIPTS])
async def test_a_task_plays_a_script_of_failures_as_written(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("async", "def", "def with a hook", "loop"):
        await check_script(script, way, monkeypatch)


async def check_script(script: Script, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(script, monkeypatch)
    run = await run_to_end(alone(make(way, stage.page, retries=script.retries)))
    final = run.result if run.error is None else run.error
    record = run.tasks["page"]
    made = len(script.waits) + 1
    assert record.attempts == made
    assert [pair for pair in zip(stage.waits, script.waits, strict=True) if differs(*pair)] == []
    assert (type(final), str(final)) == (type(script.final), str(script.final))
    assert record.error is run.error
    wanted: list[tuple[Any, ...]] = [("page", number, error) for number, error in enumerate(stage.raised, 1)]
    if not script.own:
        wanted.append(("page", made, final))
    elif run.error is not None:
        assert final is stage.raised[-1]
    assert [failure[:3] for failure in run.errors] == wanted
    if run.error is not None:
        attempt = f", attempt {made}" if made > 1 else ""
        assert run.error.__notes__ == [f"Raised by task 'page' of workflow 'w'{attempt}."]


# What never is


class Stop(NamedTuple):
    """How a run is stopped from without its task."""

    scope: CancelScope
    fails: Event

    def stop(self, how: str) -> None:
        if how == "scope":
            self.scope.cancel()
        else:
            self.fails.set()


async def run_until_stopped(page: Task[..., Any], how: str, *, when: Event) -> Run[Any]:
    """Return the run of a task that is stopped at a moment, by a scope around it or since its sibling fails."""
    stop = Stop(CancelScope(), Event())
    seen: list[Run[Any]] = []

    @task
    async def sibling(run: Run[Any]) -> None:
        seen.append(run)
        await stop.fails.wait()
        raise ValueError("sibling")

    @workflow(after=[page, sibling])
    async def w() -> None: ...

    async def watch() -> None:
        await when.wait()
        stop.stop(how)

    with fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            with stop.scope:
                await w.run()
    assert stop.scope.cancelled_caught is (how == "scope")
    return seen[0]


def errors_of(run: Run[Any], name: str = "page") -> list[tuple[int, str]]:
    return [(failure.attempt, str(failure.error)) for failure in run.errors if failure.task == name]


@pytest.mark.parametrize("how", ["scope", "sibling"])
@pytest.mark.parametrize("way", ["async", "def", "def with a hook", "def with a timeout", "awaitable"])
async def test_a_cancelled_attempt_is_no_failure_and_not_made_again(way: str, how: str) -> None:
    begun = Event()
    calls: list[int] = []

    async def wait() -> None:
        calls.append(1)
        begun.set()
        await sleep_forever()

    def wait_in_thread() -> None:
        from_thread.run(wait)

    def look_up() -> None:
        calls.append(1)
        from_thread.run_sync(begun.set)
        while True:  # trio does not cancel what a thread that may be left behind has it run
            from_thread.check_cancelled()

    def wait_later() -> Awaitable[None]:
        return wait()

    functions = {"async": wait, "awaitable": wait_later, "def with a timeout": look_up}
    function: Callable[..., Any] = functions.get(way, wait_in_thread)
    page = task(function, name="page", retries=AGAIN, **WAYS[way].options)
    run = await run_until_stopped(page, how, when=begun)
    assert (len(calls), run.tasks["page"].attempts) == (1, 1)
    assert run.tasks["page"].status is Status.CANCELLED
    assert errors_of(run) == []
    assert [failure.task for failure in run.errors] == ([] if how == "scope" else ["sibling"])


@pytest.mark.parametrize("how", ["scope", "sibling"])
@each_way
async def test_a_task_is_cancelled_while_it_waits_for_its_next_attempt(
    way: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = Event()
    function, attempts = attempts_of(*offline(9))

    async def sleep(_: float) -> None:
        waits.set()
        await sleep_forever()

    monkeypatch.setattr(lifecycle, "sleep", sleep)
    run = await run_until_stopped(make(way, function, retries=AGAIN), how, when=waits)
    assert (attempts.count, run.tasks["page"].attempts) == (1, 1)
    assert run.tasks["page"].status is Status.CANCELLED
    assert errors_of(run) == [(1, "offline 1")]


@each_way
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=["interrupt", "exit"])
@pytest.mark.parametrize("before", [0, 2])
def test_keyboard_interrupt_and_system_exit_end_the_run_bare_at_any_attempt(
    way: str, error: BaseException, before: int, backend: Backend
) -> None:
    error = copy.copy(error)
    function, attempts = attempts_of(*offline(before), error, *offline(9))

    @workflow(after=make(way, function, retries=AGAIN))
    def w() -> None: ...

    with pytest.raises(type(error)) as caught:
        on(w, backend)()
    assert caught.value is error
    assert attempts.count == before + 1


@each_way
@pytest.mark.parametrize("before", [0, 2])
async def test_a_skip_ends_the_attempts(way: str, before: int) -> None:
    function, attempts = attempts_of(*offline(before), Skip("enough"), *offline(9))

    @workflow(needs={"given": make(way, function, retries=AGAIN)})
    async def w(given: Any = "default") -> Any:
        return given

    run = await w.run()
    assert run.result == "default"
    assert (attempts.count, run.tasks["page"].attempts) == (before + 1, before + 1)
    assert (run.tasks["page"].status, run.tasks["page"].reason) == (Status.SKIPPED, "enough")
    assert errors_of(run) == [(number, f"offline {number}") for number in range(1, before + 1)]


@each_way
async def test_a_veto_of_on_start_is_final(way: str) -> None:
    function, attempts = attempts_of()
    vetoes: list[ConnectionError] = []

    def veto() -> None:
        vetoes.append(ConnectionError("veto"))
        raise vetoes[-1]

    run = await alone(make(way, function, retries=AGAIN, on_start=veto)).run()
    assert len(vetoes) == 1
    assert run.error is vetoes[0]
    assert (attempts.count, run.tasks["page"].attempts) == (0, 0)
    assert errors_of(run) == [(0, "veto")]


@each_way
async def test_a_failed_when_is_final(way: str) -> None:
    function, attempts = attempts_of()
    asked = Attempts(ConnectionError("when"))
    run = await alone(make(way, function, retries=AGAIN, when=lambda: asked())).run()
    assert str(run.error) == "when"
    assert (asked.count, attempts.count) == (1, 0)


@pytest.mark.parametrize("way", ["def", "def with a hook", "def with a timeout"])
async def test_a_future_of_one_s_own_that_somebody_cancelled_is_an_error_like_any_other(way: str) -> None:
    function, attempts = attempts_of(*(concurrent.futures.CancelledError(str(number)) for number in range(2)))
    with fail_after(30):
        assert await alone(make(way, function, retries=AGAIN))() == 3
    assert attempts.count == 3


@each_way
async def test_what_fails_at_once_for_ever_lets_others_run_and_can_be_cancelled(way: str) -> None:
    function, attempts = attempts_of(*offline(1))
    turns: list[int] = []

    def fail() -> None:
        function() if attempts.count < 1 else None
        attempts.count += 1
        raise ConnectionError

    page = make(way, fail, retries=FOR_EVER)

    @task
    async def other() -> None:
        while len(turns) < 20 or attempts.count < 20:
            turns.append(attempts.count)
            await checkpoint()

    @workflow(after=[page, other])
    async def w() -> None: ...

    scope = CancelScope()

    async def watch() -> None:
        while attempts.count < 50:
            await checkpoint()
        scope.cancel()

    with fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            with scope:
                await w()
    assert scope.cancelled_caught
    assert len(turns) >= 20


@pytest.mark.parametrize("way", ["async", "def", "loop"])
async def test_a_deadline_ends_what_fails_at_once_for_ever(way: str) -> None:
    def fail() -> None:
        raise ConnectionError

    with fail_after(30), move_on_after(0.02) as scope:
        await alone(make(way, fail, retries=FOR_EVER))()
    assert scope.cancelled_caught
    with fail_after(30), pytest.raises(WorkflowTimeoutError):
        await alone(make(way, fail, retries=FOR_EVER), timeout=0.02)()


# Time


def sleeping(way: str, runs: list[Run[Any]], **options: Any) -> Task[..., Any]:
    """Return a task that is still under way, or waits for its next attempt, when an outer deadline comes."""

    async def page(run: Run[Any]) -> None:
        runs.append(run)
        if way == "in the wait":
            raise ConnectionError("offline 1")
        await sleep_forever()

    return task(page, retries=LATER, timeout=3600, **options)


@pytest.mark.parametrize("way", ["in the attempt", "in the wait"])
async def test_an_outer_deadline_that_comes_first_is_not_the_task_s_timeout(way: str) -> None:
    runs: list[Run[Any]] = []
    w = alone(sleeping(way, runs))
    with pytest.raises(TimeoutError) as caught, fail_after(0.01):
        await w()
    assert type(caught.value) is TimeoutError
    with move_on_after(0.01) as scope:
        await w()
    assert scope.cancelled_caught
    with pytest.raises(WorkflowTimeoutError) as late:
        await w.with_options(timeout=0.01)()
    assert late.value.running == ("page",)
    assert len(runs) == 3
    for run in runs:
        assert (run.tasks["page"].attempts, run.tasks["page"].status) == (1, Status.CANCELLED)
        assert errors_of(run) == ([(1, "offline 1")] if way == "in the wait" else [])


async def test_a_timeout_is_retried_and_holds_for_each_attempt_anew() -> None:
    deadlines: list[float] = []

    @task(retries=AGAIN, timeout=0.01)
    async def page() -> str:
        deadlines.append(current_effective_deadline())
        if len(deadlines) < 3:
            await sleep_forever()
        return "done"

    run = await alone(page).run()
    assert run.result == "done"
    assert run.tasks["page"].attempts == 3
    assert deadlines[0] < deadlines[1] < deadlines[2] < math.inf
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, TaskTimeoutError), (2, TaskTimeoutError)]
    assert run.tasks["page"].abandoned == 0


async def test_a_timeout_at_every_attempt_is_raised_and_says_which() -> None:
    @task(retries=Retry(1, on=TimeoutError, delay=0, jitter=0), timeout=0.01)
    async def page() -> None:
        await sleep_forever()

    with pytest.raises(TaskTimeoutError) as caught:
        await alone(page)()
    assert str(caught.value) == "Cannot finish task 'page': it took longer than its timeout of 0.01 s."
    assert (caught.value.task, caught.value.timeout, caught.value.abandoned) == ("page", 0.01, False)
    assert caught.value.__notes__ == ["Raised by task 'page' of workflow 'w', attempt 2."]


@each_way
@pytest.mark.parametrize("wanted", [TimeoutError, TaskTimeoutError])
async def test_a_timeout_error_of_the_function_s_own_is_taken_as_it_is(way: str, wanted: type[Exception]) -> None:
    error = TimeoutError("the server took too long")
    function, attempts = attempts_of(error)
    run = await alone(make(way, function, retries=Retry(1, on=wanted, delay=0, jitter=0))).run()
    if wanted is TimeoutError:
        assert (run.result, run.errors[0].error) == (2, error)
    else:
        assert run.error is error
    assert str(error) == "the server took too long"
    assert attempts.count == (2 if wanted is TimeoutError else 1)


async def test_time_between_attempts_does_not_count_for_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []

    async def sleep(_: float) -> None:
        deadlines.append(current_effective_deadline())

    monkeypatch.setattr(lifecycle, "sleep", sleep)
    function, _ = attempts_of(*offline(2))
    assert await alone(make("waits", function, retries=AGAIN, timeout=60))() == 3
    assert deadlines == [math.inf, math.inf]


async def test_an_endless_wait_can_be_cancelled() -> None:
    function, attempts = attempts_of(*offline(9))
    endless = Retry(9, delay=1e308, factor=9, max_delay=math.inf)
    page = make("async", function, retries=endless)
    with fail_after(30), move_on_after(0.01) as scope:
        await alone(page)()
    assert scope.cancelled_caught
    assert attempts.count == 1


# What is retried besides what a plain function does


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

    with fail_after(30):
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


# What is left of it


def frames_of(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]


@each_way
async def test_after_many_attempts_an_error_leads_to_the_user_s_code_with_few_of_our_frames(way: str) -> None:
    def fail() -> None:
        raise ConnectionError("offline")

    def page() -> None:
        fail()

    run = await alone(make(way, page, retries=Retry(30, delay=0, jitter=0))).run()
    assert run.error is run.errors[-1].error
    assert len({id(failure.error) for failure in run.errors}) == 31
    for failure in run.errors:
        assert failure.error.__context__ is None
        assert failure.error.__cause__ is None
        assert frames_of(failure.error)[-2:] == ["page", "fail"]
        assert frames_of(failure.error) == frames_of(run.errors[1].error)
        assert own_frames(failure.error) == []
    assert not hasattr(run.errors[0].error, "__notes__")


@each_way
async def test_the_error_of_a_predicate_or_a_delay_keeps_the_task_s_own_as_its_context(way: str) -> None:
    function, _ = attempts_of(*offline(9))

    def doubt(error: Exception) -> bool:
        raise LookupError("no verdict")

    def hesitate(error: Exception) -> float:
        raise LookupError("no delay")

    for retries in (Retry(1, on=doubt), Retry(1, delay=hesitate)):
        run = await alone(make(way, function, retries=retries)).run()
        assert isinstance(run.error, LookupError)
        assert run.error.__context__ is run.errors[0].error
        assert own_frames(run.error) == []


@pytest.fixture
def without_collector() -> Iterator[None]:
    """Nothing may need the garbage collector in order to go."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# From Python 3.12 on, a frame in a traceback keeps those that called it, with their variables: the run among them.
FRAMES_LEAD_OUT = sys.version_info >= (3, 12)


class Thing:
    """Tells when it is gone."""


class Trouble(Exception):
    """An error that tells when it is gone."""


@each_way
@pytest.mark.parametrize("ends", ["well", "recovered", "badly"])
@pytest.mark.usefixtures("without_collector")
async def test_nothing_is_left_of_many_attempts_when_the_run_is_let_go(
    way: str, ends: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "flowdeco")  # a log record would keep its error
    alive: list[weakref.ref[Any]] = []

    def note(thing: Any) -> Any:
        alive.append(weakref.ref(thing))
        return thing

    def page() -> Any:
        if ends != "well" or len(alive) < 4:
            raise note(Trouble())
        return note(Thing())

    def recover() -> Thing:
        return Thing()

    options: dict[str, Any] = {"recover": recover} if ends == "recovered" else {}
    run = await alone(make(way, page, retries=Retry(4, delay=0, jitter=0), **options)).run()
    note(run)
    assert isinstance(run.error, Trouble) if ends == "badly" else isinstance(run.result, Thing)
    assert len(alive) == 6
    assert count_alive(alive) == 6
    del run
    if ends == "badly" or way == "def" or FRAMES_LEAD_OUT:
        # The error that a run ends with leads to it, and so do the frames of a thread's lane.
        gc.collect()
    assert count_alive(alive) == 0


def count_alive(references: list[weakref.ref[Any]]) -> int:
    return sum(reference() is not None for reference in references)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "def"])
@pytest.mark.usefixtures("without_collector")
async def test_a_call_keeps_no_error_that_was_overcome(way: str) -> None:
    alive: list[weakref.ref[Any]] = []

    def page() -> int:
        if len(alive) < 3:
            error = Trouble()
            alive.append(weakref.ref(error))
            try:
                raise error
            finally:
                del error
        return len(alive)

    assert await alone(make(way, page, retries=Retry(4, delay=0, jitter=0)))() == 3
    if FRAMES_LEAD_OUT:
        gc.collect()
    assert count_alive(alive) == 0
