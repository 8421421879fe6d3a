"""Parameters that take their defaults although a task or an input has nearly their names: mostly a slip of the pen.

A function of the very name that is no task says nothing: `normalize=True` beside a helper `normalize` is usual.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._base.graph_errors import NearNameError
from .._base.signature import MISSING, Param
from .._base.spelling import is_slip
from .._definition.definition import Definition
from .resolver import RUN_NAMES, Resolver

__all__ = ["find_near_names"]


def find_near_names(resolver: Resolver) -> list[NearNameError]:
    """Return a problem for each parameter that takes its default, and each input that has one, with such a name."""
    owner, needs, reach = resolver.owner, resolver.owner.needs, _Reach(resolver)
    found: list[NearNameError] = []
    for function, param in resolver.defaulted:
        if param.name and param.name not in RUN_NAMES:
            found += _compare(reach, function, param, "takes the default of its parameter")
    for param in resolver.inputs.values():
        if param.default is not MISSING and param.name not in needs and (param.own or param.name) not in needs:
            found += _compare(reach, owner, param, "has an input with a default,")
    return found


class _Reach:
    """The names in reach, by their first letters; looked up once for all functions of a scope."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._known: dict[tuple[int, ...], dict[str, list[str]]] = {}

    def list_alike(self, function: Definition, name: str) -> list[str]:
        """Return the names in reach of a function that begin as `name` does."""
        scope = tuple(map(id, function.scope))
        known = self._known.get(scope)
        if known is None:
            known = self._known[scope] = dict[str, list[str]]()
            for each in dict.fromkeys(self.resolver.names_from(function.scope)):
                known.setdefault(each[:1].lower(), []).append(each)
        return known.get(name[:1].lower(), [])


def _compare(reach: _Reach, function: Definition, param: Param, what: str) -> Iterator[NearNameError]:
    resolver, name = reach.resolver, param.name
    own = {function.name, *[each.name for each in function.own_params]}
    near = next((n for n in reach.list_alike(function, name) if n not in own and is_slip(name, n)), None)
    if near is not None:
        kind = "an input" if near in resolver.inputs else "a task"
        yield _problem(resolver, function, name, near, f"{what} {name!r}, and there is {kind} {near!r}.")


def _problem(resolver: Resolver, function: Definition, name: str, near: str, text: str) -> NearNameError:
    taker, workflow = resolver.name_of(function), resolver.name_of(resolver.owner)
    fix = f"Rename one of them, or write needs={{{name!r}: None}} if it is meant so."
    message = f"Cannot accept workflow {workflow!r}: {function.kind} {taker!r} {text} {fix}"
    return NearNameError(message, workflow=workflow, function=taker, parameter=name, near=near)
