"""What becomes of the places of a generator or a reader that waits: who gets them, and how it goes on."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import Limit, TaskTimeoutError, Workflow, task, workflow
from tests.conftest import Backend
from tests.support.clock import Clock, given_time
from tests.support.limits import INSTANT, PATIENCE, is_free

TURN = "1 of 1 places taken"


def make_source(kind: str, seen: list[str], limit: Limit, **options: Any) -> Any:
    """Return a source that notes how the limit stands while it works."""

    async def give_async(count: int) -> AsyncIterator[int]:
        for number in range(count):
            seen.append(repr(limit))
            yield number

    def give(count: int) -> Iterator[int]:
        for number in range(count):
            seen.append(repr(limit))
            yield number

    return task(give_async if kind == "async" else give, name="pages", limit=limit, **options)


KINDS = pytest.mark.parametrize("kind", ["def", "async"])


def make_held_back(kind: str, seen: list[str], limit: Limit, go: Event) -> Workflow[Any, list[int]]:
    """Return a workflow whose source is held back at its second item, until `go` is set."""

    @task(each={"page": make_source(kind, seen, limit, ahead=1)})
    async def users(page: int) -> int:
        await go.wait()
        return page

    @workflow
    def w(count: int, users: list[int]) -> list[int]:
        return users

    return w


@KINDS
async def test_a_place_of_what_is_held_back_is_anybody_s_and_is_taken_again_in_turn(kind: str) -> None:
    limit, go, seen = Limit(1), Event(), list[str]()
    w = make_held_back(kind, seen, limit, go)

    @task(limit=limit)
    async def other() -> str:
        before = len(seen)
        go.set()
        for _ in range(10):
            await checkpoint()
        await wait_all_tasks_blocked()
        assert len(seen) == before  # it waits for the place
        return repr(limit)

    async def run() -> None:
        assert await w.call(3) == [0, 1, 2]

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(run)
            while not seen:
                await checkpoint()
            assert TURN in await other.call()
    assert len(seen) == 3
    assert all(TURN in each for each in seen)
    assert is_free(limit)


@KINDS
async def test_a_reader_works_in_its_places_again(kind: str) -> None:
    limit, seen = Limit(1), list[str]()

    @task(each={"page": "pages"}, limit=limit)
    async def users(page: int) -> int:
        return page

    async def read_async(users: AsyncIterator[int]) -> int:
        total = 0
        async for user in users:
            seen.append(repr(limit))
            total += user
        seen.append(repr(limit))
        return total

    def read(users: Iterator[int]) -> int:
        total = 0
        for user in users:
            seen.append(repr(limit))
            total += user
        seen.append(repr(limit))
        return total

    made: Any = read_async if kind == "async" else read
    reader = task(made, stream="users", name="total", limit=limit)

    @workflow(needs={"total": reader}, tasks=[users])
    def w(pages: list[int], total: int) -> int:
        return total

    with fail_after(PATIENCE):
        assert await w.call([1, 2, 3]) == 6
    assert len(seen) == 4
    assert all(TURN in each for each in seen)


@KINDS
async def test_who_waits_for_its_place_again_is_cancelled_with_its_run(kind: str) -> None:
    limit, seen, go = Limit(1), list[str](), Event()
    w = make_held_back(kind, seen, limit, go)

    @task(limit=limit)
    async def holding(scope: CancelScope) -> None:
        go.set()
        await wait_all_tasks_blocked()
        scope.cancel()
        with CancelScope(shield=True):
            while len(ended) < 1:  # the run ends while the place is somebody else's
                await checkpoint()

    ended: list[bool] = []

    async def run(scope: CancelScope) -> None:
        with scope:
            await w.call(3)
        ended.append(scope.cancelled_caught)

    scope = CancelScope()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(run, scope)
            while not seen:
                await checkpoint()
            await holding.call(scope)
    assert ended == [True]
    assert is_free(limit)


@KINDS
async def test_a_generator_that_waits_for_its_place_again_is_closed_when_nobody_needs_it(kind: str) -> None:
    limit, seen, closed, go = Limit(1), list[str](), Event(), Event()

    async def give_async() -> AsyncIterator[int]:
        try:
            for number in range(9):
                seen.append(repr(limit))
                yield number
        finally:
            closed.set()

    def give() -> Iterator[int]:
        try:
            for number in range(9):
                seen.append(repr(limit))
                yield number
        finally:
            anyio.from_thread.run_sync(closed.set)

    pages = task(give_async if kind == "async" else give, name="pages", limit=limit, ahead=1)

    @task(stream="pages", needs={"pages": pages})
    async def first(pages: AsyncIterator[int]) -> int:
        async for page in pages:
            await go.wait()
            return page
        raise AssertionError

    @workflow
    def w(first: int) -> int:
        return first

    @task(limit=limit)
    async def holding() -> None:
        go.set()
        await closed.wait()

    async def run() -> None:
        assert await w.call() == 0

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(run)
            while not seen:
                await checkpoint()
            await wait_all_tasks_blocked()
            await holding.call()
    assert is_free(limit)


async def test_a_wait_for_an_item_that_is_given_up_loses_none() -> None:
    limit, begun, go = Limit(1), Event(), Event()

    @task(each={"page": "pages"})
    async def users(page: int) -> int:
        begun.set()
        await go.wait()
        return page

    @task(stream="users", limit=limit)
    async def total(users: AsyncIterator[int]) -> list[int]:
        found: list[int] = []
        with anyio.move_on_after(INSTANT):
            found.append(await anext(users))
        assert found == []
        go.set()
        found += [user async for user in users]
        assert TURN in repr(limit)
        return found

    @workflow
    def w(pages: list[int], total: list[int]) -> list[int]:
        return total

    with fail_after(PATIENCE):
        assert await w.call([1, 2, 3]) == [1, 2, 3]
    assert is_free(limit)


async def test_what_a_reader_calls_meanwhile_has_a_place_like_any_other() -> None:
    """While the reader waits there is nothing to lend; what waits for a place then may borrow one afterwards."""
    limit, places = Limit(1), list[str]()

    @task(limit=limit)
    async def ask(user: int) -> int:
        places.append(repr(limit))
        await checkpoint()
        return user

    @task(each={"page": "pages"}, limit=limit)
    async def users(page: int) -> int:
        places.append(repr(limit))
        return page

    @task(stream="users", limit=limit, calls=[ask])
    async def total(users: AsyncIterator[int]) -> int:
        found: list[int] = []

        async def ask_for(user: int) -> None:
            found.append(await ask.call(user))

        async with create_task_group() as group:
            async for user in users:
                group.start_soon(ask_for, user)
        return sum(found)

    @workflow
    def w(pages: list[int], total: int) -> int:
        return total

    with fail_after(PATIENCE):
        assert await w.call([*range(20)]) == 190
    assert len(places) == 40
    assert all(TURN in each for each in places)
    assert is_free(limit)


async def test_workers_that_read_one_stream_share_its_places() -> None:
    limit, got = Limit(1), list[int]()

    @task(each={"page": "pages"}, limit=limit)
    async def users(page: int) -> int:
        return page

    @task(stream="users", limit=limit)
    async def total(users: AsyncIterator[int]) -> int:
        async def work(most: int) -> None:
            for _ in range(most):
                got.append(await anext(users, 0))
                await checkpoint()

        async with create_task_group() as group:
            for most in (3, 20, 20, 1):
                group.start_soon(work, most)
        return sum(got)

    @workflow
    def w(pages: list[int], total: int) -> int:
        return total

    with fail_after(PATIENCE):
        assert await w.call([*range(20)]) == 190
    assert is_free(limit)


async def test_threads_that_read_one_stream_share_its_places() -> None:
    limit = Limit(1)

    @task(each={"page": "pages"}, limit=limit)
    async def users(page: int) -> int:
        return page

    @task(stream="users", limit=limit)
    def total(users: Iterator[int]) -> int:
        got: list[int] = []

        def work(most: int) -> None:
            for _ in range(most):
                got.append(next(users, 0))

        threads = [threading.Thread(target=work, args=(most,)) for most in (3, 20, 20, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(got)

    @workflow
    def w(pages: list[int], total: int) -> int:
        return total

    with fail_after(PATIENCE):
        assert await w.call([*range(20)]) == 190
    assert is_free(limit)


@KINDS
def test_runs_in_two_threads_share_one_place(kind: str, backend: Backend) -> None:
    limit, seen, found = Limit(1), list[str](), list[Any]()

    @task(each={"page": make_source(kind, seen, limit)}, limit=limit)
    async def users(page: int) -> int:
        return page

    @task(stream="users", limit=limit)
    def total(users: Iterator[int]) -> int:
        return sum(users)

    @workflow(backend=backend[0], backend_options=backend[1])
    def w(count: int, total: int) -> int:
        return total

    threads = [threading.Thread(target=lambda: found.append(w(30)), daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == [435, 435]
    assert is_free(limit)
    assert all(TURN in each for each in seen)


@given_time
async def test_a_generator_that_is_left_behind_in_a_step_keeps_its_place_until_that_ends(clock: Clock) -> None:
    limit, let_go = Limit(1), threading.Event()

    @task(limit=limit, timeout=clock.seconds, ahead=1)
    def pages() -> Iterator[int]:
        yield 1
        clock.reach()
        let_go.wait(PATIENCE)
        yield 2

    @task(each={"page": pages}, limit=limit)
    async def users(page: int) -> int:
        return page

    @workflow
    def w(users: list[int]) -> list[int]:
        return users

    try:
        with fail_after(PATIENCE):
            with pytest.raises(TaskTimeoutError):
                await w.call()
            assert TURN in repr(limit)
    finally:
        let_go.set()
    with fail_after(PATIENCE):
        while not is_free(limit):
            await checkpoint()
