"""What `import flowdeco` leaves to be loaded on use. How long it takes is measured in the benchmark."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import flowdeco

# Each with all that is in it. A run needs the engine; who only defines workflows, as a worker process does, needs none.
ENGINE = ("flowdeco._api.execution", "flowdeco._scheduler", "flowdeco._runner", "flowdeco._worker")
# What few programs need.
RARE = (
    *("flowdeco._report", "flowdeco._draw.html", "flowdeco._draw.layout", "flowdeco._draw.svg", "flowdeco.cli"),
    *("flowdeco._worker.executor", "flowdeco._worker.process", "flowdeco._worker.transfer", "flowdeco.progress"),
    *("concurrent.futures.process", "concurrent.futures.thread", "multiprocessing", "anyio.to_process"),
    *("difflib", "html", "json", "statistics", "uuid"),
)
# What an event loop loads when it starts, or does without.
EVENT_LOOP = (
    *("asyncio", "trio", "uvloop", "anyio._backends", "anyio._core", "anyio.from_thread", "anyio.lowlevel"),
    *("anyio.abc", "concurrent", "logging", "random", "socket", "ssl", "subprocess", "tempfile", "typing_extensions"),
)

DEFINE = """
from flowdeco import task, workflow

@task
def page(city: str) -> str:
    return city.upper()

@task
async def words(page: str) -> list[str]:
    return page.split()

@workflow(backend={backend!r})
def w(city: str, words: list[str]) -> int:
    return len(words)
"""
RUN = DEFINE + "assert w(city='a b') == 2"


def list_loaded(code: str) -> set[str]:
    """Return the modules that a fresh interpreter loads for some code, besides those of anyio."""
    script = f"import sys, anyio\nbefore = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    environment = {**os.environ, "PYTHONPATH": str(Path(flowdeco.__file__).parents[1])}
    command = [sys.executable, "-P", "-c", script]
    return set(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split())


def find(parts: tuple[str, ...], loaded: set[str]) -> list[str]:
    return sorted(name for name in loaded if any(name == part or name.startswith(f"{part}.") for part in parts))


def test_importing_loads_what_a_definition_needs_and_no_more() -> None:
    loaded = list_loaded("import flowdeco")
    assert "flowdeco._api.workflow" in loaded
    assert find(ENGINE + RARE + EVENT_LOOP, loaded) == []


def test_defining_a_workflow_loads_no_engine() -> None:
    assert find(ENGINE + RARE, list_loaded(DEFINE.format(backend="asyncio"))) == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_run_loads_the_engine_and_nothing_that_few_need(backend: str) -> None:
    loaded = list_loaded(RUN.format(backend=backend))
    assert "flowdeco._scheduler.engine" in loaded
    assert find(RARE, loaded) == []


def test_a_run_on_trio_loads_no_asyncio() -> None:
    assert find(("asyncio",), list_loaded(RUN.format(backend="trio"))) == []
    assert "asyncio" in list_loaded(RUN.format(backend="asyncio"))


def test_what_is_named_here_exists() -> None:
    own = [name for name in ENGINE + RARE if name.startswith("flowdeco.")]
    folder = Path(flowdeco.__file__).parent
    paths = [folder.joinpath(*name.split(".")[1:]) for name in own]
    assert [path.name for path in paths if not path.is_dir() and not path.with_suffix(".py").is_file()] == []
