"""What an error says of the run that it came out of, and how it leads there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast
from weakref import ref

from .._base.events import Status
from .._base.text import shorten
from .failure import Failure, HookError, name_task
from .journal import Journal
from .stream_hint import hint_at_loop
from .thread_hint import hint_at_thread
from .yield_hint import hint_at_resource

__all__ = ["add_notes", "find_run", "let_revive"]

_LINK = "__flowdeco_run__"
_MOST_NOTES = 10

# Each knows the error of a frequent slip, and says what was meant.
_HINTS = (hint_at_resource, hint_at_loop, hint_at_thread)


class _Link:
    """Leads from an error to its run, and is left behind where the error is copied or sent elsewhere.

    The run leads to the error, so the error may not hold the run, or neither would go without the garbage collector.
    It holds what is needed to make the run anew, all but the error itself.

    Attributes:
        run: the run, as long as anybody else has it.
        revive: makes it anew, given the error; `None` before the run has ended.
        span: when the run began and ended, on its clock.
        notes: what was added to the error.
    """

    __slots__ = ("notes", "revive", "run", "span")

    def __init__(
        self, run: ref[Any] | None = None, span: tuple[float, float] = (0, 0), notes: tuple[str, ...] = ()
    ) -> None:
        self.run = run
        self.revive: Callable[[BaseException], Any] | None = None
        self.span = span
        self.notes = notes

    def __reduce__(self) -> tuple[type[_Link], tuple[()]]:
        return _Link, ()


def find_run(error: BaseException) -> Any:
    """Return the run that an error came out of. Raises `LookupError` if no run in this process raised it."""
    link = error.__dict__.get(_LINK)
    if isinstance(link, _Link) and link.run is not None:
        run = link.run()
        if run is None and link.revive is not None:
            run = link.revive(error)
            link.run = ref(run)
        if run is not None:
            return run
    raise LookupError(f"Cannot find the run of {shorten(error)}: no run in this process raised it.")


def add_notes(run: object, journal: Journal, error: BaseException) -> None:
    """Add to an error where it was raised and what failed besides, and have it lead to its run."""
    _link(run, journal, error, _notes_of(journal, error))
    for member in _members_of(journal, error):
        _link(run, journal, member, [_place_of(journal, member), *_hints_at(journal, member)])


def let_revive(run: object, journal: Journal, revive: Callable[[BaseException], Any]) -> None:
    """Have the error of a run that has ended, and those in it if it is a group, lead to the run when it is gone.

    Args:
        run: the run.
        journal: what happened in it.
        revive: makes it anew, given the error that the run failed with.
    """
    error = journal.error
    if error is None:
        return
    members = _members_of(journal, error)
    for each in (error, *members):
        link = each.__dict__.get(_LINK)
        if isinstance(link, _Link) and link.run is not None and link.run() is run:
            # A group is led to by its members, through the run: no way to leave it out.
            link.revive = revive if not members else partial(_give, run)


def _give(run: object, _: BaseException) -> object:
    return run


def _link(run: object, journal: Journal, error: BaseException, notes: list[str]) -> None:
    former = error.__dict__.get(_LINK)
    before = former.notes if isinstance(former, _Link) else ()
    if isinstance(former, _Link) and former.run is not None and former.span[1] <= journal.begun:
        _take_notes_off(error, before)  # of a run that is over: the same object is raised again
        before = ()
    _add_each(error, notes)
    error.__dict__[_LINK] = _Link(ref(run), (journal.begun, journal.ended), (*before, *notes))


def _members_of(journal: Journal, error: BaseException) -> tuple[BaseException, ...]:
    """Return what is in an error if it is the group that the run made of several."""
    if not isinstance(error, BaseExceptionGroup) or any(failure.error is error for failure in journal.errors):
        return ()
    return cast("BaseExceptionGroup[BaseException]", error).exceptions


def _place_of(journal: Journal, error: BaseException) -> str:
    """Return where an error was raised."""
    noted = next((failure for failure in reversed(journal.errors) if failure.error is error), None)
    failed = _find_in_items(journal, error) if noted is None else noted
    hook = next((told for told in journal.hook_errors if told.error is error), None)
    if hook is not None and (failed is None or failed.task is None or failed.attempt == 0):
        return f"Raised by {_describe_hook(journal, hook)}."
    if failed is None or failed.task is None:
        return f"Raised by workflow {journal.name!r}."
    if any(life.error is error for life in journal.lives.values()):
        return f"Raised by resource {failed.task!r} of workflow {journal.name!r} after it was opened."
    attempt = f", attempt {failed.attempt}" if failed.attempt > 1 else ""
    who = name_task(failed.task, failed.index, _kind_of(journal, failed.task))
    comma = "" if failed.index is None else ","
    return f"Raised by {who}{comma} of workflow {journal.name!r}{attempt}."


def _find_in_items(journal: Journal, error: BaseException) -> Failure | None:
    """Return the failure of an item that was one too many to be noted among those of the run."""
    for node, log in journal.items.items():
        for entry in log.failed:
            if entry.error is error:
                moment = journal.moment(entry.finished)
                assert moment is not None
                return Failure(journal.graph.nodes[node].name, entry.attempts, error, moment, entry.index)
    return None


def _notes_of(journal: Journal, error: BaseException) -> list[str]:
    """Return what an error is to say of the run: where it was raised, and what failed besides."""
    members = _members_of(journal, error)
    notes = [f"Raised by workflow {journal.name!r}." if members else _place_of(journal, error)]
    notes += _hints_at(journal, error)
    said = {id(member) for member in members or (error,)}
    failed = [(who, e) for who, e in _failed_for_good(journal) if id(e) not in said]
    others = [*dict.fromkeys(f"Also failed: {who} with {shorten(e, 200)}." for who, e in failed)]
    if len(others) > _MOST_NOTES:
        others[_MOST_NOTES:] = [f"Also failed: {len(others) - _MOST_NOTES} more; see Run.of(error).errors."]
    return notes + others


def _hints_at(journal: Journal, error: BaseException) -> list[str]:
    """Return what was meant, where an error is that of a frequent slip."""
    raised_by = next((failure.task for failure in journal.errors if failure.error is error), None)
    hints = [find_hint(journal, error, raised_by) for find_hint in _HINTS]
    return [hint for hint in hints if hint is not None]


def _failed_for_good(journal: Journal) -> Iterator[tuple[str, BaseException]]:
    """Yield who failed and with what: tasks, the workflow itself, and hooks that are to fail what they hang on."""
    workflow = f"workflow {journal.name!r}"
    nodes = journal.graph.nodes
    last = [entry for index, entry in journal.latest.items() if 0 <= index < len(nodes) and journal.finished[index]]
    final = {(nodes[entry.node].name, id(entry.error)) for entry in last if entry.status is Status.FAILED}
    for index, log in journal.items.items():
        final.update([(nodes[index].name, id(entry.error)) for entry in log.failed])
    hooks = journal.hook_errors if journal.graph.owner.strict else []
    of_hooks = {id(told.error) for told in hooks}
    for failure in journal.errors:
        if (failure.task is None or (failure.task, id(failure.error)) in final) and id(failure.error) not in of_hooks:
            task = failure.task
            who = workflow if task is None else name_task(task, failure.index, _kind_of(journal, task))
            yield who, failure.error
    for index, life in journal.lives.items():
        if life.error is not None:
            yield f"closing resource {nodes[index].name!r}", life.error
    for told in hooks:
        yield _describe_hook(journal, told), told.error


def _kind_of(journal: Journal, name: str) -> str:
    node = journal.graph.find(name)
    return "resource" if node is not None and node.definition.is_resource else "task"


def _describe_hook(journal: Journal, told: HookError) -> str:
    task = "" if told.task is None else f"{name_task(told.task, told.index)} of "
    return f"a hook ({told.hook}) of {task}workflow {journal.name!r}"


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
