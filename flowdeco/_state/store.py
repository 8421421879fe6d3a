"""A mapping that keeps every change made to it, with who made it, and tells those who watch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from enum import Enum
from operator import is_
from reprlib import repr as shorten
from threading import RLock, get_ident
from typing import Any, Final, NamedTuple, final

from .._base.checks import check_time
from .._base.errors import AbandonedError
from .writer import WRITER, Writer

__all__ = ["ABSENT", "Absent", "Change", "ValueStore", "Watcher"]


class Absent(Enum):
    """The type of `ABSENT`, which stands for the value of a key that is not there. It is false."""

    ABSENT = "ABSENT"

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent.ABSENT


class _Part(NamedTuple):
    """The first items of a list that only ever grows, so that a thousand of them cost no more than the longest."""

    items: list[Any]
    size: int

    def take(self) -> list[Any]:
        return self.items[: self.size]

    def grow(self, item: object) -> _Part:
        self.items.append(item)
        return _Part(self.items, self.size + 1)

    def is_all_of(self, other: list[Any]) -> bool:
        return len(other) == self.size and all(map(is_, other, self.items))


@final
class Change:
    """One change of a state. It is not to be altered.

    A list that `append` has made is put together anew each time it is asked for.

    Attributes:
        key: the key, or the name of the field.
        time: when it was made, in UTC.
        task: the name of the task that made it; `None` if no task did.
    """

    __slots__ = ("_previous", "_value", "key", "task", "time")

    def __init__(self, key: Hashable, value: Any, previous: Any, time: datetime, task: str | None) -> None:
        self.key: Final = key
        self.time: Final = time
        self.task: Final = task
        self._value = value
        self._previous = previous

    @property
    def value(self) -> Any:
        """What the key has had since; `ABSENT`, which is false, if it was deleted."""
        return self._value.take() if type(self._value) is _Part else self._value

    @property
    def previous(self) -> Any:
        """What the key had before; `ABSENT`, which is false, if it was not there. `None` is a value like any other."""
        return self._previous.take() if type(self._previous) is _Part else self._previous

    @property
    def change(self) -> Change:
        """The change itself, so that a watcher may ask for all of it at once."""
        return self

    def __repr__(self) -> str:
        by = "" if self.task is None else f" by {self.task!r}"
        return f"<Change of {shorten(self.key)} from {shorten(self.previous)} to {shorten(self.value)}{by}>"


class Watcher:
    """Somebody who is told of the changes of a key, until it is not `active` any more."""

    __slots__ = ("active", "call")

    def __init__(self, call: Callable[[Change], object]) -> None:
        self.call = call
        self.active = True


class _Notice(NamedTuple):
    """A change of which the watchers are still to be told; not those whose own call has led to it."""

    change: Change
    watchers: tuple[Watcher, ...]
    writer: Writer | None
    causes: tuple[Watcher, ...]


@final
class ValueStore:
    """Values by key, and every change made to them.

    `with store:` is for those who write. What is done in it is one step to all other threads, and the watchers are
    told when the outermost one ends, without the lock, in the order of the changes. One thread tells at a time, and
    nobody waits for it: what others write meanwhile is told by that thread.

    Attributes:
        validators: by key, what a new value has to pass; the owner calls them.
        watchers: by key, who is told; a tuple is replaced and never altered.
        on_watcher_error: is given the error of a watcher and the change it was told of, and must not raise.
    """

    __slots__ = (
        "_causes", "_depth", "_history", "_lock", "_notices", "_parts", "_teller", "_values",
        "on_watcher_error", "validators", "watchers",
    )  # fmt: skip

    def __init__(self) -> None:
        self._lock = RLock()
        self._depth = 0
        self._values: dict[Hashable, Any] = {}
        # For a value that is a list made of a part: that part.
        self._parts: dict[Hashable, _Part] = {}
        self._notices: deque[_Notice] = deque()
        self._teller: int | None = None
        self._causes: tuple[Watcher, ...] = ()
        self._history: list[Change] = []
        self.validators: dict[Hashable, tuple[Callable[[Any], object], ...]] = {}
        self.watchers: dict[Hashable, tuple[Watcher, ...]] = {}
        self.on_watcher_error: Callable[[Exception, Change], object] | None = None

    def __enter__(self) -> ValueStore:
        _refuse_abandoned()
        self._lock.acquire()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        to_tell = self._depth == 0 and bool(self._notices)
        self._lock.release()
        if to_tell:
            self._tell()

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> list[Hashable]:
        """Return the keys as they are now."""
        return list(self._values)

    def find(self, key: Hashable) -> Any:
        """Return a value, which no later `append` alters. Raises `KeyError` if the key is not there."""
        value = self._values[key]
        if type(value) is not _Part:
            return value
        with self._lock:
            value = self._values[key]
            if type(value) is _Part:
                self._parts[key] = value
                self._values[key] = value = value.take()
            return value

    def fill(self, values: dict[Hashable, Any]) -> None:
        """Set the first values, which are no changes."""
        self._values.update(values)

    def copy(self) -> dict[Hashable, Any]:
        """Return all values, as they were at one time."""
        with self._lock:
            return {key: self.find(key) for key in self._values}

    def can_append(self, key: Hashable) -> bool:
        """Whether the key is not there, or has a plain list. Only inside `with`."""
        return type(self._values.get(key, [])) in (list, _Part)

    def read_history(self, key: Hashable | None, since: datetime | None, until: datetime | None) -> list[Change]:
        """Return the changes of a key, or of all for `None`, from `since` on and before `until`."""
        check_time("changes of state", "since", since)
        check_time("changes of state", "until", until)
        with self._lock:
            changes = list(self._history)
        return [
            change
            for change in changes
            if (key is None or change.key == key)
            and (since is None or change.time >= since)
            and (until is None or change.time < until)
        ]

    def put(self, key: Hashable, value: object) -> None:
        """Set a value. Only inside `with`."""
        _refuse_abandoned()
        previous = self._values.get(key, ABSENT)
        self._values[key] = value
        self._record(key, value, self._parts.pop(key, previous))

    def remove(self, key: Hashable) -> None:
        """Delete a key that is there. Only inside `with`."""
        previous = self._values.pop(key)
        self._record(key, ABSENT, self._parts.pop(key, previous))

    def append(self, key: Hashable, item: object) -> None:
        """Add to a list, in a time that does not grow with it unless it was read since. Only inside `with`.

        Lists in anybody's hands are left alone: the key has another one from now on.
        """
        _refuse_abandoned()
        previous = self._values.get(key, ABSENT)
        part = self._parts.pop(key, None)
        if type(previous) is _Part:
            part = previous
        elif previous is ABSENT:
            part = _Part([], 0)
        elif part is None or not part.is_all_of(previous):  # not ours, or altered since it was handed out
            part = _Part(list(previous), len(previous))
        self._values[key] = grown = part.grow(item)
        self._record(key, grown, ABSENT if previous is ABSENT else part)

    def add_watcher(self, key: Hashable, watcher: Watcher) -> Callable[[], None]:
        """Have a watcher told of a key's changes, until the function that is returned is called."""

        def unwatch() -> None:
            with self._lock:
                watcher.active = False
                self.watchers[key] = tuple(other for other in self.watchers.get(key, ()) if other is not watcher)

        with self._lock:
            self.watchers[key] = (*self.watchers.get(key, ()), watcher)
        return unwatch

    def _record(self, key: Hashable, value: object, previous: object) -> None:
        writer = WRITER.get()
        change = Change(key, value, previous, datetime.now(UTC), None if writer is None else writer.task)
        self._history.append(change)
        watchers = self.watchers.get(key)
        if watchers:
            causes = self._causes if self._teller == get_ident() else ()
            self._notices.append(_Notice(change, watchers, writer, causes))

    def _tell(self) -> None:
        with self._lock:
            if self._teller is not None:  # another thread, or a watcher's own write
                return
            self._teller = get_ident()
        try:
            while (notice := self._next_notice()) is not None:
                self._tell_one(notice)
        except BaseException:  # out of a watcher, an interrupt say; the next write goes on telling
            if self._teller == get_ident():
                self._causes, self._teller = (), None
            raise

    def _next_notice(self) -> _Notice | None:
        # In one step with the look at the notices, or one that was just added would wait for the next write.
        with self._lock:
            if self._notices:
                return self._notices.popleft()
            self._causes, self._teller = (), None
            return None

    def _tell_one(self, notice: _Notice) -> None:
        token = WRITER.set(notice.writer)  # what a watcher writes is written by the task that made the change
        try:
            for watcher in notice.watchers:
                if watcher.active and watcher not in notice.causes:
                    self._causes = (*notice.causes, watcher)
                    self._call(watcher, notice.change)
        finally:
            WRITER.reset(token)

    def _call(self, watcher: Watcher, change: Change) -> None:
        try:
            watcher.call(change)
        except Exception as error:
            from logging import getLogger  # all else that logs is loaded with the engine

            text = "A watcher of the state's key %s failed"
            getLogger("flowdeco").error(text, shorten(change.key), exc_info=error)
            if self.on_watcher_error is not None:
                self.on_watcher_error(error, change)


def _refuse_abandoned() -> None:
    writer = WRITER.get()
    if writer is not None and writer.abandoned:
        message = f"Cannot change state: attempt of task {writer.task!r} was abandoned at its timeout. "
        raise AbandonedError(message + "Return soon, or give the task a longer timeout.", task=writer.task)
