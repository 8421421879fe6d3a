"""`scope="shared"`: open for a block of `opened()`, over many calls, from every task and thread."""

import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, sleep_forever, to_thread
from anyio.lowlevel import checkpoint, current_token

from flowdeco import (
    InputError,
    OptionTypeError,
    ResourceError,
    RunCancelled,
    RunningLoopError,
    opened,
    resource,
    task,
    workflow,
)
from tests.conftest import BACKENDS, Backend
from tests.support.resources import Diary

each_backend = pytest.mark.parametrize("backend", BACKENDS)


class Service:
    """Two workflows that use a client, which uses an address."""

    def __init__(self, backend: Backend = ("asyncio", {})) -> None:
        self.entries = entries = list[str]()
        self.raised = raised = list[BaseException]()
        self.loops = loops = set[Any]()

        @resource(scope="shared")
        def address(url: str) -> Generator[str]:
            entries.append("open address")
            yield url.upper()
            entries.append("close address")

        @resource(scope="shared")
        async def client(address: str) -> AsyncGenerator[str]:
            entries.append("open client")
            try:
                yield f"client of {address}"
            except BaseException as error:
                raised.append(error)
                await checkpoint()
                raise
            finally:
                await checkpoint()
                entries.append("close client")

        @task
        async def get(client: str, path: str) -> str:
            loops.add(current_token().native_token)
            if path == "/wrong":
                raise ValueError(path)
            return f"{client} {path}"

        @workflow(backend=backend[0], backend_options=backend[1])
        def first(url: str, path: str, get: str) -> str:
            return get

        @workflow
        async def second(client: str, path: str, get: str) -> tuple[str, str]:
            return client, get

        self.client, self.first, self.second = client, first, second


OPENED = ["open address", "open client"]
CLOSED = [*OPENED, "close client", "close address"]


@each_backend
def test_plain_calls_in_a_block_share_it_and_an_event_loop(backend: Backend) -> None:
    service = Service(backend)
    with service.first.opened(url="http") as w:

        def get(n: int) -> str:
            return w(path=f"/{n}")

        assert w(path="/a") == "client of HTTP /a"
        assert w(path="/b") == "client of HTTP /b"
        assert service.entries == OPENED
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(get, range(8))) == [f"client of HTTP /{n}" for n in range(8)]
    assert service.entries == CLOSED
    assert len(service.loops) == 1


async def test_calls_in_an_async_block_share_it_from_tasks_and_threads() -> None:
    service = Service()
    found: list[str] = []

    def call(path: str) -> None:
        found.append(service.first(path=path))

    async with opened(service.first, service.second, url="http") as both:
        assert both == (service.first, service.second)
        assert await service.first.call(path="/a") == "client of HTTP /a"
        assert (await service.second.call(path="/b"))[0] == "client of HTTP"
        await to_thread.run_sync(call, "/c")
        thread = threading.Thread(target=call, args=["/d"])
        thread.start()
        await to_thread.run_sync(thread.join)
        assert service.entries == OPENED
    assert found == ["client of HTTP /c", "client of HTTP /d"]
    assert service.entries == CLOSED
    assert len(service.loops) == 1


async def test_no_error_of_a_run_is_raised_in_it() -> None:
    service = Service()
    async with service.first.opened(url="http") as w:
        with pytest.raises(ValueError):
            await w.call(path="/wrong")
        with CancelScope() as scope:
            scope.cancel()
            await w.call(path="/a")
        assert await w.call(path="/b") == "client of HTTP /b"
    assert service.raised == []
    assert service.entries == CLOSED


async def test_a_block_that_is_left_by_an_error_raises_run_cancelled_in_it() -> None:
    service = Service()
    with pytest.raises(KeyError) as caught:
        async with service.first.opened(url="http"):
            raise KeyError
    assert not hasattr(caught.value, "__notes__")
    assert [type(error) for error in service.raised] == [RunCancelled]
    with CancelScope() as scope:
        async with service.first.opened(url="http"):
            scope.cancel()
            await checkpoint()
    assert [type(error) for error in service.raised] == [RunCancelled] * 2
    assert service.entries == [*OPENED, "close client", *OPENED, "close client"], "the address closes in a finally only"


async def test_two_blocks_of_one_workflow_have_their_own() -> None:
    service = Service()
    async with service.first.opened(url="one") as one, service.first.opened(url="two") as two:
        assert await one.call(path="/") == "client of ONE /"
        assert await two.call(path="/") == "client of TWO /"
        with pytest.raises(ResourceError, match="its resource 'address' is shared, and was not opened"):
            await service.first.call(url="one", path="/")


