"""A workflow that a block has opened, called in a run: a recorded call of its caller, with what is open there."""

import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import anyio
import pytest

from flowdeco import Limit, ResourceError, Run, State, opened, resource, task, workflow
from flowdeco._api.runnable_workflow import RunnableWorkflow
from tests.support.clock import PATIENCE
from tests.support.naming import mention
from tests.support.opened_site import AWAITED, BLOCKING, Site, check_record, kind_of, make_caller


@pytest.mark.parametrize("way", AWAITED)
async def test_it_is_a_recorded_call_with_what_is_open_in_the_block(way: str) -> None:
    site, (kind, call) = Site(), AWAITED[way]

    @task
    async def asked(path: str) -> Any:
        return await call(inside, path)

    @workflow(tasks=[asked])
    async def ask(path: str, asked: Any) -> Any:
        return [asked, await call(inside, path)]

    async with site.get(kind).opened(base="x") as inside:
        run = await ask.run_async("tea")
    assert run.result == ["server x/tea"] * 2
    check_record(run, "asked", site.name_of(kind))
    check_record(run, None, site.name_of(kind))
    assert site.entries == ["open x", "close x"]


@pytest.mark.parametrize("way", BLOCKING)
async def test_so_is_one_that_blocks_a_thread_of_the_run(way: str) -> None:
    site, (kind, call) = Site(), BLOCKING[way]

    @task
    def asked(path: str) -> Any:
        return call(inside, path)

    @workflow(tasks=[asked])
    def ask(path: str, asked: Any) -> Any:
        return [asked, call(inside, path)]

    async with site.get(kind).opened(base="x") as inside:
        run = await ask.run_async("tea")
    assert run.result == ["server x/tea"] * 2
    check_record(run, "asked", site.name_of(kind))
    check_record(run, None, site.name_of(kind))
    assert site.entries == ["open x", "close x"]
    assert site.threads == {threading.get_ident()}


async def test_workflows_of_one_block_call_each_other() -> None:
    site = Site()

    @workflow(tasks=[site.page, site.server])
    async def ask(path: str, server: str) -> list[str]:
        return [server, await site.plain.call(path)]

    async with opened(site.plain, ask, base="x"):
        run = await ask.run_async("tea")
    assert run.result == ["server x", "server x/tea"]
    check_record(run, None, "plain")
    assert site.entries == ["open x", "close x"]


async def test_those_who_look_on_at_the_run_are_told_of_it() -> None:
    site = Site()

    @workflow
    async def ask(path: str) -> str:
        return await inside.call(path)

    async with site.plain.opened(base="x") as inside, ask.start("tea") as run:
        events = [f"{event.task} {event.status}" async for event in run.events()]
    assert events == [
        "None running",
        "plain#1 running",
        "plain#1/page running",
        "plain#1/page completed",
        "plain#1 completed",
        "None completed",
    ]
    assert run.tasks["plain#1/page"].result == "server x/tea"


async def test_what_stands_in_for_the_workflow_does_so_also_where_it_was_opened() -> None:
    site = Site()

    @workflow(calls=[site.plain])
    async def ask(path: str) -> list[str]:
        return [await inside.call(path), await inside.override(page="other").call(path)]

    @workflow(calls=[site.awaited])
    async def ask_shared(path: str) -> str:
        return await site.awaited.call(path)

    async with site.plain.opened(base="x") as inside:
        assert await ask("tea") == ["server x/tea", "other"]
        assert await ask.override(plain="a page")("tea") == ["a page", "other"]
        assert await ask_shared.override({site.awaited: inside})("tea") == "server x/tea"
    async with opened(site.awaited, base="y"):
        assert await ask_shared("tea") == "server y/tea"
        assert await ask_shared.override(awaited="a page")("tea") == "a page"
        assert await ask_shared.override(page="its page")("tea") == "its page"


async def test_within_what_stands_in_for_it_the_opened_one_is_itself() -> None:
    site = Site()

    @task
    async def kept(path: str) -> str:
        return f"kept {await inside.call(path)}"

    @workflow(calls=[site.plain])
    async def ask(path: str) -> str:
        return await inside.call(path)

    async with site.plain.opened(base="x") as inside:
        assert await ask.override(plain=kept)("tea") == "kept server x/tea"


