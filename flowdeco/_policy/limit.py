"""Capacity that tasks share, across runs, event loops and threads."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from itertools import count
from threading import Lock, Thread
from types import MappingProxyType
from typing import Any, TypeGuard, final

from anyio import Event, from_thread, move_on_after
from anyio.lowlevel import EventLoopToken, current_token

from .._base.checks import reject
from .._base.errors import LimitError

__all__ = ["Demand", "Hold", "Limit", "check_limit"]

_serials = count()


@final
class Limit:
    """Capacity that tasks share: `GPU = Limit(1)`, then `limit=GPU` or `limit={GPU: 1}` on each of them.

    Who asks first is served first, so a large demand is not starved by small ones. The object itself is the capacity:
    it is shared by runs, event loops and threads alike, and its copy is itself. A process has its own: a `Limit` that
    is pickled comes back as another one of the same capacity.

    What runs inside a task that holds places, a workflow called in its body, takes its places from those.

    Args:
        capacity: how many places there are, at least one.
        name: what errors and `repr` call it; `None` gives it no name.

    Raises:
        OptionError: the capacity is below one, or the name is empty.
        OptionTypeError: the capacity is not an integer, or the name not a string.
    """

    __slots__ = ("__weakref__", "_capacity", "_name", "_pool", "_serial")

    def __init__(self, capacity: int, name: str | None = None) -> None:
        _check_name(name)
        _check_capacity(f"limit {name!r}" if name else "limit", capacity)
        self._capacity = capacity
        self._name = name
        self._pool = _Pool(capacity, None)
        self._serial = next(_serials)

    @property
    def capacity(self) -> int:
        """How many places there are."""
        return self._capacity

    @property
    def name(self) -> str | None:
        """What errors call it, or `None`."""
        return self._name

    def __repr__(self) -> str:
        taken = f"{self._capacity - self._pool.free} of {self._capacity} places taken"
        waiting = f", {self._pool.waiting} waiting" if self._pool.waiting else ""
        return f"<Limit{f' {self._name!r}' if self._name else ''}: {taken}{waiting}>"

    def __copy__(self) -> Limit:
        return self

    def __deepcopy__(self, memo: object) -> Limit:
        return self

    def __reduce__(self) -> tuple[type[Limit], tuple[int, str | None]]:
        return Limit, (self._capacity, self._name)


def _check_name(name: object) -> None:
    if name is not None and not isinstance(name, str):
        raise reject("limit", "name", name, "is not a string. Leave it out for no name.", wrong_type=True)
    if name == "":
        raise reject("limit", "name", name, "is empty. Leave it out for no name.")


def _check_capacity(subject: str, capacity: object) -> None:
    if not _is_count(capacity):
        raise reject(subject, "capacity", capacity, "is not a whole number. Give at least 1.", wrong_type=True)
    if capacity < 1:
        raise reject(subject, "capacity", capacity, "is below one, so nothing could run. Give at least 1.")


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _label(limit: Limit) -> str:
    return f"limit {limit.name!r}" if limit.name else "an unnamed limit"


def check_limit(subject: str, value: object) -> Demand | None:
    """Return what `limit=` demands; `None` for `None` and an empty mapping.

    Args:
        subject: what is being defined, for errors: `task 'page'`.
        value: what was given: a number (a `Limit` of its own), a `Limit`, or places by `Limit`.
    """
    if value is None:
        return None
    if isinstance(value, Limit):
        return Demand.of({value: 1})
    if _is_count(value):
        if value < 1:
            raise reject(subject, "limit", value, "is below one. Give at least 1, or None for no limit.")
        return Demand.of({Limit(value): 1})
    if _is_mapping(value):
        places = dict(_check_places(subject, value))
        return Demand.of(places) if places else None
    reason = "is not a number, a Limit, or a mapping as in {GPU: 2}. Give one of these, or None for no limit."
    raise reject(subject, "limit", value, reason, wrong_type=True)


def _check_places(subject: str, value: Mapping[object, object]) -> Iterable[tuple[Limit, int]]:
    for limit, places in value.items():
        if not isinstance(limit, Limit):
            reason = f"names {limit!r}, which is not a Limit. Make one first, as in GPU = Limit(2)."
            raise reject(subject, "limit", value, reason, wrong_type=True)
        if not _is_count(places):
            reason = f"asks for {places!r} places of {_label(limit)}. Give a whole number."
            raise reject(subject, "limit", value, reason, wrong_type=True)
        if places < 1:
            raise reject(subject, "limit", value, f"asks for {places} places of {_label(limit)}. Give at least 1.")
        if places > limit.capacity:
            reason = f"asks for {places} places of {_label(limit)}, which has {limit.capacity}. Ask for no more."
            raise reject(subject, "limit", value, reason)
        yield limit, places


@dataclass(frozen=True, slots=True)
class Demand:
    """The places that a task needs.

    Attributes:
        pairs: each limit with the number of its places, in the one order in which everybody takes them, so that two
            demands over the same limits cannot hold each other up.
    """

    pairs: tuple[tuple[Limit, int], ...]

    @staticmethod
    def of(places: Mapping[Limit, int]) -> Demand:
        """Return the demand for these places, none of them more than its limit has."""
        return Demand(tuple(sorted(places.items(), key=lambda pair: pair[0]._serial)))

    async def acquire(self) -> Hold:
        """Take all the places, waiting for those that are not free; no checkpoint if all are.

        Cancelled, it has taken none.

        Returns:
            The places taken, to be released.

        Raises:
            LimitError: it is made inside a task that holds places of the same limit, but fewer.
        """
        if _LENT.get():
            for limit, places in self.pairs:  # before it waits for any
                _find_pool(limit, places)
        hold = Hold()
        try:
            for limit, places in self.pairs:
                pool = _find_pool(limit, places)
                while not (pool.take(places) or await pool.wait(places)):
                    pool = _find_pool(limit, places)  # the loan ended meanwhile
                hold._taken.append((limit, pool, places))
        except BaseException:
            hold.release()
            raise
        return hold


class Hold:
    """Places that were taken. Made by `Demand.acquire`."""

    __slots__ = ("_loans", "_taken")

    def __init__(self) -> None:
        self._taken: list[tuple[Limit, _Pool, int]] = []
        self._loans: dict[Limit, _Pool] = {}

    def release(self) -> None:
        """Give the places back, once however often it is called.

        From any thread, also one that belongs to no event loop, and from a finalizer: it never waits for a lock.
        What was lent and is still in use comes back when its user releases it.
        """
        while self._taken:
            try:
                limit, pool, places = self._taken.pop()  # atomic: each place comes back once
            except IndexError:
                return  # another thread was quicker
            loan = self._loans.get(limit)
            if loan is None:
                pool.give_back(places)
            else:
                loan.close()

    def lend(self) -> Callable[[], None]:
        """Let what runs in the current context, and in copies of it, take its places from these.

        To be called before anybody might release them.

        Returns:
            A function that ends it for what runs in the current context from then on.
        """
        if not self._loans:
            self._loans = {limit: _Pool(places, pool) for limit, pool, places in self._taken}
        return partial(_LENT.reset, _LENT.set({**_LENT.get(), **self._loans}))


class _Waiter:
    """One that waits for places; `granted` is whether they are its own now."""

    __slots__ = ("event", "granted", "places", "token")

    def __init__(self, places: int) -> None:
        self.places = places
        self.granted = False
        self.event = Event()
        self.token = current_token()


class _Pool:
    """Places: those of a limit, or those that a holder lends to what runs inside it.

    Whatever may happen on any thread, or in a finalizer that runs in the middle of anything, is put into a mailbox.
    Who gets the lock works it off, and looks again after letting go: so nobody has to wait for the lock to do it.

    Attributes:
        places: how many there are.
        free: how many are not taken.
        source: where the places of a loan come from, and go when it ends; `None` for those of a limit.
        closed: whether the loan has ended.
    """

    __slots__ = ("_lock", "_mail", "_queue", "_woken", "closed", "free", "places", "source")

    def __init__(self, places: int, source: _Pool | None) -> None:
        self.places = self.free = places
        self.source = source
        self.closed = False
        self._lock = Lock()
        self._mail: deque[Callable[[], None]] = deque()
        self._queue: OrderedDict[_Waiter, None] = OrderedDict()
        self._woken: list[_Waiter] = []

    @property
    def waiting(self) -> int:
        """How many wait for places."""
        return len(self._queue)

    def take(self, places: int) -> bool:
        """Take the places if they are free and nobody waits; return whether it did."""
        with self._lock:
            taken = self.free >= places and not self._queue
            if taken:
                self.free -= places
        if self._mail:
            self._work_off()
        return taken

    async def wait(self, places: int) -> bool:
        """Wait for the places and take them; return `False` if there are none any more, the loan having ended."""
        waiter = _Waiter(places)
        try:
            self._post(partial(self._arrive, waiter))
            await waiter.event.wait()
        except GeneratorExit:  # nothing can wake it any more
            self._post(partial(self._leave, waiter))
            raise
        except BaseException:
            self._post(partial(self._leave, waiter, wake=True))
            with move_on_after(1, shield=True):  # a wake-up on its way would get stuck at an event loop that ends now
                await waiter.event.wait()
            raise
        return waiter.granted

    def give_back(self, places: int) -> None:
        """Take places back."""
        self._post(partial(self._put_back, places))

    def close(self) -> None:
        """End a loan: its places go where they came from, those in use when they come back."""
        self._post(self._close)

    def _post(self, message: Callable[[], None]) -> None:
        self._mail.append(message)
        self._work_off()

    def _work_off(self) -> None:
        # If somebody else has the lock, they look into the mailbox after letting go of it.
        while self._mail and self._lock.acquire(blocking=False):
            try:
                while self._mail:
                    self._mail.popleft()()
                self._grant()
                woken, self._woken = self._woken, []
            finally:
                self._lock.release()
            if woken:
                self._wake(woken)

    # What follows, up to `_wake`, is done by who has the lock.

    def _arrive(self, waiter: _Waiter) -> None:
        if self.closed:
            self._woken.append(waiter)
        else:
            self._queue[waiter] = None

    def _leave(self, waiter: _Waiter, *, wake: bool = False) -> None:
        if waiter in self._queue:
            del self._queue[waiter]
            if wake:
                self._woken.append(waiter)
        elif waiter.granted:
            waiter.granted = False
            self._put_back(waiter.places)

    def _put_back(self, places: int) -> None:
        if self.closed and self.source is not None:
            self.source.give_back(places)
        else:
            self.free += places

    def _close(self) -> None:
        free, self.free, self.closed = self.free, 0, True
        self._put_back(free)
        self._woken += self._queue
        self._queue.clear()

    def _grant(self) -> None:
        while self._queue:
            waiter = next(iter(self._queue))
            if waiter.places > self.free:
                return
            del self._queue[waiter]
            self.free -= waiter.places
            waiter.granted = True
            self._woken.append(waiter)

    def _wake(self, waiters: Iterable[_Waiter]) -> None:
        here = _current_token()
        for waiter in waiters:
            if waiter.token == here:
                waiter.event.set()
            else:  # two event loops that wake each other must not wait for each other: a thread does it for them
                Thread(target=self._wake_elsewhere, args=(waiter,), name="flowdeco wake-up", daemon=True).start()

    def _wake_elsewhere(self, waiter: _Waiter) -> None:
        try:
            from_thread.run_sync(waiter.event.set, token=waiter.token)
        except RuntimeError:  # that event loop is gone, and whoever waited there with it
            self._post(partial(self._leave, waiter))


def _current_token() -> EventLoopToken | None:
    try:
        return current_token()
    except RuntimeError:  # no event loop runs on this thread
        return None


# What the innermost holders around the current code lend to it.
_LENT: ContextVar[Mapping[Limit, _Pool]] = ContextVar("flowdeco_lent", default=MappingProxyType[Any, Any]({}))


def _find_pool(limit: Limit, places: int) -> _Pool:
    """Return what the places are to be taken from: the innermost loan that has not ended, else the limit's own."""
    pool = _LENT.get().get(limit, limit._pool)
    while pool.closed and pool.source is not None:
        pool = pool.source
    if places > pool.places:
        raise LimitError(
            f"Cannot take {_label(limit)}: {places} places are needed inside a task that holds {pool.places}, so "
            f"waiting for more might never end. Give the task around it {places}, or call it outside that task.",
            limit=limit,
            demanded=places,
            held=pool.places,
        )
    return pool