async def test_leaving_the_block_waits_for_the_calls_under_way() -> None:
    begun, release, entries = Event(), Event(), list[str]()

    @resource(scope="shared")
    async def client() -> AsyncGenerator[str]:
        yield "client"
        entries.append("closed")

    @task
    async def use(client: str) -> None:
        begun.set()
        await release.wait()
        entries.append("used")

    @workflow
    async def w(use: None) -> None: ...

    async with create_task_group() as group, w.opened() as opened_w:
        group.start_soon(opened_w)
        await begun.wait()
        release.set()
    assert entries == ["used", "closed"]


async def test_after_its_block_it_can_be_used_no_longer() -> None:
    service = Service()
    async with service.first.opened(url="http") as w:
        pass
    with pytest.raises(ResourceError, match="was not opened"):
        await w.call(url="http", path="/")


async def test_a_failure_of_its_background_work_fails_the_runs_under_way_and_every_later_call() -> None:
    may_fail, begun, entries = Event(), Event(), list[str]()

    async def work() -> None:
        await may_fail.wait()
        raise ConnectionError("lost")

    @resource(scope="shared")
    async def client() -> AsyncGenerator[str]:
        async with create_task_group() as group:
            group.start_soon(work)
            yield "client"
        entries.append("never")

    @task
    async def use(client: str) -> None:
        begun.set()
        try:
            await sleep_forever()
        finally:
            entries.append("used")

    @workflow
    async def w(use: None) -> None: ...

    failures: list[BaseException] = []

    async def call() -> None:
        try:
            await opened_w()
        except BaseException as error:
            failures.append(error)

    with pytest.raises(ExceptionGroup) as caught:
        async with w.opened() as opened_w:
            async with create_task_group() as group:
                group.start_soon(call)
                await begun.wait()
                may_fail.set()
            await call()
    assert [str(error) for error in caught.value.exceptions] == ["lost"]
    assert failures == [caught.value, caught.value]
    assert entries == ["used"]


async def test_opening_may_fail() -> None:
    diary = Diary()
    first = diary.make("first", is_async=True, scope="shared")

    @resource(scope="shared", retries=1)
    def broken() -> Generator[None]:
        diary.note("try broken")
        if diary.entries:
            raise ConnectionError("refused")
        yield

    @workflow(needs={"one": first, "other": broken})
    async def w(one: str, other: None) -> None: ...

    with pytest.raises(ConnectionError, match="refused"):
        async with w.opened():
            raise AssertionError
    assert diary.entries.count("try broken") == 2
    assert diary.entries.count("open first") == diary.entries.count("close first")
    with pytest.raises(ConnectionError, match="refused"):
        await to_thread.run_sync(_open_plainly, w)


def _open_plainly(w: Any) -> None:
    with w.opened():
        raise AssertionError


def test_a_def_body_gets_it_open() -> None:
    service = Service()

    @workflow(needs={"client": service.client})
    def w(url: str, client: str) -> list[str]:
        return [client, *service.entries]

    with w.opened(url="http") as opened_w:
        assert opened_w() == ["client of HTTP", *OPENED]
    assert service.entries == CLOSED


def test_nested_workflows_use_it_too() -> None:
    service = Service()

    @workflow(needs={"first": service.first})
    def around(url: str, path: str, first: str) -> str:
        return first

    with around.opened(url="http") as w:
        assert w(path="/a") == "client of HTTP /a"
    assert service.entries == CLOSED


def test_what_it_needs_may_be_given_to_opened_alone() -> None:
    @resource(scope="shared")
    def client(url: str, retries: int = 3) -> Generator[str]:
        yield f"{url} {retries}"

    @task
    def get(client: str, path: str) -> str:
        return f"{client} {path}"

    @workflow
    def w(path: str, get: str) -> str:
        return get

    w.check()
    assert "url" not in str(w.graph)
    with w.opened(url="http") as opened_w:
        assert opened_w(path="/") == "http 3 /"
    with opened(w, url="http", retries=5):
        assert w(path="/") == "http 5 /"


def test_an_overridden_one_is_not_opened() -> None:
    service = Service()
    w = service.first.override(client="fake")
    assert w(url="http", path="/a") == "fake /a"
    assert service.entries == []
    with w.opened(url="http") as opened_w:
        assert opened_w(path="/a") == "fake /a"
    with service.first.opened(url="http") as opened_w:
        assert opened_w.override(client="fake")(path="/a") == "fake /a"


