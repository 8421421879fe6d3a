"""What lanes need of the engine that they work for."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from threading import Lock
from typing import Any, Protocol

from .._record.journal import Journal
from .._runner.arguments import Row
from .._runner.cancellation import Cancellation
from .._runner.notice import Notice
from .._runner.request import Request
from .caller import Within
from .parking import ParkedNode
from .run_state import RunState

__all__ = ["LaneCrew"]


class LaneCrew(Protocol):
    """An engine, as its lanes see it; its attributes are explained there."""

    state: RunState
    journal: Journal
    within: Within
    context: Context
    cancellation: Cancellation
    lock: Lock
    resumed: deque[ParkedNode]
    kept: dict[int, tuple[Row, Context | None]]
    parked: set[ParkedNode]
    notices: deque[Notice]
    tables: tuple[Any, ...]
    is_followed: bool
    is_careful: bool
    is_stepping: bool
    was_interrupted: bool
    came_back: int

    @property
    def has_work(self) -> bool:
        """Whether there is something to do on the event loop."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether child tasks can be started."""
        ...

    def settle(self, index: int, result: Any, now: float) -> None:
        """Take in a node's result."""

    def begin(self, index: int) -> tuple[Coroutine[Any, Any, Any], Context]:
        """Return what drives a node, and its context."""
        ...

    def make_context(self, index: int) -> Context:
        """Return the context of a node: that of the run, but that it says who calls."""
        ...

    def take_turn(self, index: int) -> None:
        """Do what there is to be done at an index at which no function is called."""

    def take_turn_locked(self, index: int) -> None:
        """Do the same for a gate, an item or an axis that has begun, where the lock is held. On any thread."""

    def may_run(self, index: int) -> bool:
        """Judge a node that needs one which gave no result; return whether this lane is to begin it."""
        ...

    def park(self, index: int, coroutine: Coroutine[Any, Any, Any], context: Context, request: Request) -> None:
        """Put a node aside until what it asks for is there."""

    def put_aside(
        self, index: int, coroutine: Coroutine[Any, Any, Any], context: Context, awaitable: Any = None
    ) -> ParkedNode:
        """Return a node's coroutine as one that is parked."""
        ...

    def push_to_threads(self) -> bool:
        """See that the nodes which begin in threads are taken; return whether that can be."""
        ...

    def hand_over(self) -> None:
        """Let other lanes take the lists over."""

    def look_up(self) -> None:
        """See to it that what threads have left is done, if no lane is at work."""

    async def run_lane_after_thread(self) -> None:
        """See to what a thread that came back has left for the event loop."""

    def pick_up(self, index: int, error: BaseException) -> bool:
        """Go on with a plain node whose first attempt has failed; return false if there is no more to do for it."""
        ...

    def fail(self, index: int, error: BaseException) -> bool:
        """Take in a node that ended without a result; return whether the run goes on."""
        ...

    def note_failure(self, index: int, error: BaseException) -> None:
        """Take a node's error into the journal, unless its lifecycle has done so."""

    def note_cancelled(self, index: int) -> None:
        """Take into the journal that a node was cancelled."""

    def interrupt(self, index: int, error: KeyboardInterrupt, *, is_host: bool) -> bool:
        """End the run with a Ctrl-C that has hit a node."""
        ...

    def stop(self) -> None:
        """Start nothing new."""

    def cancel(self) -> None:
        """Cancel what is under way."""

    def tell(self) -> bool:
        """Tell what was posted; return whether that can be done, for which a task may be needed."""
        ...
