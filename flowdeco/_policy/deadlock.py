"""Whether a wait for places can ever end: those who hold them may wait themselves, in the end for who asks.

A holder gives its places back when all that was called inside it has ended. So it is held up by whatever waits inside
it; and who waits is held up if there would be too few places even if all gave theirs back that are not held up. What
was left behind at its timeout counts as held up for good.

Who has some of its places and waits for the rest has not begun, and loses nothing but its turn by giving these back. So
it does where it holds others up for ever: only between those that have begun there is nothing to be done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from .pool import Pool

__all__ = ["Holder", "Want", "describe_deadlock", "find_deadlock", "leave_behind"]


class Holder(Protocol):
    """Who holds places.

    Attributes:
        name: what to call it.
        is_left_behind: whether nobody waits for it any more.
    """

    name: str
    is_left_behind: bool

    @property
    def is_taking(self) -> bool:
        """Whether it has some of its places, and waits for the rest."""
        ...

    def back_off(self) -> None:
        """Have it give back what it has and begin anew. On any thread."""

    @property
    def taken(self) -> Sequence[tuple[object, Pool, int]]:
        """Each limit with the pool that its places came from, and their number."""
        ...

    def list_wants(self) -> list[Want]:
        """Return what it waits for itself, and what is waited for inside it."""
        ...


class Want(NamedTuple):
    """What is waited for.

    Attributes:
        label: what to call the limit.
        pool: where the places may come from, or from where that has its own.
        places: how many are wanted.
        is_thread: whether it is a turn in a thread.
    """

    label: str
    pool: Pool
    places: int
    is_thread: bool = False

    def list_pools(self) -> Iterator[Pool]:
        pool: Pool | None = self.pool
        while pool is not None:
            if not pool.closed:
                yield pool
            pool = pool.source


def leave_behind(holder: Holder) -> None:
    """Note that nobody waits for a holder any more: who waits for its places looks again whether that can end."""
    holder.is_left_behind = True
    for _, taken_from, _ in tuple(holder.taken):
        pool: Pool | None = taken_from
        while pool is not None:
            pool.wake_all()
            pool = pool.source if pool.closed else None


def find_deadlock(start: Want) -> list[tuple[Holder, Want]] | None:
    """Return the chain of those who hold each other up, if it will never be the turn of who waits.

    If it would be, were it not for some that have not all of their places yet, these are told to back off.

    Returns:
        Each holder with what it holds; `None` if the wait can end.
    """
    wants: dict[Want, None] = {start: None}
    holders: dict[Holder, Want] = {}
    for want in _grow(wants):
        for pool in want.list_pools():
            for holder, _ in pool.list_holders():
                if holder not in holders:
                    holders[holder] = want
                    wants.update(dict.fromkeys(holder.list_wants()))
    if start in _find_ending(wants, holders, set()):
        return None
    taking = {holder for holder in holders if holder.is_taking}
    if taking and start in _find_ending(wants, holders, taking):
        for holder in taking:
            holder.back_off()
        return None
    return list(_follow(start, holders))


def describe_deadlock(name: str, want: Want, chain: list[tuple[Holder, Want]]) -> str:
    """Return what is wrong where somebody waits for those who hold each other up."""
    links: list[str] = []
    for holder, held in chain:
        end = "and was left behind at its timeout" if holder.is_left_behind else "and waits"
        links.append(f"{holder.name!r} holds {held.label} {end}")
    word = "might" if chain[-1][0].is_left_behind else "would"  # a function that was left behind may end after all
    text = f"Cannot take {want.label} for {name!r}: it {word} wait for ever. {', '.join(links)}"
    text += "." if chain[-1][0].is_left_behind else " for this."
    if want.is_thread:
        return text + " Call its function itself, or call it in a task that runs elsewhere."
    return text + " Call it outside of what holds places, or give it a limit of its own."


def _grow(wants: dict[Want, None]) -> Iterator[Want]:
    """Give each, also those that are added meanwhile."""
    seen: set[Want] = set()
    while len(seen) < len(wants):
        for want in list(wants):
            if want not in seen:
                seen.add(want)
                yield want


def _find_ending(wants: dict[Want, None], holders: dict[Holder, Want], free: set[Holder]) -> set[Want]:
    """Return the waits that can end, if these give their places back in any case."""
    ending: set[Want] = set()
    free = set(free)
    while True:
        fresh = [want for want in wants if want not in ending and _can_end(want, free)]
        loose = [
            holder
            for holder in holders
            if holder not in free and not holder.is_left_behind and ending.issuperset(holder.list_wants())
        ]
        if not fresh and not loose:
            return ending
        ending.update(fresh)
        free.update(loose)


def _can_end(want: Want, free: set[Holder]) -> bool:
    return any(pool.count_coming(free) >= want.places for pool in want.list_pools())


def _follow(start: Want, holders: dict[Holder, Want]) -> Iterator[tuple[Holder, Want]]:
    """Give who holds what is wanted, who holds what that one waits for, and so on, each once."""
    want: Want | None = start
    seen: set[Holder] = set()
    while want is not None:
        found: list[Holder] = [
            holder for pool in want.list_pools() for holder, _ in pool.list_holders() if holder not in seen
        ]
        if not found:
            return
        holder = found[0]
        seen.add(holder)
        yield holder, want
        more = [] if holder.is_left_behind else holder.list_wants()
        want = more[0] if more else None
