"""Which executors run what they are given elsewhere, with a memory of their own."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["is_process_pool", "shares_no_memory"]


def is_process_pool(executor: object) -> bool:
    """Whether it is one of Python's own, which pickle plainly; it costs 10 ms to import what there are none of."""
    return _is_made_by(executor, "concurrent.futures.process", "ProcessPoolExecutor")


def shares_no_memory(executor: object) -> bool:
    """Whether it is known to send away what it is given. Of one that nobody knows, only its pickling tells."""
    # A pool of interpreters (Python 3.14) is a pool of threads by its class.
    return is_process_pool(executor) or _is_made_by(
        executor, "concurrent.futures.interpreter", "InterpreterPoolExecutor"
    )


def _is_made_by(executor: object, module: str, name: str) -> bool:
    kind: Any = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(executor, kind)
