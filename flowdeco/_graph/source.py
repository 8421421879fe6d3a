"""Where a parameter's value comes from."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from .._definition.definition import Definition
from .._definition.items import Order

__all__ = [
    "Constant",
    "Default",
    "FromInput",
    "FromItem",
    "FromItemOf",
    "FromOpened",
    "FromResult",
    "FromRun",
    "FromStream",
    "FromValue",
    "Gather",
    "OfItem",
    "Part",
    "Source",
    "definitions_of",
    "origin_of",
    "parts_of",
    "whole_of",
]


class FromResult(NamedTuple):
    """The result of a task or workflow, or the part of it called `output`."""

    definition: Definition
    output: str | None = None


class FromInput(NamedTuple):
    """An input of the workflow."""

    name: str


class FromRun(NamedTuple):
    """The `Run` itself (`"run"`) or its state (`"state"`)."""

    name: str


class FromOpened(NamedTuple):
    """Of a shared resource: what is given to `opened()` under a name that means nothing in the workflow."""

    name: str


class Default(NamedTuple):
    """The parameter's own default: nothing is passed."""


class Constant(NamedTuple):
    """A value that stands in for a task."""

    definition: Definition
    value: Any
    output: str | None = None


class FromValue(NamedTuple):
    """A constant that `needs=` gives."""

    value: Any


class Gather(NamedTuple):
    """A list (`keys` is `None`) or dict of what the parts give."""

    keys: tuple[Any, ...] | None
    parts: tuple[Any, ...]


# What follows is for one item of an axis, and stands in the nodes that are mapped over it.


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of an item that is taken apart for several parameters.

    Attributes:
        index: its place, if the item is a sequence.
        name: its key, if the item is a mapping: the parameter's name.
        count: how many parts a sequence has to have.
    """

    index: int
    name: str
    count: int


class FromItem(NamedTuple):
    """What a source of the node's own axis gives for this item, or a part of it.

    Attributes:
        axis: the index of the axis.
        position: which of its sources.
        source: that source itself, which gives the items of all.
        part: which part of the item; `None`: all of it.
    """

    axis: int
    position: int
    source: FromResult | FromInput | FromValue | Constant | Gather
    part: Part | None = None


class FromItemOf(NamedTuple):
    """The result of another node of the node's own axis for the same item, or of it what `output` and `part` say."""

    definition: Definition
    output: str | None = None
    part: Part | None = None


class FromStream(NamedTuple):
    """An iterator over the results of a mapped node, or over what a source gives, one by one.

    Attributes:
        definition: the mapped task, or the source: a task that yields or returns what can be iterated, or one that a
            value stands in for.
        output: of which part of each result.
        order: whether they come in the order of the source, or in that in which they end.
        axis: the index of the axis whose items it gives: that of the mapped task, or the one that has this source alone
            (which may have no stages); -1 until the axes are known.
    """

    definition: Definition
    output: str | None
    order: Order
    axis: int = -1


class OfItem(NamedTuple):
    """For a `more=` or `key=`: the `"index"` of the item, the `"item"`, or for `more=` the `"result"` for it."""

    name: str


Source: TypeAlias = (
    FromResult
    | FromInput
    | FromOpened
    | FromRun
    | FromValue
    | Default
    | Constant
    | Gather
    | FromItem
    | FromItemOf
    | FromStream
    | OfItem
)


def parts_of(source: Source) -> tuple[Any, ...]:
    """Return the single sources that a source consists of."""
    return source.parts if isinstance(source, Gather) else (source,)


def definitions_of(source: Source) -> list[Definition]:
    """Return the tasks and workflows that a source gets values from."""
    if isinstance(source, FromItem):
        source = source.source
    return [part.definition for part in parts_of(source) if isinstance(part, _HAVE_DEFINITIONS)]


def whole_of(source: Source) -> Source:
    """Return what gives all of what a source gives one by one; any other as it is."""
    if isinstance(source, FromItem):
        return source.source
    return FromResult(source.definition, source.output) if isinstance(source, (FromItemOf, FromStream)) else source


def origin_of(source: Source) -> Hashable:
    """Return what is the same for the same source, without comparing any value that there may be."""
    if isinstance(source, Gather):
        return "gather", source.keys, *map(origin_of, source.parts)
    if isinstance(source, FromValue):
        return "value", id(source.value)
    if isinstance(source, (FromResult, Constant)):
        return "result", id(source.definition), source.output
    if isinstance(source, FromItem):
        return "item", source.axis, source.position, source.part
    return source


_HAVE_DEFINITIONS = (FromResult, Constant, FromItemOf, FromStream)
