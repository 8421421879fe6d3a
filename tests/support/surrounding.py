"""A task in the middle of everything: what it does is a recorded call, made for an item, beside an open resource."""

from typing import Any

from flowdeco import task, value

from .resource_kinds import open_in_thread, open_quickly
from .stage import Stage

HOWS = ("call", "call_sync")


def surround(stage: Stage, called: Any, how: str) -> Any:
    """Return a task that calls another one for an item, while a resource is open that it uses.

    Args:
        stage: where it is said what has gone wrong.
        called: the task, or workflow, that is called.
        how: "call" or "call_sync".
    """

    async def caller(item: int, held: str) -> None:
        with stage.inside(arrive=False):
            await called.call()

    def caller_sync(item: int, held: str) -> None:
        with stage.inside(arrive=False):
            called.call_sync()

    function, opened = (caller, open_in_thread(stage)) if how == "call" else (caller_sync, open_quickly(stage))
    made: Any = task(function, each={"item": value([0])}, needs={"held": opened}, calls=called)
    return made
