"""The ticks of a time axis: at round numbers, in a unit that suits them."""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

__all__ = ["Tick", "list_ticks"]

# Steps in seconds: 1, 2 and 5 in each decade below the minute, then what clocks are divided into.
_STEPS = [
    *[step * 10.0**power for power in range(-7, 2) for step in (1, 2, 5) if step * 10.0**power < 30],
    *[30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000],
]
# Each unit in seconds, with the shortest step that is told in it.
_UNITS = [(3600.0, 3600.0, "h"), (60.0, 60.0, "min"), (1.0, 0.1, "s"), (1e-3, 1e-4, "ms"), (1e-6, 0.0, "µs")]


class Tick(NamedTuple):
    """A tick: where it is, in seconds from the start, and what it says."""

    seconds: float
    label: str


def list_ticks(span: float, most: int = 8) -> list[Tick]:
    """Return the ticks from 0 on, within a span of seconds.

    Args:
        span: how long the axis is; more than 0.
        most: how many steps there may be.
    """
    step = next((step for step in _STEPS if span / step <= most), None)
    if step is None:
        days = (86400.0 * n * 10**power for power in count() for n in (1, 2, 5))
        step = next(step for step in days if span / step <= most)
    size, unit = next((size, unit) for size, least, unit in _UNITS if (span >= size and step >= least) or not least)
    numbers = range(int(span / step * (1 + 1e-9)) + 1)
    return [Tick(n * step, f"{n * step / size:.6g} {unit}" if n else "0") for n in numbers]
