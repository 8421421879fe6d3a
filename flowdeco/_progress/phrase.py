"""How things stand, in few words."""

from __future__ import annotations

from collections import Counter

from .. import Status

__all__ = ["clean", "say_counts", "say_error", "say_seconds", "say_status"]

_MOST_CHARACTERS = 200


def say_counts(counts: Counter[Status]) -> str:
    return ", ".join(f"{counts[status]} {say_status(status)}" for status in Status if counts.get(status))


def say_status(status: Status) -> str:
    return str(status).replace("_", " ")


def say_seconds(seconds: float) -> str:
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def say_error(error: BaseException | None) -> str:
    try:
        message = str(error)
    except Exception:
        message = "?"
    return clean(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def clean(text: str) -> str:
    """Return the text on one line, without what would steer a terminal, and not too long."""
    line = "".join([c if c.isprintable() else f"\\x{ord(c):02x}" for c in " ".join(text[:1000].split())])
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"