async def test_it_has_the_state_of_its_caller_and_is_lent_its_places() -> None:
    one, states = Limit(1), list[object]()
    site = Site()

    @task(limit=one)
    async def page(path: str, server: str, state: State) -> str:
        states.append(state)
        return f"{server}/{path}"

    @workflow(tasks=[page, site.server])
    async def limited(path: str, page: str) -> str:
        return page

    @task(limit=one)
    async def asked(path: str, state: State) -> list[str]:
        states.append(state)
        async with inside.start(path) as run:
            pass
        assert run.result is not None
        return [await inside.call(path), run.result]

    @workflow(tasks=[asked])
    async def ask(path: str, asked: Any) -> Any:
        return asked

    async with limited.opened(base="x") as inside:
        with anyio.fail_after(PATIENCE):
            assert await ask("tea") == ["server x/tea"] * 2
    assert len(states) == 3
    assert all(state is states[0] for state in states)


@pytest.mark.parametrize("way", [*AWAITED, *BLOCKING])
async def test_it_is_cancelled_with_its_caller(way: str) -> None:
    site, kind = Site(), kind_of(way)
    ask = make_caller(way, lambda: inside)

    with anyio.fail_after(PATIENCE):
        async with site.get(kind).opened(base="x") as inside:
            async with ask.start() as run:
                await site.wait()
                run.cancel()
            assert site.entries == ["open x", "cancelled"]
    (call,) = run.tasks["asked"].calls
    assert call.status == "cancelled"


async def test_what_it_fails_with_says_which_call_it_was() -> None:
    site = Site()

    @workflow
    async def ask() -> str:
        return await inside.call("wrong")

    async with site.plain.opened(base="x") as inside:
        run = await ask.run_async()
    assert str(run.error) == "wrong"
    assert run.calls[0].status == "failed"
    assert "Raised by call 'plain#1' in workflow 'ask'." in run.error.__notes__  # type: ignore[union-attr]


async def test_the_end_of_the_block_waits_for_it() -> None:
    site, entries, release = Site(), list[str](), anyio.Event()

    @task
    async def page(server: str) -> str:
        site.begun.set()
        await release.wait()
        entries.extend(site.entries)
        return server

    @workflow(tasks=[page, site.server])
    async def waits(page: str) -> str:
        return page

    @workflow
    async def ask() -> Any:
        return await inside.call()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group, waits.opened(base="x") as inside:
            group.start_soon(ask.call)
            await site.wait()
            release.set()
    assert entries == ["open x"]
    assert site.entries == ["open x", "close x"]


async def test_a_failure_of_what_is_open_fails_the_call() -> None:
    fail, begun = anyio.Event(), anyio.Event()

    async def work() -> None:
        await fail.wait()
        raise ConnectionError("lost")

    @resource(scope="shared")
    async def client() -> AsyncGenerator[str]:
        async with anyio.create_task_group() as group:
            group.start_soon(work)
            yield "client"

    @task
    async def use(client: str) -> None:
        begun.set()
        await anyio.sleep_forever()

    @workflow
    async def uses(use: None) -> None: ...

    @workflow
    async def ask() -> None:
        await inside.call()

    mention(use)
    runs: list[Run[Any]] = []

    async def call() -> None:
        runs.append(await ask.run())

    with anyio.fail_after(PATIENCE), pytest.raises(ExceptionGroup) as caught:
        async with uses.opened() as inside, anyio.create_task_group() as group:
            group.start_soon(call)
            await begun.wait()
            fail.set()
    assert [str(error) for error in caught.value.exceptions] == ["lost"]
    assert runs[0].error is caught.value
    assert runs[0].calls[0].status == "failed"


async def test_one_whose_block_ends_before_it_begins_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    site, begin = Site(), RunnableWorkflow.run_within

    def run_within(definition: Any, *args: Any) -> Any:
        definition.block = None
        return begin(definition, *args)

    @workflow
    async def ask() -> Any:
        return await inside.call("tea")

    async with site.plain.opened(base="x") as inside:
        monkeypatch.setattr(RunnableWorkflow, "run_within", run_within)
        with pytest.raises(ResourceError, match="its resource 'server' is shared, and was not opened"):
            await ask()
    assert site.threads == set()


async def test_an_event_loop_of_the_caller_s_own_calls_what_the_block_has_opened() -> None:
    site = Site()

    @workflow
    async def plain() -> int:
        return threading.get_ident()

    async def call() -> list[Any]:
        return [await site.plain.call("tea"), await plain.call(), threading.get_ident()]

    @task
    def asked(server: str) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_context().run, lambda: anyio.run(call)).result()

    @workflow(tasks=[asked, site.server])
    async def ask(asked: Any) -> Any:
        return asked

    async with opened(site.plain, ask, base="x"):
        run = await ask.run()
    assert run.result is not None, run.error
    page, at, own = run.result
    assert page == "server x/tea"
    assert at == own, "what needs nothing that is open stays where it is awaited"
    assert site.threads == {threading.get_ident()}
    assert [call.path for call in run.tasks["asked"].calls] == ["asked/plain#1", "asked/plain#2"]
