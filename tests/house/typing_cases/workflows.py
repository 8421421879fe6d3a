"""What type checkers make of `workflow` and of workflows."""

import functools
import inspect
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, assert_type

import anyio
from starlette.background import BackgroundTask

import flowdeco
from flowdeco import Edge, Failure, Graph, Node, Run, Status, TaskRecord, Workflow, task, value, workflow


@task
def page(url: str) -> str:
    return f"<{url}>"


@workflow
def plain(url: str, page: str) -> int:
    return len(page)


@workflow
async def awaited(url: str, page: str) -> int:
    return len(page)


@workflow()
def without_options(url: str, page: str) -> int:
    return len(page)


@workflow(name="named", timeout=60, needs={"page": page}, after=page, tasks=[page, flowdeco], backend="asyncio")
def with_options(url: str, page: str) -> int:
    return len(page)


@workflow(timeout=60, tasks={"page": page}, backend_options={"debug": True})
async def awaited_with_options(url: str, page: str) -> int:
    return len(page)


@workflow
def nothing(page: str, url: str = "x") -> None: ...


@workflow
def anything(url: Any, page: Any) -> Any:
    return page


@workflow
async def anything_awaited(url: Any, page: Any) -> Any:
    return page


def check_the_type_of_a_workflow_tells_what_a_call_gives() -> None:
    assert_type(plain, Workflow[int, int])
    assert_type(without_options, Workflow[int, int])
    assert_type(with_options, Workflow[int, int])
    assert_type(awaited, Workflow[Coroutine[Any, Any, int], int])
    assert_type(awaited_with_options, Workflow[Coroutine[Any, Any, int], int])
    assert_type(nothing, Workflow[None, None])
    assert_type(anything, Workflow[Any, Any])
    assert_type(anything_awaited, Workflow[Coroutine[Any, Any, Any], Any])


def check_a_call_of_a_def_workflow_gives_its_result() -> None:
    assert_type(plain(url="x"), int)
    assert_type(plain("x"), int)
    assert_type(without_options("x"), int)
    assert_type(with_options("x"), int)
    assert_type(anything("x"), Any)


async def check_a_call_of_an_async_workflow_gives_a_coroutine() -> None:
    assert_type(await awaited(url="x"), int)
    coroutine = assert_type(awaited("x"), Coroutine[Any, Any, int])
    assert_type(await coroutine, int)
    assert_type(await awaited_with_options.with_options(backend_options=None)("x"), int)


async def check_call_gives_a_coroutine_for_both_kinds() -> None:
    assert_type(await plain.call("x"), int)
    assert_type(await awaited.call("x"), int)
    assert_type(await anything.call("x"), Any)


def check_call_sync_gives_the_result_for_both_kinds() -> None:
    assert_type(plain.call_sync("x"), int)
    assert_type(awaited.call_sync("x"), int)
    assert_type(anything_awaited.call_sync("x"), Any)


def check_an_async_workflow_can_be_run_by_anyio() -> None:
    assert_type(anyio.run(awaited, "x"), int)


def check_run_of_a_def_workflow_gives_the_record() -> None:
    run = plain.run("x")
    assert_type(run, Run[int])
    assert_type(run.result, int | None)
    assert_type(run.status, Status)
    assert_type(run.error, BaseException | None)
    assert_type(run.errors, list[Failure])
    assert_type(run.inputs, Mapping[str, Any])
    assert_type(run.started, datetime | None)
    assert_type(run.duration, float | None)
    assert_type(run.id, str)
    assert_type(anything.run("x"), Any)


async def check_run_of_an_async_workflow_is_awaited() -> None:
    assert_type(await awaited.run("x"), Run[int])
    assert_type(await anything_awaited.run("x"), Run[Any])


async def check_run_async_gives_a_coroutine_of_the_record_for_both_kinds() -> None:
    assert_type(await plain.run_async("x"), Run[int])
    assert_type(await awaited.run_async("x"), Run[int])
    assert_type(await anything.run_async("x"), Run[Any])
    coroutine = assert_type(plain.run_async("x"), Coroutine[Any, Any, Run[int]])
    assert_type((await coroutine).result, int | None)


