"""A block of a plain `with` has an event loop of its own: what a run on another one calls in it runs there.

It is a recorded call of its caller all the same, is told to those who look on at the caller's run, and is cancelled
with the caller.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from typing import Any

import anyio
import pytest
from anyio import to_thread

from flowdeco import Limit, ResourceError, State, task, workflow
from tests.conftest import ASYNCIO, TRIO, Backend
from tests.support.clock import PATIENCE, Clock, given_time
from tests.support.opened_site import AWAITED, BLOCKING, Site, check_record, kind_of, make_caller

# The event loops of the caller and of the block.
LOOPS = [
    pytest.param((ASYNCIO, ASYNCIO), id="asyncio"),
    pytest.param((TRIO, TRIO), id="trio"),
    pytest.param((ASYNCIO, TRIO), id="asyncio and trio"),
    pytest.param((TRIO, ASYNCIO), id="trio and asyncio"),
]
each_pair = pytest.mark.parametrize("loops", LOOPS)


@each_pair
@pytest.mark.parametrize("way", AWAITED)
def test_what_is_awaited_in_a_run_is_recorded_there(way: str, loops: tuple[Backend, Backend]) -> None:
    (name, options), block = loops
    site, (kind, call) = Site(block), AWAITED[way]

    @task
    async def asked(path: str) -> Any:
        return await call(inside, path)

    @workflow(tasks=[asked], backend=name, backend_options=options)
    async def ask(path: str, asked: Any) -> Any:
        return [asked, await call(inside, path), threading.get_ident()]

    with site.get(kind).opened(base="x") as inside:
        run = ask.run_sync("tea")
        assert run.result is not None, run.error
        *pages, own = run.result
        assert inside.call_sync("coffee") == "server x/coffee"
    assert pages == ["server x/tea"] * 2
    check_record(run, "asked", site.name_of(kind))
    check_record(run, None, site.name_of(kind))
    assert site.entries == ["open x", "close x"]
    assert len(site.threads) == 1
    assert own not in site.threads


@each_pair
@pytest.mark.parametrize("way", BLOCKING)
def test_so_is_what_blocks_a_thread(way: str, loops: tuple[Backend, Backend]) -> None:
    (name, options), block = loops
    site, (kind, call) = Site(block), BLOCKING[way]

    @task
    def asked(path: str) -> Any:
        return call(inside, path)

    @workflow(tasks=[asked], backend=name, backend_options=options)
    def ask(path: str, asked: Any) -> Any:
        return [asked, call(inside, path)]

    with site.get(kind).opened(base="x") as inside:
        run = ask.run_sync("tea")
        assert inside.call_sync("coffee") == "server x/coffee"
    assert run.result == ["server x/tea"] * 2, run.error
    check_record(run, "asked", site.name_of(kind))
    check_record(run, None, site.name_of(kind))
    assert site.entries == ["open x", "close x"]
    assert len(site.threads) == 1


@pytest.mark.parametrize("way", BLOCKING)
async def test_so_is_what_blocks_a_thread_that_the_caller_has_made(way: str) -> None:
    site, (kind, call) = Site(), BLOCKING[way]

    @task
    def asked(path: str) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_context().run, call, inside, path).result()

    @workflow(tasks=[asked])
    async def ask(path: str, asked: Any) -> Any:
        return asked

    async with site.get(kind).opened(base="x") as inside:
        run = await ask.run("tea")
    check_record(run, "asked", site.name_of(kind))
    assert site.threads == {threading.get_ident()}


def enter(site: Site, kind: str, stack: ExitStack) -> Any:
    """Open a workflow on an event loop of its own, from one that runs."""
    return stack.enter_context(site.get(kind).opened(base="x"))


@pytest.fixture
def inside_of() -> Any:
    """Opens a workflow on an event loop of its own, also where one runs; it is closed at the end of the test."""
    stacks: list[ExitStack] = []

    async def open_it(site: Site, kind: str = "def") -> Any:
        stacks.append(ExitStack())
        return await to_thread.run_sync(enter, site, kind, stacks[-1])

    yield open_it
    for stack in stacks:
        stack.close()


@pytest.mark.parametrize("way", [*AWAITED, *BLOCKING])
async def test_it_is_cancelled_with_its_caller(way: str, inside_of: Any) -> None:
    site, kind = Site(), kind_of(way)
    ask = make_caller(way, lambda: inside)

    inside = await inside_of(site, kind)
    with anyio.fail_after(PATIENCE):
        async with ask.start() as run:
            await site.wait()
            run.cancel()
    assert site.entries == ["open x", "cancelled"]
    (call,) = run.tasks["asked"].calls
    assert call.status == "cancelled"


@given_time
async def test_a_timeout_of_the_caller_ends_it(clock: Clock, inside_of: Any) -> None:
    site = Site()

    @task(timeout=clock.seconds, recover=lambda: "too late")
    async def asked() -> str:
        try:
            return await inside.call("slow")  # type: ignore[no-any-return]
        finally:
            clock.reach()

    @workflow(tasks=[asked])
    async def ask(asked: str) -> str:
        return asked

    inside = await inside_of(site)
    assert await ask() == "too late"
    assert site.entries[:1] == ["open x"]


@pytest.mark.parametrize("way", ["def call", "def call_sync"])
async def test_a_call_outside_of_a_run_is_cancelled_with_the_task_that_waits_for_it(way: str, inside_of: Any) -> None:
    site = Site()
    inside = await inside_of(site)
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            if way in AWAITED:
                group.start_soon(inside.call, "slow")
            else:
                group.start_soon(to_thread.run_sync, inside.call_sync, "slow")
            await site.wait()
            group.cancel_scope.cancel()
    assert site.entries == ["open x", "cancelled"]
    assert await inside.call("tea") == "server x/tea"


async def test_one_that_is_cancelled_before_it_begins_makes_nothing(inside_of: Any) -> None:
    site = Site()
    inside = await inside_of(site)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await inside.call("slow")
    assert scope.cancelled_caught
    assert not site.begun.is_set()


async def test_those_who_look_on_at_the_run_are_told_of_it(inside_of: Any) -> None:
    site = Site()

    @workflow
    async def ask(path: str) -> Any:
        return await inside.call(path)

    inside = await inside_of(site)
    async with ask.start("tea") as run:
        events = [f"{event.task} {event.status}" async for event in run.events()]
    assert events == [
        "None running",
        "plain#1 running",
        "plain#1/page running",
        "plain#1/page completed",
        "plain#1 completed",
        "None completed",
    ]


async def test_one_that_is_started_is_followed_from_the_event_loop_of_its_caller(inside_of: Any) -> None:
    site, events = Site(), list[str]()

    @workflow
    async def ask(path: str) -> Any:
        async with inside.start(path) as run:
            events.extend([f"{event.task} {event.status}" async for event in run.events()])
        return run.result

    inside = await inside_of(site)
    with anyio.fail_after(PATIENCE):
        run = await ask.run("tea")
        assert run.result == "server x/tea"
        assert events == ["None running", "page running", "page completed", "None completed"]
        assert run.calls[0].status == "completed"
        async with inside.start("slow") as alone:
            await site.wait()
            alone.cancel()
    assert site.entries == ["open x", "cancelled"]


async def test_it_has_the_state_of_its_caller_and_is_lent_its_places(inside_of: Any) -> None:
    one, states = Limit(1), list[object]()
    site = Site()

    @task(limit=one)
    async def page(path: str, server: str, state: State) -> str:
        states.append(state)
        return f"{server}/{path}"

    @workflow(tasks=[page, site.server])
    def limited(path: str, page: str) -> str:
        return page

    @task(limit=one)
    async def asked(path: str, state: State) -> list[Any]:
        states.append(state)
        return [await inside.call(path), await to_thread.run_sync(inside.call_sync, path)]

    @workflow(tasks=[asked])
    async def ask(path: str, asked: Any) -> Any:
        return asked

    site.plain = limited
    inside = await inside_of(site)
    with anyio.fail_after(PATIENCE):
        assert await ask("tea") == ["server x/tea"] * 2
    assert len(states) == 3
    assert all(state is states[0] for state in states)


@pytest.mark.parametrize("way", ["async def call", "def call_sync"])
async def test_what_it_fails_with_is_raised_where_it_was_called(way: str, inside_of: Any) -> None:
    site = Site()
    call: Callable[..., Any] = AWAITED[way][1] if way in AWAITED else BLOCKING[way][1]

    @workflow
    async def ask() -> Any:
        return await call(inside, "wrong")

    @workflow
    def ask_sync() -> Any:
        return call(inside, "wrong")

    inside = await inside_of(site)
    run = await (ask if way in AWAITED else ask_sync).run_async()
    assert str(run.error) == "wrong"
    (record,) = run.calls
    assert (record.status, record.error) == ("failed", run.error)
    assert "Raised by call 'plain#1' in workflow 'a" in "".join(run.error.__notes__)  # type: ignore[union-attr]


async def test_after_the_block_it_is_refused() -> None:
    site = Site()
    with ExitStack() as stack:
        inside = await to_thread.run_sync(enter, site, "def", stack)
        kept = inside.with_options(timeout=PATIENCE)
        await to_thread.run_sync(stack.close)
    for opened_w, reason in ((inside, "was not opened"), (kept, "its block has come to its end")):

        @workflow
        async def ask(called: Any) -> Any:
            return await called.call("tea")

        with pytest.raises(ResourceError, match=reason):
            await ask(called=opened_w)


async def test_two_blocks_whose_workflows_call_each_other_wait_for_nobody_in_vain(inside_of: Any) -> None:
    one, other = Site(), Site()

    @task
    async def page(path: str, server: str) -> str:
        return f"{server}/{await inner.call(path)}"

    @workflow(tasks=[page, one.server])
    async def around(path: str, page: str) -> str:
        return page

    one.awaited, inner = around, await inside_of(other)
    outer = await inside_of(one, "async def")

    @workflow
    async def ask(paths: list[str]) -> list[str]:
        found: list[str] = []

        async def get(path: str) -> None:
            found.append(await outer.call(path))

        async with anyio.create_task_group() as group:
            for path in paths:
                group.start_soon(get, path)
        return sorted(found)

    with anyio.fail_after(PATIENCE):
        assert await ask(["a", "b", "c"]) == [f"server x/server x/{path}" for path in "abc"]


@pytest.mark.parametrize("way", [*AWAITED, *BLOCKING])
async def test_they_are_told_while_it_runs(way: str, inside_of: Any) -> None:
    site, kind = Site(), kind_of(way)
    ask = make_caller(way, lambda: inside)

    inside = await inside_of(site, kind)
    with anyio.fail_after(PATIENCE):
        async with ask.start() as run:
            async for event in run.events():
                if (event.task, event.status) == (f"asked/{site.name_of(kind)}#1/page", "running"):
                    run.cancel()
    assert run.status == "cancelled"
