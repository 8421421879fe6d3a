"""Annotations, as far as they can be read: whether a value of one type may be of another.

Lenient throughout: a value of a more general type may be of the wanted one, and what is not understood may be anything.
"""

from __future__ import annotations

import collections
import inspect
import sys
import typing
from collections import abc
from types import FunctionType, NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from .signature import Kind, peel

__all__ = [
    "Annotations",
    "argument_of",
    "item_of",
    "list_members",
    "may_be",
    "read_annotations",
    "result_of",
    "show_type",
    "takes_just",
    "value_of",
]

_ANYTHING = (Any, object, inspect.Parameter.empty)
# What may be given in the place of numbers and bytes, though it is no subclass.
_PROMOTIONS: dict[type, tuple[type, ...]] = {float: (int,), complex: (int, float), bytes: (bytearray, memoryview)}
# The types whose arguments are known to be those of their items.
_MAPPINGS = {dict, collections.OrderedDict, collections.defaultdict, abc.Mapping, abc.MutableMapping}
_COLLECTIONS = {
    *(list, set, frozenset, collections.deque, abc.Sequence, abc.MutableSequence, abc.Set, abc.MutableSet),
    *(abc.Collection, abc.Container, abc.Iterable, abc.Iterator, abc.Reversible, abc.KeysView, abc.ValuesView),
    *(abc.AsyncIterable, abc.AsyncIterator, abc.Generator, abc.AsyncGenerator),
}


class Annotations(NamedTuple):
    """What a function is annotated to take and to give: `Any` where it does not say."""

    params: dict[str, Any]
    result: Any


def read_annotations(function: Any, kind: Kind) -> Annotations:
    """Return what can be read of a callable's annotations, each by itself.

    One that cannot be evaluated, as it names what is imported for type checkers only, is `Any`.

    Args:
        function: the callable.
        kind: what a call of it gives.
    """
    if isinstance(function, type):
        made = _evaluate(vars(function).get("__init__"))
        return Annotations({name: hint for name, hint in made.items() if name != "return"}, function)
    inner = next((layer for layer in peel(function) if isinstance(layer, FunctionType)), None)
    hints = _evaluate(inner)
    returned = hints.pop("return", Any)
    return Annotations(hints, result_of(returned, kind, inner))


def _evaluate(function: Any) -> dict[str, Any]:
    """Return a function's annotations as types; `Any` for one that cannot be evaluated."""
    innermost = [layer for layer in peel(function) if isinstance(layer, FunctionType)][-1:]
    names = {
        "__globals__": innermost[0].__globals__ if innermost else {},
        "__type_params__": getattr(function, "__type_params__", ()),
    }
    found: dict[str, Any] = {}
    for name, hint in _read_hints(function).items():
        try:
            # get_type_hints evaluates all that an object has, or nothing: so each gets an object to itself.
            found |= typing.get_type_hints(SimpleNamespace(**names, __annotations__={name: hint}))
        except Exception:
            found[name] = Any
    return found


def _read_hints(function: Any) -> dict[str, Any]:
    """Return a function's annotations as they were written."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return get_annotations(function, format=Format.FORWARDREF) if callable(function) else {}
    hints: dict[str, Any] = getattr(function, "__annotations__", {})
    return hints


def result_of(returned: Any, kind: Kind, function: FunctionType | None) -> Any:
    """Return the type of a task's result, given what its function is annotated to return."""
    arguments, origin = get_args(returned), get_origin(returned) or returned
    if kind in ("generator", "async generator"):
        return list[arguments[0]] if arguments else list  # type: ignore[valid-type]  # a type made while running
    if kind == "async" and function is not None and function.__code__.co_flags & inspect.CO_COROUTINE:
        return returned
    if origin in (abc.Coroutine, abc.Generator):
        return arguments[2] if len(arguments) == 3 else Any
    if kind == "async":
        return Any
    if isinstance(origin, type) and hasattr(origin, "__await__"):
        return arguments[0] if len(arguments) == 1 else Any
    return returned


def may_be(actual: Any, wanted: Any) -> bool:
    """Whether a value annotated as `actual` may be of the type `wanted`."""
    return any(_may_be_single(one, other) for one in list_members(actual) for other in list_members(wanted))


