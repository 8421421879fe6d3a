"""What attempts write, and in whose name."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from anyio import fail_after
from anyio.lowlevel import checkpoint

from flowdeco import AbandonedError, Run, State, Task, task, workflow
from tests.support.attempts import AGAIN, LATE, ONCE, Gate, wait
from tests.support.retries import WAYS, alone, each_way, make


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
    written = [(change.value, change.task) for change in run.state.changes("last")]
    recovery = written.index(("recover", "page"))
    assert 0 < recovery < written.index(("on_success", "page"))
    assert hook_waits or recovery == 3  # hooks that wait do not hold it up
    del written[recovery]
    assert written == [
        ("on_start", "page"),
        ("on_retry", "page"),
        ("the workflow's", None),
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
