"""What asks for `state` runs only where that state is: it is never shared by way of a workflow that has another."""

from typing import Any

import pytest

from flowdeco import State, Task, Workflow, task, workflow

seen: list[Any] = []
bag = State()


class Count(State):
    n: int = 0


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()


def note(state: State) -> bool:
    seen.append("bag" if state is bag else "another")
    return True


@task
async def takes_it(state: State) -> bool:
    return note(state)


@task
def takes_it_in_thread(state: State) -> bool:
    return note(state)


@task(when=note)
async def has_a_condition() -> bool:
    return True


@task(recover=note)
async def is_recovered() -> bool:
    raise ValueError


@task(recover=takes_it)
async def is_recovered_by_a_task() -> bool:
    raise ValueError


@task(recover=task(on_success=note)(lambda: True))
async def is_recovered_by_a_task_with_a_hook() -> bool:
    raise ValueError


@task(recover=is_recovered)
async def is_recovered_in_turn() -> bool:
    raise ValueError


@task(on_success=note)
async def has_a_hook() -> bool:
    return True


@workflow
async def body(state: State) -> bool:
    return note(state)


@workflow
async def within(takes_it: bool) -> bool:
    return takes_it


ASKING = [
    takes_it,
    takes_it_in_thread,
    has_a_condition,
    is_recovered,
    is_recovered_by_a_task,
    is_recovered_by_a_task_with_a_hook,
    is_recovered_in_turn,
    has_a_hook,
    body,
    within,
]


def reader(step: Any, name: str, **options: Any) -> Workflow[Any, Any]:
    async def read(step: Any) -> Any:
        return step

    return workflow(name=name, tasks={"step": step}, **options)(read)


def around(one: Any, two: Any, **options: Any) -> Workflow[Any, Any]:
    async def both(one: Any, two: Any) -> Any:
        return one, two

    return workflow(tasks={"one": one, "two": two}, **options)(both)


@pytest.mark.parametrize("state", [None, State(), State])
@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.__name__)
async def test_two_workflows_with_one_state_in_one_with_another_run_it_once_each(
    step: Task[..., Any], state: Any
) -> None:
    one, two = reader(step, "one", state=bag), reader(step, "two", state=bag)
    assert await around(one, two, state=state)() == (True, True)
    assert seen == ["bag", "bag"]


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.__name__)
async def test_where_the_state_around_is_the_same_it_runs_once(step: Task[..., Any]) -> None:
    one, two = reader(step, "one", state=bag), reader(step, "two")
    assert await around(one, two, state=bag)() == (True, True)
    assert await around(reader(one, "one"), step, state=bag)() == (True, True)
    assert seen == ["bag", "bag"]


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.__name__)
async def test_a_workflow_with_the_state_is_not_shared_past_one_with_another(step: Task[..., Any]) -> None:
    one = reader(step, "one", state=bag)
    inside, outside = reader(one, "inside", state=bag), reader(one, "outside", state=State())
    assert await around(around(inside, step, state=bag), outside)() == ((True, True), True)
    assert await around(outside, around(inside, step, state=bag))() == (True, (True, True))
    assert seen == ["bag"] * 4


async def test_within_the_workflow_that_has_the_state_it_is_shared() -> None:
    half = around(reader(takes_it, "a"), reader(takes_it, "b"), state=bag, name="half")
    other = around(reader(takes_it, "a"), reader(takes_it, "b"), state=bag, name="other")
    assert await around(half, other)() == ((True, True), (True, True))
    assert seen == ["bag", "bag"]


async def test_fields_are_those_of_the_state_that_the_workflow_was_given() -> None:
    shared = Count()

    @task
    async def add(state: Count) -> int:
        state.n += 1
        return state.n

    one, two = reader(add, "one", state=shared), reader(add, "two", state=shared)
    assert sorted(await around(one, two)()) == [1, 2]
    assert sorted(await around(one, two, share=False)()) == [3, 4]
    assert shared.n == 4


async def test_a_class_gives_each_workflow_a_state_of_its_own() -> None:
    @task
    async def add(state: Count) -> int:
        state.n += 1
        return state.n

    one, two = reader(add, "one", state=Count), reader(add, "two", state=Count)
    assert await around(one, two, state=Count)() == (1, 1)
    assert await around(one, reader(add, "two"), state=Count)() == (1, 1)
    assert await around(reader(add, "one"), reader(add, "two"), state=Count)() == (1, 1)


async def test_what_does_not_ask_for_the_state_is_shared_whatever_states_there_are() -> None:
    @task
    async def plain() -> bool:
        seen.append("plain")
        return True

    one, two = reader(plain, "one", state=bag), reader(plain, "two", state=Count)
    assert await around(one, two, state=State())() == (True, True)
    assert seen == ["plain"]
