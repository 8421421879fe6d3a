"""Callables that get, of all there is to tell, what their parameters name."""

from __future__ import annotations

from collections.abc import Callable, Collection
from inspect import Parameter
from typing import Any, NamedTuple

from .parameters import takes_by_name
from .signature import MISSING, POSITIONAL, Param, read_signature

__all__ = ["Ask", "read_ask"]


class Ask(NamedTuple):
    """How to call a callable with what it asks for by name.

    Attributes:
        function: the callable.
        names: what it gets by keyword, or where it takes none by position.
        whole: whether it gets the one thing that has it all, by position.
        optional: those of the names that have a default.
        by_position: whether it takes no keywords.
    """

    function: Callable[..., Any]
    names: tuple[str, ...]
    whole: bool
    optional: frozenset[str] = frozenset()
    by_position: bool = False

    def call(self, whole: object, find: Callable[[str], Any]) -> Any:
        """Call it with `whole`, or with what `find` gives for each name; what is `MISSING` is left to the default."""
        named = {name: value for name in self.names if (value := find(name)) is not MISSING}
        first = (whole,) if self.whole else ()
        return self.function(*first, *named.values()) if self.by_position else self.function(*first, **named)


def read_ask(function: Callable[..., Any], known: Collection[str]) -> tuple[Ask, list[str]]:
    """Return how to call `function`, and which names it asks for that are not known.

    A parameter with a default is never unknown. A callable whose first parameter is positional-only, that takes
    `*args`, or whose signature cannot be read gets the whole.
    """
    try:
        params = read_signature(function).params
    except (TypeError, ValueError):
        return Ask(function, (), True), []
    whole = any(param.kind is Parameter.VAR_POSITIONAL for param in params)
    if params and params[0].kind is Parameter.POSITIONAL_ONLY:
        whole, params = True, params[1:]
    elif whole:
        params = tuple(param for param in params if param.kind not in POSITIONAL)
    named = [param for param in params if not param.variadic]
    unknown = [param.name for param in named if not _is_known(param, known)]
    by_name = [param for param in named if param.kind is not Parameter.POSITIONAL_ONLY and param.name in known]
    optional = frozenset(param.name for param in by_name if param.default is not MISSING)
    names = tuple([param.name for param in by_name])
    return Ask(function, names, whole, optional, not takes_by_name(function, names)), unknown


def _is_known(param: Param, known: Collection[str]) -> bool:
    if param.kind is Parameter.POSITIONAL_ONLY:
        return param.default is not MISSING
    return param.name in known or param.default is not MISSING
