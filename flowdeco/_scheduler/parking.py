"""Nodes that are put aside until what they have asked for is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, Protocol

from .._base.signature import discard
from .._runner.cancellation import Cancellation, stray
from .._runner.request import Parked, Request
from .._runner.signals import RunStopped
from .run_state import RunState

__all__ = ["Child", "ParkedNode", "Rest", "await_it", "raise_it"]


class Home(Protocol):
    """What a parked node needs of its engine."""

    state: RunState
    cancellation: Cancellation

    def resume(self, parked: ParkedNode) -> None:
        """Let a parked node go on."""

    def stop(self) -> None:
        """Start nothing new."""

    async def run_lane_after_thread(self) -> None:
        """See to what there is to do on the event loop."""


class ParkedNode:
    """A node's coroutine that was put aside, with what it goes on with."""

    __slots__ = ("awaitable", "context", "coroutine", "engine", "error", "index", "is_hop", "is_resumed", "value")

    def __init__(
        self, engine: Home, index: int, coroutine: Coroutine[Any, Any, Any], context: Context, awaitable: Any = None
    ) -> None:
        self.engine = engine
        self.awaitable = awaitable
        self.is_hop = self.is_resumed = False
        self.index = index
        self.coroutine = coroutine
        self.context = context
        self.value: Any = None
        self.error: BaseException | None = None

    def resume(self, value: Any = None, error: BaseException | None = None) -> None:
        """Put it on the list of those that go on."""
        self.value = value
        self.error = error
        self.is_resumed = True
        self.engine.resume(self)

    def come_back(self) -> None:
        """Have it go on on the event loop, if the run goes on."""
        self.is_hop = True
        self.resume()

    def discard(self) -> None:
        """Close what nobody will await."""
        if self.awaitable is not None:
            discard(self.awaitable)

    def step(self) -> Any:
        """Make its next step; return what it then waits for. Raises `StopIteration` at its end."""
        value, error, self.value, self.error = self.value, self.error, None, None
        try:
            if error is None:
                return self.context.run(self.coroutine.send, value)
            return self.context.run(self.coroutine.throw, error)
        finally:
            error = None


class Child:
    """What a parked node waits for in a child task."""

    def __init__(self, engine: Home, start: Callable[[], Awaitable[Any]], parked: Parked) -> None:
        self.engine = engine
        self.start = start
        self.parked = parked
        self.__name__ = f"{parked.index}"

    async def __call__(self) -> None:
        result: Any = None
        failure: BaseException | None = None
        try:
            result = await self.start()
        except self.engine.cancellation.kind:
            if self.engine.state.stopped or self.engine.cancellation.is_due():
                self.engine.stop()
                return
            failure = stray(self.engine.state.node_of(self.parked.index).name, RuntimeError())
        except BaseException as error:
            failure = error
        self.parked.resume(result, failure)
        result = failure = None  # an error's traceback leads here
        await self.engine.run_lane_after_thread()


class Rest:
    """Awaits the rest of a parked node after its run has ended: it is to come to its end at once."""

    def __init__(self, parked: ParkedNode) -> None:
        self.parked = parked

    def __await__(self) -> Generator[Any, Any, Any]:
        parked = self.parked
        if not parked.is_resumed or parked.is_hop:
            parked.error = RunStopped()
        while True:
            try:
                trap = parked.step()
            except StopIteration as stop:
                return stop.value
            if isinstance(trap, Request):
                parked.error = RunStopped()
                continue
            try:
                parked.value = yield trap
            except BaseException as error:
                parked.error = error


async def await_it(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def raise_it(error: BaseException) -> Any:
    try:
        raise error
    finally:
        del error  # its traceback leads to this frame
