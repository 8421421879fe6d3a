"""What the sources of an axis give one by one, and an item taken apart for several parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from .._base.item_advice import TEXTS, tell_no_items
from .._base.item_errors import ItemShapeError, ItemSourceError, UnequalLengthsError
from .._base.text import count_things, shorten
from .._graph.source import Part
from .._item.intake import Intake
from .._item.rows import Rows
from .._item.spring import Channel

__all__ = ["open_sources", "take_apart"]

# What does not change while nobody is looking, or need not be copied to be safe from that.
_STEADY = (list, tuple, range)


def open_sources(sources: Sequence[tuple[str, Any]]) -> Rows | Intake:
    """Return what gives the items of an axis, each as a tuple of what the sources give for it.

    Args:
        sources: what to call each in an error, and what it is: a channel, if its items come one by one.

    Raises:
        ItemSourceError: one of them cannot be iterated.
        UnequalLengthsError: they are not of the same length.
    """
    if any(isinstance(value, Channel) for _, value in sources):
        return Intake([(label, v if isinstance(v, Channel) else _open(label, v)) for label, v in sources])
    opened = [_open(label, value) for label, value in sources]
    lengths = [len(values) for values in opened]
    if len(set(lengths)) > 1:
        at = next(i for i, length in enumerate(lengths) if length != lengths[0])
        first, other = sources[0][0], sources[at][0]
        text = f"Cannot take items in step: {first} has {lengths[0]} of them, and {other} has {lengths[at]}. "
        text += "Give them the same length."
        raise UnequalLengthsError(text, lengths={label: n for (label, _), n in zip(sources, lengths, strict=True)})
    return Rows(zip(*opened, strict=True), lengths[0])


def _open(label: str, value: Any) -> Collection[Any]:
    reason = tell_no_items(value)
    if reason:
        raise ItemSourceError(f"Cannot take items of {label}: {shorten(value)} {reason}", source=label, value=value)
    kind = cast("Any", type(value))  # isinstance would run a proxy's code
    steady: Collection[Any] = value if issubclass(kind, _STEADY) else list(value)
    return steady


def take_apart(item: Any, part: Part) -> Any:
    """Return a part of an item.

    Raises:
        ItemShapeError: the item has no such part.
    """
    kind = cast("Any", type(item))  # isinstance would run a proxy's code
    if issubclass(kind, Mapping):
        if part.name in item:
            return item[part.name]
        reason = f"it has no {part.name!r}. Give each parameter's name as a key."
    elif issubclass(kind, TEXTS):
        reason = f"a {kind.__name__} is not taken apart. Give a tuple of {part.count}, or a mapping by name."
    elif not issubclass(kind, Sequence):
        reason = f"it is neither a sequence nor a mapping. Give a tuple of {part.count}, or a mapping by name."
    elif len(item) != part.count:
        reason = f"it has {count_things(len(item), 'part')} for {part.count} parameters. Give one for each."
    else:
        return item[part.index]
    raise ItemShapeError(f"Cannot take {shorten(item)} apart: {reason}", parameter=part.name, item=item)
