"""Numbers, times and messages as one says them."""

from __future__ import annotations

from datetime import UTC, datetime

from .._base.text import count_things

__all__ = ["count_things", "first_line", "time_of"]

_MOST_LINE = 160


def time_of(moment: datetime | None, day: datetime | None = None) -> str:
    """Return a time in UTC, to the millisecond; without the date if that is the one of `day`."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    date = "" if day is not None and day.astimezone(UTC).date() == moment.date() else f"{moment:%Y-%m-%d} "
    told = f"{date}{moment:%H:%M:%S}.{moment.microsecond // 1000:03} UTC"
    return f'<time datetime="{moment.isoformat()}">{told}</time>'


def first_line(text: str) -> str:
    """Return the first line of a text, and not too much of it, with a sign that there is more."""
    line, _, rest = text.strip().partition("\n")
    return f"{line[:_MOST_LINE]} …" if rest or len(line) > _MOST_LINE else line
