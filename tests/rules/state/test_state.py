"""The state of a run: whose it is, and who gets it."""

from typing import Any

from anyio import create_task_group

from flowdeco import Run, State, field, task, workflow
from tests.support.naming import mention
from tests.support.state_in_runs import Budget, spend

mention(spend)


@workflow(state=Budget)
async def shopping(spend: int, state: Budget) -> Budget:
    return state


async def test_each_run_has_a_fresh_one_of_its_class() -> None:
    first, second = await shopping(), await shopping()
    assert first is not second
    assert (first.tokens, second.tokens) == (5, 5)
    assert type(first) is Budget
    assert first.notes == ["spent"]


async def test_an_instance_is_shared_on_purpose() -> None:
    shared = Budget()
    w = shopping.with_options(state=shared)
    async with create_task_group() as group:
        for _ in range(10):
            group.start_soon(w)
    assert shared.tokens == 50
    assert await w() is shared
    assert (await w.run()).state is shared


async def test_without_a_class_it_is_an_empty_state_for_each_run() -> None:
    @task
    def note(state: State) -> None:
        state["seen"] = True

    @workflow
    async def w(note: None, run: Run[Any]) -> State:
        return run.state

    first, second = await w(), await w()
    assert first is not second
    assert type(first) is State
    assert first["seen"] is True


async def test_a_state_nobody_asks_for_is_not_made() -> None:
    made: list[int] = []

    def count() -> int:
        made.append(1)
        return len(made)

    class Counted(State):
        number: int = field(factory=count)

    @workflow(state=Counted)
    async def w() -> int:
        return 1

    run = await w.run()
    assert made == []
    assert run.state["number"] == run.state["number"] == 1


async def test_a_workflow_within_uses_the_outer_state_unless_it_has_its_own() -> None:
    @workflow
    async def inner(spend: int) -> int:
        return spend

    @workflow(state=Budget)
    async def own(spend: int) -> int:
        return spend

    @workflow(state=Budget, after=own)
    async def outer(inner: int, own: int, state: Budget) -> tuple[int, int, int]:
        return inner, own, state.tokens

    assert await outer() == (5, 5, 5)


async def test_hooks_predicates_and_recoveries_get_it() -> None:
    seen: list[str] = []

    def note(state: Budget, task: str) -> None:
        seen.append(f"{task} {state.tokens}")

    def can_spend(state: Budget) -> bool:
        return state.tokens < 5

    def instead(state: Budget) -> int:
        return state.tokens + 100

    @task(when=can_spend, after="spend")
    async def more() -> int:
        return 1

    @task(recover=instead, on_success=note, after="more")
    async def bad() -> int:
        raise ValueError

    @workflow(state=Budget)
    async def w(spend: int, bad: int, more: int = -1) -> tuple[int, int]:
        return bad, more

    assert await w() == (105, -1)
    assert seen == ["bad 5"]
