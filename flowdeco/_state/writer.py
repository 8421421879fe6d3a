"""In whose name a state is written."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import final

__all__ = ["WRITER", "Writer", "signed"]


@final
class Writer:
    """The attempt of a task in whose name a state is written.

    Attributes:
        task: the task's name.
        abandoned: whether what it still writes is refused.
    """

    __slots__ = ("abandoned", "task")

    def __init__(self, task: str) -> None:
        self.task = task
        self.abandoned = False


WRITER: ContextVar[Writer | None] = ContextVar("flowdeco_writer", default=None)


class _Signed:
    """What `signed` gives: a `contextmanager` takes five times as long, and it is around every hook."""

    __slots__ = ("_task", "_token")

    def __init__(self, task: str) -> None:
        self._task = task

    def __enter__(self) -> None:
        self._token = WRITER.set(Writer(self._task))

    def __exit__(self, *_: object) -> None:
        WRITER.reset(self._token)


def signed(task: str) -> AbstractContextManager[None]:
    """Have what is written to a state be written in the name of a task."""
    return _Signed(task)
