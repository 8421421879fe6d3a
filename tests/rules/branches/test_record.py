"""What the record says of nodes that waited until they were needed."""

from typing import Any

import anyio

from flowdeco import task, workflow
from tests.support.naming import mention

MOMENT = 0.02  # seconds, that the condition takes at least


async def test_the_critical_path_of_a_branch_begins_with_what_its_condition_needs() -> None:
    @task
    async def config() -> bool:
        await anyio.sleep(MOMENT)
        return True

    @task
    async def costly() -> str:
        return "costly"

    @task(when=config)
    async def branch(costly: str) -> str:
        return costly

    @workflow
    async def w(branch: str) -> str:
        return branch

    mention(costly, branch)
    run: Any = await w.run()
    assert [*run.critical_path()] == ["config", "costly", "branch"]
    # The time before anybody needed it is none that it has waited.
    since = (run.tasks["costly"].started - run.tasks["config"].finished).total_seconds()
    assert 0 <= run.tasks["costly"].waited <= since + MOMENT / 10


async def test_a_need_that_has_ended_before_stays_on_the_critical_path_of_a_branch() -> None:
    @task
    async def base() -> str:
        return "base"

    @task(when=lambda: True)
    async def branch(base: str) -> str:
        return base

    @workflow
    async def w(base: str, branch: str) -> str:
        return branch

    mention(base, branch)
    run: Any = await w.run()
    assert [*run.critical_path()] == ["base", "branch"]
