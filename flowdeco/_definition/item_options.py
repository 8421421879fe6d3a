"""Checks of the options that speak of items, made when the decorator runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from inspect import Parameter
from typing import Any

from .._base.checks import is_iterable, is_list, is_mapping, reject
from .._base.constant import Value
from .._base.sentinel import UNSET
from .._base.signature import Kind, Param, read_signature
from .._base.text import listed, nearest, shorten
from .definition import definition_of
from .items import NO_ITEMS, Each, ItemOptions, Order
from .options import is_part, take_need

__all__ = ["ITEM_OPTIONS", "check_items"]

ITEM_OPTIONS = ("each", "stream", "more", "ahead", "key")

_ORDERS: tuple[Order, ...] = ("source", "ended")


def check_items(subject: str, options: dict[str, Any], params: Sequence[Param], kind: Kind | None) -> ItemOptions:
    """Return what the options say of items; what was given in collections is kept as it is now.

    Args:
        subject: what is being defined, for errors.
        options: all options; `needs` and `settled` among them are checked already.
        params: the parameters of the function.
        kind: what a call of the function gives; `None`: it is a workflow, whose `needs` may rename its inputs.

    Raises:
        OptionError: one cannot be used, or two do not go together.
    """
    # Most say nothing, and every decoration costs: all() over the options takes five times as long.
    says_how = options["more"] is not None or options["ahead"] is not None or options["key"] is not None
    if options["each"] is None and options.get("stream") is None and not says_how:
        return NO_ITEMS
    names = {param.name: param for param in params}
    each = _check_each(subject, options["each"], names)
    options["each"] = each or None
    streams, collects = _check_stream(subject, options.get("stream"), names)
    yields = kind is not None and kind.endswith("generator")
    if collects and not yields:
        reason = "is for a function that yields: there is nothing to be handed on before it returns. Remove it."
        raise reject(subject, "stream", False, reason)
    if streams:
        options["stream"] = streams
    _check_conflicts(subject, each, streams, {} if kind is None else options["needs"])
    _check_ahead(subject, options["ahead"], has_items=bool(each or streams or yields))
    for option in ("more", "key"):
        _check_function(subject, option, options[option], is_mapped=bool(each))
    return ItemOptions(each, streams, collects, options["ahead"])


def _check_each(subject: str, value: Any, params: Mapping[str, Param]) -> tuple[Each, ...]:
    if value is None:
        return ()
    if is_list(value) and value and all(isinstance(part, Each) for part in value):
        return tuple(value)  # of a task that this one is made of
    if isinstance(value, str):
        found = [Each((value,), False)]
    elif is_mapping(value):
        found = [_read_entry(subject, value, key, need) for key, need in value.items()]
    elif is_list(value):
        found = [_read_name(subject, value, part) for part in value]
    else:
        reason = "is not the name of a parameter, a list of names, or a mapping as in each={'page': pages}."
        raise reject(subject, "each", value, reason, wrong_type=True)
    if not found:
        reason = "names no parameter. Say which one receives the items, as in each={'page': pages}, or leave it out."
        raise reject(subject, "each", value, reason)
    taken: set[str] = set()
    for name in [name for each in found for name in each.params]:
        if name in taken:
            raise reject(subject, "each", value, f"names {name!r} twice.")
        taken.add(name)
        _check_param(subject, "each", value, name, params)
    return tuple(found)


def _read_name(subject: str, value: Any, name: Any) -> Each:
    if is_list(name):
        reason = f"has the tuple {name!r} in it without a collection whose items are taken apart for it. "
        reason += f"Name one, as in each={{{tuple(name)!r}: grid}}."
        raise reject(subject, "each", value, reason)
    if not isinstance(name, str):
        reason = f"has {shorten(name)} in it, which is not the name of a parameter."
        raise reject(subject, "each", value, reason, wrong_type=True)
    return Each((name,), False)


def _read_entry(subject: str, value: Any, key: Any, need: Any) -> Each:
    names: tuple[Any, ...] = tuple(key) if is_list(key) else (key,)
    if not names or not all(isinstance(name, str) for name in names):
        reason = f"has the key {shorten(key)}, which is neither a parameter nor a tuple of them."
        raise reject(subject, "each", value, reason, wrong_type=True)
    shown = key if isinstance(key, str) else ", ".join(names)
    if need is None or is_mapping(need):
        reason = f"gives {shown!r} {'None' if need is None else 'a mapping'}, which has no items one after the other. "
        reason += "Give what needs= takes: a task, a workflow, a name, a list of these, or value([...])."
        raise reject(subject, "each", value, reason, wrong_type=True)
    if not callable(need) and not isinstance(need, (str, Value)) and not (is_list(need) and any(map(is_part, need))):
        _check_constant(subject, value, shown, need)
        reason = f"gives {shown!r} {shorten(need)}, which is not what needs= takes: a task, a workflow, a name, or a "
        reason += f"list of these. For a constant, write value({shorten(need)})."
        raise reject(subject, "each", value, reason, wrong_type=True)
    if isinstance(need, Value):
        _check_constant(subject, value, shown, need.value)
    return Each(names, not isinstance(key, str), take_need(subject, "each", value, shown, need))


def _check_constant(subject: str, value: Any, shown: str, constant: object) -> None:
    if isinstance(constant, (str, bytes)):
        reason = f"gives {shown!r} the text {shorten(constant)}, whose items are its letters. "
        reason += f"Give a list of texts: value([{shorten(constant)}])."
        raise reject(subject, "each", value, reason, wrong_type=True)
    if isinstance(constant, (Iterator, AsyncIterator)):
        reason = f"gives {shown!r} an iterator, which the first run would use up. Give a list: value(list(...))."
        raise reject(subject, "each", value, reason, wrong_type=True)
    if not is_iterable(constant) and not hasattr(constant, "__aiter__"):
        reason = f"gives {shown!r} {shorten(constant)}, which has no items: it cannot be iterated. Give a list."
        raise reject(subject, "each", value, reason, wrong_type=True)


def _check_param(subject: str, option: str, value: Any, name: Any, params: Mapping[str, Param]) -> None:
    """Accept the name of a parameter that can be given one thing."""
    param = params.get(name)
    if param is None:
        hint = nearest(str(name), params) or f" It has {listed(list(params)) or 'none'}."
        raise reject(subject, option, value, f"names {name!r}, which is not a parameter of the function.{hint}")
    if param.variadic:
        stars = "*" if param.kind is Parameter.VAR_POSITIONAL else "**"
        reason = f"names {stars}{name}, which takes any number of arguments. Give it a parameter of its own."
        raise reject(subject, option, value, reason)


def _check_stream(subject: str, value: Any, params: Mapping[str, Param]) -> tuple[dict[str, Order], bool]:
    if value is None or value is False:
        return {}, value is False
    if isinstance(value, str):
        found: dict[Any, Any] = {value: "source"}
    elif is_mapping(value):
        found = dict(value)
    elif is_list(value):
        found = dict.fromkeys(value, "source")
    else:
        reason = "is not the name of a parameter, a list of names, a mapping of names to 'source' or 'ended', or False."
        raise reject(subject, "stream", value, reason, wrong_type=True)
    for name, order in found.items():
        _check_param(subject, "stream", value, name, params)
        if order not in _ORDERS:
            reason = f"gives {name!r} {order!r}. Give 'source' for the order of the source, or 'ended' for that in "
            reason += "which the items end."
            raise reject(subject, "stream", value, reason)
    return found, False


def _check_conflicts(
    subject: str, each: tuple[Each, ...], streams: Mapping[str, Order], needs: Mapping[str, Any]
) -> None:
    for part in each:
        for name in part.params:
            if name in streams:
                reason = f"names {name!r}, which each= gives one item at a time. Remove it from one of them."
                raise reject(subject, "stream", name, reason)
            if part.need is not UNSET and name in needs:
                reason = f"gives {name!r} something that each= gives items for already. Remove it from one of them."
                raise reject(subject, "needs", needs, reason)
    if each and streams:
        name = next(iter(streams))
        reason = f"names {name!r}, and each= has the task run for every item: which of these runs would receive what "
        reason += "comes? Read the stream in a task without each=."
        raise reject(subject, "stream", name, reason)


def _check_ahead(subject: str, value: Any, *, has_items: bool) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        reason = "is not a whole number. Give how many items may be begun and unfinished."
        raise reject(subject, "ahead", value, reason, wrong_type=True)
    if value < 1:
        raise reject(subject, "ahead", value, "is below 1: no item could ever begin.")
    if not has_items:
        reason = "is for what yields items or has each= or stream=, and this has none of these. Remove it."
        raise reject(subject, "ahead", value, reason)


def _check_function(subject: str, option: str, value: Any, *, is_mapped: bool) -> None:
    """Accept a plain `def`: it is called on the event loop, between items."""
    if value is None:
        return
    if definition_of(value) is not None or not callable(value):
        what = "is a task or a workflow" if callable(value) else "is not a function"
        reason = f"{what}. Give a function whose parameters name what it needs to know."
        raise reject(subject, option, value, reason, wrong_type=True)
    if not is_mapped:
        reason = "is for a task that is run once an item: it stands beside each=. Add each=, or remove it."
        raise reject(subject, option, value, reason)
    try:
        signature = read_signature(value)
    except (TypeError, ValueError) as error:
        reason = "has parameters that cannot be read. Wrap it in a def."
        raise reject(subject, option, value, reason, wrong_type=True) from error
    if signature.kind.startswith("async") or signature.is_awaited:
        reason = "is an async def, and has to answer at once. Give a plain def."
        raise reject(subject, option, value, reason, wrong_type=True)
    if option == "key" and signature.gives != "sync":
        raise reject(subject, option, value, "yields instead of returning a value. Let it return one.", wrong_type=True)
    for param in signature.params:
        if param.variadic:
            reason = f"has {param.name!r}, which takes any number of arguments and has no name to match. Name each one."
            raise reject(subject, option, value, reason)
