"""Random programs in which everything meets end as a simple sequential model says, and leave nothing open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import pytest
from hypothesis import given

from flowdeco import GraphError, ResourceError, Skip
from tests.conftest import BACKENDS, Backend
from tests.model.outcome import plain
from tests.model.whole_model import Entry, Model
from tests.model.whole_program import Program, programs
from tests.model.whole_stage import Stage, make_switch
from tests.support.example import examples
from tests.support.left import list_tasks, list_threads

# Seconds; a program takes a small part of one.
PATIENCE = 60

STOPS = ("scope", "native", "fail", "timeout", "exit")


def read_record(run: Any, expected: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says, as the model has it."""
    found: dict[str, Any] = {}
    for name, entry in expected.items():
        record = run.tasks[name]
        if isinstance(entry, Entry):
            found[name] = read_entry(record, entry)
        else:
            found[name] = [read_entry(item, one) for item, one in zip(record.items, entry, strict=True)]
    return found


def read_entry(record: Any, expected: Entry) -> Entry:
    calls = tuple([read_entry(call, one) for call, one in zip(record.calls, expected.calls, strict=True)])
    return Entry(str(record.status), calls, None if expected.run is None else read_record(record.run, expected.run))


@asynccontextmanager
async def opened(stage: Stage) -> AsyncGenerator[Any]:
    """The workflow, with what it shares open."""
    if stage.is_shared:
        async with stage.outermost.opened() as w:
            yield w
    else:
        yield stage.outermost


async def call(stage: Stage) -> None:
    async with opened(stage) as w:
        await w.call(given="given")


async def run_stopped(stage: Stage, backend: Backend) -> None:
    """Call a workflow, and stop it where the program says so."""
    kind = stage.watch.stop.kind
    if kind == "native" and backend[0] == "asyncio":
        caller = asyncio.ensure_future(call(stage))
        stage.watch.switch = make_switch(backend, caller.cancel)
        await asyncio.wait([caller])
        if not caller.cancelled():
            caller.exception()
        return
    with anyio.CancelScope() as scope:

        def stop() -> None:
            if kind == "timeout":
                scope.deadline = anyio.current_time()
            else:
                scope.cancel()

        stage.watch.switch = make_switch(backend, stop)
        with suppress(Exception, SystemExit):
            await call(stage)


@pytest.mark.parametrize("backend", BACKENDS)
@examples(0.75)
@given(program=programs(("",)))
def test_a_program_ends_as_the_model_says(backend: Backend, program: Program) -> None:
    stage = Stage(program)
    model = Model(program)
    (status, value), entry = model.run_level(0, "given")

    async def main() -> Any:
        tasks = list_tasks()
        with anyio.fail_after(PATIENCE):
            try:
                async with opened(stage) as w:
                    return await w.run_async(given="given")
            finally:
                assert list_tasks() == tasks

    error: BaseException | None = None
    run: Any = None
    threads = list_threads()
    try:
        run = anyio.run(main, backend=backend[0], backend_options=backend[1])
    except (ValueError, ExceptionGroup, Skip) as raised:
        error = raised
    assert not isinstance(error if run is None else run.error, (GraphError, ResourceError))
    assert not stage.watch.list_unclosed()
    assert list_threads(threads) <= threads
    if status == "completed":
        assert error is None
        assert run is not None
        assert plain(run.result) == value
    assert not stage.watch.ran - model.ran
    if not model.has_failed:
        assert stage.watch.ran == model.ran
        if status == "completed":
            assert read_record(run, entry.run or {}) == entry.run


@pytest.mark.parametrize("backend", BACKENDS)
@examples(0.75)
@given(program=programs(STOPS))
def test_wherever_it_is_stopped_all_is_closed(backend: Backend, program: Program) -> None:
    stage = Stage(program)

    async def main() -> None:
        tasks = list_tasks()
        with anyio.fail_after(PATIENCE):
            await run_stopped(stage, backend)
        assert not stage.watch.list_unclosed()
        assert list_tasks() == tasks

    threads = list_threads()
    anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert list_threads(threads) <= threads
