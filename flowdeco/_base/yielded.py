"""What a call of a generator gives, and of a wrapper around one, which may give anything."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["list_yielded"]


def list_yielded(result: Any) -> Any:
    """Return what an iterator yields as a list, and anything else as it is."""
    return list(result) if hasattr(cast("Any", type(result)), "__next__") else result
