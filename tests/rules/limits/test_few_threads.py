"""Many tasks that hold or want places find the few threads that there are."""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import anyio
import pytest
from anyio import Event, create_task_group, fail_after, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Limit, resource, task, workflow
from tests.conftest import Backend
from tests.support.example import examples
from tests.support.limit import run_on
from tests.support.limits import PATIENCE, Gauge, Line, alone, is_free
from tests.support.naming import take


@contextmanager
def few_threads(number: int) -> Generator[None]:
    limiter = to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, number
    try:
        yield
    finally:
        limiter.total_tokens = before


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("inner_kind", ["async", "def"])
async def test_a_hundred_blocking_calls_inside_limited_tasks_find_threads_and_places(
    threads: int, inner_kind: str
) -> None:
    limit, gauge = Limit(2), Gauge()

    def small() -> int:
        with gauge.one_more():
            return 1

    async def small_async() -> int:
        await checkpoint()
        return small()

    @workflow(needs={"given": task(small if inner_kind == "def" else small_async, name="small", limit=limit)})
    def inner(given: int) -> int:
        return given

    def call() -> int:
        return inner()

    w = workflow(take, needs={"given": [task(call, name=f"c{i}", limit=limit) for i in range(100)]})
    with fail_after(PATIENCE), few_threads(threads):
        assert await w.call() == [1] * 100
    assert gauge.most <= 2
    assert is_free(limit)


class Crowd:
    """Limited and unlimited tasks, `def` and `async def`, that call workflows of such tasks, which call others."""

    def __init__(self, capacity: int) -> None:
        self.limit = Limit(capacity)
        self.gauge = Gauge()

    def leaf(self, kind: str) -> Any:
        def work() -> int:
            with self.gauge.one_more():
                return 1

        async def work_async() -> int:
            with self.gauge.one_more():
                await checkpoint()
                return 1

        return task(work if "def" in kind else work_async, limit=self.limit if "limited" in kind else None)

    def caller(self, kind: str, inside: Any, name: str) -> Any:
        def call() -> int:
            return sum(inner())

        async def call_async() -> int:
            return sum(await inner.call())

        inner = workflow(take, needs={"given": [inside.with_options(name=f"i{n}") for n in range(2)]})
        return task(call if "def" in kind else call_async, name=name, limit=self.limit if "limited" in kind else None)


KINDS = ["def", "async", "limited def", "limited async"]


@examples(0.4)
@given(
    shapes=st.lists(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3), min_size=1, max_size=8),
    capacity=st.integers(1, 2),
    threads=st.integers(1, 2),
)
def test_tasks_that_call_workflows_in_turn_never_wait_for_each_other(
    backend: Backend, shapes: list[list[str]], capacity: int, threads: int
) -> None:
    crowd = Crowd(capacity)
    nodes: list[Any] = []
    for number, (innermost, *around) in enumerate(shapes):
        made = crowd.leaf(innermost).with_options(name=f"n{number}")
        for kind in around:
            made = crowd.caller(kind, made, f"n{number}")
        nodes.append(made)

    async def main() -> None:
        with fail_after(PATIENCE), few_threads(threads):
            found: list[int] = await workflow(take, needs={"given": nodes}).call()
        assert found == [2 ** (len(shape) - 1) for shape in shapes]

    run_on(backend, main)
    assert is_free(crowd.limit)


async def test_one_that_holds_a_place_finds_a_thread_although_those_who_wait_for_it_hold_them_all() -> None:
    limit, line = Limit(1), Line()
    blocked = [Event(), Event()]

    @task(limit=limit)
    def small() -> str:
        return "small"

    @workflow
    def inner(small: str) -> str:
        return small

    def call(number: int) -> str:
        anyio.from_thread.run_sync(blocked[number].set)
        return inner()

    callers = [task(partial(call, number), name=f"c{number}") for number in range(2)]
    holder = line.make("holder", limit)
    with fail_after(PATIENCE), few_threads(2):
        async with create_task_group() as group:
            group.start_soon(alone(holder).call)  # so that the next in line is the one that needs a thread
            await wait_all_tasks_blocked()
            group.start_soon(alone(small).call)
            await wait_all_tasks_blocked()
            group.start_soon(workflow(take, needs={"given": callers}).call)
            for event in blocked:
                await event.wait()
            line.go.set()
    assert is_free(limit)


async def test_what_a_holder_calls_finds_a_thread_although_those_who_wait_for_it_hold_them_all() -> None:
    limit = Limit(1)
    blocked = [Event(), Event()]

    @task(limit=limit)
    def small() -> str:
        return "small"

    @workflow
    def inner(small: str) -> str:
        return small

    @workflow(needs={"given": task(lambda: "plain", name="plain")})
    async def needs_thread(given: str) -> str:
        return given

    @task(limit=limit)
    async def holder() -> str:
        for event in blocked:
            await event.wait()
        await wait_all_tasks_blocked()
        return await needs_thread()

    def call(number: int) -> str:
        anyio.from_thread.run_sync(blocked[number].set)
        return inner()

    callers = [task(partial(call, number), name=f"c{number}", after=()) for number in range(2)]
    with fail_after(PATIENCE), few_threads(2):
        async with create_task_group() as group:
            group.start_soon(alone(holder).call)
            await wait_all_tasks_blocked()
            group.start_soon(workflow(take, needs={"given": callers}).call)
    assert is_free(limit)


async def test_those_who_hold_places_and_wait_for_another_leave_a_thread_to_the_one_that_holds_it() -> None:
    first, second, is_held = Limit(2), Limit(1), threading.Event()

    @task(limit=second)
    def small() -> str:
        return "small"

    def call() -> str:
        is_held.wait(PATIENCE)
        return small.call_sync()

    callers = [task(call, name=f"c{number}", limit=first) for number in range(2)]
    holder = small.with_options(name="holder", on_start=is_held.set)  # it has its place, but no thread
    with fail_after(PATIENCE), few_threads(2):
        assert await workflow(take, needs={"given": [*callers, holder]}).call() == ["small"] * 3
    assert is_free(first, second)


def test_so_do_those_who_wait_for_what_is_open_on_another_event_loop(backend: Backend) -> None:
    first, second, is_held = Limit(2), Limit(1), threading.Event()

    @resource(scope="shared")
    def client() -> Iterator[str]:
        yield "client"

    @task(limit=second)
    def small(client: str) -> str:
        return client

    @workflow
    def inner(small: str) -> str:
        return small

    @task(limit=second, on_start=is_held.set)
    def holder() -> str:
        return "holder"

    with inner.opened() as opened:

        def call() -> str:
            is_held.wait(PATIENCE)
            answer: str = opened()
            return answer

        async def main() -> Any:
            callers = [task(call, name=f"c{number}", limit=first) for number in range(2)]
            with fail_after(PATIENCE), few_threads(2):
                return await workflow(take, needs={"given": [*callers, holder]}).call()

        assert run_on(backend, main) == ["client", "client", "holder"]
    assert is_free(first, second)
