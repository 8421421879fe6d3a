"""Values and names as text for messages, and the nearest to a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["listed", "nearest", "shorten"]

# Comparing one misspelt name with very many costs milliseconds; past this it buys nothing.
_MOST_CANDIDATES = 2_000


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the candidate most like `name`, or nothing."""
    from difflib import get_close_matches  # only a mistake needs it

    known = list(dict.fromkeys(candidates))
    if len(known) > _MOST_CANDIDATES:
        known = [k for k in known if k.lower() == name.lower() or k.startswith(name) or name.startswith(k)]
    found = get_close_matches(name, known[:_MOST_CANDIDATES], 1, 0.6)
    return f" Did you mean {found[0]!r}?" if found else ""


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return the names as a phrase: `'a', 'b' and 'c'`, cut after `most`."""
    quoted = [repr(name) for name in names[:most]]
    if len(names) > most:
        return ", ".join(quoted) + f" and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def shorten(value: object, most: int = 60) -> str:
    """Return the value's `repr`, cut to `most` characters, whatever it does."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= most else text[: most - 1] + "…"
