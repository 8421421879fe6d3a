"""`scope="process"`: opened once in each worker process, for the tasks that run there."""

import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import anyio
import pytest

from flowdeco import CallError, OptionError, ResourceScopeError, TransferError, resource, task, workflow
from tests.conftest import BACKENDS, Backend
from tests.support import remote_resources as remote


@workflow(tasks=[remote])
async def both(path: str, use: Any, use_again: Any) -> tuple[Any, Any]:
    return use, use_again


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_is_opened_once_in_a_process_and_closed_at_its_end(tmp_path: Path, backend: Backend) -> None:
    path = tmp_path / "diary"

    async def run() -> list[tuple[Any, Any]]:
        return [await both(str(path)), await both(str(path))]

    found = anyio.run(run, backend=backend[0], backend_options=backend[1])
    pids = {each[2] for pair in found for each in pair}
    assert {each[:2] for pair in found for each in pair} == {("session of model 1", "model 1")}
    assert os.getpid() not in pids
    (pid,) = pids
    expected = ["open model", "open session", "close session", "close model"]
    assert path.read_text().splitlines() == [f"{line} {pid}" for line in expected]


async def test_with_other_arguments_it_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "diary"

    @workflow(tasks=[remote])
    async def w(path: str, size: int, use: tuple[str, str, int]) -> str:
        return use[0]

    assert [await w(str(path), size) for size in (1, 2, 2)] == ["session of model 1", *["session of model 2"] * 2]
    lines = [line.rpartition(" ")[0] for line in path.read_text().splitlines()]
    again = ["open model", "open session"]
    assert lines == [*again, "close session", "close model", *again]


async def test_what_opening_it_raises_is_the_error_of_the_task() -> None:
    @workflow(tasks=[remote])
    async def w(use_broken: str) -> str:
        return use_broken

    with pytest.raises(ConnectionError, match="refused") as caught:
        await w()
    assert caught.value.__notes__ == ["Raised by task 'use_broken' of workflow 'w'."]


async def test_what_stands_in_for_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "diary"
    found, _ = await both.override(session="fake").call(str(path))
    assert found[:2] == ("fake", "model 1")
    found, _ = await both.override(session="fake", model="none").call(str(path))
    assert found[:2] == ("fake", "none")


async def test_one_that_is_found_by_no_name_cannot_be_sent() -> None:
    @resource(scope="process")
    def local() -> Generator[str]:
        yield "local"

    where = remote.use.with_options(needs={"session": local, "model": local})

    @workflow(needs={"where": where})
    async def w(where: Any) -> Any:
        return where

    with pytest.raises(TransferError, match="its argument 'session' cannot be sent there"):
        await w()


def test_it_is_a_def_and_has_no_attempts_of_its_own() -> None:
    async def awaited() -> AsyncGenerator[None]:
        yield

    def plain() -> Generator[None]:
        yield

    with pytest.raises(OptionError) as caught:
        resource(awaited, scope="process")
    assert str(caught.value) == (
        "Cannot define resource 'awaited': scope='process' cannot be used with an async def: a worker process has no "
        "event loop. Make it a def."
    )
    with pytest.raises(OptionError) as caught:
        resource(plain, scope="process", retries=2)
    assert str(caught.value) == (
        "Cannot define resource 'plain': retries=2 does not go with scope=\"process\": there it is opened in the "
        "attempt of a task, whose own it is. Say it of the task."
    )


def test_it_is_taken_by_a_parameter_of_its_own() -> None:
    @task(needs={"models": [remote.model]}, run_in="process")
    def several(models: Any) -> Any:
        return models

    @workflow(needs={"several": several})
    def w(path: str, several: Any) -> Any:
        return several

    with pytest.raises(
        ResourceScopeError, match="takes resource 'model' in a list or dict, and in a worker process it"
    ):
        w.check()


@workflow(tasks=[remote])
async def graph_and_call(path: str, use: tuple[Any, Any, int]) -> tuple[Any, Any]:
    return use, await remote.use.call()


async def test_a_call_that_runs_in_a_process_uses_what_is_open_there(tmp_path: Path) -> None:
    path = tmp_path / "diary"
    by_graph, by_call = await graph_and_call(str(path))
    assert by_call[:2] == by_graph[:2] == ("session of model 1", "model 1")
    pids = {by_graph[2], by_call[2]}
    lines = path.read_text().splitlines()
    assert [line for line in lines if line.startswith("open")] == [
        f"open {name} {pid}" for pid in pids for name in ("model", "session")
    ]


async def test_what_stands_in_for_it_is_what_a_call_in_a_process_gets() -> None:
    fixed = graph_and_call.override(model="fake", session="fake too")
    assert (await fixed(""))[1][:2] == ("fake too", "fake")


async def test_a_call_that_does_not_run_in_a_process_says_that_it_does_not() -> None:
    @task
    def near(broken: str) -> str:
        return broken

    @workflow(tasks=[remote])
    async def w() -> str:
        return await near.with_options(needs={"broken": remote.broken}).call()

    with pytest.raises(CallError, match="'broken', which is opened in worker processes alone, and it does not run in"):
        await w()


async def test_a_call_says_what_a_resource_of_processes_lacks() -> None:
    @workflow
    async def w() -> object:
        return await remote.use.call()

    with pytest.raises(CallError, match="needs what the run around the call has no input for"):
        await w()
