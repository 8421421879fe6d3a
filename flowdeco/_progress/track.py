"""What is known of one run while it goes on, and what there is to say of each change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from itertools import accumulate
from typing import Any, Literal, NamedTuple
from weakref import ref

from .. import Event, Run, Status
from .item_track import ItemTrack
from .phrase import clean, say_counts, say_error, say_seconds, say_status

__all__ = ["Active", "Note", "Track"]

# How long after a run's end its last event may come, in seconds.
_GRACE = 3.0
# A run of very many tasks does not get a line for each.
_MOST_LINES = 50
# Which item a path leads through.
_ITEM = re.compile(r"\[\d+\](?=/)")

Kind = Literal["start", "end", "retry", "failed", "ended"]


class Note(NamedTuple):
    """A line to print."""

    kind: Kind
    text: str


class Active(NamedTuple):
    """A task that is under way: since when its attempt runs, or when its next one begins and why."""

    attempt: int
    time: float
    error: str | None = None


class Track:
    """What is known of one run."""

    def __init__(self, event: Event, now: float) -> None:
        self.run: ref[Run[Any]] = ref(event.run)
        self.name = clean(event.workflow)
        self.start = now
        # Of the run's own tasks, and of what is called or runs within it, by path: this is told, but not counted.
        self.active: dict[str, Active] = {}
        self.begun: dict[str, float] = {}
        self.items: dict[str, ItemTrack] = {}
        self.counts: Counter[Status] = Counter()
        # Whether the run itself has told that it began, so that it will tell its end.
        self.whole = event.task is None
        self.gone_since: float | None = None
        self._told = 0
        # The runs within that have a track of their own.
        self._elsewhere: set[str] = set()
        records = event.run.tasks.values() if self.whole else ()
        # What a value stands in for is there already.
        self.names = {record.name for record in records if record.status is not Status.COMPLETED}
        self.step = max(1, -(-len(self.names) // _MOST_LINES))

    @property
    def done(self) -> int:
        """How many tasks have ended."""
        return self.counts.total()

    def tell(self, event: Event, now: float) -> Note | None:
        """Take a change in; return what there is to say of it."""
        self.look_up(event.run)
        if event.task is None:
            return self._tell_run(event, now)
        if event.index is not None or _ITEM.search(event.task):
            return self._tell_item(event, event.task, now)
        return self._tell_task(event, event.task, now)

    def is_shown_elsewhere(self, event: Event, task: str, tracks: Collection[str]) -> bool:
        """Whether something happens in a run within this one that is watched itself.

        Args:
            event: what happens.
            task: its path.
            tracks: the ids of the runs that have a track.
        """
        if self._elsewhere and event.status is not Status.RUNNING:
            self._elsewhere.discard(task if event.index is None else f"{task}[{event.index}]")  # that run is over
        if "/" not in task or (len(tracks) == 1 and not self._elsewhere):
            return False
        places = list(accumulate(task.split("/")[:-1], "{}/{}".format))
        found = next((place for place in places if place in self._elsewhere), None)
        found = found or next((place for place in places if _find_run(event.run, place) in tracks), None)
        if found is not None:
            self._elsewhere.add(found)
        return found is not None

    def look_up(self, run: Run[Any] | None) -> None:
        """Count the mapped tasks that have ended as a whole, which nobody is told of."""
        for task, items in self.items.items():
            if run is not None and not items.is_over:
                record = run.tasks.get(task.partition("/")[0])  # what runs within has ended with what it runs in
                if record is not None and record.finished is not None:
                    items.is_over = True
                    if task in self.names:
                        self.counts[record.status] += 1

    def _is_own(self, task: str) -> bool:
        """Whether it is a task of the run itself, and neither called nor one of a run within."""
        return task in self.names or not ("/" in task or "#" in task)

    def _tell_item(self, event: Event, task: str, now: float) -> Note | None:
        which = f"{self.name}: {clean(task)}" + ("" if event.index is None else f"[{event.index}]")
        path, task = task, _ITEM.sub("", task)
        if self._is_own(task):
            self.names.add(task)
        items = self.items.get(task)
        if items is None:
            items = self.items[task] = ItemTrack(task if task == path else None, now)
        if event.status is Status.RUNNING:
            return None
        who = f"{self.name}: {clean(task)}"
        if event.status is Status.RETRYING:
            text = f"{which}, attempt {event.attempt} failed, {_say_delay(event.delay)}: {say_error(event.error)}"
            return Note("retry", text) if items.may_tell() else None
        has_line = items.end(event)
        if event.status is Status.FAILED and items.may_tell():
            return Note("failed", f"{which} failed{_say_attempts(event)} ({items.say(now)}): {say_error(event.error)}")
        # Of what runs in the runs of items, these themselves have a line.
        return Note("ended", f"{who} {items.say(now)}") if has_line and task == path else None

    def _tell_run(self, event: Event, now: float) -> Note:
        if event.status is Status.RUNNING:
            tasks = f"{len(self.names)} task{'' if len(self.names) == 1 else 's'}"
            return Note("start", f"{self.name}: started, {tasks}")
        how, time = str(event.status), say_seconds(now - self.start)
        text = f"{how} in {time}" if event.status is Status.COMPLETED else f"{how} after {time}"
        counts = f" ({say_counts(self.counts)})" if self.counts else ""
        error = f": {say_error(event.error)}" if event.error is not None else ""
        return Note("end", f"{self.name}: {text}{counts}{error}")

    def _tell_task(self, event: Event, task: str, now: float) -> Note | None:
        is_own = self._is_own(task)
        if is_own:
            self.names.add(task)
        attempt = event.attempt or 0
        if event.status is Status.RUNNING:
            self.begun.setdefault(task, now)
            self.active[task] = Active(attempt, now)
            return None
        if event.status is Status.RETRYING:
            error = say_error(event.error)
            self.active[task] = Active(attempt, now + (event.delay or 0.0), error)
            again = _say_delay(event.delay)
            note = Note("retry", f"{self.name}: {clean(task)}, attempt {attempt} failed, {again}: {error}")
            return note if is_own or self._may_tell() else None
        self.active.pop(task, None)
        if is_own:
            self.counts[event.status] += 1
        return self._tell_end(event, task, now - self.begun.pop(task, now), is_own=is_own)

    def _may_tell(self) -> bool:
        """Whether there is room for one more line on what is called or runs within."""
        self._told += 1
        return self._told <= _MOST_LINES

    def _tell_end(self, event: Event, task: str, seconds: float, *, is_own: bool) -> Note | None:
        place = f" ({self.done} of {len(self.names)})" if is_own else ""
        who = f"{self.name}: {clean(task)}"
        is_quiet = bool(self.done % self.step) and self.done < len(self.names) if is_own else not self._may_tell()
        if event.status is Status.FAILED and (is_own or not is_quiet):
            return Note("failed", f"{who} failed{_say_attempts(event)}{place}: {say_error(event.error)}")
        if event.status is Status.CANCELLED or is_quiet:
            return None  # the end of the run says how many
        time = f" in {say_seconds(seconds)}" if event.status is Status.COMPLETED else ""
        return Note("ended", f"{who} {say_status(event.status)}{time}{place}")

    def is_gone(self, now: float) -> bool:
        """Whether the run has ended without telling so, and long enough ago."""
        run = self.run()
        if run is None:
            return True
        if run.status in (Status.PENDING, Status.RUNNING):
            return False
        self.gone_since = now if self.gone_since is None else self.gone_since
        return now - self.gone_since >= (_GRACE if self.whole else 0)


def _find_run(run: Run[Any], place: str) -> str | None:
    """Return the id of the run of a nested workflow, or of a call; `None` if there is none any more."""
    try:
        record = run.tasks.item(place) if place.endswith("]") else run.tasks[place]
    except LookupError:
        return None
    return None if record.run is None else str(record.run.id)


def _say_attempts(event: Event) -> str:
    return f" after {event.attempt} attempts" if (event.attempt or 0) > 1 else ""


def _say_delay(delay: float | None) -> str:
    return f"again in {say_seconds(delay)}" if delay else "again"
