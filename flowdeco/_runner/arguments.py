"""What a function receives: its values gathered by the names of its parameters, and how it is called with them.

Where the values stand is known here and nowhere else: who runs a function takes a row, hands it back to call the
function, and asks for what is in it by the names of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from inspect import Parameter
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from .._base.sentinel import UNSET
from .._base.signature import POSITIONAL, Param
from .._graph.source import Default, FromRun, Gather, Source, parts_of

__all__ = ["Arguments", "Row", "choose_arguments", "taking"]

# The values of a function's arguments. What stands where in it is the business of its `Arguments`.
Row: TypeAlias = Sequence[Any]
# A parameter that is passed, and where its value comes from: of a `Gather`, the values of all its parts in a row.
Given: TypeAlias = tuple[Param, Source]


class _Instead(NamedTuple):
    """Among the values of a `Gather`, says what the parameter receives instead of all of them."""

    value: Any


class Arguments:
    """How one function gets its arguments out of the values of a run.

    Args:
        function: the function.
        given: the parameters that are passed, the positional ones first, and what each receives.
        slots: where the values stand in the list of all values, in the same order.

    Attributes:
        slots: as given.
        take: gets the row out of the list of all values.
        call: calls the function with the values of a row, by position.
    """

    __slots__ = ("_given", "_spans", "call", "slots", "take")

    def __init__(self, function: Callable[..., Any], given: Sequence[Given], slots: tuple[int, ...]) -> None:
        self.slots = slots
        self.take = taking(slots)
        self.call = _adapt(function, given)
        self._given = given
        self._spans: list[tuple[Param, Source, slice]] | None = None

    def with_slot(self, slot: int) -> Arguments:
        """Return the same with another value at the end of each row, which the function does not receive."""
        made = copy(self)
        made.slots = *self.slots, slot
        made.take = taking(made.slots)
        return made

    def name(self, row: Row) -> dict[str, Any]:
        """Return the arguments of a row by the names of their parameters."""
        return {param.name: _gather(source, row[span]) for param, source, span in self._list_spans()}

    def fill(self, row: Row, names: Collection[str]) -> Row:
        """Return a row in which these parameters have their defaults."""
        filled = list(row)
        for param, source, span in self._list_spans():
            if param.name in names:
                value = _Instead(param.default) if isinstance(source, Gather) else param.default
                filled[span] = [value] * (span.stop - span.start)
        return filled

    def list_of_run(self) -> list[str]:
        """Return what it receives of the run itself: `state`, `run`, or of what recovers a task, `event`."""
        parts = [part for _, source in self._given for part in parts_of(source)]
        return [part.name for part in parts if isinstance(part, FromRun) and part.name in ("state", "run", "event")]

    def pack(self, row: Row) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of a row by position and by keyword, to be sent elsewhere."""
        packed: tuple[tuple[Any, ...], dict[str, Any]] = _adapt(_pack, self._given)(*row)
        return packed

    def _list_spans(self) -> list[tuple[Param, Source, slice]]:
        """Return with each argument where in a row its values are."""
        if self._spans is None:
            self._spans = _measure(self._given)
        return self._spans


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


_take_none: Callable[[list[Any]], Row] = itemgetter(slice(0, 0))


def taking(slots: tuple[int, ...]) -> Callable[[list[Any]], Row]:
    """Return what gets a row out of the list of values, without a function of Python's in between."""
    if not slots:
        return _take_none
    first, *others = slots
    return itemgetter(first, *others) if others else itemgetter(slice(first, first + 1))


def _measure(given: Sequence[Given]) -> list[tuple[Param, Source, slice]]:
    spans: list[tuple[Param, Source, slice]] = []
    end = 0
    for param, source in given:
        begin, end = end, end + (len(source.parts) if isinstance(source, Gather) else 1)
        spans.append((param, source, slice(begin, end)))
    return spans


def _adapt(function: Callable[..., Any], given: Sequence[Given]) -> Callable[..., Any]:
    """Return what takes the values of a row by position, and calls `function` as it was declared."""
    if any(param.variadic or isinstance(source, Gather) for param, source in given):
        return _gathering(function, given)
    names = [param.name for param, _ in given if param.kind is Parameter.KEYWORD_ONLY]
    return _naming(function, names, len(given) - len(names)) if names else function


def _naming(function: Callable[..., Any], names: Sequence[str], first: int) -> Callable[..., Any]:
    def start(*values: Any) -> Any:
        return function(*values[:first], **dict(zip(names, values[first:], strict=True)))

    return start


def _gathering(function: Callable[..., Any], given: Sequence[Given]) -> Callable[..., Any]:
    spans = _measure(given)

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


def _gather(source: Source, values: Sequence[Any]) -> Any:
    if not isinstance(source, Gather):
        return values[0]
    for value in values:
        if type(value) is _Instead:
            return value.value
    # Nothing stands where a task was skipped: a list or dict has what is there.
    if source.keys is None:
        return [value for value in values if value is not UNSET]
    return {key: value for key, value in zip(source.keys, values, strict=True) if value is not UNSET}


def _pack(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs
