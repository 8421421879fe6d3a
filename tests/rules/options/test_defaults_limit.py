"""`defaults=` with a `limit=`."""

from typing import Any

import anyio
from anyio import create_task_group, fail_after, wait_all_tasks_blocked

from flowdeco import Limit, task, workflow
from tests.support.defaults import PATIENCE, collect
from tests.support.naming import make_module


async def test_a_number_is_a_limit_for_each_task_of_its_own() -> None:
    running: list[str] = []
    go = anyio.Event()

    def slow(name: str) -> Any:
        async def wait() -> None:
            running.append(name)
            await go.wait()

        return task(wait, name=name)

    w = collect({"a": slow("a"), "b": slow("b")}, defaults={"limit": 1})
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for _ in range(3):
                group.start_soon(w.call)
            await wait_all_tasks_blocked()
            assert sorted(running) == ["a", "b"]
            go.set()
    assert sorted(running) == ["a", "a", "a", "b", "b", "b"]


async def test_a_limit_object_in_the_defaults_is_shared_by_all_tasks_that_do_not_say_themselves() -> None:
    running: list[str] = []
    go = anyio.Event()
    api = Limit(1, "api")

    def slow(name: str, **options: Any) -> Any:
        async def wait() -> None:
            running.append(name)
            await go.wait()

        return task(wait, name=name, **options)

    tasks = {"a": slow("a"), "b": slow("b"), "own": slow("own", limit=Limit(1)), "out": slow("out", limit={})}
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(collect(tasks, defaults={"limit": api}).call)
            await wait_all_tasks_blocked()
            assert len(running) == 3
            assert {"own", "out"} <= set(running)
            assert repr(api) == "<Limit 'api': 1 of 1 places taken, 1 waiting>"
            go.set()
    assert repr(api) == "<Limit 'api': 0 of 1 places taken>"


async def test_the_limit_of_a_default_stays_the_same_when_the_graph_is_compiled_again() -> None:
    go = anyio.Event()
    running: list[str] = []

    async def slow() -> None:
        running.append("slow")
        await go.wait()

    text = """
extra = task(lambda: 1)
slow = task(function)
@workflow(defaults={"limit": 1})
def w(extra, slow): return extra
"""
    module = make_module("flow", text, task=task, workflow=workflow, function=slow)
    plans: list[Any] = []
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for number in range(3):
                module.extra = task(lambda: number)  # noqa: B023 - only that it is another task counts
                group.start_soon(module.w.call)
                plans.append(module.w._definition.compiler.plan())
                await wait_all_tasks_blocked()
            group.start_soon(module.w.override(extra=5).call)
            await wait_all_tasks_blocked()
            assert len(set(plans)) == 3
            assert running == ["slow"]
            go.set()
    assert running == ["slow"] * 4
