"""An attempt at a resource: it is opened, and then lives on beside the run until that closes it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from .arguments import Arguments
from .program import Attempt, Attempted, ResourcePlan

if TYPE_CHECKING:
    from .._worker.process_resource import ProcessResource

__all__ = ["opening", "sending"]


def opening(plan: ResourcePlan, arguments: Arguments) -> Attempt:
    """Return an attempt at opening a resource, which gives what is to be used.

    Args:
        plan: what is known of it.
        arguments: what its function receives.
    """
    call = arguments.call

    def attempt(life: Attempted) -> Coroutine[Any, Any, Any]:
        keeper = life.crew.keeper
        assert keeper is not None
        assert life.index is not None
        return keeper.open(life.index, plan, partial(call, *life.row))

    return attempt


def sending(plan: ResourcePlan, function: Callable[..., Any], arguments: Arguments) -> Attempt:
    """Return what gives how a resource is opened in worker processes: each does it for the first that needs it."""

    async def attempt(life: Attempted) -> ProcessResource:
        from .._worker.process_resource import ProcessResource

        args, kwargs = arguments.pack(life.row)
        return ProcessResource.of(plan.name, function, args, kwargs, plan.close_timeout)

    return attempt
