"""A journal without the error that its run has failed with, and with it again.

The error leads to its run, so that the run may be found by it; if the run's journal led to the error, neither would go
without the garbage collector. So what the error leads to is a copy of the journal from which the error is left out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .item_log import ItemEntry
from .journal import Journal, NestedRun

__all__ = ["attach", "detach"]

# Stands where an error was left out.
_LEFT_OUT = BaseException()


def detach(journal: Journal, error: BaseException) -> Journal:
    """Return a copy of a journal in which an error, wherever it stands, is left out."""
    journal.detached = made = _replace(journal, error, _LEFT_OUT)
    return made


def attach(journal: Journal, error: BaseException) -> Journal:
    """Return a copy of a journal that was made by `detach`, with the error where it stood."""
    return _replace(journal, _LEFT_OUT, error)


def _replace(journal: Journal, old: BaseException, new: BaseException) -> Journal:
    copy = _replace_here(journal, old, new)
    left = [copy]
    while left:  # runs may be nested deeper than functions may
        made = left.pop()
        change = partial(_replace_within, old=old, new=new, left=left)
        made.nested = {index: change(run) for index, run in made.nested.items()}
        change_entry = partial(_replace_in_entry, old=old, new=new, left=left)
        made.items = {node: log.copy_with(change_entry) for node, log in made.items.items()}
        for calls in made.calls.values():
            left += calls.replace(partial(_replace_where_held, old=old, new=new))
    return copy


def _replace_within(run: NestedRun, old: BaseException, new: BaseException, left: list[Journal]) -> NestedRun:
    """Return a nested run with another error; list its journal if there is more to replace in that."""
    journal = run._journal
    known = journal.detached if new is _LEFT_OUT and journal.error is old else None
    if known is not None:  # or the copies of many levels would be as many as their square
        return run._with_journal(known)
    if not _holds(journal, old):
        return run
    within = _replace_here(journal, old, new)
    left.append(within)
    return run._with_journal(within)


def _replace_where_held(journal: Journal, old: BaseException, new: BaseException) -> Journal | None:
    return _replace_here(journal, old, new) if _holds(journal, old) else None


def _replace_in_entry(entry: ItemEntry, old: BaseException, new: BaseException, left: list[Journal]) -> ItemEntry:
    run = None if entry.run is None else _replace_within(entry.run, old, new, left)
    if run is entry.run and entry.calls is None and not entry.holds(old):
        return entry
    made = entry.copy()
    if entry.calls is not None:
        made.calls = entry.calls.copy()
        left += made.calls.replace(partial(_replace_where_held, old=old, new=new))
    made.run = run
    made.error = new if entry.error is old else entry.error
    made.changes = _replace_each(entry.changes, old, new)
    made.failure = None
    return made


def _holds(journal: Journal, error: BaseException) -> bool:
    if error is journal.error:
        return True
    parts: tuple[list[Any], ...] = (journal.errors, journal.hook_errors, journal.entries)
    if any(each.error is error for part in (*parts, journal.lives.values()) for each in part):
        return True
    return any(entry.holds(error) for log in journal.items.values() for entry in log.list_kept())


def _replace_here(journal: Journal, old: BaseException, new: BaseException) -> Journal:
    made = Journal.__new__(Journal)
    for name in Journal.__slots__:
        setattr(made, name, getattr(journal, name))
    made.error = new if journal.error is old else journal.error
    made.errors = _replace_each(journal.errors, old, new)
    made.hook_errors = _replace_each(journal.hook_errors, old, new)
    made.entries = _replace_each(journal.entries, old, new)
    latest = journal.latest.items()
    made.latest = {i: each._replace(error=new) if each.error is old else each for i, each in latest}
    made.lives = {index: life.replace(old, new) for index, life in journal.lives.items()}
    made.calls = {index: calls.copy() for index, calls in journal.calls.items()}
    made.detached = made.told = None
    return made


def _replace_each(parts: list[Any], old: BaseException, new: BaseException) -> list[Any]:
    return [each._replace(error=new) if each.error is old else each for each in parts]
