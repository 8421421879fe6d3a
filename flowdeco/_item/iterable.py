"""What items come from: whether they are all there, or have to be fetched one by one."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["is_lazy"]


def is_lazy(value: object) -> bool:
    """Whether a value gives its items one by one as they are asked for: a generator, a `map`, a cursor, a file."""
    kind = type(value)  # isinstance would run a proxy's code
    if hasattr(kind, "__anext__") or hasattr(kind, "__aiter__"):
        return True
    return hasattr(kind, "__next__") or (hasattr(kind, "__iter__") and not issubclass(kind, Collection))
