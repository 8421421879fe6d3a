"""What the record says of a task that waits for its place."""

from typing import Any

from anyio import create_task_group, fail_after, wait_all_tasks_blocked

from flowdeco import Limit, Run, Status, task, workflow
from tests.support.limits import INSTANT, PATIENCE, Line, alone
from tests.support.naming import take


async def test_a_task_is_pending_while_it_waits_for_a_place_and_running_when_it_has_it() -> None:
    limit, holder, line = Limit(1), Line(), Line()
    runs: list[Run[Any]] = []
    states: list[str] = []

    def note(status: Status, previous: Status) -> None:
        states.append(f"{previous} {status}")

    @task
    async def look(run: Run[Any]) -> None:
        runs.append(run)

    waits = line.make("waits", limit, on_state=note)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holder.make("holder", limit)).call)
            await wait_all_tasks_blocked()
            group.start_soon(workflow(take, needs={"given": [look, waits]}).call)
            await wait_all_tasks_blocked()
            [record] = [run.tasks["waits"] for run in runs]
            assert (record.status, record.attempts, record.started, states) == (Status.PENDING, 0, None, [])
            holder.go.set()
            await wait_all_tasks_blocked()
            assert (record.status, record.attempts, states) == (Status.RUNNING, 1, ["pending running"])
            assert record.started is not None
            line.go.set()
    assert runs[0].tasks["waits"].status is Status.COMPLETED
    assert states == ["pending running", "running completed"]


async def test_one_cancelled_while_it_waits_for_a_place_is_cancelled_and_has_made_no_attempt() -> None:
    limit, holder, line = Limit(1), Line(), Line()

    @task
    async def fails() -> None:
        await wait_all_tasks_blocked()
        raise ValueError("no")

    waits = line.make("waits", limit)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holder.make("holder", limit)).call)
            await wait_all_tasks_blocked()
            run = await alone(waits, after=fails).run()
            assert isinstance(run.error, ValueError)
            assert (run.tasks["waits"].status, run.tasks["waits"].attempts) == (Status.CANCELLED, 0)
            assert repr(limit) == "<Limit: 1 of 1 places taken>"
            holder.go.set()
    assert line.served == []


async def test_the_time_that_a_task_waits_for_its_place_does_not_count_against_its_timeout() -> None:
    limit, holder = Limit(1), Line()

    @task(limit=limit, timeout=INSTANT)
    async def quick() -> str:
        return "quick"

    found: list[str] = []

    async def run_quick() -> None:
        found.append(await alone(quick)())

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holder.make("holder", limit)).call)
            await wait_all_tasks_blocked()
            group.start_soon(run_quick)
            await wait_all_tasks_blocked()
            holder.go.set()
    assert found == ["quick"]
