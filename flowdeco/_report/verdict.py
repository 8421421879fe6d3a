"""What a page says first: which task failed, why, where and what it took down, or that all went well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .._base.events import Status
from .._draw.diagram import tell_status
from .._draw.html import describe_error, escape
from .phrase import count_things, first_line
from .place import place_of_error, place_of_function
from .row import Row
from .snapshot import Snapshot
from .trouble import Culprit, Fate, find_culprits, list_troubles

__all__ = ["tell_verdict"]

_MOST_CULPRITS = 10
_MOST_NAMES = 4
_MOST_ITEMS = 3


def tell_verdict(snapshot: Snapshot) -> str:
    """Return what became of a run, in the least words."""
    run, status = snapshot.run, snapshot.status
    culprits = [*find_culprits(snapshot)]
    if culprits:
        return _tell_culprits(snapshot, culprits)
    if run.error is not None:  # of no task: of a hook, say
        return f'<p class="verdict failed">{escape(describe_error(run.error))}</p>'
    if status is Status.SKIPPED and run.reason is not None:
        return f'<p class="verdict skipped">Skipped: {escape(run.reason or "no reason was given")}</p>'
    return _tell_success(snapshot) if status is Status.COMPLETED else ""


def _tell_culprits(snapshot: Snapshot, culprits: Sequence[Culprit]) -> str:
    shown = _choose_culprits(culprits)
    told = "".join([_tell_culprit(culprit) for culprit in shown])
    rest = len(culprits) - len(shown)
    more = f'<p><a href="#errors">{rest:,} more</a></p>' if rest > 0 else ""
    what = _count_failed(culprits) or f"The workflow itself failed: {snapshot.run.workflow}"
    so_far = " so far" if snapshot.status is Status.RUNNING else ""
    return (
        f'<div class="verdict failed" role="region" aria-labelledby="what-failed"><h2 id="what-failed">'
        f"{escape(what)}{so_far}</h2><ol>{told}</ol>{more}</div>"
    )


def _choose_culprits(culprits: Sequence[Culprit]) -> list[Culprit]:
    """Return those that are told first: of many items of one task, the first few."""
    found: list[Culprit] = []
    seen: Counter[tuple[int | None, ...]] = Counter()
    for culprit in culprits:
        task = tuple([None if row is None else row.number for _, row in culprit.path])
        seen[task] += 1
        if culprit.trouble.failure.index is None or seen[task] <= _MOST_ITEMS:
            found.append(culprit)
    return found[:_MOST_CULPRITS]


def _count_failed(culprits: Sequence[Culprit]) -> str:
    """Return how many tasks and items failed; nothing if it was the workflow itself."""
    items = sum(culprit.trouble.failure.index is not None for culprit in culprits)
    tasks = sum(culprit.path[0][1] is not None and culprit.trouble.failure.index is None for culprit in culprits)
    told = [count_things(count, thing) for count, thing in ((tasks, "task"), (items, "item")) if count]
    return f"{' and '.join(told)} failed" if told else ""


def _tell_culprit(culprit: Culprit) -> str:
    trouble, path = culprit
    outermost, first = path[0]
    names = [row.name for _, row in path if row is not None] or [outermost.run.workflow]
    error = trouble.failure.error
    innermost = path[-1][0]
    # The traceback of an error that came out of nested runs is told among those of the outermost.
    at = next((t for t in list_troubles(outermost) if t.failure.error is error), None)
    anchor = f"error-{innermost.key}{trouble.number}" if at is None else f"error-{outermost.key}{at.number}"
    row = None if first is None else path[-1][1]
    attempts = [count_things(trouble.attempts, "attempt")] if row and trouble.attempts else []
    facts = [*_tell_place(culprit), *attempts, *_tell_damage(path)]
    name = " / ".join(names)
    return (
        f'<li><a href="#{anchor}"><b>{escape(name)}</b></a> '
        f'<span class="mono">{escape(first_line(describe_error(error)))}</span>'
        f'<div class="faint">{" · ".join(facts)}</div></li>'
    )


def _tell_place(culprit: Culprit) -> Iterator[str]:
    place = place_of_error(culprit.trouble.failure.error)
    if place is None:
        snapshot, row = culprit.path[-1]
        graph = snapshot.journal.graph
        is_task = row is not None and not row.depth
        place = place_of_function((graph.nodes[row.number].definition if row and is_task else graph.owner).function)
    if place is not None:
        yield f'<span title="{escape(place.path)}">{escape(place)}</span>'


def _tell_damage(path: Sequence[tuple[Snapshot, Row | None]]) -> Iterator[str]:
    """Say what a failure took down: in the run that it happened in, and in those around it."""
    rows = [row for snapshot, failed in path if failed is not None for row in _find_victims(snapshot, failed)]
    if rows:
        counts = Counter([row.status for row in rows])
        told = ", ".join([f"{count:,} {tell_status(status)}" for status, count in counts.items()])
        names = ", ".join([row.name for row in rows[:_MOST_NAMES]]) + ", …" * (len(rows) > _MOST_NAMES)
        yield f"took down {escape(names)} ({told})"


def _find_victims(snapshot: Snapshot, failed: Row) -> list[Row]:
    """Return the tasks that did not come to their end because of one that failed."""
    found: dict[int, None] = {}
    left = [failed.number]
    while left:
        for index in snapshot.followers.get(left.pop(), ()):
            if index not in found and snapshot.rows[index].status is Status.UPSTREAM_FAILED:
                found[index] = None
                left.append(index)
    victims = [snapshot.rows[index] for index in sorted(found)]
    if not snapshot.journal.graph.owner.keep_going:
        victims += [row for row in snapshot.rows if row.status is Status.CANCELLED]
    return victims


def _tell_success(snapshot: Snapshot) -> str:
    counts = Counter([trouble.fate for trouble in list_troubles(snapshot)])
    facts = [
        f"{count_things(counts[Fate.RETRIED], 'failed attempt')} made good by another" if counts[Fate.RETRIED] else "",
        f"{count_things(counts[Fate.RECOVERED], 'error')} recovered from" if counts[Fate.RECOVERED] else "",
        f"{count_things(counts[Fate.HANDLED], 'error')} handled by a task" if counts[Fate.HANDLED] else "",
        f"{count_things(counts[Fate.TRIED], 'failed attempt')} tried again" if counts[Fate.TRIED] else "",
    ]
    told = "; ".join(filter(None, facts))
    return f'<p class="verdict quiet">No error failed the run: <a href="#errors">{told}</a>.</p>' if told else ""
