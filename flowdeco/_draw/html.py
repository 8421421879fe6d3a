"""Text for a page: nothing of what comes from the user's program is taken for markup, or can break it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape as escape_html
from reprlib import Repr

__all__ = ["clean", "describe", "describe_error", "escape", "fold", "table", "tell_seconds"]

# Control characters, halves of pairs, what turns the direction of writing, and what XML does not allow.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_MOST_MESSAGE = 2000


class _Short(Repr):
    """Looks at no more of a value than it shows, so that a result of a gigabyte takes no time."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = self.maxarray = 8
        self.maxdict = 8
        self.maxstring = self.maxother = 160

    def repr_bytes(self, value: bytes, level: int) -> str:
        most = self.maxstring // 4
        return repr(value) if len(value) <= most else f"{value[:most]!r}…"


_SHORT = _Short()


def clean(text: str) -> str:
    """Return text in which what cannot be shown is spelled as in a Python string."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def escape(text: object) -> str:
    """Return text as it is shown, whatever is in it; also for an attribute in double quotes."""
    return escape_html(clean(str(text)))


def describe(value: object, most: int = 300) -> str:
    """Return a short `repr`, whatever the value does."""
    try:
        text = _SHORT.repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= most else text[: most - 1] + "…"


def describe_error(error: BaseException) -> str:
    """Return an error's type and message, whatever it does."""
    name = type(error).__qualname__
    try:
        message = str(error)
    except Exception:
        return f"{name}, which cannot say more"
    message = message if len(message) <= _MOST_MESSAGE else message[: _MOST_MESSAGE - 1] + "…"
    return f"{name}: {message}" if message else name


def tell_seconds(seconds: float | None) -> str:
    """Return a span of time as one reads it; `""` for `None`."""
    if seconds is None:
        return ""
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.0f} µs" if seconds > 0 else "0 s"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < 99.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min {rest} s" if hours else f"{minutes} min {rest} s"


def table(heads: Iterable[str], rows: Iterable[str], *, name: str, numbers: Iterable[str] = ()) -> str:
    """Return a table in a box that scrolls: of rows that are markup; `numbers` are the heads of columns of numbers."""
    right = frozenset(numbers)
    head = "".join([f'<th scope="col"{" class=number" * (head in right)}>{head}</th>' for head in heads])
    return (
        f'<div class="wide" role="region" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def fold(summary: str, body: str, *, unfolded: bool) -> str:
    """Return markup that can be folded away."""
    return f"<details{' open' if unfolded else ''}><summary>{summary}</summary>{body}</details>"
