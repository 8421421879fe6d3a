"""What runs inside a task that holds places shares them."""

from typing import Any

import pytest
from anyio import create_task_group, fail_after, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import Limit, LimitError, Retry, task, workflow
from tests.conftest import Backend
from tests.support.limits import PATIENCE, Gauge, Line, alone, is_free
from tests.support.naming import take


@pytest.mark.parametrize("own_call", ["call", "plain"])
async def test_an_async_task_may_call_a_workflow_whose_task_has_the_same_limit(own_call: str) -> None:
    limit = Limit(1)

    @task(limit=limit)
    async def small() -> str:
        await checkpoint()
        return repr(limit)

    @workflow
    async def inner(small: str) -> str:
        return small

    @task(limit=limit)
    async def outer() -> str:
        return await (inner() if own_call == "plain" else inner.call())

    with fail_after(PATIENCE):
        assert await alone(outer)() == "<Limit: 1 of 1 places taken>"
    assert is_free(limit)


@pytest.mark.parametrize("inner_kind", ["async", "def"])
def test_a_def_task_may_call_a_workflow_plainly_whose_task_has_the_same_limit(
    backend: Backend, inner_kind: str
) -> None:
    limit = Limit(1)

    def small() -> str:
        return repr(limit)

    async def small_async() -> str:
        await checkpoint()
        return small()

    @workflow(needs={"given": task(small if inner_kind == "def" else small_async, limit=limit)})
    def inner(given: str) -> str:
        return given

    @task(limit=limit)
    def outer() -> str:
        return inner()

    @workflow(backend=backend[0], backend_options=backend[1])
    def w(outer: str) -> str:
        return outer

    assert w() == "<Limit: 1 of 1 places taken>"
    assert is_free(limit)


async def test_what_runs_inside_takes_the_places_of_the_task_around_it_and_those_that_are_free() -> None:
    limit, gauge = Limit(5), Gauge()

    async def small() -> None:
        with gauge.one_more():
            await wait_all_tasks_blocked()

    @workflow(needs={"given": [task(small, name=f"s{i}", limit=limit) for i in range(6)]})
    async def inner(given: list[None]) -> None: ...

    @task(limit={limit: 2})
    async def outer() -> None:
        await inner()

    with fail_after(PATIENCE):
        await alone(outer)()
        assert gauge.most == 5
        await inner()
    assert gauge.most == 5
    assert is_free(limit)


async def test_a_workflow_that_is_a_node_is_inside_nobody_s_places() -> None:
    limit, line = Limit(2), Line()

    @workflow(needs={"given": [line.make("n1", limit), line.make("n2", {limit: 2})]})
    async def inner(given: Any) -> Any:
        return given

    w = workflow(take, needs={"given": [line.make("outside", limit), inner]})
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await wait_all_tasks_blocked()
            line.go.set()
    assert sorted(line.served) == ["n1", "n2", "outside"]
    assert is_free(limit)


async def test_inside_a_task_more_places_than_it_holds_are_an_error_that_says_so() -> None:
    gpu = Limit(3, "gpu")
    attempts: list[str] = []

    @task(limit={gpu: 3}, retries=Retry(5, delay=0), on_retry=lambda: attempts.append("retry"))
    async def large() -> None: ...

    @workflow
    async def inner(large: None) -> None: ...

    @task(limit={gpu: 2})
    async def outer() -> None:
        await inner()

    with fail_after(PATIENCE):
        with pytest.raises(LimitError) as caught:
            await alone(outer)()
    assert str(caught.value) == (
        "Cannot take limit 'gpu': 3 places are needed inside a task that holds 2, so waiting for more might never end. "
        "Give the task around it 3, or call it outside that task."
    )
    assert (caught.value.limit, caught.value.demanded, caught.value.held) == (gpu, 3, 2)
    assert caught.value.__notes__[0] == "Raised by task 'large' of workflow 'inner'."
    assert attempts == []
    assert is_free(gpu)
    await inner()


async def test_a_task_whose_inside_needs_more_than_it_holds_may_recover() -> None:
    gpu = Limit(2)

    @task(limit={gpu: 2}, recover=lambda: "recovered")
    async def large() -> str:
        return "large"

    @workflow
    async def inner(large: str) -> str:
        return large

    @task(limit=gpu)
    async def outer() -> str:
        return await inner()

    with fail_after(PATIENCE):
        assert await alone(outer)() == "recovered"
        assert await inner() == "large"
    assert is_free(gpu)


@pytest.mark.parametrize("hook_errors", ["log", "raise"])
async def test_what_a_hook_calls_that_the_task_waits_for_takes_the_places_of_the_task(hook_errors: str) -> None:
    limit, places = Limit(1), list[str]()

    @task(limit=limit)
    async def small() -> None:
        places.append(repr(limit))

    async def ask() -> None:
        await small.call()

    options: dict[str, Any] = {"on_start": ask} if hook_errors == "log" else {"on_state": [ask]}

    @task(limit=limit, **options)
    async def large() -> str:
        return "large"

    with fail_after(PATIENCE):
        assert await alone(large, hook_errors=hook_errors)() == "large"
    assert set(places) == {"<Limit: 1 of 1 places taken>"}
    assert is_free(limit)
