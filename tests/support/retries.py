"""What the tests of retries share."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import anyio
import pytest
from anyio import CancelScope, Event, fail_after
from anyio.lowlevel import checkpoint

from flowdeco import Retry, Run, Task, Workflow, task, workflow

AGAIN = Retry(3, delay=0, jitter=0)


class Way(NamedTuple):
    """How a task comes to call a function, and the options that see to it."""

    make: Callable[[Callable[..., Any]], Callable[..., Any]]
    options: dict[str, Any]


def as_async(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any) -> Any:
        return function(*args)

    return call


def as_waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any) -> Any:
        await checkpoint()
        return function(*args)

    return call


def as_awaitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """A `def` that hands its work over in what it returns."""
    later = as_waiting(function)

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return later(*args)

    return call


def as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def look_on() -> None:
    """A hook: with one, the event loop sees to all attempts of a `def`, the first included."""


WAYS = {
    "async": Way(as_async, {}),
    "waits": Way(as_waiting, {}),
    "def": Way(as_it_is, {}),
    "def with a hook": Way(as_it_is, {"on_start": look_on}),
    "def with a timeout": Way(as_it_is, {"timeout": 3600}),
    "loop": Way(as_it_is, {"run_in": "loop"}),
    "awaitable": Way(as_awaitable, {}),
    "awaitable with a hook": Way(as_awaitable, {"on_start": look_on}),
}

each_way = pytest.mark.parametrize("way", WAYS)


def make(way: str, function: Callable[..., Any], **options: Any) -> Task[..., Any]:
    """Return a task named page."""
    make, more = WAYS[way]
    return task(make(function), name="page", **{**more, **options})


def alone(page: Task[..., Any], **options: Any) -> Workflow[Any, Any]:
    """Return a workflow with one task, which gives its result."""

    async def w(page: Any) -> Any:
        return page

    return workflow(w, needs={"page": page}, **options)


class Attempts:
    """A function that raises these errors, one at each call, and then returns how often it was called."""

    def __init__(self, *errors: BaseException) -> None:
        self._errors = list(errors)
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        if self._errors:
            raise self._errors.pop(0)
        return self.count


def attempts_of(*errors: BaseException) -> tuple[Callable[[], int], Attempts]:
    """Return the same as a plain function, and what counts its calls."""
    attempts = Attempts(*errors)

    def page() -> int:
        return attempts()

    return page, attempts


class Stop(NamedTuple):
    """How a run is stopped from without its task."""

    scope: CancelScope
    fails: Event

    def stop(self, how: str) -> None:
        if how == "scope":
            self.scope.cancel()
        else:
            self.fails.set()


async def run_until_stopped(page: Task[..., Any], how: str, *, when: Event) -> Run[Any]:
    """Return the run of a task that is stopped at a moment, by a scope around it or since its sibling fails."""
    stop = Stop(CancelScope(), Event())
    seen: list[Run[Any]] = []

    @task
    async def sibling(run: Run[Any]) -> None:
        seen.append(run)
        await stop.fails.wait()
        raise ValueError("sibling")

    @workflow(after=[page, sibling])
    async def w() -> None: ...

    async def watch() -> None:
        await when.wait()
        stop.stop(how)

    with fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            with stop.scope:
                await w.run()
    assert stop.scope.cancelled_caught is (how == "scope")
    return seen[0]


def errors_of(run: Run[Any], name: str = "page") -> list[tuple[int, str]]:
    return [(failure.attempt, str(failure.error)) for failure in run.errors if failure.task == name]