def check_run_sync_gives_the_record_for_both_kinds() -> None:
    assert_type(plain.run_sync("x"), Run[int])
    assert_type(awaited.run_sync("x"), Run[int])
    assert_type(anything_awaited.run_sync("x"), Run[Any])


def check_an_event_loop_runs_what_is_awaited() -> None:
    assert_type(anyio.run(plain.call, "x"), int)
    assert_type(anyio.run(plain.run_async, "x"), Run[int])
    assert_type(anyio.run(awaited.run_async, "x"), Run[int])


def check_what_is_awaited_may_stand_where_a_coroutine_function_is_asked_for() -> None:
    functions: list[Callable[..., Coroutine[Any, Any, int]]] = [plain.call, awaited.call, awaited]
    records: list[Callable[..., Coroutine[Any, Any, Run[int]]]] = [plain.run_async, awaited.run_async, awaited.run]
    blocking: list[Callable[..., int | Run[int]]] = [plain, plain.call_sync, awaited.call_sync, awaited.run_sync]
    assert [len(each) for each in (functions, records, blocking)] == [3, 3, 4]


def check_a_workflow_is_read_as_a_function() -> None:
    assert_type(inspect.signature(plain), inspect.Signature)
    assert_type(inspect.signature(plain.call), inspect.Signature)
    assert_type(inspect.iscoroutinefunction(plain.call), bool)

    @functools.wraps(plain)
    def wrapped(url: str) -> int:
        return plain(url)

    assert_type(wrapped("x"), int)
    assert_type(functools.partial(plain.call, url="x"), functools.partial[Coroutine[Any, Any, int]])
    background: list[BackgroundTask] = [BackgroundTask(plain.call, "x"), BackgroundTask(awaited, url="x")]
    assert len(background) == 2


def check_the_record_of_a_task() -> None:
    record = plain.run("x").tasks["page"]
    assert_type(record, TaskRecord)
    assert_type(record.status, Status)
    assert_type(record.started, datetime | None)
    assert_type(record.duration, float | None)
    assert_type(record.error, BaseException | None)
    assert_type(record.result, Any)


def check_run_of_an_error() -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        try:
            assert_type(Run.of(error), Run[Any])
        except LookupError:
            pass


def check_override_and_with_options_keep_the_type() -> None:
    assert_type(plain.override(page="<html>"), Workflow[int, int])
    assert_type(plain.override({page: lambda: "<html>"})("x"), int)
    assert_type(plain.override({"page": value("<html>")})("x"), int)
    assert_type(awaited.override({page: page}), Workflow[Coroutine[Any, Any, int], int])
    assert_type(plain.with_options(timeout=1, name="other"), Workflow[int, int])
    assert_type(awaited.with_options(tasks=None), Workflow[Coroutine[Any, Any, int], int])


def check_the_graph() -> None:
    graph = plain.graph
    assert_type(graph, Graph)
    assert_type(graph.nodes, tuple[Node, ...])
    assert_type([node.name for node in graph], list[str])
    assert_type(graph.edges, list[Edge])
    assert_type(graph.inputs, tuple[str, ...])
    assert_type(graph.find("page"), Node | None)
    assert_type(graph.edges[0].parameter, str | None)
    assert_type(plain.check(), None)


def check_a_workflow_made_by_a_call() -> None:
    def function(url: str) -> int:
        return len(url)

    async def coroutine_function(url: str) -> int:
        return len(url)

    assert_type(workflow(function), Workflow[int, int])
    assert_type(workflow(function, timeout=5)("x"), int)
    assert_type(workflow(coroutine_function, name="other"), Workflow[Coroutine[Any, Any, int], int])


def check_a_workflow_has_a_type_to_write_down() -> None:
    workflows: list[Workflow[Any, Any]] = [plain, awaited]
    assert_type(workflows[0]("x"), Any)
    function: Callable[[str], int] = plain
    assert_type(function("x"), int)
