"""What a definition says of items: `each=`, `stream=`, `more=`, `ahead=` and `key=`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from .._base.sentinel import UNSET

__all__ = ["NO_ITEMS", "Each", "ItemOptions", "Order"]

# In which order a stream gives its items: in that of their source, or in that in which they end.
Order: TypeAlias = Literal["source", "ended"]


class Each(NamedTuple):
    """One collection of an `each=`, and which parameters receive its items.

    Attributes:
        params: the names of the parameters.
        apart: whether an item is taken apart for them: `("rate", "depth"): grid`. Else there is one parameter.
        need: what gives the items, as `needs=` takes it; `UNSET`: what the parameter's own name means.
    """

    params: tuple[str, ...]
    apart: bool
    need: Any = UNSET


class ItemOptions(NamedTuple):
    """What the options of a task or a workflow say of items.

    Attributes:
        each: the collections whose items it is run for, one run an item; nothing for a plain one.
        streams: the parameters that receive an iterator over items, with the order of these.
        collects: whether it is a source whose items are handed on together, when it has ended: `stream=False`.
        ahead: how many items may be begun and unfinished; `None`: that is chosen for it.
        more: gives further items for a result; a `Definition`, or `None`.
        key: names an item; a `Definition`, or `None`.
    """

    each: tuple[Each, ...] = ()
    streams: Mapping[str, Order] = MappingProxyType({})
    collects: bool = False
    ahead: int | None = None
    more: Any = None
    key: Any = None


NO_ITEMS = ItemOptions()
