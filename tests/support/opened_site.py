"""A workflow that needs a shared resource, for the tests of calls with what a block has opened."""

import threading
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from anyio import sleep_forever, to_thread

from flowdeco import Run, Workflow, resource, task, workflow
from tests.conftest import Backend
from tests.support.clock import PATIENCE


class Site:
    """Pages of a server, by a workflow of either kind.

    Attributes:
        entries: what was opened and closed, and the pages that were cancelled.
        threads: those in which pages were made.
        begun: set when one began that never ends by itself.
    """

    def __init__(self, backend: Backend = ("asyncio", {})) -> None:
        self.entries = entries = list[str]()
        self.threads = threads = set[int]()
        self.begun = begun = threading.Event()

        @resource(scope="shared")
        def server(base: str) -> Generator[str]:
            entries.append(f"open {base}")
            yield f"server {base}"
            entries.append(f"close {base}")

        @task
        async def page(path: str, server: str) -> str:
            threads.add(threading.get_ident())
            if path == "wrong":
                raise ValueError(path)
            if path == "slow":
                begun.set()
                try:
                    await sleep_forever()
                finally:
                    entries.append("cancelled")
            return f"{server}/{path}"

        @workflow(backend=backend[0], backend_options=backend[1], tasks=[page, server])
        def plain(path: str, page: str) -> str:
            return page

        @workflow(backend=backend[0], backend_options=backend[1], tasks=[page, server])
        async def awaited(path: str, page: str) -> str:
            return page

        self.server, self.page, self.plain, self.awaited = server, page, plain, awaited

    def get(self, kind: str) -> Workflow[Any, Any]:
        """Return the workflow of a kind, `"def"` or `"async def"`."""
        return self.plain if kind == "def" else self.awaited

    def name_of(self, kind: str) -> str:
        """Return the name of that."""
        return "plain" if kind == "def" else "awaited"

    async def wait(self) -> None:
        """Wait until a page has begun that never ends by itself."""
        await to_thread.run_sync(self.begun.wait, PATIENCE)


async def _start(w: Workflow[Any, Any], path: str) -> Any:
    async with w.start(path) as run:
        pass
    return run.result


async def _run(w: Workflow[Any, Any], path: str) -> Any:
    return _result_of(await w.run_async(path))


def _run_sync(w: Workflow[Any, Any], path: str) -> Any:
    return _result_of(w.run_sync(path))


def _result_of(run: Run[Any]) -> Any:
    return run.result


# The ways of a call, by the kind of the workflow and how it is called.
AWAITED: dict[str, tuple[str, Callable[[Workflow[Any, Any], str], Awaitable[Any]]]] = {
    "async def ()": ("async def", lambda w, path: w(path)),
    "async def call": ("async def", lambda w, path: w.call(path)),
    "def call": ("def", lambda w, path: w.call(path)),
    "def run_async": ("def", _run),
    "async def start": ("async def", _start),
    "def start": ("def", _start),
}
BLOCKING: dict[str, tuple[str, Callable[[Workflow[Any, Any], str], Any]]] = {
    "def ()": ("def", lambda w, path: w(path)),
    "def call_sync": ("def", lambda w, path: w.call_sync(path)),
    "async def call_sync": ("async def", lambda w, path: w.call_sync(path)),
    "async def run_sync": ("async def", _run_sync),
}


def kind_of(way: str) -> str:
    """Return the kind of the workflow that is called in a way, `"def"` or `"async def"`."""
    return (AWAITED.get(way) or BLOCKING[way])[0]


def make_caller(way: str, find: Callable[[], Workflow[Any, Any]]) -> Workflow[Any, None]:
    """Return a workflow with a task `asked` that calls an opened one in a way, for a page that never ends by itself.

    Args:
        way: the way.
        find: gives the opened workflow when the task runs.
    """

    async def asked() -> None:
        await AWAITED[way][1](find(), "slow")

    def asked_sync() -> None:
        BLOCKING[way][1](find(), "slow")

    caller = task(asked if way in AWAITED else asked_sync, name="asked")

    @workflow(needs={"asked": caller})
    async def ask(asked: None) -> None: ...

    return ask


def check_record(run: Run[Any], caller: str | None, name: str) -> None:
    """Check that one call is in the record of its caller, or of the run, and what is in it."""
    (call,) = run.calls if caller is None else run.tasks[caller].calls
    path = f"{name}#1" if caller is None else f"{caller}/{name}#1"
    assert (call.path, call.status, call.result) == (path, "completed", "server x/tea")
    assert call.run.tasks["page"].result == "server x/tea"
    assert call.run.resources["server"].scope == "shared"
    assert run.tasks[f"{path}/page"].result == "server x/tea"
