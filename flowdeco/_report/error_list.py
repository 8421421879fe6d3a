"""What went wrong, with tracebacks: what failed the run first, and what was made good after it."""

from __future__ import annotations

from collections import Counter
from traceback import StackSummary, TracebackException

from .._draw.html import describe, describe_error, escape, fold
from .._record.item_record import name_item
from .phrase import first_line, time_of
from .place import is_ours
from .section import tell_rest
from .snapshot import Snapshot
from .trouble import Fate, Trouble, list_troubles

__all__ = ["Told", "list_errors", "list_hook_errors", "show_traceback", "tell_traceback"]

_MOST_ERRORS = 500
_MOST_OF_ITEMS = 50
_MOST_TEXT = 20_000
_FEW = 10

# The anchor at which the traceback of each error stands: an error may come out of several runs, one within another.
Told = dict[int, str]

_LOUD = (Fate.FATAL, Fate.FINAL)


def list_errors(snapshot: Snapshot, told: Told) -> str:
    """Return every failed attempt with its traceback; of many, the first of each kind, and the rest in a fold."""
    troubles = list_troubles(snapshot)
    chosen = _choose_troubles(troubles)[:_MOST_ERRORS]
    loud = sum(trouble.fate in _LOUD for trouble in chosen)
    found = [_tell_trouble(snapshot, trouble, told, few=loud <= _FEW) for trouble in chosen]
    shown = _fold_rest(found[:loud], "that failed") + _fold_rest(found[loud:], "that did not fail the run")
    return shown + tell_rest(len(troubles) - len(chosen))


def _choose_troubles(troubles: list[Trouble]) -> list[Trouble]:
    """Return all but those of items of which there are many of one task."""
    found: list[Trouble] = []
    seen: Counter[str | None] = Counter()
    for trouble in troubles:
        if trouble.failure.index is not None:
            seen[trouble.failure.task] += 1
        if trouble.failure.index is None or seen[trouble.failure.task] <= _MOST_OF_ITEMS:
            found.append(trouble)
    return found


def _fold_rest(found: list[str], what: str = "") -> str:
    """Return what was found, all but the first few in a fold, so that it leaves the sections after it within reach."""
    rest = found[_FEW:]
    folded = fold(f"{len(rest):,} more {what}".rstrip(), "".join(rest), unfolded=False) if rest else ""
    return "".join(found[:_FEW]) + folded


def _tell_trouble(snapshot: Snapshot, trouble: Trouble, told: Told, *, few: bool) -> str:
    failure, fate = trouble.failure, trouble.fate
    anchor = f"error-{snapshot.key}{trouble.number}"
    _, mark, status = fate.value
    name = trouble.name
    who = "the workflow" if name is None else f"<b>{escape(name)}</b>, attempt {failure.attempt}"
    badge = f'<span class="badge {status}"><span aria-hidden="true">{mark} </span>{trouble.word}</span>'
    what = escape(first_line(describe_error(failure.error)))
    summary = f"{badge} {time_of(failure.time, snapshot.run.started)} {who}: {what}"
    there = told.get(id(failure.error))
    if there is None:
        told[id(failure.error)] = anchor
        body = show_traceback(failure.error, f"Traceback of {name or 'the workflow'}")
    else:
        body = f'<p><a href="#{there}">Its traceback</a></p>'
    kind = f"trouble {status}{' quiet' * (fate not in _LOUD)}"
    folded = fold(summary, f'<div id="{anchor}">{body}</div>', unfolded=few and fate in _LOUD)
    return f'<div class="{kind}">{folded}</div>'


def list_hook_errors(snapshot: Snapshot) -> str:
    """Return what hooks have raised, with tracebacks."""
    found: list[str] = []
    for failure in snapshot.hook_errors[:_MOST_ERRORS]:
        task, index = failure.task, failure.index
        who = "the workflow" if task is None else task if index is None else name_item(task, index)
        who = who if task is None else f"<b>{escape(who)}</b>"
        name = getattr(failure.function, "__qualname__", None) or describe(failure.function)
        hook = f"<code>{escape(failure.hook)}</code> {escape(name)} of {who}"
        what = escape(first_line(describe_error(failure.error)))
        summary = f"{time_of(failure.time, snapshot.run.started)} {hook}: {what}"
        found.append(fold(summary, show_traceback(failure.error, f"Traceback of {failure.hook}"), unfolded=False))
    return _fold_rest(found) + tell_rest(len(snapshot.hook_errors) - _MOST_ERRORS)


def show_traceback(error: BaseException, name: str) -> str:
    """Return an error's traceback in a box that scrolls, as long lines of code are not to be broken."""
    box = f'class="trace" role="region" aria-label="{escape(name)}" tabindex="0"'
    return f"<pre {box}>{escape(tell_traceback(error))}</pre>"


def tell_traceback(error: BaseException) -> str:
    """Return an error's traceback with those of its causes, without the frames of this package."""
    try:
        told = TracebackException.from_exception(error)
        _drop_frames(told)
        text = "".join(told.format())
    except Exception:  # what an error does when it is looked at is up to its class
        return describe_error(error)
    if len(text) <= _MOST_TEXT:
        return text.rstrip()
    return f"{text[: _MOST_TEXT // 2]}\n…\n{text[-_MOST_TEXT // 2 :]}".rstrip()


def _drop_frames(told: TracebackException) -> None:
    left, seen = [told], set[int]()
    while left:
        part = left.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        part.stack = StackSummary.from_list([frame for frame in part.stack if not is_ours(frame.filename)])
        left += [other for other in (part.__cause__, part.__context__, *(part.exceptions or ())) if other is not None]
