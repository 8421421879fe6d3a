"""What is open for many runs: the values of shared resources, and the runs that use them.

Everything here happens on one event loop, that of the block: each run in it is driven there, whatever thread or event
loop it was called from. So there is no lock; only who has left the event loop sends word to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from anyio import CancelScope, Event

from .._base.errors import ResourceError
from .._base.event_loop import EventLoop
from .._record.resource_life import ResourceLife
from .errands import Errands
from .plan import Plan

__all__ = ["Opened", "SharedBlock"]

# What a shared resource gives, and what the record is to say of it.
Opened = tuple[Any, ResourceLife]


class SharedBlock:
    """The resources of one `opened()`, while they are open. To be made on their event loop.

    Args:
        name: what it is called in errors.
        inputs: the inputs that were given, by name.

    Attributes:
        values: what is open, by the id of the resource; `None` before.
        loop: their event loop.
        errands: runs on it what is called elsewhere.
        failure: what one of them has failed with while it was open; `None` if none has.
    """

    def __init__(self, name: str, inputs: Mapping[str, Any]) -> None:
        self.name = name
        self.inputs = inputs
        self.values: Mapping[int, Opened] | None = None
        self.failure: BaseException | None = None
        self.loop = EventLoop()
        self.errands = Errands(self.loop, self._over)
        self._users = 0
        self._scopes: set[CancelScope] = set()
        self._is_closing = False
        self._idle: Event | None = None
        self._ended = Event()

    def open(self, values: Mapping[int, Opened]) -> None:
        """Note what is open."""
        self.values = values

    def find_known(self, plan: Plan) -> dict[int, Opened]:
        """Return what the nodes of a plan that are shared resources give.

        Raises:
            ResourceError: there is one that was not there when the others were opened.
        """
        values, found = self.values or {}, dict[int, Opened]()
        for index, key in plan.shared.items():
            opened = values.get(key)
            if opened is None:
                name = plan.graph.nodes[index].name
                reason = f"resource {name!r} was not among them when they were opened. Make all changes before that."
                raise ResourceError(f"Cannot use {self.name}: {reason}", resource=name)
            found[index] = opened
        return found

    def join(self) -> None:
        """Use what is open, until `leave`.

        Raises:
            ResourceError: it is open no longer.
        """
        if self.failure is not None:
            raise self.failure
        if self._is_closing:
            raise self._over()
        self._users += 1

    def leave(self) -> None:
        """Use it no longer. From any thread: a plain call ends where it was made."""
        if self.loop.is_here():
            self._leave()
        else:
            self.loop.call_soon(self._leave)

    def _leave(self) -> None:
        self._users -= 1
        if not self._users and self._idle is not None:
            self._idle.set()

    def _over(self) -> ResourceError:
        return ResourceError(f"Cannot use {self.name}: its block has come to its end.", resource=self.name)

    async def watch(self, perform: Callable[[], Awaitable[BaseException | None]]) -> BaseException | None:
        """Do what a run does, unless what is open fails meanwhile; return what the run fails with."""
        with CancelScope() as scope:
            self._scopes.add(scope)
            try:
                return await perform()
            finally:
                self._scopes.discard(scope)
        # The error is known when all is closed, and that waits for the run: for all of it that uses what is open.
        self._leave()
        try:
            await self._ended.wait()
        finally:
            self._users += 1
        return self.failure or self._over()

    # What opens and closes it.

    async def stop_users(self, *, at_once: bool) -> None:
        """Let nobody use it any more, and wait for those who do.

        Args:
            at_once: whether these are cancelled.
        """
        self._is_closing = True
        if at_once:
            for scope in [*self._scopes]:
                scope.cancel()
        if self._users:
            self._idle = Event()
            await self._idle.wait()

    def end(self, failure: BaseException | None) -> None:
        """Note that all is closed, and what has failed."""
        self.failure = failure
        self._ended.set()
