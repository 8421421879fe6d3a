"""What can go wrong with what `each=` takes its items from, one class a kind of mistake."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import FlowdecoError

__all__ = ["ItemKeyError", "ItemShapeError", "ItemSourceError", "UnequalLengthsError"]


class ItemSourceError(FlowdecoError, TypeError):
    """What `each=` names gives nothing that can be iterated, or a string, which hardly anybody means.

    Attributes:
        source: what it is called in the message, as in "input 'urls'".
        value: what it gives.
    """

    source: str
    value: object


class UnequalLengthsError(FlowdecoError, ValueError):
    """What goes in step in `each=` is not of the same length.

    Attributes:
        lengths: how many items there are, by what each source is called in the message; of one that goes on when
            another has ended, how many there were until then.
    """

    lengths: Mapping[str, int]


class ItemShapeError(FlowdecoError, ValueError):
    """An item cannot be taken apart for the parameters that `each=` names together.

    Attributes:
        parameter: the parameter that was to receive a part of it.
        item: the item.
    """

    parameter: str
    item: object


class ItemKeyError(FlowdecoError, ValueError):
    """The `key=` of a mapped task gives the same for two of its items.

    Attributes:
        task: the task's name.
        key: the key.
        indices: the places of the two items in the order of the source, from 0.
    """

    task: str
    key: object
    indices: tuple[int, int]
