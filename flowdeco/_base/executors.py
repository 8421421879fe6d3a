"""What is known of executors: which run what they are given with a memory of their own, and on how many threads."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["count_threads", "is_process_pool", "shares_no_memory"]


def is_process_pool(executor: object) -> bool:
    """Whether it is one of Python's own, which pickle plainly; it costs 10 ms to import what there are none of."""
    return _is_made_by(executor, "concurrent.futures.process", "ProcessPoolExecutor")


def shares_no_memory(executor: object) -> bool:
    """Whether it is known to send away what it is given. Of one that nobody knows, only its pickling tells."""
    # A pool of interpreters (Python 3.14) is a pool of threads by its class.
    return is_process_pool(executor) or _is_made_by(
        executor, "concurrent.futures.interpreter", "InterpreterPoolExecutor"
    )


def count_threads(executor: object) -> int | None:
    """Return how many threads of this program it has at most; `None` if that is not known."""
    if shares_no_memory(executor) or not _is_made_by(executor, "concurrent.futures.thread", "ThreadPoolExecutor"):
        return None
    number = getattr(executor, "_max_workers", None)  # it tells that in no other way
    return number if isinstance(number, int) else None


def _is_made_by(executor: object, module: str, name: str) -> bool:
    kind: Any = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(executor, kind)
