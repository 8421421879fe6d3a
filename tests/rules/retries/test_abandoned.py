"""Attempts: those that are given up while they still run, what they write, and what each of them sees."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio import CancelScope, fail_after, from_thread, sleep_forever, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint, current_token

from flowdeco import (
    AbandonedError,
    Limit,
    Retry,
    Run,
    State,
    Status,
    Task,
    TaskTimeoutError,
    WorkflowTimeoutError,
    task,
    workflow,
)
from flowdeco._runner import attempt as _attempt
from tests.rules.retries.test_scripts import WAYS, alone, each_way, make, run_until_stopped

ONCE = Retry(1, delay=0, jitter=0)
AGAIN = Retry(3, delay=0, jitter=0)
# Only so that a test that fails does not hang.
LATE = 30


class Gate:
    """Where the thread of an attempt waits until it is let go; when it comes there, the attempt's time is over."""

    def __init__(self) -> None:
        self.entered, self.open, self.left = threading.Event(), threading.Event(), threading.Event()
        self._token: Any = None
        self._scope: CancelScope | None = None

    def move_on_after(self, timeout: float) -> CancelScope:
        self._token, self._scope = current_token(), (scope := CancelScope())
        return scope

    def pass_through(self) -> None:
        self.entered.set()
        if self._scope is not None:
            from_thread.run_sync(self._scope.cancel, token=self._token)
        assert self.open.wait(LATE)


async def wait(event: threading.Event) -> None:
    assert await to_thread.run_sync(event.wait, LATE)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


@pytest.fixture
def gate(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """No attempt's time is over before it comes to this gate."""
    made = Gate()
    monkeypatch.setattr(_attempt, "move_on_after", made.move_on_after)
    yield made
    made.open.set()


@pytest.fixture(params=["thread", "executor"])
def place(request: pytest.FixtureRequest, pool: ThreadPoolExecutor) -> str | Executor:
    """Where a `def` runs that can be left behind."""
    return pool if request.param == "executor" else "thread"


# Given up while they still run


async def test_the_attempt_after_an_abandoned_one_does_not_wait_for_it(place: Any, gate: Gate) -> None:
    calls: list[int] = []

    def page() -> str:
        calls.append(1)
        if len(calls) == 1:
            gate.pass_through()
            gate.left.set()
            return "first"
        gate.open.set()  # nobody else would let the first one go
        assert gate.left.wait(LATE)
        return "second"

    run: Any = None
    with fail_after(LATE):
        run = await alone(task(page, run_in=place, retries=ONCE, timeout=60)).run()
    assert run.result == "second"
    assert run.tasks["page"].attempts == 2


async def test_an_abandoned_attempt_keeps_its_place_until_its_thread_ends(place: Any, gate: Gate) -> None:
    log: list[str] = []
    announced = anyio.Event()

    def page() -> str:
        if not log:
            log.append("first")
            gate.pass_through()
            log.append("first ends")
            return "first"
        log.append("second")
        return "second"

    async def let_go() -> None:
        await announced.wait()
        await wait_all_tasks_blocked()
        assert log == ["first"]
        gate.open.set()

    step = task(page, run_in=place, limit=1, retries=ONCE, timeout=60, on_retry=announced.set)
    run: Any = None
    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_go)
            run = await alone(step).run()
    assert log == ["first", "first ends", "second"]
    assert run.result == "second"


async def test_other_tasks_wait_for_the_place_of_an_abandoned_attempt_too(place: Any, gate: Gate) -> None:
    limit = Limit(1)
    log: list[str] = []

    def page() -> None:
        gate.pass_through()
        log.append("page ends")

    @task(limit=limit)
    async def other() -> None:
        log.append("other")

    def recover() -> None:
        log.append("recovered")

    async def let_go() -> None:
        while "recovered" not in log:
            await checkpoint()
        await wait_all_tasks_blocked()
        gate.open.set()

    step = task(page, run_in=place, limit=limit, timeout=60, recover=recover)

    async def is_under_way() -> bool:
        await wait(gate.entered)
        return True

    @workflow(after=[step, other.with_options(when=is_under_way)])
    async def w() -> None: ...

    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_go)
            await w()
    assert log == ["recovered", "page ends", "other"]
    assert repr(limit) == "<Limit: 0 of 1 places taken>"


