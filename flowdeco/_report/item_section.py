"""The items of mapped tasks on the page of a run: how they ended, how long they took, the failed and the slowest."""

from __future__ import annotations

from collections.abc import Sequence

from .._base.events import Status
from .._draw.html import escape, fold, table, tell_seconds
from .mapped import ItemRow, Mapped
from .row import Row
from .section import badge, tell_rest
from .snapshot import Snapshot

__all__ = ["make_items", "tell_counts"]

# Of more that failed, the rest is folded away.
_FEW = 10
# With fewer, there is nothing to see.
_FEWEST_BARS = 4


def make_items(snapshot: Snapshot) -> str:
    """Return what there is to say of the items of each mapped task; nothing if there is none."""
    return "".join([_tell_items(row, row.items, snapshot.key) for row in snapshot.rows if row.items is not None])


def tell_counts(items: Mapped) -> str:
    """Return how many items stand how, as badges."""
    return " ".join([badge(status, items.counts[status]) for status in Status if items.counts.get(status)])


def _tell_items(row: Row, items: Mapped, key: str) -> str:
    name = escape(row.name)
    head = f'<p><a href="#task-{key}{row.anchor}"><b>{name}</b></a> {tell_counts(items) or "none"}</p>'
    tables = _list_failed(row, items) + _list_slowest(row, items)
    return f'<div class="items" id="items-{key}{row.anchor}">{head}{_draw_spread(row, items)}{tables}</div>'


def _draw_spread(row: Row, items: Mapped) -> str:
    """Return how the durations are distributed: a bar for each span of time, of equal ratio, up to the longest."""
    seconds = items.seconds
    if seconds is None:
        return ""
    told = f"median {tell_seconds(seconds.p50)}, p95 {tell_seconds(seconds.p95)}, longest {tell_seconds(seconds.max)}"
    if len(items.bars) < _FEWEST_BARS:
        return f'<p class="faint">{told if seconds.count > 1 else f"took {tell_seconds(seconds.max)}"}</p>'
    highest = max(bar.height for bar in items.bars)
    bars = "".join(
        [
            f'<i style="height:{100 * bar.height / highest:.3g}%" '
            f'title="{tell_seconds(bar.start)} to {tell_seconds(bar.end)}: {bar.height:,}"></i>'
            for bar in items.bars
        ]
    )
    label = escape(f"Distribution of the seconds of {row.name}: {told}")
    ends = f"<span>{tell_seconds(seconds.min)}</span><span>{tell_seconds(seconds.max)}</span>"
    drawn = f'<div class="spread" role="img" aria-label="{label}">{bars}</div><div class="ends">{ends}</div>'
    return f'<div class="distribution">{drawn}<p class="faint">{told}</p></div>'


def _list_failed(row: Row, items: Mapped) -> str:
    """Return the items that failed: the first few, the rest in a fold."""
    failed, count = items.failed, items.counts.get(Status.FAILED, 0)
    if not failed:
        return ""
    few = _list_rows(failed[:_FEW], f"Failed items of {row.name}")
    rest = failed[_FEW:]
    more = _list_rows(rest, f"More failed items of {row.name}") if rest else ""
    folded = fold(f"{len(rest):,} more that failed", more, unfolded=False) if rest else ""
    return few + folded + tell_rest(count - len(failed))


def _list_slowest(row: Row, items: Mapped) -> str:
    if len(items.slowest) < 2:
        return ""
    listed = _list_rows(items.slowest, f"Slowest items of {row.name}")
    return fold(f"The {len(items.slowest)} slowest", listed, unfolded=False)


def _list_rows(rows: Sequence[ItemRow], name: str) -> str:
    heads = ["Item", "Status", "Attempts", "Began after", "Took", "Result, error or reason"]
    return table(heads, map(_tell_row, rows), name=name, numbers=heads[2:5])


def _tell_row(row: ItemRow) -> str:
    which = "".join([f'<div class="faint">{escape(text)}</div>' for text in (row.key, row.item) if text])
    return (
        f'<tr><th scope="row">{escape(row.name)}{which}</th><td>{badge(row.status)}</td>'
        f'<td class="number">{row.attempts}</td><td class="number">{tell_seconds(row.start)}</td>'
        f'<td class="number">{tell_seconds(row.duration)}</td><td class="text mono">{escape(row.outcome)}</td></tr>'
    )
