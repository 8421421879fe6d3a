"""What the tests of outcomes share."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Outcome, Retry, Run, Skip, Task, task, workflow

AGAIN = Retry(2, delay=0)


def make_task(way: str, name: str, act: Callable[[], Any], **options: Any) -> Task[..., Any]:
    """Return a task that does this: at once, after a moment, or in a thread."""

    async def quick() -> Any:
        return act()

    async def waits() -> Any:
        await checkpoint()
        return act()

    def plain() -> Any:
        return act()

    functions: dict[str, Callable[..., Any]] = {"async": quick, "waits": waits, "def": plain}
    return task(functions[way], name=name, **options)


def refuse() -> None:
    raise Skip("no news")


def fail() -> None:
    raise ValueError("no")


def plain(function: Callable[[Any], Any]) -> Any:
    """Return a lambda as it is: type checkers then know what it takes."""
    return function


def statuses_of(run: Run[Any]) -> dict[str, str]:
    return {name: record.status.value for name, record in run.tasks.items()}


each_way = pytest.mark.parametrize("way", ["async", "waits", "def"])

GIVEN: dict[str, Any] = {"good": lambda: 1, "none": lambda: None, "bad": fail, "off": refuse}


def make_ends(way: str) -> list[Task[..., Any]]:
    """Return a task for each way to end."""
    made = {name: make_task(way, name, act) for name, act in GIVEN.items()}

    async def never(given: Any) -> None:
        raise AssertionError

    needing = [task(never, name=f"after_{name}", needs={"given": made[name]}) for name in ("bad", "off")]
    return [*made.values(), *needing]


async def outcome_of(step: Task[..., Any]) -> tuple[Outcome[Any], Run[Any]]:
    """Return how a task ends, and the run."""

    @workflow(needs={"outcome": step}, settled="outcome")
    async def w(outcome: Any) -> Any:
        return outcome

    run = await w.run()
    assert run.error is None
    assert run.result is not None
    return run.result, run