async def test_what_an_abandoned_attempt_returns_is_refused(place: Any, gate: Gate) -> None:
    async def late() -> str:  # Python warns of it if it is neither awaited nor closed
        return "late"

    calls: list[int] = []

    def page() -> Any:
        calls.append(1)
        if len(calls) > 1:
            return "second"
        gate.pass_through()
        return late()

    run = await alone(task(page, run_in=place, retries=ONCE, timeout=60)).run()
    gate.open.set()
    assert run.result == "second"


async def test_the_record_says_that_an_attempt_was_abandoned(place: Any, gate: Gate) -> None:
    calls: list[int] = []

    def page() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionError("offline")
        gate.pass_through()

    run = await alone(task(page, run_in=place, retries=Retry(2, delay=0, jitter=0), timeout=60)).run()
    record = run.tasks["page"]
    assert (record.attempts, record.abandoned, record.status) == (3, 2, Status.FAILED)
    first, second, third = [failure.error for failure in run.errors]
    for error in (first, second):
        assert isinstance(error, TaskTimeoutError)
        assert (error.task, error.timeout, error.abandoned) == ("page", 60, True)
        text = "Cannot finish task 'page': it took longer than its timeout of 60 s. "
        assert str(error) == text + "Its thread still runs; what it returns is ignored."
    assert run.error is third


async def test_a_call_that_has_not_begun_is_not_abandoned_but_taken_back() -> None:
    calls: list[int] = []
    gate = Gate()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(gate.pass_through)
        step = task(lambda: calls.append(1), name="page", run_in=pool, retries=ONCE, timeout=0.01)
        run = await alone(step).run()
        gate.open.set()
    assert isinstance(run.error, TaskTimeoutError)
    assert not run.error.abandoned
    assert (run.tasks["page"].attempts, run.tasks["page"].abandoned, calls) == (2, 0, [])


@pytest.mark.parametrize("way", ["async", "awaitable"])
async def test_what_can_be_cancelled_is_not_abandoned(way: str) -> None:
    async def forever() -> None:
        await sleep_forever()

    def hand_over() -> Awaitable[None]:
        return forever()

    functions: dict[str, Callable[[], Any]] = {"async": forever, "awaitable": hand_over}
    run = await alone(task(functions[way], name="page", retries=ONCE, timeout=0.1)).run()
    assert [type(failure.error) for failure in run.errors] == [TaskTimeoutError] * 2
    assert (run.tasks["page"].attempts, run.tasks["page"].abandoned) == (2, 0)


async def test_a_cancelled_attempt_with_a_timeout_is_waited_for_and_not_abandoned(gate: Gate) -> None:
    begun = anyio.Event()
    calls: list[int] = []

    def page() -> None:
        from_thread.run_sync(begun.set)
        gate.open.wait(LATE)
        calls.append(1)

    step = task(page, retries=ONCE, timeout=3600)
    run: Any = None
    async with anyio.create_task_group() as group:

        async def let_go() -> None:
            await begun.wait()
            await wait_all_tasks_blocked()
            gate.open.set()

        group.start_soon(let_go)
        run = await run_until_stopped(step, "scope", when=begun)
    record = run.tasks["page"]
    assert (calls, record.attempts, record.abandoned, record.status) == ([1], 1, 0, Status.CANCELLED)


async def test_a_workflow_s_timeout_ends_a_task_whose_attempts_are_cut_short_again_and_again() -> None:
    @task(retries=Retry(10**6, delay=0, jitter=0), timeout=0.01)
    async def page() -> None:
        await sleep_forever()

    runs: list[Run[Any]] = []

    @task
    async def note(run: Run[Any]) -> None:
        runs.append(run)

    @workflow(after=[note, page], timeout=0.05)
    async def w() -> None: ...

    with fail_after(LATE), pytest.raises(WorkflowTimeoutError) as caught:
        await w()
    assert caught.value.running == ("page",)
    assert runs[0].tasks["page"].status is Status.CANCELLED
    assert {type(failure.error) for failure in runs[0].errors if failure.task == "page"} == {TaskTimeoutError}


