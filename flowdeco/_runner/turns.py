"""Whose turn it is in threads that calls share, by thread and by executor; see `_policy/turn`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any
from weakref import WeakKeyDictionary

from .._base.executors import count_threads
from .._policy.turn import Threads, Turn
from .._worker.own_thread import OwnThread

__all__ = ["expect_executor", "expect_thread"]

_TURNS: WeakKeyDictionary[Any, Threads] = WeakKeyDictionary()


def expect_thread(thread: OwnThread, resource: str, name: str, path: str) -> Turn:
    """Return the turn of a call in the thread of a resource.

    Args:
        thread: the thread.
        resource: the name of the resource.
        name: the name of the task.
        path: that of the call by which it runs; empty if it runs in a graph.
    """
    return _make(thread, lambda: Threads(f"the thread of resource {resource!r}"), name, path)


def expect_executor(executor: Executor, name: str, path: str) -> Turn | None:
    """Return the turn of a call on a thread of an executor; `None` where it is not known how many it has.

    Args:
        executor: the executor.
        name: the name of the task.
        path: that of the call by which it runs; empty if it runs in a graph.
    """
    number = count_threads(executor)
    if number is None:
        return None
    label = "the one thread of an executor" if number == 1 else f"one of the {number} threads of an executor"
    return _make(executor, lambda: Threads(label, number), name, path)


def _make(home: Any, make: Callable[[], Threads], name: str, path: str) -> Turn:
    return Turn(_TURNS.get(home) or _TURNS.setdefault(home, make()), path or name, is_call=bool(path))
