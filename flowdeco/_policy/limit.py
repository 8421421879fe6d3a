"""Capacity that tasks share, across runs, event loops and threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, final
from weakref import WeakSet

import anyio

from .._base.checks import reject
from .._base.errors import LimitDeadlockError, LimitError
from .deadlock import Want, describe_deadlock, find_deadlock
from .lending import LENT, Bystanders, Lenders, list_lenders
from .pool import Pool, Waiter

if TYPE_CHECKING:
    from .._base.event_loop import EventLoop

__all__ = ["Demand", "Hold", "Limit", "is_count", "label_of"]

_serials = count()


@final
class Limit:
    """Capacity that tasks share: `GPU = Limit(1)`, then `limit=GPU` or `limit={GPU: 1}` on each of them.

    Who asks first is served first, so a large demand is not starved by small ones. The object itself is the capacity:
    it is shared by runs, event loops and threads alike, and its copy is itself. A process has its own: a `Limit` that
    is pickled comes back as another one of the same capacity.

    What runs inside a task that holds places, as what it calls, takes its places from those, one after the other, or
    from such as are free, whichever come first. So does what hooks call, where a task that holds places waits until
    they were told, as it does before its `on_start`.

    What yields or reads items one by one gives its places back while it waits, and takes them again, in turn with all
    others, before it goes on. So it may share them with what is done for each item.

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
        self._pool = Pool(capacity, None)
        self._serial = next(_serials)
        _limits.add(self)

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


# As long as they are in use: a child process made by os.fork() has those who hold and wait for places, but not the
# threads that they run on.
_limits: WeakSet[Limit] = WeakSet()


def _free_all() -> None:
    LENT.set(None)
    for limit in list(_limits):
        limit._pool = Pool(limit.capacity, None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_all)


def _check_name(name: object) -> None:
    if name is not None and not isinstance(name, str):
        raise reject("limit", "name", name, "is not a string. Leave it out for no name.", wrong_type=True)
    if name == "":
        raise reject("limit", "name", name, "is empty. Leave it out for no name.")


def _check_capacity(subject: str, capacity: object) -> None:
    if not is_count(capacity):
        raise reject(subject, "capacity", capacity, "is not a whole number. Give at least 1.", wrong_type=True)
    if capacity < 1:
        raise reject(subject, "capacity", capacity, "is below one, so nothing could run. Give at least 1.")


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def label_of(limit: Limit) -> str:
    """Return what to call a limit in a sentence."""
    return f"limit {limit.name!r}" if limit.name else "an unnamed limit"


class Demand(NamedTuple):
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

    def ask(self, name: str = "") -> Hold:
        """Begin to take all the places.

        Args:
            name: what to call who asks.

        Raises:
            LimitError: it is made inside a task that holds places of the same limit, but fewer.
        """
        if LENT.get() is not None:
            for limit, places in self.pairs:  # before it waits for any
                _find_pool(limit, places, LENT.get())
        return Hold(self.pairs, name)

    async def acquire(self) -> Hold:
        """Take all the places, waiting for those that are not free; no checkpoint if all are.

        Cancelled, it has taken none.

        Returns:
            The places taken, to be released.

        Raises:
            LimitError: as of `ask`.
            LimitDeadlockError: as of `Hold.check_wait`.
        """
        hold = self.ask()
        try:
            while not hold.advance():
                hold.check_wait()
                woken = anyio.Event()
                hold.wait(woken.set)
                await woken.wait()
        except BaseException:
            hold.cancel()
            raise
        return hold


