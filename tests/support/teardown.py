"""Places in which a run can be when it ends: each has something begun that has to be ended and closed by then.

Each is a function of a `Traces` that returns a task or a workflow, which says there that it has come to its place.
"""

import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from anyio import from_thread
from anyio.lowlevel import checkpoint

from flowdeco import resource, task, value, workflow

PLACES: dict[str, Callable[["Traces"], Any]] = {}


def place(function: Callable[["Traces"], Any]) -> Callable[["Traces"], Any]:
    PLACES[function.__name__] = function
    return function


class Traces:
    """What was begun and has not ended, and whether all is in its place. To be made on the event loop.

    Args:
        seconds: how much time there is, where that is what ends a run.

    Attributes:
        there: set when it is.
        released: set when what waits is to end by itself.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.there, self._released_on_loop = anyio.Event(), anyio.Event()
        self.released = threading.Event()
        self.begun: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def inside(self, name: str) -> Generator[None]:
        """Be in something that has to end."""
        with self._lock:
            self.begun[name] += 1
            self.open[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self.open[name] -= 1

    def release(self) -> None:
        """Let all that waits end by itself. On the event loop."""
        self.released.set()
        self._released_on_loop.set()

    async def wait(self, name: str = "task") -> None:
        """Say that the place is reached, and wait."""
        with self.inside(name):
            self.there.set()
            try:
                await self._released_on_loop.wait()
            finally:
                await checkpoint()

    def wait_in_thread(self, name: str = "task") -> None:
        """Do the same in a thread."""
        with self.inside(name):
            from_thread.run_sync(self.there.set)
            while not self.released.wait(0.001):
                from_thread.check_cancelled()

    def list_left(self) -> list[str]:
        """What has not ended."""
        return sorted(+self.open)


# Items.


@place
def item(traces: Traces) -> Any:
    async def step(number: int) -> None:
        await traces.wait("item")

    return task(step, each={"number": value([1, 2, 3])})


@place
def item_in_a_thread(traces: Traces) -> Any:
    def step(number: int) -> None:
        traces.wait_in_thread("item")

    return task(step, each={"number": value([1, 2, 3])})


@place
def item_of_a_workflow_for_items_of_one(traces: Traces) -> Any:
    @workflow(after=item(traces), each={"chapter": value([1, 2])})
    async def inner(chapter: int) -> None: ...

    @workflow(after=inner, each={"book": value([1, 2])})
    async def outer(book: int) -> None: ...

    return outer


@place
def generator_that_is_held_back(traces: Traces) -> Any:
    @task
    async def numbers() -> AsyncIterator[int]:
        with traces.inside("generator"):
            while not traces.released.is_set():
                yield 1

    async def step(number: int) -> None:
        await traces.wait("item")

    return task(step, each={"number": numbers}, ahead=1)


@place
def generator_that_is_held_back_in_its_thread(traces: Traces) -> Any:
    @task
    def numbers() -> Iterator[int]:
        with traces.inside("generator"):
            while not traces.released.is_set():
                yield 1

    async def step(number: int) -> None:
        await traces.wait("item")

    return task(step, each={"number": numbers}, ahead=1)


def _give_one(traces: Traces) -> Any:
    @task
    async def numbers() -> AsyncIterator[int]:
        with traces.inside("generator"):
            yield 1
            await traces.wait("source")

    return numbers


@place
def reader_that_waits(traces: Traces) -> Any:
    async def reader(read: AsyncIterator[int]) -> None:
        with traces.inside("reader"):
            async for _ in read:
                pass

    return task(reader, stream="read", needs={"read": _give_one(traces)})


@place
def reader_that_waits_in_a_thread(traces: Traces) -> Any:
    def reader(read: Iterator[int]) -> None:
        with traces.inside("reader"):
            for _ in read:
                pass

    return task(reader, stream="read", needs={"read": _give_one(traces)})


# Resources.


def _use(held: Any, function: Callable[[], Any]) -> Any:
    async def step(held: None) -> None:
        await function()

    return task(step, needs={"held": held})


@place
def resource_being_opened(traces: Traces) -> Any:
    @resource
    async def held() -> AsyncGenerator[None]:
        await traces.wait("opening")
        with traces.inside("resource"):
            yield

    return _use(held, checkpoint)


@place
def resource_being_opened_in_a_thread(traces: Traces) -> Any:
    @resource
    def held() -> Generator[None]:
        traces.wait_in_thread("opening")
        with traces.inside("resource"):
            yield

    return _use(held, checkpoint)


@place
def resource_that_is_open(traces: Traces) -> Any:
    @resource
    async def held() -> AsyncGenerator[None]:
        with traces.inside("resource"):
            try:
                yield
            finally:
                await checkpoint()
                assert not traces.open["task"]

    return _use(held, traces.wait)


@place
def resource_that_is_open_in_a_thread(traces: Traces) -> Any:
    @resource
    def held() -> Generator[None]:
        with traces.inside("resource"):
            try:
                yield
            finally:
                assert not traces.open["task"]

    return _use(held, traces.wait)


@place
def resource_being_closed(traces: Traces) -> Any:
    @resource
    async def held() -> AsyncGenerator[None]:
        with traces.inside("resource"):
            yield
            traces.there.set()
            while not traces.released.is_set():  # noqa: ASYNC110 - it is set in any thread
                await anyio.sleep(0.001)

    return workflow(_nothing, name="closes", after=_use(held, checkpoint))


@place
def resource_being_closed_in_a_thread(traces: Traces) -> Any:
    @resource
    def held() -> Generator[None]:
        with traces.inside("resource"):
            yield
            from_thread.run_sync(traces.there.set)
            traces.released.wait(60)

    return workflow(_nothing, name="closes", after=_use(held, checkpoint))


# Calls.


@place
def call_of_a_task(traces: Traces) -> Any:
    called = task(traces.wait)

    async def caller(name: str) -> None:
        with traces.inside("caller"):
            await called.call(name)

    return task(caller, needs={"name": value("task")}, calls=called)


@place
def call_of_a_task_in_a_thread(traces: Traces) -> Any:
    called = task(traces.wait_in_thread)

    def caller() -> None:
        with traces.inside("caller"):
            called.call_sync("task")

    return task(caller, calls=called)


@place
def call_of_a_workflow(traces: Traces) -> Any:
    called = workflow(_nothing, name="called", after=[item(traces), resource_that_is_open(traces)])

    async def caller() -> None:
        with traces.inside("caller"):
            await called.call()

    return task(caller, calls=called)


@place
def call_of_a_workflow_in_a_thread(traces: Traces) -> Any:
    called = workflow(_nothing, name="called", after=[item_in_a_thread(traces), resource_that_is_open(traces)])

    def caller() -> None:
        with traces.inside("caller"):
            called.call_sync()

    return task(caller, calls=called)


@place
def call_for_an_item(traces: Traces) -> Any:
    called = task(traces.wait)

    async def caller(number: int) -> None:
        with traces.inside("item"):
            await called.call("task")

    return task(caller, each={"number": value([1, 2])}, calls=called)


async def _nothing() -> None: ...
