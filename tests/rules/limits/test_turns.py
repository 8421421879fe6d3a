"""First come, first served, and nobody waits for ever."""

from typing import Any

from anyio import Event, create_task_group, fail_after, wait_all_tasks_blocked

from flowdeco import Limit, Workflow, task, workflow
from tests.support.limits import PATIENCE, Line, alone, is_free
from tests.support.naming import take


async def test_who_comes_first_is_served_first_whatever_workflow_it_is_of() -> None:
    limit, line = Limit(1), Line()
    gates = [Event() for _ in range(5)]

    def make(number: int) -> Workflow[Any, Any]:
        async def stand() -> None:
            line.served.append(str(number))
            await gates[number].wait()

        return alone(task(stand, limit=limit))

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for number in range(5):
                group.start_soon(make(number).call)
                await wait_all_tasks_blocked()
            for number in range(5):
                assert line.served == [str(n) for n in range(number + 1)]
                gates[number].set()
                await wait_all_tasks_blocked()
    assert is_free(limit)


async def test_a_task_of_many_places_is_not_starved_by_those_of_one() -> None:
    limit, first, line = Limit(3), Line(), Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(first.make("first", limit)).call)
            await wait_all_tasks_blocked()
            for name, places in (("large", 3), ("small", 1), ("smaller", 1)):
                group.start_soon(alone(line.make(name, {limit: places})).call)
                await wait_all_tasks_blocked()
            assert line.served == []
            assert repr(limit) == "<Limit: 1 of 3 places taken, 3 waiting>"
            first.go.set()
            await wait_all_tasks_blocked()
            assert line.served == ["large"]
            line.go.set()
    assert sorted(line.served) == ["large", "small", "smaller"]
    assert is_free(limit)


async def test_a_task_waits_for_places_of_all_the_limits_that_it_names() -> None:
    gpu, api = Limit(4, "gpu"), Limit(2, "api")
    line = Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for name in ("one", "two"):
                group.start_soon(alone(line.make(name, {gpu: 2, api: 1})).call)
                await wait_all_tasks_blocked()
            assert (repr(gpu), repr(api)) == (
                "<Limit 'gpu': 4 of 4 places taken>",
                "<Limit 'api': 2 of 2 places taken>",
            )
            group.start_soon(alone(line.make("three", {api: 1, gpu: 1})).call)
            await wait_all_tasks_blocked()
            assert line.served == ["one", "two"]
            line.go.set()
    assert line.served[2:] == ["three"]
    assert is_free(gpu, api)


async def test_two_limits_in_opposite_orders_do_not_hold_each_other_up() -> None:
    gpu, api = Limit(1), Limit(1)
    holders, line = Line(), Line()
    line.go.set()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holders.make("gpu", gpu)).call)
            group.start_soon(alone(holders.make("api", api)).call)
            await wait_all_tasks_blocked()
            for number in range(10):
                group.start_soon(alone(line.make(f"there{number}", {gpu: 1, api: 1})).call)
                group.start_soon(alone(line.make(f"back{number}", {api: 1, gpu: 1})).call)
            await wait_all_tasks_blocked()
            holders.go.set()
    assert len(line.served) == 20
    assert is_free(gpu, api)


async def test_a_number_is_a_limit_of_the_task_itself_in_all_its_runs() -> None:
    line = Line()
    one, other = line.make("one", 1), line.make("other", 1)
    w = workflow(take, needs={"given": [one, other]})
    again = one.with_options(name="again")
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for each in (w, w, w.override(other="value"), alone(one), alone(again)):
                group.start_soon(each.call)
            await wait_all_tasks_blocked()
            assert sorted(line.served) == ["one", "one", "other"]  # with other options, it is another task
            line.go.set()
    assert sorted(line.served) == ["one"] * 5 + ["other"] * 2


async def test_what_stands_in_for_a_task_takes_the_places_that_it_took() -> None:
    limit, line = Limit(1), Line()
    made = line.make("made", limit)
    taken: list[str] = []
    w = alone(made)
    assert await w.override(made=lambda: taken.append(repr(limit))).call() is None
    assert taken == ["<Limit: 1 of 1 places taken>"]
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await wait_all_tasks_blocked()
            assert await w.override(made="value")() == "value"
            line.go.set()
    assert is_free(limit)