def takes_just(kind: type, wanted: Any) -> bool:
    """Whether an instance of a class, not of one derived from it, may be of the type `wanted`."""
    for hint in list_members(wanted):
        is_derived = isinstance(hint, type) and hint is not kind and kind in hint.__mro__
        if not is_derived and _may_be_single(kind, hint):
            return True
    return False


def list_members(hint: Any) -> list[Any]:
    """Return the types that a type is a union of, without what only names them."""
    for _ in range(100):  # an alias may lead to itself
        if type(hint).__name__ == "TypeAliasType":  # of `typing` or, which need not be loaded, `typing_extensions`
            try:
                hint = hint.__value__
            except Exception:
                return [Any]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif get_origin(hint) is typing.Annotated:
            hint = get_args(hint)[0]
        else:
            break
    if get_origin(hint) in (Union, UnionType):
        return [member for part in get_args(hint) for member in list_members(part)]
    return [NoneType if hint is None else hint]


def _may_be_single(actual: Any, wanted: Any) -> bool:
    for literal, other in ((actual, wanted), (wanted, actual)):
        if get_origin(literal) is Literal:
            values = get_args(literal)
            if get_origin(other) is Literal:
                return any(value in get_args(other) for value in values)
            return any(may_be(type(value), other) for value in values)
    if any(hint is anything for hint in (actual, wanted) for anything in _ANYTHING):
        return True
    kinds = _class_of(actual), _class_of(wanted)
    if not (isinstance(kinds[0], type) and isinstance(kinds[1], type)):
        return True
    return _are_related(*kinds) and _items_may_be(actual, wanted)


def _class_of(hint: Any) -> Any:
    kind = get_origin(hint) or hint
    return dict if hasattr(kind, "__required_keys__") else kind  # a TypedDict, of whichever module


def _are_related(actual: type, wanted: type) -> bool:
    if issubclass(actual, _PROMOTIONS.get(wanted, ())):
        return True
    try:
        if issubclass(actual, wanted) or issubclass(wanted, actual):
            return True
    except TypeError:  # a protocol that is only for type checkers
        return True
    # Something else may well be both Sized and Iterable; and no file is an instance of typing.IO.
    both_abstract = inspect.isabstract(actual) and inspect.isabstract(wanted)
    return both_abstract or issubclass(wanted, typing.IO) or issubclass(actual, typing.IO)


def _items_may_be(actual: Any, wanted: Any) -> bool:
    kinds = get_origin(actual), get_origin(wanted)
    if kinds == (tuple, tuple):
        one, other = get_args(actual), get_args(wanted)
        if ... not in one and ... not in other:
            return len(one) == len(other) and all(map(may_be, one, other))
    if kinds[0] in _MAPPINGS and kinds[1] in _MAPPINGS and not may_be(value_of(actual), value_of(wanted)):
        return False
    return may_be(item_of(actual), item_of(wanted))


def item_of(hint: Any) -> Any:
    """Return the type of the items of a collection, of the keys of a mapping; `Any` if it does not say."""
    found: list[Any] = []
    for member in list_members(hint):
        origin, arguments = get_origin(member), [argument for argument in get_args(member) if argument is not ...]
        if origin is tuple:
            found += arguments
        elif arguments and (origin in _COLLECTIONS or origin in _MAPPINGS):
            found.append(arguments[0])
        elif member is not NoneType:
            return Any
    return Union[tuple(found)] if found else Any  # noqa: UP007


def value_of(hint: Any) -> Any:
    """Return the type of the values of a mapping; `Any` if it does not say."""
    members = [member for member in list_members(hint) if member is not NoneType]
    known = [get_args(member)[1] for member in members if get_origin(member) in _MAPPINGS and get_args(member)[1:]]
    return Union[tuple(known)] if members and len(known) == len(members) else Any  # noqa: UP007


def argument_of(hint: Any, kind: type) -> Any:
    """Return what a generic type is given as its only argument; `Any` if it does not say, or is another type."""
    members = [member for member in list_members(hint) if member is not NoneType]
    known = [get_args(member)[0] for member in members if get_origin(member) is kind]
    return Union[tuple(known)] if members and len(known) == len(members) else Any  # noqa: UP007


def show_type(hint: Any) -> str:
    """Return a type as one would write it, more or less."""
    if isinstance(hint, type) and not get_origin(hint):
        return "None" if hint is NoneType else hint.__qualname__
    return repr(hint).replace("typing.", "")
