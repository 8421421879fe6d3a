"""What decided how long a run took."""

from typing import Any

from anyio import Event as Signal
from anyio import fail_after, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import Run, Skip, task, workflow


async def test_the_critical_path_goes_along_what_ended_last() -> None:
    gate = Signal()

    @task
    async def start() -> int:
        return 1

    @task
    async def quick(start: int) -> int:
        return start

    @task
    async def slow(start: int) -> int:
        await gate.wait()
        return start

    @task
    async def release(quick: int) -> None:
        await wait_all_tasks_blocked()
        gate.set()

    @task
    async def join(quick: int, slow: int, release: None) -> int:
        return quick + slow

    @workflow
    async def w(join: int) -> int:
        return join

    with fail_after(60):
        run = await w.run()
    assert run.critical_path() == ["start", "slow", "join"]


async def test_the_critical_path_of_nothing_is_empty() -> None:
    @workflow
    async def w() -> None: ...

    assert (await w.run()).critical_path() == []


async def test_the_critical_path_leaves_out_what_never_ran() -> None:
    @task
    async def skipped() -> int:
        raise Skip

    @task
    async def last(skipped: int = 0) -> int:
        return skipped

    @task
    async def never(skipped: int) -> int:
        return skipped

    @workflow
    async def w(last: int, never: int = 0) -> int:
        return last + never

    assert (await w.run()).critical_path() == ["skipped", "last"]


async def test_what_a_task_waited_for_is_not_what_it_needs() -> None:
    gate, begun = Signal(), Signal()

    @task
    async def first() -> None:
        begun.set()
        await gate.wait()

    @task(limit=1)
    async def second() -> None:
        await checkpoint()

    @workflow(after=[first, second])
    async def w(run: Run[Any]) -> None:
        assert run.tasks["second"].waited is not None

    with fail_after(60):
        async with w.start() as run:
            await begun.wait()
            gate.set()
    waited = [record.waited for record in run.tasks.values()]
    assert all(seconds is not None and seconds >= 0 for seconds in waited)
