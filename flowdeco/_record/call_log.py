"""The calls that a task, or a workflow's own function, makes while it runs: each has a journal of its own.

A call is known by who made it, what was called, and which of those calls it is: `agent/search#2`. Each attempt of a
caller begins with no calls. In a plain call, where nobody asked for the run, the record of an agent that runs for days
must not grow with every call: past a number, those that went well are counted and let go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .._base.events import Status
from .journal import Journal

__all__ = ["Call", "CallLog", "calls_of"]

# So many calls of one caller stand in the record of a plain call, besides those that did not go well.
_MOST_KEPT = 1_000


class Call(NamedTuple):
    """One call.

    Attributes:
        name: what the record calls it: the name of what was called, and which call of that it is, `search#2`.
        task: the name of what was called.
        number: which call of that it is in the caller's attempt, from 1.
        attempt: the caller's attempt, from 1.
        journal: what happened; its one node is what was called.
    """

    name: str
    task: str
    number: int
    attempt: int
    journal: Journal

    @property
    def status(self) -> Status:
        """How it stands."""
        return self.journal.status_of(self.journal.graph.nodes[0])


class CallLog:
    """The calls of one caller, in the order in which they began.

    Attributes:
        calls: those that stand in the record.
        dropped: how many more there were, all of which went well.
    """

    __slots__ = ("_attempt", "_numbers", "calls", "dropped")

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.dropped = 0
        self._attempt = 0
        self._numbers: dict[str, int] = {}

    def begin(self, task: str, attempt: int, make: Callable[[str], Journal]) -> Call:
        """Note that a call begins.

        Args:
            task: the name of what is called.
            attempt: the caller's attempt.
            make: makes the journal of a call of this name.
        """
        if attempt != self._attempt:
            self._attempt = attempt
            self._numbers.clear()
        self._numbers[task] = number = self._numbers.get(task, 0) + 1
        name = f"{task}#{number}"
        call = Call(name, task, number, attempt, make(name))
        self.calls.append(call)
        return call

    def end(self, call: Call) -> None:
        """Note that a call has ended in a run that is not to be kept."""
        if len(self.calls) > _MOST_KEPT and call.status is Status.COMPLETED:
            place = len(self.calls) - 1
            while self.calls[place] is not call:  # mostly it is the last one, or near to it
                place -= 1
            del self.calls[place]
            self.dropped += 1

    def copy(self) -> CallLog:
        """Return one with the same calls."""
        made = CallLog()
        made.calls, made.dropped = list(self.calls), self.dropped
        return made

    def replace(self, make: Callable[[Journal], Journal | None]) -> list[Journal]:
        """Put other journals in the place of some; return the new ones.

        Args:
            make: returns what is to stand in the place of a journal; `None` if it stays.
        """
        found: list[Journal] = []
        for number, call in enumerate(self.calls):
            made = make(call.journal)
            if made is not None:
                found.append(made)
                self.calls[number] = call._replace(journal=made)
        return found


def calls_of(journal: Journal, index: int) -> Sequence[Call]:
    """Return the calls that a node, or `RUN`, has made."""
    log = journal.calls.get(index)
    return log.calls if isinstance(log, CallLog) else ()
