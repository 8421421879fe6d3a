"""Calls from threads that anyio did not make."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
import trio

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.calls_threads import place, variable


def in_thread(function: Callable[[], Any]) -> Any:
    """Call a function in a thread of its own; return its result or raise its error."""
    results: list[Any] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def test_a_call_in_a_plain_thread_has_a_loop_of_its_own(backend: Backend) -> None:
    name, options = backend
    loop, body, _ = in_thread(place.with_options(backend=name, backend_options=options))
    assert loop == body != threading.get_ident()


def test_a_call_in_a_plain_thread_beside_a_running_loop_has_a_loop_of_its_own(backend: Backend) -> None:
    name, options = backend

    async def main() -> Any:
        return threading.get_ident(), in_thread(place)

    outer, (loop, body, _) = anyio.run(main, backend=name, backend_options=options)
    assert loop == body != outer


def test_a_call_in_a_thread_with_a_copy_of_the_loop_s_context_has_a_loop_of_its_own(backend: Backend) -> None:
    name, options = backend

    async def main() -> Any:
        variable.set("main")
        context = contextvars.copy_context()
        return threading.get_ident(), in_thread(lambda: context.run(place))

    outer, (loop, body, value) = anyio.run(main, backend=name, backend_options=options)
    assert loop == body != outer
    assert value == "main"


@pytest.mark.parametrize("start", [anyio.run, asyncio.run])
def test_a_call_in_asyncio_to_thread_has_a_loop_of_its_own_and_the_caller_s_variables(start: Any) -> None:
    async def main() -> Any:
        variable.set("main")
        return threading.get_ident(), await asyncio.to_thread(place)

    outer, (loop, body, value) = start(main if start is anyio.run else main())
    assert loop == body != outer
    assert value == "main"


def test_a_call_in_trio_s_own_threads_has_a_loop_of_its_own_and_the_caller_s_variables() -> None:
    async def main() -> Any:
        variable.set("main")
        return threading.get_ident(), await trio.to_thread.run_sync(place)

    outer, (loop, body, value) = trio.run(main)
    assert loop == body != outer
    assert value == "main"


def test_a_call_changes_nothing_in_the_caller_s_context(backend: Backend) -> None:
    name, options = backend

    @task
    async def sets() -> None:
        variable.set("changed")

    @workflow(backend=name, backend_options=options)
    def w(sets: Any) -> None: ...

    before = dict(contextvars.copy_context())
    w()
    assert dict(contextvars.copy_context()) == before
