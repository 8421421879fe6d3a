"""What is of use only in the program that made it: elsewhere it would be a copy."""

from __future__ import annotations

__all__ = ["Local"]


class Local:
    """Base of what is written to, and so is not sent to a process, where all that is written would be lost."""

    __slots__ = ()
