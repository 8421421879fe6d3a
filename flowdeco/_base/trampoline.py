"""Functions that call each other to any depth: each is a generator that yields the call it needs the answer of.

Python's own calls end at a depth of about a thousand, and workflows may be nested deeper than that.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

__all__ = ["Steps", "run_steps"]

T = TypeVar("T")

# What yields other such generators, gets what they return or is thrown what they raise, and returns something itself.
Steps: TypeAlias = Generator[Generator[Any, Any, Any], Any, T]


def run_steps(steps: Steps[T]) -> T:
    """Return what a generator returns, having run all that it yields. Raises what it raises."""
    calls: list[Steps[Any]] = [steps]
    value: Any = None
    error: BaseException | None = None
    try:
        while calls:
            try:
                call = calls[-1].send(value) if error is None else calls[-1].throw(error)
            except StopIteration as stop:
                calls.pop()
                value, error = stop.value, None
            except BaseException as raised:
                calls.pop()
                value, error = None, raised
            else:
                calls.append(call)
                value = error = None
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]  # of many kinds of calls, only the first gives an R
    finally:
        error = None  # its traceback leads here
