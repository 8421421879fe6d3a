"""What a simple program without any concurrency makes of a program in which everything meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

from tests.model.outcome import Outcome, digest, find_blocked, give, take_items, take_wholes
from tests.model.whole_program import CALLED_LEVEL, Callee, Level, Program, Step

__all__ = ["FAKE", "Entry", "Model", "add_items", "holds", "list_items"]

# What stands in for a result.
FAKE = "fake"


class Entry(NamedTuple):
    """What a record says of a task, an item of it or a call: its status, its calls, and the run within."""

    status: str
    calls: tuple[Entry, ...] = ()
    run: dict[str, Any] | None = None


def holds(value: Any) -> bool:
    """Whether a condition holds."""
    return crc32(str(value).encode()) % 4 > 0


def list_items(name: str, arguments: Sequence[Any], size: int) -> list[str]:
    """What a source gives."""
    text = digest(name, arguments)
    return [f"{name}[{index}]:{text}" for index in range(size)]


def add_items(item: Any, count: int) -> list[str]:
    """What the first item of a source that grows adds."""
    return [f"{item}+{number}" for number in range(count)]


# How something ends, and what the record says of it.
Ended = tuple[Outcome, Entry]


class Model:
    """Runs a program as it is read.

    Attributes:
        ran: how often which function was called with what.
        has_failed: whether a run was ended by an error, so that not all of this has to have happened.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.ran: Counter[tuple[str, str]] = Counter()
        self.has_failed = False

    def run_level(self, number: int, given: Any) -> Ended:
        """How a workflow ends for what it is given."""
        return _LevelModel(self, number, given).run()

    def call(self, number: int, argument: str) -> Ended:
        """How a call ends."""
        if number < CALLED_LEVEL and self.program.callees[number].stands_in:
            return ("completed", FAKE), Entry("completed")
        if number >= CALLED_LEVEL:
            return self.run_level(number - CALLED_LEVEL, argument)
        return self.run_function(f"c{number}", [argument], self.program.callees[number])

    def run_function(self, name: str, arguments: list[Any], function: Callee | Step | Level) -> Ended:
        """How a function ends."""
        calls: list[Entry] = []
        received = list(arguments)
        fails = getattr(function, "trouble", 0) < 0
        outcome: Outcome | None = ("failed", None) if fails else None
        for position, number in enumerate(() if fails else function.calls):
            (status, value), entry = self.call(number, digest(f"{name}/{position}", received))
            calls.append(entry)
            if status == "failed" and not getattr(function, "catches", True):
                outcome = "failed", None
                break
            received.append(value if status == "completed" else status)
        if outcome is None:
            self.ran[name, digest(name, received)] += 1
            outcome = give(name, received)
        if outcome[0] == "failed" and getattr(function, "recovers", False):
            outcome = "completed", "recovered"
        if outcome[0] == "completed" and getattr(function, "has_outputs", False):
            outcome = "completed", (f"{outcome[1]}a", f"{outcome[1]}b")
        return outcome, Entry(outcome[0], tuple(calls))


class _LevelModel:
    def __init__(self, model: Model, number: int, given: Any) -> None:
        self.model, self.number, self.given = model, number, given
        self.level = model.program.levels[number]
        self.ends: dict[int, Outcome] = {}
        self.items: dict[int, list[Outcome]] = {}
        self.axes: dict[int, int] = {}
        self.record: dict[str, Any] = {}

    def run(self) -> Ended:
        for number, step in enumerate(self.level.steps):
            name = f"s{self.number}_{number}"
            if step.is_source:
                self._run_source(number, name, step)
            elif step.each:
                self.axes[number] = self.axes[step.each[0].of]
                self._run_items(number, name, step)
            else:
                self.ends[number], entry = self._run_once(name, step, [])
                if not step.stands_in:
                    self.record[name] = entry
        return self._end()

    def _run_items(self, number: int, name: str, step: Step) -> None:
        source = self.items[self.axes[number]]
        outcomes, entries = self.items.setdefault(number, []), self.record.setdefault(name, [])
        for index in range(len(source) + step.grows):
            if index < len(source):
                outcome, entry = self._run_once(name, step, take_items(step.each, self.items, index))
                outcomes.append(outcome)
                entries.append(entry)
                if step.grows and index == 0 and outcome[0] == "completed":
                    source += [("completed", item) for item in add_items(source[0][1], step.grows)]

    def _run_source(self, number: int, name: str, step: Step) -> None:
        arguments = [self.given, *[value for _, value in self._wholes_of(step)]]
        items = list_items(name, arguments, step.size)
        self.model.ran[name, digest(name, arguments)] += 1
        self.axes[number] = number
        self.ends[number] = "completed", items
        self.items[number] = [("completed", item) for item in items]
        self.record[name] = Entry("completed")

    def _end(self) -> Ended:
        growing = {step.each[0].of for step in self.level.steps if step.grows}
        steps = [number for number in range(len(self.level.steps)) if number not in growing]
        received = self._wholes([(number, self.level.is_settled) for number in steps])
        values = [None if status == "skipped" else value for status, value in received]
        if find_blocked(received) == "upstream_failed":
            self.model.has_failed = self.model.has_failed or not self.level.keep_going
            outcome: Outcome = "failed", None
        else:
            outcome, _ = self.model.run_function(f"b{self.number}", [self.given, *values], self.level)
        return outcome, Entry(outcome[0], run=self.record)

    def _run_once(self, name: str, step: Step, inputs: list[Outcome]) -> Ended:
        if step.stands_in == "value":
            return ("completed", FAKE), Entry("completed")
        needed = [*inputs, *self._wholes_of(step)]
        if step.has_condition:
            # Who is mapped and needs nothing else has all that belongs to the item before it asks.
            has_rest = step.wholes or step.resources
            blocked = find_blocked(inputs[:1] if has_rest or not step.each else inputs)
            if blocked is None and not holds(inputs[0][1] if step.each else self.given):
                blocked = "skipped"
            if blocked is not None:
                return (blocked, None), Entry(blocked)
        if step.stands_in:
            return ("completed", FAKE), Entry("completed")
        streamed = self._streamed(step)
        blocked = find_blocked([*needed, *([streamed] if streamed else [])])
        if blocked is not None:
            return (blocked, None), Entry(blocked)
        values = [value for _, value in needed]
        if step.within is not None:
            return self.model.run_level(step.within, values[0] if step.each else self.given)
        values += [streamed[1]] if streamed else []
        return self.model.run_function(name, [*([] if step.each else [self.given]), *values], step)

    def _streamed(self, step: Step) -> Outcome | None:
        if step.stream is None:
            return None
        of, is_settled, order = step.stream
        items: list[Any] = list(self.items[of])
        if not is_settled:
            if find_blocked(items) == "upstream_failed":
                return "upstream_failed", None
            items = [value for status, value in items if status == "completed"]
        return "completed", sorted(items, key=str) if order == "ended" else items

    def _wholes_of(self, step: Step) -> list[Outcome]:
        found = self._wholes(step.wholes)
        for position, (of, is_settled) in enumerate(step.wholes):
            status, value = found[position]
            if self.level.steps[of].has_outputs and not is_settled and status == "completed":
                found[position] = status, value[1]
        return found

    def _wholes(self, wholes: Sequence[tuple[int, bool]]) -> list[Outcome]:
        return take_wholes(wholes, self.items, self.ends, self.axes)
