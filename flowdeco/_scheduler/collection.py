"""What a stage of an axis has given for all its items, in the order of the source, with holes where it gave nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from .._base.events import Outcome, Status
from .._definition.definition import Definition
from .._graph.output import is_absent, take_part
from .propagation import outcome_without

__all__ = ["Collection"]

# Stands where there is no result.
_HOLE: Final = object()

# So many errors are kept of items that have failed and are not needed as a whole.
_MOST_ERRORS = 100


class Collection:
    """How one stage has ended for its items.

    Args:
        name: what the record calls the stage.
        keeps: whether somebody needs the results; else only what went wrong is kept, and not all of that.

    Attributes:
        name: as given.
        keeps: as given.
        errors: what items have failed with, as they did.
        upstream: what an item could not run for: the first error of another stage; `None` if there was none.
        holes: how the items have ended that gave no result, with the error or the `Skip`, by number.
        is_done: whether the stage has ended for all items.
        is_told: whether that has been taken in.
    """

    __slots__ = ("_about", "_keys", "_values", "errors", "holes", "is_done", "is_told", "keeps", "name", "upstream")

    def __init__(self, name: str, *, keeps: bool) -> None:
        self.name = name
        self.keeps = keeps
        self._values: list[Any] = []
        self._about: dict[int, Any] = {}
        self._keys: dict[int, Any] = {}
        self.holes: dict[int, tuple[Status, BaseException | None]] = {}
        self.errors: list[BaseException] = []
        self.upstream: BaseException | None = None
        self.is_done = self.is_told = False

    def put(self, number: int, result: Any) -> None:
        """Take in what it gave for an item."""
        if self.keeps:
            values = self._values
            if number == len(values):
                values.append(result)
                return
            self._reach(number)
            values[number] = result

    def name_item(self, number: int, key: Any, item: Any) -> None:
        """Take in what an item's `key=` gave, `None` without one; and the item, `None` where that is not kept."""
        if self.keeps:
            if key is not None:
                self._keys[number] = key
            if item is not None:
                self._about[number] = item

    def key_of(self, number: int) -> Any:
        """Return what an item's `key=` gave; `None` without one, or where that is not kept."""
        return self._keys.get(number)

    def leave_hole(self, number: int, status: Status, cause: BaseException | None, item: Any) -> None:
        """Take in that it gave nothing for an item."""
        if status is Status.FAILED and cause is not None and (self.keeps or len(self.errors) < _MOST_ERRORS):
            self.errors.append(cause)
        elif status is Status.UPSTREAM_FAILED and self.upstream is None:
            self.upstream = cause
        if self.keeps:
            self._reach(number)
            self.holes[number] = status, cause
            self._about[number] = item

    def _reach(self, number: int) -> None:
        values = self._values
        if number >= len(values):
            values.extend([_HOLE] * (number + 1 - len(values)))

    @property
    def status(self) -> Status:
        """How the stage has ended as a whole."""
        if self.errors:
            return Status.FAILED
        return Status.COMPLETED if self.upstream is None else Status.UPSTREAM_FAILED

    @property
    def cause(self) -> BaseException | None:
        """What keeps it from being completed: the first error; `None` if it is."""
        return self.errors[0] if self.errors else self.upstream

    def list_present(self) -> list[Any]:
        """Return the results that there are, in the order of the source."""
        if not self.holes:
            return self._values
        return [value for value in self._values if value is not _HOLE]

    def without(self, numbers: set[int]) -> list[Any]:
        """Return the results for all items but these, which those without a result are among."""
        if not numbers:
            return self._values.copy()
        return [value for number, value in enumerate(self._values) if number not in numbers]

    def find_lacking(self, output: str) -> set[int]:
        """Return the items whose result does not have an output."""
        return {number for number, value in enumerate(self._values) if value is _HOLE or is_absent(value, output)}

    def has_ended_for(self, number: int) -> bool:
        """Whether it is known how it has ended for an item."""
        return number in self.holes or (number < len(self._values) and self._values[number] is not _HOLE)

    def end_of(self, number: int) -> tuple[Status, Any]:
        """Return how it has ended for an item: with its result, or with the error or the `Skip`."""
        hole = self.holes.get(number)
        return (Status.COMPLETED, self._values[number]) if hole is None else hole

    def list_outcomes(self, definition: Definition, output: str | None) -> list[Outcome[Any]]:
        """Return how it has ended for every item, or how one of its outputs has."""
        return [self._outcome(definition, output, number, value) for number, value in enumerate(self._values)]

    def _outcome(self, definition: Definition, output: str | None, number: int, value: Any) -> Outcome[Any]:
        key = self._keys.get(number)
        if value is _HOLE:
            return make_outcome(self.name, *self.holes[number], number, self._about.get(number), key)
        if output is not None and is_absent(value, output):
            return replace(outcome_without(self.name, output), index=number, item=self._about.get(number), key=key)
        given = value if output is None else take_part(definition, value, output)
        return Outcome(self.name, Status.COMPLETED, given, index=number, item=self._about.get(number), key=key)

    def let_go(self) -> None:
        """Let the results go, which those have who needed them."""
        self._values = []


def make_outcome(
    name: str,
    status: Status,
    cause: BaseException | None,
    index: int | None = None,
    item: Any = None,
    key: Any = None,
) -> Outcome[Any]:
    """Return the outcome of what gave no result.

    Args:
        name: what the record calls it.
        status: how it has ended.
        cause: the error or the `Skip`.
        index: of an item, its place in the order of the source; `None` for what is none.
        item: the item.
        key: what its `key=` gave.
    """
    skipped = status is Status.SKIPPED
    reason = str(cause) if skipped else None
    return Outcome(name, status, None, None if skipped else cause, reason, index, item, key)
