"""Values and names as text for messages, and the nearest to a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from os.path import basename
from typing import Any

__all__ = ["count_things", "listed", "name_callable", "nearest", "shorten"]

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


def count_things(count: int, thing: str) -> str:
    """Return how many there are, as one says it."""
    return f"{count:,} {thing}{'s' * (count != 1)}"


def name_callable(function: Any) -> str:
    """Return what to call a callable that may have no name: of a lambda, its parameters and where it stands."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        return type(function).__name__
    code = getattr(function, "__code__", None)
    if name != "<lambda>" or code is None:
        return name
    names = ", ".join(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return f"{f'lambda {names}'.strip()} ({basename(code.co_filename)}, line {code.co_firstlineno})"


def shorten(value: object, most: int = 60) -> str:
    """Return the value's `repr`, cut to `most` characters, whatever it does."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= most else text[: most - 1] + "…"
