"""One node compiled for the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .._runner.arguments import Row

__all__ = ["Draft", "NodePlan"]


class NodePlan(NamedTuple):
    """How the engine runs one node.

    Attributes:
        start: the function of a plain node, which takes its row by position.
        take: gets the row out of the list of values.
        slot: the one place that the row comes from; -1 where it is empty, -2 where there are more. To unpack a row
            takes as long as the call.
        reads: the places it reads, each once, which it may be the last to need.
        is_plain: whether its function is all there is to it: an `async def`, or a `def` in a thread.
        is_quick: whether besides it is an `async def`, and nobody asks for parts of its result or how it ends.
        can_wait: whether it may suspend.
        in_thread: whether it begins in a worker thread.
        followers: the nodes that need it.
        is_shared_out: whether parts of its result, or how it ends, have places of their own.
        picks_up: whether there is more to do for a plain node when its function fails.
    """

    start: Callable[..., Any]
    take: Callable[[list[Any]], Row]
    slot: int
    reads: tuple[int, ...]
    followers: tuple[int, ...]
    is_quick: bool
    can_wait: bool
    in_thread: bool
    is_plain: bool
    is_shared_out: bool
    picks_up: bool


class Draft(NamedTuple):
    """A node before it is known who needs it; see `NodePlan`."""

    start: Callable[..., Any]
    slots: tuple[int, ...]
    asked: tuple[int, ...] = ()
    is_plain: bool = True
    can_wait: bool = False
    in_thread: bool = False
    picks_up: bool = False
