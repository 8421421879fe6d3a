"""Who lends places to what runs here: those around it that hold some, and those who wait for it.

What runs inside a task that holds places takes its own from those: the task waits for it. Where somebody waits until
hooks were told, what these call runs inside nobody who waits; yet it would wait for ever for places that are held
there. So it takes its own from those, too, for as long as they wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .deadlock import Want

if TYPE_CHECKING:
    from .pool import Pool

__all__ = ["LENT", "Bystanders", "Lender", "Lenders", "is_in_hook", "list_lenders"]


class Lender(Protocol):
    """Who lends places.

    Attributes:
        inside: who waits inside, and what for. Each change is atomic, as these may be on any thread.
    """

    inside: dict[tuple[Any, Want], None]

    def find_loan(self, limit: Any, places: int) -> Pool | None:
        """Return what is lent of a limit to who needs so many places; `None` if nothing is."""
        ...


class Holder(Lender, Protocol):
    """Who holds the places that it lends.

    Attributes:
        hearings: what it waits for until that was told, by what `Bystanders.join` has returned.
    """

    hearings: dict[object, Bystanders]


class Lenders(NamedTuple):
    """Who lends to the current code: the innermost one around it, and those around that."""

    innermost: Lender
    others: Lenders | None


LENT: ContextVar[Lenders | None] = ContextVar("flowdeco_lent", default=None)


def list_lenders(lenders: Lenders | None) -> Iterator[Any]:
    while lenders is not None:
        yield lenders.innermost
        lenders = lenders.others


class Bystanders:
    """Those who wait until hooks were told. They lend what they hold, and what is held around them, to these hooks."""

    __slots__ = ("_waiting", "inside")

    def __init__(self) -> None:
        self.inside: dict[tuple[Any, Want], None] = {}
        self._waiting: dict[object, tuple[Holder, ...]] = {}

    def join(self) -> object:
        """Begin to wait, as what runs in the current context; return what ends it with `leave`."""
        found = tuple([lender for lender in list_lenders(LENT.get()) if not isinstance(lender, Bystanders)])
        wait = object()
        if found:
            self._waiting[wait] = found
            for holder in found:
                holder.hearings[wait] = self
            for _, want in tuple(self.inside):  # who waits in a hook already may take of these
                want.pool.wake_all()
        return wait

    def leave(self, wait: object) -> None:
        for holder in self._waiting.pop(wait, ()):
            holder.hearings.pop(wait, None)

    def dismiss(self) -> None:
        """Say that everything was told, before the next hook is: nobody lends anything to that."""
        for wait in tuple(self._waiting):
            self.leave(wait)

    def find_loan(self, limit: Any, places: int) -> Pool | None:
        """Return what one of them lends, best one of which that is free."""
        taken: Pool | None = None
        for found in tuple(self._waiting.values()):
            for holder in found:
                loan = holder.find_loan(limit, places)
                if loan is not None and loan.places >= places:
                    if loan.free >= places:
                        return loan
                    taken = taken or loan
        return taken

    def let(self, call: Callable[[Any], Any], value: Any) -> Any:
        """Make a call, in which and in copies of whose context a hook runs that they wait for."""
        token = LENT.set(Lenders(self, LENT.get()))
        try:
            return call(value)
        finally:
            LENT.reset(token)


def is_in_hook() -> bool:
    """Whether this is called in a hook, or in what that calls: it cannot wait until everything was told."""
    return any(isinstance(lender, Bystanders) for lender in list_lenders(LENT.get()))
