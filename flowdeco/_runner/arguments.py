"""Calls a function as it was declared, with values that a plan has in a row, and names them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from .._base.signature import MISSING, POSITIONAL, Param
from .._graph.source import Default, Gather, Source

__all__ = ["Instead", "NameArguments", "adapt", "choose_arguments", "name_arguments", "pack", "span_arguments"]

# Gives a function's arguments by name, for its values in a row.
NameArguments: TypeAlias = Callable[[tuple[Any, ...]], Mapping[str, Any]]
# A parameter that is passed, and where its value comes from: of a `Gather`, the values of all its parts in a row.
Given: TypeAlias = tuple[Param, Source]


class Instead(NamedTuple):
    """Among the values of a `Gather`, says what the parameter receives instead of all of them."""

    value: Any


def choose_arguments(params: Iterable[Param], sources: Iterable[Source]) -> list[Given]:
    """Return what has to be passed, the positional ones first; a default only where one by position follows."""
    positional: list[Given] = []
    keywords: list[Given] = []
    for param, source in zip(params, sources, strict=True):
        if param.kind in POSITIONAL or param.kind is Parameter.VAR_POSITIONAL:
            positional.append((param, source))
        elif not isinstance(source, Default):
            keywords.append((param, source))
    while positional and isinstance(positional[-1][1], Default):
        positional.pop()
    return positional + keywords


def adapt(function: Callable[..., Any], given: Sequence[Given]) -> Callable[..., Any]:
    """Return what takes the values of all that is given by position, and calls `function` with them."""
    if any(param.variadic or isinstance(source, Gather) for param, source in given):
        return _gathering(function, given)
    names = [param.name for param, _ in given if param.kind is Parameter.KEYWORD_ONLY]
    return _naming(function, names, len(given) - len(names)) if names else function


def _naming(function: Callable[..., Any], names: Sequence[str], first: int) -> Callable[..., Any]:
    def start(*values: Any) -> Any:
        return function(*values[:first], **dict(zip(names, values[first:], strict=True)))

    return start


def span_arguments(given: Sequence[Given]) -> list[tuple[Param, Source, slice]]:
    """Return with each argument where in the row of values its own are."""
    spans: list[tuple[Param, Source, slice]] = []
    end = 0
    for param, source in given:
        begin, end = end, end + (len(source.parts) if isinstance(source, Gather) else 1)
        spans.append((param, source, slice(begin, end)))
    return spans


def name_arguments(params: Sequence[Param], sources: Sequence[Source]) -> NameArguments:
    """Return what gives a function's arguments by name, defaults included, for the values by position."""
    spans = span_arguments(choose_arguments(params, sources))
    defaults = {param.name: param.default for param in params if param.default is not MISSING}
    if not any(isinstance(source, Gather) for _, source, _ in spans):  # so it is with most
        names = [param.name for param, _, _ in spans]
        return lambda values: MappingProxyType({**defaults, **dict(zip(names, values, strict=True))})

    def name(values: tuple[Any, ...]) -> Mapping[str, Any]:
        given = {param.name: _gather(source, values[span]) for param, source, span in spans}
        return MappingProxyType({**defaults, **given})

    return name


def pack(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call. To be adapted in the place of the function that is to be called elsewhere."""
    return args, kwargs


def _gathering(function: Callable[..., Any], given: Sequence[Given]) -> Callable[..., Any]:
    spans = span_arguments(given)

    def start(*values: Any) -> Any:
        args: list[Any] = []
        named: dict[str, Any] = {}
        for param, source, span in spans:
            value = _gather(source, values[span])
            if param.kind is Parameter.VAR_POSITIONAL:
                args += value
            elif param.kind is Parameter.VAR_KEYWORD:
                named.update(value)
            elif param.kind is Parameter.KEYWORD_ONLY:
                named[param.name] = value
            else:
                args.append(value)
        return function(*args, **named)

    return start


def _gather(source: Source, values: tuple[Any, ...]) -> Any:
    if not isinstance(source, Gather):
        return values[0]
    for value in values:
        if type(value) is Instead:
            return value.value
    return list(values) if source.keys is None else dict(zip(source.keys, values, strict=True))
