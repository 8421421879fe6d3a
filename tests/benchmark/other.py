"""The same `def`s mapped over numbers by other libraries, where these are installed.

They are not among the requirements of the tests: `python -m pip install pipefunc prefect`, into an environment of its
own. Each is asked for the least that it can do: pipefunc without processes and with its results in memory, Prefect with
its temporary server, no log and nothing stored.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from anyio import to_thread

from tests.benchmark.graph import plain
from tests.benchmark.timing import PIPEFUNC, PREFECT

Run = Callable[[], list[Any]]


class Library(NamedTuple):
    """How a library is measured.

    Attributes:
        make: returns what maps so many numbers through so many stages.
        share: one of so many items is enough, as each takes long.
    """

    make: Callable[[int, int], Run]
    share: int


def make_pipefunc(count: int, stages: int) -> Run:
    pipefunc: Any = import_module("pipefunc")
    made = [
        pipefunc.PipeFunc(plain, f"v{index + 1}", renames={"a": f"v{index}"}, mapspec=f"v{index}[i] -> v{index + 1}[i]")
        for index in range(stages)
    ]
    pipeline = pipefunc.Pipeline(made)

    def run() -> list[Any]:
        results = pipeline.map({"v0": list(range(count))}, parallel=False, storage="dict", show_progress=False)
        return list(results[f"v{stages}"].output)

    return run


# What Prefect keeps, until the process ends.
HOME: TemporaryDirectory[str] = TemporaryDirectory(prefix="prefect")
QUIET = {
    "PREFECT_HOME": HOME.name,
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "DO_NOT_TRACK": "1",
}


def make_prefect(count: int, stages: int) -> Run:
    os.environ.update(QUIET)
    prefect: Any = import_module("prefect")
    step = prefect.task(plain)

    def run() -> list[Any]:
        values: Any = list(range(count))
        for _ in range(stages):
            values = step.map(values)
        return [each.result() for each in values]

    flow: Run = prefect.flow(run)
    return flow


OTHERS: dict[str, Library] = {PIPEFUNC: Library(make_pipefunc, 1), PREFECT: Library(make_prefect, 20)}


@cache
def make(name: str, count: int, stages: int) -> Run:
    return OTHERS[name].make(count, stages)


def is_there(name: str) -> bool:
    return find_spec(name) is not None


async def map_with(name: str, count: int, stages: int) -> list[Any]:
    """Map by a library, in a thread, since it does not run on this event loop."""
    run: Awaitable[list[Any]] = to_thread.run_sync(make(name, count, stages))
    return await run