class Hold:
    """Places that are taken, one limit after the other, and then held. Made by `Demand.ask`.

    Given up, they can be taken again: so does who waits in the middle of its work.

    Args:
        pairs: each limit with the number of places.
        name: what to call who holds them.

    Attributes:
        taken: each limit with the pool that its places came from, and their number; empty when they are given back.
        is_left_behind: whether who holds them was left behind, and nobody waits for it.
        inside: who waits inside, and what for. Each change is atomic, as these may be on any thread.
        hearings: the hooks that it waits for; what these call is inside, too.
    """

    __slots__ = (
        *("_backs_off", "_lenders", "_loans", "_looked_at", "_pairs", "_waiters", "_want"),
        *("hearings", "inside", "is_left_behind", "name", "taken"),
    )

    def __init__(self, pairs: tuple[tuple[Limit, int], ...], name: str = "") -> None:
        self.taken: list[tuple[Limit, Pool, int]] = []
        self.name = name
        self.is_left_behind = self._backs_off = False
        self._pairs = pairs
        # Of the places that are waited for: where they may come from, with who waits there.
        self._waiters: list[tuple[Pool, Waiter]] = []
        # Before it was found that they have to be waited for: each of the pools, with how often it had changed.
        self._looked_at: list[tuple[Pool, int]] = []
        self._want: Want | None = None
        self._lenders = LENT.get()
        self.inside: dict[tuple[Any, Want], None] = {}
        self.hearings: dict[object, Bystanders] = {}
        # Made when somebody asks for one; `None` for what was given back before.
        self._loans: dict[Limit, Pool | None] = {}

    def advance(self) -> bool:
        """Take what is free; return whether that was all. If not, `wait` before the next try."""
        taken = self.taken
        granted = self._leave_queues()
        if granted is not None:  # else a loan ended meanwhile
            self._note_taken(self._pairs[len(taken)][0], *granted)
        if self._backs_off:
            self._backs_off = False
            self.release()
        if self._loans and not taken:  # they are taken again; what borrowed of them before looks for others
            self._loans = {}
        while len(taken) < len(self._pairs):
            limit, places = self._pairs[len(taken)]
            self._want = Want(label_of(limit), _find_pool(limit, places, self._lenders), places)
            self._looked_at = [(pool, pool.changes) for pool in self._want.list_pools()]
            for pool, _ in self._looked_at:
                if pool.take(places):
                    self._note_taken(limit, pool, places)
                    break
            else:
                return False
        self._want = None
        return True

    def check_wait(self, *, is_call: bool = False) -> None:
        """Begin to wait for what `advance` could not take.

        Args:
            is_call: whether it is asked for by what a task or workflow calls.

        Raises:
            LimitDeadlockError: that would never come: those who hold it wait for what is held around here, or were
                left behind.
        """
        want = self._want
        assert want is not None
        for lender in list_lenders(self._lenders):
            lender.inside[self, want] = None
        if not (is_call or self.taken or self._lenders):
            return
        chain = find_deadlock(want)
        if chain is not None:
            names = tuple([holder.name for holder, _ in chain])
            message = describe_deadlock(self.name, want, chain)
            raise LimitDeadlockError(message, limit=self._pairs[len(self.taken)][0], chain=names)

    def list_wants(self) -> list[Want]:
        """Return what it waits for itself, and what is waited for inside it."""
        inside = [self.inside, *[hearing.inside for hearing in list(self.hearings.values())]]
        found = list(dict.fromkeys([want for waits in inside for _, want in list(waits)]))
        return found if self._want is None else [self._want, *found]

    def wait(self, wake: Callable[[], object], loop: EventLoop | None = None) -> None:
        """Have a function called when it is worth trying again; on the event loop, or on a thread that gives back.

        Args:
            wake: the function.
            loop: the event loop; `None`: the one that runs on this thread.
        """
        assert self._want is not None
        places = self._want.places
        once = iter([wake])  # more than one may grant what it asks for, on any thread

        def wake_once() -> None:
            for call in once:
                call()

        self._waiters = [(pool, Waiter(places, wake_once, loop, seen)) for pool, seen in self._looked_at]
        for pool, waiter in list(self._waiters):
            pool.queue(waiter)
        if self._backs_off:
            self.back_off()

    @property
    def is_taking(self) -> bool:
        """Whether it has some of its places, and waits for the rest."""
        return self._want is not None and bool(self.taken)

    def back_off(self) -> None:
        """Have it give back what it has and begin anew. On any thread; it does so itself."""
        self._backs_off = True
        for pool, waiter in tuple(self._waiters):
            pool.wake(waiter)

    def cancel(self) -> None:
        """Give up: leave the queue, and give back what was taken. `advance` takes the places again."""
        granted = self._leave_queues()
        if granted is not None:
            granted[0].give_back(granted[1])
        self._want = None
        self.release()

    def _leave_queues(self) -> tuple[Pool, int] | None:
        """Wait no more; return which pool has granted what was waited for, and how many places."""
        waiters, self._waiters = self._waiters, []
        granted: tuple[Pool, int] | None = None
        for pool, waiter in waiters:
            if waiter.granted and granted is None:
                granted = pool, waiter.places
            else:
                pool.unqueue(waiter)
        if self._want is not None:
            for lender in list_lenders(self._lenders):
                lender.inside.pop((self, self._want), None)
        return granted

    def _note_taken(self, limit: Limit, pool: Pool, places: int) -> None:
        pool.holders[self] = places
        self.taken.append((limit, pool, places))
        for _, want in tuple(self.inside):  # who waits inside meanwhile for the limit's own may borrow these
            want.pool.wake_all()

    def release(self) -> None:
        """Give the places back, once however often it is called.

        From any thread, also one that belongs to no event loop, and from a finalizer: it never waits for a lock.
        What was lent and is still in use comes back when its user releases it.
        """
        while self.taken:
            try:
                limit, pool, places = self.taken.pop()  # atomic: each place comes back once
            except IndexError:
                return  # another thread was quicker
            pool.holders.pop(self, None)
            loan = self._loans.setdefault(limit, None)  # atomic: from here on nobody borrows it
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
        return partial(LENT.reset, LENT.set(Lenders(self, LENT.get())))

    def find_loan(self, limit: Limit, places: int) -> Pool | None:
        """Return what is lent of a limit, be it less than is needed; `None` if nothing is."""
        loans = self._loans  # looked up first: these may be given back meanwhile, and others taken
        for held, pool, number in tuple(self.taken):
            if held is limit:
                return loans.get(limit) or loans.setdefault(limit, Pool(number, pool))
        return None


def _find_pool(limit: Limit, places: int, lenders: Lenders | None) -> Pool:
    """Return what the places are to be taken from: the innermost loan that has not ended, else the limit's own."""
    pool: Pool | None = None
    while pool is None and lenders is not None:
        pool, lenders = lenders.innermost.find_loan(limit, places), lenders.others
    pool = pool or limit._pool
    while pool.closed and pool.source is not None:
        pool = pool.source
    if places > pool.places:
        raise LimitError(
            f"Cannot take {label_of(limit)}: {places} places are needed inside a task that holds {pool.places}, so "
            f"waiting for more might never end. Give the task around it {places}, or call it outside that task.",
            limit=limit,
            demanded=places,
            held=pool.places,
        )
    return pool
