"""The threads of a run: how many there are, what makes more of them, and how the event loop hears of what they did.

One hop to a thread carries many calls: the thread goes on for as long as there is something to do. It is made in a
child task of the run's group and never in the caller's own, as a cancellation by asyncio itself would neither wait
for the thread nor tell it. What has not begun when a call has run for a millisecond is taken by another thread; a
watcher on the event loop sees to that while there is a backlog, and notices what the threads have left for it. So a
thread has to ring for the event loop only where nobody watches.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import Lock, local
from typing import Protocol

from anyio import CapacityLimiter, sleep, to_thread
from anyio.abc import TaskGroup

__all__ = [
    "COUNTED",
    "IN_THREAD",
    "SLICE",
    "Supply",
    "ThreadService",
    "choose_limiter",
    "count_threads_apart",
    "set_threads_apart",
]

# Seconds that anybody goes on before looking up: for others' turn on the event loop, for cancellation in a thread.
SLICE = 0.001

# Ticks without a backlog after which nobody looks after it any more.
_IDLE_TICKS = 10


class _Apart:
    """As many threads as there are by default, counted apart from those; made when the first one is asked for."""

    __slots__ = ("_limiter",)

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    def get(self) -> CapacityLimiter:
        if self._limiter is None:
            self._limiter = CapacityLimiter(to_thread.current_default_thread_limiter().total_tokens)
        return self._limiter


# True in what a task's function calls in a worker thread. A run started there gets threads of its own,
# since those that all wait for it are the ones it would otherwise wait for.
IN_THREAD: ContextVar[bool] = ContextVar("flowdeco_in_thread", default=False)
_APART: ContextVar[_Apart | None] = ContextVar("flowdeco_threads_apart", default=None)


class _Counted(local):
    """What counts this thread while it works for what holds places of a limit; else `None`.

    Such a thread may wait for another place, and who holds that one may need a thread of the same ones. So it lets
    another one work while it waits for the event loop.
    """

    by: CapacityLimiter | None = None


COUNTED = _Counted()


def count_threads_apart() -> None:
    """Give a run that was started in a worker thread threads of its own. Called in the run's own context."""
    if IN_THREAD.get():
        IN_THREAD.set(False)
        set_threads_apart()


def set_threads_apart() -> None:
    """Give what runs in this context from now on threads of its own.

    So for what holds a place of a limit: those that wait for the place may block every thread there is.
    """
    _APART.set(_Apart())


def choose_limiter() -> CapacityLimiter:
    """Return what bounds the number of threads in this context."""
    apart = _APART.get()
    return to_thread.current_default_thread_limiter() if apart is None else apart.get()


class Supply(Protocol):
    """What the threads work off. All but `work` is called on the event loop."""

    def work(self) -> None:
        """Do what there is to do, until there is nothing. Called in a worker thread."""

    def backlog(self) -> int:
        """Return how much has not begun."""
        ...

    async def attend(self) -> None:
        """Take note of what a thread has done that came back, and see to what the event loop has to do."""

    def look_up(self) -> None:
        """See to what the threads have left for the event loop."""


class ThreadService:
    """Carries what a supply has to threads, and sees that there are enough of them.

    Args:
        group: where the hops are made.
        limiter: bounds the number of threads.
        supply: what there is to do.
        lock: held to change `count`, by the supply's own threads too.

    Attributes:
        count: threads that work or are about to.
        done: how many calls they have finished.
        alive: child tasks of the group that are the service's own.
        watching: whether somebody on the event loop looks after the backlog.
    """

    __slots__ = ("_group", "_lock", "_supply", "alive", "count", "done", "limiter", "watching")

    def __init__(self, group: TaskGroup, limiter: CapacityLimiter, supply: Supply, lock: Lock) -> None:
        self._group = group
        self._supply = supply
        self._lock = lock
        self.limiter = limiter
        self.count = 0
        self.done = 0
        self.alive = 0
        self.watching = False

    def ensure(self) -> None:
        """See that what was added is worked off: by a thread, and by more if that one is held up."""
        fresh = not self.count
        if fresh:
            self._add(1)
        if not self.watching and self._supply.backlog() > fresh:  # the threads that there are may all be held up
            self.watch()

    def watch(self) -> None:
        """Have somebody look after the backlog, and after what the threads leave for the event loop."""
        self.watching = True
        self.alive += 1
        self._group.start_soon(self._watch)

    def _add(self, number: int) -> None:
        with self._lock:
            self.count += number
        self.alive += number
        for _ in range(number):
            self._group.start_soon(self._hop)

    async def _hop(self) -> None:
        """Carry work to a thread, then do what it has led to here, and so on in turns."""
        try:
            again = True
            while again:
                await to_thread.run_sync(self._supply.work, limiter=self.limiter)
                await self._supply.attend()
                with self._lock:
                    again = not self.count and self._supply.backlog() > 0
                    self.count += again
        finally:
            self.alive -= 1

    async def _watch(self) -> None:
        """Double the threads whenever those there are took longer than a tick a call and left some in the backlog."""
        supply, idle, done = self._supply, 0, self.done
        try:
            while idle < _IDLE_TICKS:
                await sleep(SLICE)
                backlog, most = supply.backlog(), self.limiter.total_tokens
                idle = 0 if backlog else idle + 1
                if backlog and self.done - done < self.count < most:
                    self._add(int(min(backlog, self.count, most - self.count)))
                done = self.done
                supply.look_up()
        finally:
            self.watching = False
            self.alive -= 1
