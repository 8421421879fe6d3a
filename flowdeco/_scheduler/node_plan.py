"""One node compiled for the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .._runner.arguments import Row

__all__ = ["Draft", "NodePlan", "Origin", "SharedOut"]


class SharedOut(NamedTuple):
    """Where something of a node's result, or how it ends, stands besides the result itself.

    Attributes:
        parts: of a node with `outputs=`, the names of those parts that are needed, and their places.
        outcomes: the parts of which somebody receives the outcome, `None` for the whole, and their places.
        handed: the place of how it has ended, for a nested workflow that shares it; `None` if there is none.
    """

    parts: tuple[tuple[str, int], ...] = ()
    outcomes: tuple[tuple[str | None, int], ...] = ()
    handed: int | None = None


class Origin(NamedTuple):
    """What of the graph an index stands for.

    Attributes:
        node: the index of the node in the graph.
        ask: gets the row of its `when=` out of the list of values; an empty one if it has none.
    """

    node: int
    ask: Callable[[list[Any]], Row]


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
        shares: what of its result, or of how it ends, has places of its own; mostly nothing.
        picks_up: whether there is more to do for a plain node when its function fails.
        origin: which node of the graph it is.
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
    shares: SharedOut | None
    picks_up: bool
    origin: Origin


class Draft(NamedTuple):
    """A node before it is known who needs it; see `NodePlan`."""

    start: Callable[..., Any]
    slots: tuple[int, ...]
    asked: tuple[int, ...] = ()
    is_plain: bool = True
    can_wait: bool = False
    in_thread: bool = False
    picks_up: bool = False
