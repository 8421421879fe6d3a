"""What an error says of the run that it came out of, and how it leads there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from .._base.events import Status
from .._base.text import shorten

__all__ = ["add_notes", "find_run"]

_LINK = "__flowdeco_run__"
_MOST_NOTES = 10


class _Link:
    """Leads from an error to its run, and is left behind where the error is copied or sent elsewhere."""

    __slots__ = ("notes", "run")

    def __init__(self, run: Any = None, notes: tuple[str, ...] = ()) -> None:
        self.run = run
        self.notes = notes

    def __reduce__(self) -> tuple[type[_Link], tuple[()]]:
        return _Link, ()


def find_run(error: BaseException) -> Any:
    """Return the run that an error came out of. Raises `LookupError` if it came out of none in this process."""
    link = error.__dict__.get(_LINK)
    if isinstance(link, _Link) and link.run is not None:
        return link.run
    raise LookupError(f"Cannot find the run of {shorten(error)}: it came out of none in this process.")


def add_notes(run: Any, error: BaseException) -> None:
    """Add to an error where it was raised and what failed besides, and have it lead to its run."""
    _link(run, error, _notes_of(run, error))
    for member in _members_of(run, error):
        _link(run, member, [_place_of(run, member)])


def _link(run: Any, error: BaseException, notes: list[str]) -> None:
    former = error.__dict__.get(_LINK)
    before = former.notes if isinstance(former, _Link) else ()
    if isinstance(former, _Link) and former.run is not None and former.run._clock_end <= run._clock_start:
        _take_notes_off(error, before)  # of a run that is over: the same object is raised again
        before = ()
    _add_each(error, notes)
    error.__dict__[_LINK] = _Link(run, (*before, *notes))


def _members_of(run: Any, error: BaseException) -> tuple[BaseException, ...]:
    """Return what is in an error if it is the group that the run made of several."""
    if not isinstance(error, BaseExceptionGroup) or any(failure.error is error for failure in run.errors):
        return ()
    return cast("BaseExceptionGroup[BaseException]", error).exceptions


def _place_of(run: Any, error: BaseException) -> str:
    """Return where an error was raised."""
    failed = next((failure for failure in reversed(run.errors) if failure.error is error), None)
    hook = next((told for told in run.hook_errors if told.error is error), None)
    if hook is not None and (failed is None or failed.task is None or failed.attempt == 0):
        return f"Raised by {_describe_hook(run, hook)}."
    if failed is None or failed.task is None:
        return f"Raised by workflow {run.workflow!r}."
    attempt = f", attempt {failed.attempt}" if failed.attempt > 1 else ""
    return f"Raised by task {failed.task!r} of workflow {run.workflow!r}{attempt}."


def _notes_of(run: Any, error: BaseException) -> list[str]:
    """Return what an error is to say of the run: where it was raised, and what failed besides."""
    members = _members_of(run, error)
    notes = [f"Raised by workflow {run.workflow!r}." if members else _place_of(run, error)]
    said = {id(member) for member in members or (error,)}
    failed = [(who, e) for who, e in _failed_for_good(run) if id(e) not in said]
    others = [*dict.fromkeys(f"Also failed: {who} with {shorten(e, 200)}." for who, e in failed)]
    if len(others) > _MOST_NOTES:
        others[_MOST_NOTES:] = [f"Also failed: {len(others) - _MOST_NOTES} more; see Run.of(error).errors."]
    return notes + others


def _failed_for_good(run: Any) -> Iterator[tuple[str, BaseException]]:
    """Yield who failed and with what: tasks, the workflow itself, and hooks that are to fail what they hang on."""
    workflow = f"workflow {run.workflow!r}"
    names = [node.name for node in run._plan.graph.nodes]
    final = {(names[i], id(error)) for i, (status, error) in run._ended.items() if status is Status.FAILED}
    hooks: list[Any] = run.hook_errors if run._plan.graph._owner.strict else []
    of_hooks = {id(told.error) for told in hooks}
    for failure in run.errors:
        if (failure.task is None or (failure.task, id(failure.error)) in final) and id(failure.error) not in of_hooks:
            yield workflow if failure.task is None else f"task {failure.task!r}", failure.error
    for told in hooks:
        yield _describe_hook(run, told), told.error


def _describe_hook(run: Any, told: Any) -> str:
    task = "" if told.task is None else f"task {told.task!r} of "
    return f"a hook ({told.hook}) of {task}workflow {run.workflow!r}"


def _add_each(error: BaseException, notes: list[str]) -> None:
    """Add each note once, as the same error may come out of several runs; also if it takes no attributes."""
    there = error.__dict__.setdefault("__notes__", [])
    if isinstance(there, list):
        known = cast("list[str]", there)
        known += [note for note in notes if note not in known]


def _take_notes_off(error: BaseException, notes: tuple[str, ...]) -> None:
    there = error.__dict__.get("__notes__")
    if isinstance(there, list):
        there[:] = [note for note in cast("list[str]", there) if note not in notes]
