"""What people do that the rules do not speak of, each found by somebody who tried."""

import asyncio
import threading
from typing import Any
from unittest.mock import AsyncMock, Mock

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import InputError, OptionTypeError, Run, WorkflowTimeoutError, task, workflow
from tests.conftest import Backend
from tests.support.clock import AT_ONCE, Clock, given_time


def test_a_re_run_cell_that_adds_outputs_is_noticed() -> None:
    cells: dict[str, Any] = {"task": task, "workflow": workflow}
    exec("@task\ndef split(): return 1, 2\n@workflow\ndef halves(small): return small", cells)
    with pytest.raises(InputError):
        cells["halves"]()
    exec("@task(outputs=('small', 'big'))\ndef split(): return 1, 2", cells)
    assert cells["halves"]() == 1


@given_time
async def test_a_def_workflow_that_is_awaited_past_its_timeout_has_failed(clock: Clock) -> None:
    @workflow(timeout=clock.seconds)
    def late() -> str:
        clock.reach()
        try:
            while True:
                anyio.from_thread.check_cancelled()
                threading.Event().wait(0.001)
        except BaseException:
            return "late"

    with pytest.raises(WorkflowTimeoutError) as caught:
        await late.call()
    assert Run.of(caught.value).result is None


class Shop:
    """A class whose methods are workflows."""

    def __init__(self, price: int) -> None:
        self.price = price

    @workflow
    def offer(self: "Shop", count: int = 1) -> int:
        return self.price * count

    @workflow
    async def offer_async(self: "Shop", count: int = 1) -> int:
        return self.price * count


async def test_every_way_to_call_a_workflow_knows_what_a_method_is_bound_to() -> None:
    shop = Shop(3)
    assert await shop.offer.call(5) == 15
    assert await shop.offer_async(count=5) == 15
    assert (await shop.offer_async.run(5)).result == 15
    assert await anyio.to_thread.run_sync(shop.offer, 5) == 15


@pytest.mark.parametrize("together", [False, True])
def test_a_generator_exit_that_a_task_raises_passes_bare(together: bool, backend: Backend) -> None:
    @task
    async def bad() -> None:
        await checkpoint()
        raise GeneratorExit

    @task
    async def other() -> None:
        if together:
            await anyio.sleep_forever()

    @workflow(backend=backend[0], backend_options=backend[1])
    def leaves(other: None, bad: None) -> None: ...

    with pytest.raises(GeneratorExit):
        leaves()


@pytest.mark.parametrize("mock", [Mock(return_value=3), AsyncMock(return_value=3)])
async def test_a_mock_that_stands_in_is_given_what_the_function_would_be(mock: Mock) -> None:
    mock.reset_mock()

    @task
    async def price(item: str) -> int:
        raise AssertionError(item)

    @workflow
    async def offer(item: str, price: int) -> int:
        return price

    assert await offer.override(price=mock)("tea") == 3
    mock.assert_called_once_with("tea")


async def test_an_error_that_is_raised_again_says_nothing_of_the_runs_before() -> None:
    error = ValueError("the same")

    @task
    async def bad() -> None:
        raise error

    @workflow
    async def inner(bad: None) -> None: ...

    async def outer_function(inner: None) -> None: ...

    for name in ("first", "second", "third"):
        outer = workflow(outer_function, name=name, needs={"inner": inner})
        with pytest.raises(ValueError, match="the same"):
            await outer()
    assert error.__notes__ == [
        "Raised by task 'bad' of workflow 'inner'.",
        "Raised by task 'inner' of workflow 'third'.",
    ]


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_workflow_cannot_yield(kind: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"{kind} items():\n    yield 1", namespace)
    with pytest.raises(OptionTypeError) as caught:
        workflow(namespace["items"])
    assert str(caught.value) == (
        "Cannot make a workflow of 'items': it yields. Move what yields to a task, and return the result here."
    )


async def test_a_stop_iteration_out_of_a_workflow_s_own_function_is_not_lost() -> None:
    @workflow
    def stops() -> None:
        raise StopIteration(1)

    with pytest.raises(RuntimeError) as caught:
        await stops.call()
    assert isinstance(caught.value.__cause__, StopIteration)
    assert caught.value.__notes__ == ["Raised by workflow 'stops'."]


async def test_asking_a_def_workflow_for_its_run_on_a_running_loop_names_the_way() -> None:
    @workflow
    def plain() -> int:
        return 1

    with pytest.raises(RuntimeError) as caught:
        plain.run()
    assert str(caught.value) == (
        "Cannot call workflow 'plain': this thread's event loop is running, and a blocking call would stop it. "
        "Use: await plain.run_async(...)."
    )
    assert (await plain.run_async()).result == 1
    assert (await anyio.to_thread.run_sync(plain.run)).result == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_asyncio_s_own_timeouts_and_task_groups_work_inside_tasks() -> None:
    async def one() -> int:
        await asyncio.sleep(0)
        return 1

    @task
    async def grouped() -> int:
        async with asyncio.TaskGroup() as group:
            made = [group.create_task(one()) for _ in range(3)]
        return sum(t.result() for t in made)

    @task
    async def limited() -> str:
        try:
            async with asyncio.timeout(AT_ONCE):
                await asyncio.sleep(3600)
        except TimeoutError:
            return "in time"
        return "too late"

    @workflow
    async def both(grouped: int, limited: str) -> tuple[int, str]:
        return grouped, limited

    assert await both() == (3, "in time")


def test_an_input_that_is_a_misspelt_task_is_called_so() -> None:
    @task
    def amount() -> int:
        return 1

    @workflow
    def offer(amuont: int) -> int:
        return amuont

    with pytest.raises(InputError) as caught:
        offer()
    assert str(caught.value) == (
        "Cannot call workflow 'offer': missing 1 required argument: 'amuont'. Did you mean the task 'amount'? "
        "Its inputs are 'amuont'."
    )
    assert amount() == 1
