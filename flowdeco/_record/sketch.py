"""What very many durations come to, in a size that does not grow.

A histogram whose bars each reach a tenth further than the one before: what it says of a quantile is at most a tenth
off, be it of microseconds or of hours. Count, mean, deviation and the two ends are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from .metrics import Statistics

__all__ = ["Bar", "Sketch"]

_LEAST, _GREATEST = 1e-7, 1e7
_STEP = math.log(1.1)
_FIRST = math.floor(math.log(_LEAST) / _STEP)
_BATCH = 256
_SIZE = math.ceil(math.log(_GREATEST) / _STEP) - _FIRST + 1


class Bar(NamedTuple):
    """A part of a distribution.

    Attributes:
        start: seconds from which on it counts.
        end: seconds below which it counts.
        height: how many there are.
    """

    start: float
    end: float
    height: int


class Sketch:
    """Takes durations in, and keeps what they come to.

    They are taken in by the batch, as one by one it would be a good part of what a quick item costs. One thread at a
    time may add; who reads calls `take_in` before, with the others kept out.

    Attributes:
        count: how many were taken in.
    """

    __slots__ = ("_bars", "_mean", "_recent", "_spread", "count", "max", "min")

    def __init__(self) -> None:
        self.count = 0
        self.min = math.inf
        self.max = -math.inf
        self._mean = self._spread = 0.0
        self._bars = [0] * _SIZE
        self._recent: list[float] = []

    def add(self, seconds: float) -> None:
        """Take a duration in, with the next batch."""
        recent = self._recent
        recent.append(seconds)
        if len(recent) >= _BATCH:
            self.take_in()

    def take_in(self) -> None:
        """Take all in that were added."""
        recent, bars = self._recent, self._bars
        more = len(recent)
        if not more:
            return
        self.min, self.max = min(self.min, *recent), max(self.max, *recent)
        mean = math.fsum(recent) / more
        off, count = mean - self._mean, self.count + more
        self._spread += math.fsum([(seconds - mean) ** 2 for seconds in recent])
        self._spread += off * off * self.count * more / count
        self._mean += off * more / count
        self.count = count
        for seconds in recent:
            bars[_place_of(seconds)] += 1
        self._recent = []

    @property
    def total(self) -> float:
        """Their sum, in seconds."""
        return self._mean * self.count

    @property
    def statistics(self) -> Statistics | None:
        """What they come to; `None` if there was none."""
        if not self.count:
            return None
        std = math.sqrt(self._spread / (self.count - 1)) if self.count > 1 else 0.0
        return Statistics(self.count, self._mean, std, self.min, self.max, self.quantile(0.5), self.quantile(0.95))

    def quantile(self, part: float) -> float:
        """Return what a part of the durations is no greater than; 0 if there was none."""
        if not self.count:
            return 0.0
        left = part * (self.count - 1) + 1
        for place, count in enumerate(self._bars):
            if count and left <= count:
                start, end = _edges(place)
                return min(max(start + (end - start) * (left - 0.5) / count, self.min), self.max)
            left -= count
        return self.max

    def list_bars(self, most: int) -> list[Bar]:
        """Return the distribution in at most so many bars, from the first that has some to the last."""
        held = [place for place, count in enumerate(self._bars) if count]
        if not held:
            return []
        width = -(-(held[-1] - held[0] + 1) // most)
        return [*self._list_bars(range(held[0], held[-1] + 1, width), width)]

    def _list_bars(self, places: range, width: int) -> Iterator[Bar]:
        for place in places:
            yield Bar(_edges(place)[0], _edges(place + width - 1)[1], sum(self._bars[place : place + width]))


def _place_of(seconds: float) -> int:
    if seconds <= _LEAST:
        return 0
    return min(int(math.log(seconds) / _STEP - _FIRST), _SIZE - 1)


def _edges(place: int) -> tuple[float, float]:
    return math.exp((place + _FIRST) * _STEP), math.exp((place + _FIRST + 1) * _STEP)
