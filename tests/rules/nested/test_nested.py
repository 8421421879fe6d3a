"""A workflow can be named where a task can: it runs as a node."""

import threading
from typing import Any

from flowdeco import workflow
from tests.conftest import Backend
from tests.support.naming import mention
from tests.support.nested import inner, inner_async, outer

mention(inner, inner_async)


@workflow
async def outer_async(url: Any, inner: Any, inner_async: Any) -> Any:
    return inner, inner_async


EXPECTED = (("x", ["<x>"]), ("x", ["<x>"]))


def test_workflows_of_both_kinds_run_within_a_plain_call(backend: Backend) -> None:
    name, options = backend
    assert outer.with_options(backend=name, backend_options=options)(url="x") == EXPECTED


async def test_workflows_of_both_kinds_run_within_an_awaited_one() -> None:
    assert await outer_async(url="x") == EXPECTED
    assert await outer.call(url="x") == EXPECTED


async def test_the_body_of_a_def_workflow_within_runs_in_a_worker_thread() -> None:
    @workflow
    def where() -> int:
        return threading.get_ident()

    @workflow
    async def w(where: Any) -> Any:
        return where

    assert await w() != threading.get_ident()


async def test_workflows_run_within_workflows_within_workflows() -> None:
    @workflow
    async def second(url: Any, inner: Any, inner_async: Any) -> Any:
        return "second", inner, inner_async

    @workflow
    def third(url: Any, second: Any) -> Any:
        return "third", second

    @workflow
    async def fourth(url: Any, third: Any) -> Any:
        return "fourth", third

    assert await fourth(url="x") == ("fourth", ("third", ("second", *EXPECTED)))