async def test_a_workflow_s_timeout_ends_the_wait_for_an_abandoned_attempt_s_place(place: Any, gate: Gate) -> None:
    limit = Limit(1, "lines")

    def page() -> None:
        gate.pass_through()

    step = task(page, run_in=place, limit=limit, retries=ONCE, timeout=60)
    with fail_after(LATE), pytest.raises(WorkflowTimeoutError) as caught:
        await alone(step, timeout=0.3)()
    run = Run.of(caught.value)
    assert (run.tasks["page"].status, run.tasks["page"].abandoned) == (Status.CANCELLED, 1)
    assert repr(limit) == "<Limit 'lines': 1 of 1 places taken>"
    gate.open.set()
    with fail_after(LATE):
        while repr(limit) != "<Limit 'lines': 0 of 1 places taken>":
            await checkpoint()


# What they write


class Budget(State):
    tokens: int = 0
    seen: list[str] | None = None


def spend(state: Any) -> None:
    state.tokens += 1


def spend_at_once(state: Any) -> None:
    state.update("tokens", add_one)


def add_one(tokens: int) -> int:
    return tokens + 1


def add(state: Any) -> None:
    state.append("free", "item")


def write(state: Any) -> None:
    state["free"] = "item"


@pytest.mark.parametrize("change", [spend, spend_at_once, add, write])
@pytest.mark.parametrize("by", ["state", "run", "closure"])
async def test_what_an_abandoned_attempt_writes_is_refused_and_the_next_one_s_is_not(
    by: str, change: Callable[[Any], None], place: Any, gate: Gate
) -> None:
    shared = Budget()
    refused: list[AbandonedError] = []
    calls: list[int] = []

    def attempt(state: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            change(state)
            return state.tokens, state.get("free")
        gate.pass_through()
        try:
            change(state)
        except AbandonedError as error:
            refused.append(error)
        finally:
            gate.left.set()
        return None

    def with_state(state: State) -> Any:
        return attempt(state)

    def with_run(run: Run[Any]) -> Any:
        return attempt(run.state)

    def with_neither() -> Any:
        return attempt(shared)

    functions: dict[str, Callable[..., Any]] = {"state": with_state, "run": with_run, "closure": with_neither}
    function = functions[by]
    step = task(function, name="page", run_in=place, retries=ONCE, timeout=60)
    run: Any = None
    with fail_after(LATE):
        run = await alone(step, state=shared).run()
        before = len(shared.changes())
        gate.open.set()
        await wait(gate.left)
    assert run.result in [(1, None), (0, "item"), (0, ["item"])]
    assert (shared.tokens, shared.get("free")) == run.result
    assert len(shared.changes()) == before == 1
    assert shared.changes()[0].task == "page"
    (error,) = refused
    assert error.task == "page"
    assert str(error) == (
        "Cannot change state: attempt of task 'page' was abandoned at its timeout. "
        "Return soon, or give the task a longer timeout."
    )


@each_way
async def test_a_task_or_its_when_gets_the_state_though_nothing_else_asks_for_it(way: str) -> None:
    def page(state: State, run: Run[Any]) -> bool:
        return state is run.state

    assert await alone(make(way, page))() is True

    def is_state(state: State) -> bool:
        return len(state) == 0

    assert await alone(make(way, lambda: "ran", when=is_state))() == "ran"


@pytest.mark.parametrize("way", [*WAYS, "executor", "executor with a timeout", "generator"])
async def test_a_change_of_state_names_the_task_that_made_it(way: str, pool: ThreadPoolExecutor) -> None:
    def page(state: State) -> str:
        state["attempts"] = state.get("attempts", 0) + 1
        if state["attempts"] < 3:
            raise ConnectionError
        return "done"

    def generate(state: State) -> Iterator[str]:
        yield page(state)

    step: Task[..., Any]
    if way == "generator":
        step = task(generate, name="page", retries=AGAIN)
    elif way in WAYS:
        step = make(way, page, retries=AGAIN)
    else:
        step = task(page, run_in=pool, retries=AGAIN, timeout=60 if "timeout" in way else None)
    run = await alone(step).run()
    assert [(change.value, change.task) for change in run.state.changes("attempts")] == [
        (1, "page"),
        (2, "page"),
        (3, "page"),
    ]


@pytest.mark.parametrize("way", ["async", "def", "awaitable", "loop"])
@pytest.mark.parametrize("hook_waits", [False, True])
async def test_what_a_task_s_hooks_and_its_recovery_write_is_written_by_the_task(way: str, hook_waits: bool) -> None:
    def noting(name: str) -> Callable[..., Any]:
        def note(state: State) -> None:
            state["last"] = name

        async def note_later(state: State) -> None:
            await checkpoint()
            state["last"] = name

        return note_later if hook_waits else note

    def fail() -> None:
        raise ConnectionError

    hooks: dict[str, Any] = {name: noting(name) for name in ("on_start", "on_retry", "on_success", "recover")}
    step = make(way, fail, retries=ONCE, **hooks)
    run = await alone(step, on_retry=noting("the workflow's"), on_success=noting("the workflow's end")).run()
    assert [(change.value, change.task) for change in run.state.changes("last")] == [
        ("on_start", "page"),
        ("on_retry", "page"),
        ("the workflow's", None),
        ("recover", "page"),
        ("on_success", "page"),
        ("the workflow's end", None),
    ]
    hooks = {"on_state": noting("on_state"), "on_error": noting("on_error")}
    run = await alone(make(way, fail, **hooks)).run()
    assert [(change.value, change.task) for change in run.state.changes("last")] == [
        ("on_state", "page"),
        ("on_state", "page"),
        ("on_error", "page"),
    ]


@each_way
async def test_a_recovery_alone_writes_in_the_name_of_its_task_and_a_task_in_its_own(way: str) -> None:
    def fail(state: State) -> None:
        state["last"] = "attempt"
        raise ConnectionError

    def recover(state: State) -> None:
        state["last"] = "recovery"

    for recovery, name in ((recover, "page"), (task(recover, name="smaller"), "smaller")):

        @task
        async def later(page: Any, state: State) -> None:
            state["last"] = "later"

        @workflow(tasks={"page": make(way, fail, recover=recovery)})
        async def w(later: Any, state: State) -> None:
            state["last"] = "body"

        run = await w.run()
        assert [(change.value, change.task) for change in run.state.changes("last")] == [
            ("attempt", "page"),
            ("recovery", name),
            ("later", "later"),
            ("body", None),
        ]


# What each of them sees


COLOUR: ContextVar[str] = ContextVar("colour", default="none")


@pytest.mark.parametrize("way", [*WAYS, "executor", "executor with a timeout"])
async def test_each_attempt_sees_the_caller_s_context_variables_and_none_that_another_has_set(
    way: str, pool: ThreadPoolExecutor
) -> None:
    seen: list[str] = []

    def page() -> str:
        seen.append(COLOUR.get())
        COLOUR.set(f"attempt {len(seen)}")
        if len(seen) < 4:
            raise ConnectionError
        return COLOUR.get()

    if way in WAYS:
        step = make(way, page, retries=AGAIN)
    else:
        step = task(page, run_in=pool, retries=AGAIN, timeout=60 if "timeout" in way else None)

    @task
    async def before() -> None:
        COLOUR.set("before")

    @task
    def later(page: str) -> str:
        return COLOUR.get()

    @workflow(tasks={"page": step.with_options(after=before)})
    async def w(page: str, later: str) -> Any:
        return page, later, COLOUR.get()

    token = COLOUR.set("caller")
    try:
        assert await w() == ("attempt 4", "caller", "caller")
        assert COLOUR.get() == "caller"
    finally:
        COLOUR.reset(token)
    assert seen == ["caller"] * 4


async def test_an_attempt_keeps_its_context_variables_while_it_waits() -> None:
    seen: list[str] = []

    @task(retries=AGAIN)
    async def page() -> None:
        COLOUR.set(f"attempt {len(seen) + 1}")
        await checkpoint()
        with CancelScope():
            await checkpoint()
        seen.append(COLOUR.get())
        if len(seen) < 3:
            raise ConnectionError

    await alone(page)()
    assert seen == ["attempt 1", "attempt 2", "attempt 3"]


async def test_what_an_attempt_is_told_while_it_waits_arrives() -> None:
    """An attempt runs in a context of its own, which passes on all that the event loop and the function say."""
    log: list[str] = []

    @task(retries=AGAIN, timeout=60)
    async def page() -> str:
        try:
            with anyio.move_on_after(0.001) as scope:
                await sleep_forever()
            log.append(f"cut short {scope.cancelled_caught}")
            async with anyio.create_task_group() as group:
                group.start_soon(checkpoint)
            log.append(await to_thread.run_sync(str, "thread"))
        finally:
            await checkpoint()
            log.append("cleaned up")
        if len(log) < 4:
            raise ConnectionError
        return "done"

    assert await alone(page)() == "done"
    assert log == ["cut short True", "thread", "cleaned up"] * 2
