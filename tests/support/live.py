"""What the tests of live share."""

from typing import Any

from anyio.lowlevel import checkpoint

from flowdeco import Event, Run, task, workflow


def say(event: Event) -> str:
    return f"{event.task or event.workflow} {event.status}"


async def read(run: Run[Any]) -> list[str]:
    return [say(event) async for event in run.events()]


@task
async def page(url: str) -> str:
    await checkpoint()
    return f"<{url}>"


@task
def words(page: str) -> int:
    return len(page)


@workflow
async def summary(url: str, words: int) -> str:
    return f"{words} words"