def test_what_is_derived_in_a_block_uses_what_is_open_there() -> None:
    service = Service()
    with service.first.opened(url="http") as w:
        for changed in (w.with_options(timeout=60), w.with_options(timeout=9).override(), w.override().with_options()):
            assert changed(path="/a") == "client of HTTP /a"
        with pytest.raises(ResourceError, match="was not opened"):
            service.first.with_options(timeout=60)(path="/a")
    with opened(service.first, service.second, url="http"):
        assert service.first.with_options(timeout=60)(path="/b") == "client of HTTP /b"
    with pytest.raises(ResourceError, match="its block has come to its end"):
        changed(path="/a")
    assert service.entries.count("open client") == 2


def test_one_that_comes_in_by_an_override_is_to_be_opened_first() -> None:
    service = Service()

    async def other(url: str) -> AsyncGenerator[str]:
        yield f"other {url}"

    with service.first.opened(url="http") as w:
        changed = w.override(client=other)
        with pytest.raises(ResourceError) as caught:
            changed(path="/a")
    assert str(caught.value) == (
        "Cannot use the resources of 'first': resource 'client' was not among them when they were opened. "
        "Make all changes before that."
    )
    with service.first.override(client=other).opened(url="http") as w:
        assert w(path="/a") == "other http /a"


def test_what_is_given_to_opened_is_checked() -> None:
    service = Service()
    wrong: list[tuple[Callable[[], Any], str]] = [
        (
            lambda: service.first.opened().__enter__(),
            "Cannot open the resources of 'first': resource 'address' needs the input 'url'. Give it: opened(url=...).",
        ),
        (
            lambda: service.first.opened(ulr="http").__enter__(),
            "Cannot open the resources of 'first': they get an unexpected input 'ulr'. Did you mean 'url'?",
        ),
    ]
    for call, message in wrong:
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value) == message
    with service.first.opened(url="http") as w:
        with pytest.raises(InputError, match=r"first'?.*got 'url', which was given to opened\(\)"):
            w(url="other", path="/")
        with pytest.raises(InputError, match="missing"):
            w()


def test_what_is_opened_is_checked() -> None:
    nothing: Any = 3
    with pytest.raises(OptionTypeError, match="Cannot open 3: it is no workflow"):
        opened(nothing)
    with pytest.raises(OptionTypeError, match="no workflow was given"):
        opened()


async def test_a_workflow_is_opened_once() -> None:
    service = Service()
    async with opened(service.first, url="http"):
        with pytest.raises(ResourceError, match="workflow 'first' is opened already"):
            async with opened(service.first, url="http"):
                raise AssertionError
    async with opened(service.first, url="http"):
        assert await service.first.call(path="/") == "client of HTTP /"


async def test_a_plain_with_is_refused_where_the_event_loop_runs() -> None:
    service = Service()
    with pytest.raises(RunningLoopError, match="Use: async with"), service.first.opened(url="http"):
        raise AssertionError


async def test_what_is_awaited_on_another_event_loop_runs_on_that_of_the_block() -> None:
    service = Service()

    def elsewhere() -> str:
        return anyio.run(lambda: w.call(path="/"))

    async with service.first.opened(url="http") as w:
        thread = ThreadPoolExecutor(1)
        future = thread.submit(elsewhere)
        assert await to_thread.run_sync(future.result) == "client of HTTP /"
        thread.shutdown()
        assert service.loops == {current_token().native_token}


@each_backend
def test_ctrl_c_in_a_plain_call_closes_it(backend: Backend) -> None:
    service = Service(backend)

    @task
    def stop(client: str) -> None:
        raise KeyboardInterrupt

    @workflow(needs={"client": service.client}, backend=backend[0], backend_options=backend[1])
    async def w(url: str, client: str, stop: None) -> None: ...

    with pytest.raises(KeyboardInterrupt), w.opened(url="http") as opened_w:
        opened_w.call_sync()
    assert service.entries[:3] == CLOSED[:3]


async def test_the_record_of_a_run_has_it() -> None:
    service = Service()
    async with service.first.opened(url="http") as w:
        run = await w.run_async(path="/a")
    record = run.resources["client"]
    assert (record.scope, record.status, record.error) == ("shared", "completed", None)
    assert record.opened is not None
    assert run.started is not None
    assert record.opened < run.started
    assert list(run.resources) == ["address", "client"]
