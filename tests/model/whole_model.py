"""What a simple program without any concurrency makes of a program in which everything meets.

What a function gives is a text of what it has received, and whether it fails or is skipped lies in that text, too. So
the model need not be told anything, and every mistake in what is handed to whom shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from zlib import crc32

from tests.model.whole_program import CALLED_LEVEL, Callee, Level, Program, Step

__all__ = ["Entry", "Model", "Outcome", "digest", "give", "holds", "list_items"]

# How something has ended: its status, and its value if it is completed.
Outcome = tuple[str, Any]

_BROKEN = ("failed", "upstream_failed")


class Entry(NamedTuple):
    """What a record says of a task, an item of it or a call: its status, its calls, and the run within."""

    status: str
    calls: tuple[Entry, ...] = ()
    run: dict[str, Any] | None = None


def digest(name: str, arguments: Sequence[Any]) -> str:
    """A short text of what a function receives."""
    text = ", ".join(map(str, arguments))
    return f"{crc32(f'{name}({text})'.encode()):x}"


def give(name: str, arguments: Sequence[Any]) -> Outcome:
    """How a function with a name ends on what it receives."""
    text = digest(name, arguments)
    chance = crc32(text.encode()) % 12
    if chance == 0:
        return "failed", None
    return ("skipped", None) if chance == 1 else ("completed", f"{name}:{text}")


def holds(value: Any) -> bool:
    """Whether a condition holds."""
    return crc32(str(value).encode()) % 4 > 0


def list_items(name: str, arguments: Sequence[Any], size: int) -> list[str]:
    """What a source gives."""
    text = digest(name, arguments)
    return [f"{name}[{index}]:{text}" for index in range(size)]


def _find_blocked(inputs: Sequence[Outcome]) -> str | None:
    """How something ends that does not run, as it does not have what it needs; `None` if it runs."""
    if any(status in _BROKEN for status, _ in inputs):
        return "upstream_failed"
    return "skipped" if any(status == "skipped" for status, _ in inputs) else None


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
        if number >= CALLED_LEVEL:
            return self.run_level(number - CALLED_LEVEL, argument)
        return self.run_function(f"c{number}", [argument], self.program.callees[number])

    def run_function(self, name: str, arguments: list[Any], function: Callee | Step | Level) -> Ended:
        """How a function ends."""
        calls: list[Entry] = []
        received = list(arguments)
        outcome: Outcome | None = None
        for position, number in enumerate(function.calls):
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
                self.axes[number] = axis = self.axes[step.each[0].of]
                ends = [self._run_once(name, step, self._inputs(step, i)) for i in range(len(self.items[axis]))]
                self.items[number] = [outcome for outcome, _ in ends]
                self.record[name] = [entry for _, entry in ends]
            else:
                self.ends[number], self.record[name] = self._run_once(name, step, [])
        return self._end()

    def _run_source(self, number: int, name: str, step: Step) -> None:
        arguments = [self.given, *[value for _, value in self._wholes(step.wholes)]]
        items = list_items(name, arguments, step.size)
        self.model.ran[name, digest(name, arguments)] += 1
        self.axes[number] = number
        self.ends[number] = "completed", items
        self.items[number] = [("completed", item) for item in items]
        self.record[name] = Entry("completed")

    def _end(self) -> Ended:
        steps = range(len(self.level.steps))
        received = self._wholes(tuple([(number, self.level.is_settled) for number in steps]))
        values = [None if status == "skipped" else value for status, value in received]
        if any(status in _BROKEN for status, _ in received):
            self.model.has_failed = self.model.has_failed or not self.level.keep_going
            outcome: Outcome = "failed", None
        else:
            outcome, _ = self.model.run_function(f"b{self.number}", [self.given, *values], self.level)
        return outcome, Entry(outcome[0], run=self.record)

    def _inputs(self, step: Step, index: int) -> list[Outcome]:
        found: list[Outcome] = []
        for each in step.each:
            status, value = self.items[each.of][index]
            if each.is_settled:
                found.append(("completed", (status, value)))
            elif status == "skipped" and each.has_default:
                found.append(("completed", "default"))
            else:
                found.append((status, value))
        return found

    def _run_once(self, name: str, step: Step, inputs: list[Outcome]) -> Ended:
        needed = [*inputs, *self._wholes(step.wholes)]
        if step.has_condition:
            # Who is mapped and needs nothing else has all that belongs to the item before it asks.
            has_rest = step.wholes or step.resources
            blocked = _find_blocked(inputs[:1] if has_rest or not step.each else inputs)
            if blocked is None and not holds(inputs[0][1] if step.each else self.given):
                blocked = "skipped"
            if blocked is not None:
                return (blocked, None), Entry(blocked)
        streamed = self._streamed(step)
        blocked = _find_blocked([*needed, *([streamed] if streamed else [])])
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
            if any(status in _BROKEN for status, _ in items):
                return "upstream_failed", None
            items = [value for status, value in items if status == "completed"]
        return "completed", sorted(items, key=str) if order == "ended" else items

    def _wholes(self, wholes: tuple[tuple[int, bool], ...]) -> list[Outcome]:
        found: list[Outcome] = []
        for of, is_settled in wholes:
            if of not in self.items or (is_settled and of in self.ends):
                status, value = self.ends[of]
                found.append(("completed", (status, value)) if is_settled else (status, value))
            elif is_settled:
                found.append(("completed", [*self.items[of]]))
            else:
                statuses = {status for status, _ in self.items[of]}
                broken = next((status for status in _BROKEN if status in statuses), None)
                together = [n for n, settled in wholes if not settled and self.axes.get(n) == self.axes[of]]
                indices = range(len(self.items[of]))
                common = [i for i in indices if all(self.items[n][i][0] == "completed" for n in together)]
                found.append((broken, None) if broken else ("completed", [self.items[of][i][1] for i in common]))
        return found
