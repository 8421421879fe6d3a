"""What a lifecycle asks of whoever drives it: a node that waits for one of these holds no task of the event loop.

A lifecycle is a coroutine. What its user's code awaits goes on to the event loop, and the task that drives it has to
wait with it. What it asks for itself (a call in a thread, a place of a limit) is a request: the driver puts the
coroutine aside, parked, and goes on with the next node. When the request is met, any driver may take it up again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextvars import Context
from typing import Any, Protocol

from .._worker.worker import Call

__all__ = ["InChild", "InThread", "Needs", "Parked", "Post", "Request", "ToLoop", "WaitFor"]


class Parked(Protocol):
    """A lifecycle that was put aside, that of the node `index`."""

    index: int
    context: Context

    def resume(self, value: Any = None, error: BaseException | None = None) -> None:
        """Let it go on, with what it asked for or with an error. From any thread; once."""


class Post(Protocol):
    """What a driver offers to meet requests."""

    def wait_at_pause(self, parked: Parked) -> None:
        """Resume a node with its arguments when all that it needs is there, or with how it ends without."""

    def call_in_thread(self, call: Call, *, apart: bool) -> None:
        """Make a call in a thread."""

    def run_in_child(self, start: Callable[[], Awaitable[Any]], parked: Parked) -> None:
        """Await something in a child task of the run, and resume with what it gives."""


class Request:
    """Something to be waited for. `await request` gives what it came to.

    Attributes:
        needs_group: whether a task of the event loop may be needed for it.
    """

    __slots__ = ()
    needs_group = True

    def __await__(self) -> Generator[Request, Any, Any]:
        return (yield self)

    def begin(self, post: Post, parked: Parked) -> None:
        """Have it done, and `parked.resume` called in the end."""
        raise AssertionError("who asks for the event loop is on it already")


class ToLoop(Request):
    """To go on with on the event loop, whatever thread this is."""

    __slots__ = ()

    def begin(self, post: Post, parked: Parked) -> None:
        parked.resume()


class InThread(Request):
    """A call of a plain function in a worker thread, in a copy of the lifecycle's context.

    Args:
        function: what is called.
        args: what it gets by position.
        apart: whether its thread is to be one besides the others.

    Attributes:
        context: set where it is made; what the function returns may have to be awaited in that.
    """

    __slots__ = ("apart", "args", "context", "function")
    context: Context

    def __init__(self, function: Callable[..., Any], args: Any, *, apart: bool = False) -> None:
        self.function = function
        self.args = args
        self.apart = apart

    def begin(self, post: Post, parked: Parked) -> None:
        def end(call: Call) -> None:
            parked.resume(*call.take_outcome())

        self.context = parked.context.copy()
        post.call_in_thread(Call(self.function, self.args, self.context, end), apart=self.apart)


class InChild(Request):
    """Something awaited in a child task of the run, with a scope and a deadline of its own perhaps."""

    __slots__ = ("start",)

    def __init__(self, start: Callable[[], Awaitable[Any]]) -> None:
        self.start = start

    def begin(self, post: Post, parked: Parked) -> None:
        post.run_in_child(self.start, parked)


class Needs(Request):
    """The arguments of the lifecycle's node, of which something is not there yet."""

    __slots__ = ()
    needs_group = False

    def begin(self, post: Post, parked: Parked) -> None:
        post.wait_at_pause(parked)


class WaitFor(Request):
    """To be woken by a function that `register` is given; it may be called on any thread, once."""

    __slots__ = ("register",)

    def __init__(self, register: Callable[[Callable[[], None]], None]) -> None:
        self.register = register

    def begin(self, post: Post, parked: Parked) -> None:
        self.register(parked.resume)
