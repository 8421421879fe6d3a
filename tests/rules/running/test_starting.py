"""What runs when, and how often."""

from collections.abc import Callable
from typing import Any

from anyio import Event, fail_after, get_running_tasks
from anyio.lowlevel import checkpoint

from flowdeco import Task, task, workflow
from tests.support.engine import zero


def many(count: int, function: Callable[..., Any], **needs: Any) -> list[Task[..., Any]]:
    """Return tasks that run the same function."""
    return [task(function, name=f"{function.__name__}{i}", needs=needs) for i in range(count)]


async def test_a_diamond_s_shared_task_runs_once() -> None:
    calls: list[str] = []

    @task
    async def source() -> int:
        calls.append("source")
        return 1

    @task
    async def left(source: int) -> int:
        return source + 1

    @task
    def right(source: int) -> int:
        return source + 2

    @workflow
    async def both(left: int, right: int, source: int) -> tuple[int, int, int]:
        return left, right, source

    assert await both() == (2, 3, 1)
    assert calls == ["source"]


async def test_tasks_that_do_not_need_each_other_run_at_the_same_time() -> None:
    met = [Event() for _ in range(5)]

    def meeting(i: int) -> Task[..., Any]:
        async def meet() -> int:
            met[i].set()
            for event in met:
                await event.wait()
            return i

        return task(meet)

    @workflow(needs={"results": [meeting(i) for i in range(5)]})
    async def meet_all(results: list[int]) -> list[int]:
        return results

    with fail_after(60):
        assert await meet_all() == [0, 1, 2, 3, 4]


async def test_a_task_starts_when_its_last_dependency_ends_and_not_level_by_level() -> None:
    deep_done = Event()

    @task
    async def quick() -> None:
        await checkpoint()

    @task
    async def deep(quick: None) -> None:
        await checkpoint()

    @task
    async def deeper(deep: None) -> None:
        deep_done.set()

    @task
    async def slow() -> None:
        await deep_done.wait()  # would never end if its level had to end before the next begins

    @workflow
    async def early(slow: None, deeper: None) -> str:
        return "done"

    with fail_after(60):
        assert await early() == "done"


async def test_a_task_that_waits_again_later_does_not_hold_up_what_became_ready() -> None:
    released = Event()

    @task
    async def first() -> None:
        await checkpoint()

    @task
    async def waiter(first: None) -> None:
        await checkpoint()
        await released.wait()

    @task
    async def releaser(first: None) -> None:
        await checkpoint()
        released.set()

    @workflow(after=(waiter, releaser))
    async def pair() -> str:
        return "done"

    with fail_after(60):
        assert await pair() == "done"


async def test_a_run_in_which_nothing_waits_at_the_same_time_starts_no_task() -> None:
    before = len(get_running_tasks())
    seen: list[int] = []

    @task
    async def first() -> None:
        await checkpoint()
        seen.append(len(get_running_tasks()))

    async def plain(first: None) -> None:
        seen.append(len(get_running_tasks()))

    @workflow(after=many(10, plain))
    async def alone() -> None: ...

    await alone()
    assert set(seen) == {before}


async def test_as_many_tasks_are_started_as_nodes_wait_at_the_same_time_and_not_as_there_are_nodes() -> None:
    most = 0
    before = len(get_running_tasks())

    async def chain(previous: int) -> int:
        nonlocal most
        await checkpoint()
        most = max(most, len(get_running_tasks()) - before)
        return previous + 1

    ends: list[Any] = []
    for _ in range(3):
        last: Any = task(zero)
        for _ in range(100):
            last = task(chain, needs={"previous": last})
        ends.append(last)

    @workflow(needs={"ends": ends})
    async def three_chains(ends: list[int]) -> list[int]:
        return ends

    assert await three_chains() == [100, 100, 100]
    assert most <= 12


async def test_only_what_the_workflow_needs_runs() -> None:
    ran: list[str] = []

    @task
    async def needed() -> None:
        ran.append("needed")

    @task
    async def idle(needed: None) -> None:
        ran.append("idle")

    @workflow
    async def lazy(needed: None) -> None: ...

    await lazy()
    assert ran == ["needed"]
    assert idle.name == "idle"


async def test_after_orders_without_passing_a_value() -> None:
    order: list[str] = []

    @task
    async def cleanup(work: None) -> None:
        order.append("cleanup")

    @task
    async def work() -> None:
        await checkpoint()
        order.append("work")

    @task(after=work)
    def report() -> None:
        order.append("report")

    @workflow(after=[cleanup, "report"])
    async def ordered() -> list[str]:
        return [*order, "body"]

    result = await ordered()
    assert result[0] == "work"
    assert result[-1] == "body"
    assert set(result) == {"work", "cleanup", "report", "body"}
