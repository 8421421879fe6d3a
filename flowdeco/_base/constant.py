"""Values that are given where a task or a function would be taken for what it is."""

from __future__ import annotations

from typing import Any

from .text import shorten

__all__ = ["Value", "value"]


class Value:
    """Marks what is to be taken as a value. Made by `value`."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"value({shorten(self.value)})"


def value(value: object, /) -> Any:
    """Say that something is a value: in `needs=` a constant that a parameter receives, whatever it is.

    In `override`, that a callable is the result itself, and not a function to call instead.
    """
    return Value(value)
