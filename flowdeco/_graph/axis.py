"""What nodes are mapped over together, so that they go item by item."""

from __future__ import annotations

from dataclasses import dataclass

from .source import Source

__all__ = ["Axis"]


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """The sources whose items go in step, and the nodes that are run for each of these.

    An axis is its set of sources: nodes with the same sources are on one axis, and so is a node mapped over another one
    of it. There is no barrier between them.

    A node that is mapped over one of an axis and over something made of the whole of that (`size` and `norm(size)`) has
    an axis of its own, whose sources are the whole lists: it begins when the first of them has ended for all its items.
    Any other source beside one of an axis is an error: their items do not belong together, as some may be left out.

    Attributes:
        index: its place among those of the graph.
        sources: what gives its items, read in step: each a `FromResult` (of a node that is not on this axis), a
            `FromInput`, a `FromValue`, a `Constant`, or a `Gather` whose parts are the items.
        labels: what to call each of these in an error: "task 'pages'".
        names: what the record calls the task that gives each of these; "" where none does.
        stages: the indices of the nodes that are mapped over it, in their order; none where its one source is only
            read as a stream.
        ahead: how many of its items may be begun and unfinished, as `ahead=` of a stage, a source or a reader says, the
            least where several do; `None`: the default.
    """

    index: int
    sources: tuple[Source, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    stages: tuple[int, ...]
    ahead: int | None
