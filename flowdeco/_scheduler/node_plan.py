"""One node compiled for the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from .._graph.source import Part
from .._runner.arguments import Row

if TYPE_CHECKING:
    from .block import Block

__all__ = ["Draft", "NodePlan", "Origin", "SharedOut", "Turn"]

# What there is to do where no function is to be called: a part of what a node needs is there, an axis begins, all has
# ended that a stage needs as a whole, or something has ended for an item.
Turn: TypeAlias = Literal["pause", "axis", "gate", "item"]


class SharedOut(NamedTuple):
    """Where something of a node's result, or how it ends, stands besides the result itself.

    Attributes:
        parts: of a node with `outputs=`, the names of those parts that are needed, and their places.
        outcomes: the parts of which somebody receives the outcome, `None` for the whole, and their places.
        handed: the place of how it has ended, for a nested workflow that shares it; `None` if there is none.
        apart: of an item's result that is taken apart, or an output of it, the parts and their places.
    """

    parts: tuple[tuple[str, int], ...] = ()
    outcomes: tuple[tuple[str | None, int], ...] = ()
    handed: int | None = None
    apart: tuple[tuple[str | None, Part, int], ...] = ()


class Origin(NamedTuple):
    """What of the graph an index stands for.

    Attributes:
        node: the index of the node in the graph.
        ask: gets the row of its `when=` out of the list of values; an empty one if it has none.
        turn: what there is to do when its turn comes, if that is no node to be run.
        block: the places of the item that it is for; `None` if it is for none.
    """

    node: int
    ask: Callable[[list[Any]], Row]
    turn: Turn | None = None
    block: Block | None = None


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
