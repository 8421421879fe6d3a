"""What stands where there is no value yet, as `None` is one."""

from __future__ import annotations

from typing import Any

__all__ = ["UNSET"]


class _Unset:
    __slots__ = ()

    def __repr__(self) -> str:
        return "<unset>"


UNSET: Any = _Unset()
