"""An attempt at a resource: it is opened, and then lives on beside the run until that closes it."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from .arguments import Arguments
from .program import Attempt, Attempted, ResourcePlan

__all__ = ["opening"]


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
