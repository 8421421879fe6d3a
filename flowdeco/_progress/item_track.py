"""What is known of the items of one mapped task while its run goes on: `412/2,000, 3 failed, 40 s left`.

What runs in the runs of items is told in the same way: of the tasks `chapters[0]/words`, `chapters[1]/words` and so on
there is one line, `chapters/words`, and nobody knows how many there are going to be.
"""

from __future__ import annotations

from collections import Counter

from .. import Event, Status
from .phrase import say_seconds, say_status

__all__ = ["ItemTrack"]

# A line is printed for each part of so many, and of what fails or is tried again for so many.
_MOST_LINES = 20
_MOST_TOLD = 10
# As long as nobody knows how many there are, a line comes for so many times as many.
_GROWTH = 1.5


class ItemTrack:
    """Counts the items of a task.

    Args:
        task: where in the run's record it says how many there are going to be; `None` if nowhere.
        now: when the first of them began, in seconds.

    Attributes:
        counts: how many have ended how.
        expected: how many there are going to be; `None` as long as that is not known.
        is_over: whether the task as a whole has ended.
    """

    def __init__(self, task: str | None, now: float) -> None:
        self._task = task
        self.counts: Counter[Status] = Counter()
        self.expected: int | None = None
        self.is_over = False
        self._start = now
        self._told = 0
        self._next = 1.0

    @property
    def done(self) -> int:
        """How many have ended."""
        return self.counts.total()

    def end(self, event: Event) -> bool:
        """Take in that an item has ended; return whether there is a line to be printed for how many have."""
        self.counts[event.status] += 1
        if self.expected is None and self._task is not None:
            record = event.run.tasks.get(self._task)  # a plain call may have let go of the run around it by now
            self._expect(None if record is None else record.items.expected)
        done = self.done
        if done < self._next and done != self.expected:
            return False
        self._next = done * _GROWTH if self.expected is None else done + max(1.0, self.expected / _MOST_LINES)
        return True

    def _expect(self, count: int | None) -> None:
        if count is not None:
            self.expected = count
            self._next = max(self._next, count / _MOST_LINES)

    def may_tell(self) -> bool:
        """Whether there is room for one more line on a single item."""
        self._told += 1
        return self._told <= _MOST_TOLD

    def say(self, now: float) -> str:
        """Return how they stand."""
        done, expected = self.done, self.expected
        parts = [f"{done:,}" if expected is None else f"{done:,}/{expected:,}"]
        others = [status for status in Status if status is not Status.COMPLETED and self.counts.get(status)]
        parts += [f"{self.counts[status]:,} {say_status(status)}" for status in others]
        if expected is not None and 0 < done < expected:
            parts.append(f"{say_seconds((now - self._start) / done * (expected - done))} left")
        elif done == expected:
            parts[-1] += f" in {say_seconds(now - self._start)}"
        return ", ".join(parts)
