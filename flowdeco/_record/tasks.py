"""The records of a run's tasks, found by name or by path: what is in a run within it, and calls, have them, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from .._base.errors import ItemNotKeptError, UnknownItemError, UnknownTaskError
from .._base.text import nearest, shorten
from .item_record import ItemRecord
from .journal import RUN, Journal
from .task_record import MOST_SHOWN, CallRecord, Calls, TaskRecord

__all__ = ["Tasks"]

# One part of a path: of a task, a call or an item of one.
_PART = re.compile(r"([^\[]+)(?:\[(\d+)\])?")
# What stands in brackets where an index should: perhaps a key, in which there may be anything.
_NO_INDEX = re.compile(r"(?:^|/)([^/\[]+)\[(?!\d+\](?:/|$))(.*?)\](?:/|$)")


class Tasks(Mapping[Any, TaskRecord]):
    """The records of a run's tasks, in an order of execution; keys are names, and tasks are taken as keys too.

    A path is a key as well: of a task of a run within, `tasks["offer/price"]`, `tasks["chapters[2]/words"]`, and of a
    call, `tasks["agent/search#2"]`. So an event's `task` leads to its record. Where a plain call has let go of the run
    within, or a call, there is none any more. Iterating gives the run's own tasks.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getitem__(self, key: Any) -> TaskRecord:
        node = self._journal.graph.find(key)
        if node is not None:
            return TaskRecord(self._journal, node)
        if isinstance(key, str) and ("/" in key or "#" in key):
            with suppress(UnknownItemError, ItemNotKeptError):
                found = self._follow(key)
                if isinstance(found, TaskRecord):
                    return found
        is_item = isinstance(key, str) and self._journal.graph.find(key.partition("/")[0].partition("[")[0]) is not None
        hint = f" Take an item by its name: tasks.item({key!r})." if is_item and key.endswith("]") else ""
        hint = hint or nearest(str(key), [n.name for n in self._journal.graph.nodes])
        message = f"Cannot find task {shorten(key)} in the run of workflow {self._journal.name!r}.{hint}"
        raise UnknownTaskError(message, workflow=self._journal.name, task=key)

    def item(self, name: str) -> ItemRecord:
        """Return the record of an item by its name: `text[17]`, or of one in a nested run `chapters[2]/lines[5]`.

        Raises:
            UnknownTaskError: there is no such task, or the name does not end in an index; it is a `KeyError`.
            UnknownItemError: the task has not so many items; it is an `IndexError`.
            ItemNotKeptError: a plain call has not kept it; it is a `LookupError`.
        """
        wrong = _NO_INDEX.search(name)
        if wrong is not None:
            task, key = wrong.groups()
            reason = f"an index is a number from 0 on, and not {key!r}. "
            raise self._no_item(name, f"{reason}The record of task {task!r} finds an item by its key: items.find(key)")
        found = self._follow(name, explains=True)
        if not isinstance(found, ItemRecord):
            raise self._no_item(name, "the name of an item ends in its index, as in 'text[17]'")
        return found

    def _follow(self, path: str, *, explains: bool = False) -> TaskRecord | ItemRecord | None:
        """Return what a path leads to; `None` if it leads nowhere.

        Args:
            path: the path.
            explains: whether an error says instead where it ends.
        """
        found: TaskRecord | ItemRecord | None = None
        before = ""
        for part in path.split("/"):
            match = _PART.fullmatch(part)
            if match is None:
                return None
            name, index = match.groups()
            record = self._find(name) if found is None else _find_within(found, name)
            if record is None:
                if not explains:
                    return None
                if found is not None and found.run is None:
                    raise self._no_item(path, f"{before!r} has no run of its own, or none that was kept")
                record = (self if found is None else found.run.tasks)[name]  # raises
            found, before = record if index is None else record.items[int(index)], name
        return found

    def _find(self, name: str) -> TaskRecord | None:
        """Return the record of a task, or of a call of the workflow's own function."""
        node = self._journal.graph.find(name)
        return _find_call(Calls(self._journal, RUN), name) if node is None else TaskRecord(self._journal, node)

    def _no_item(self, name: str, reason: str) -> UnknownTaskError:
        message = f"Cannot find item {shorten(name)} in the run of workflow {self._journal.name!r}: {reason}."
        return UnknownTaskError(message, workflow=self._journal.name, task=name)

    def __iter__(self) -> Iterator[str]:
        return (node.name for node in self._journal.graph.nodes)

    def __len__(self) -> int:
        return len(self._journal.graph.nodes)

    def __repr__(self) -> str:
        nodes = self._journal.graph.nodes
        shown = [f"{node.name!r} {self._journal.status_of(node)}" for node in nodes[:MOST_SHOWN]]
        if len(nodes) > MOST_SHOWN:
            shown.append(f"{len(nodes) - MOST_SHOWN} more")
        return f"<records of tasks: {', '.join(shown) or 'none'}>"


def _find_within(found: TaskRecord | ItemRecord, name: str) -> TaskRecord | None:
    """Return the record of a task in a nested run, or of a call."""
    run = found.run
    return _find_call(found.calls, name) if run is None else Tasks(run._journal)._find(name)


def _find_call(calls: Sequence[Any], name: str) -> CallRecord | None:
    """Return the record of a call; those of an earlier attempt of the caller have the same names."""
    return next((call for call in reversed(calls) if call.name == name), None)
