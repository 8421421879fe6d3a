"""A `CancelledError` that nobody asked for is a `StrayCancellationError` of its task, wherever that stood."""

import asyncio
from typing import Any

import anyio
import pytest
from anyio import sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import Outcome, Retry, Run, Status, StrayCancellationError, task, workflow

pytestmark = pytest.mark.parametrize("anyio_backend", ["asyncio"])


async def wait_for_what_somebody_cancelled() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.cancel)
    await future


async def raise_at_once() -> None:
    raise asyncio.CancelledError


def raise_in_a_thread() -> None:
    raise asyncio.CancelledError


STRAYS = [wait_for_what_somebody_cancelled, raise_at_once, raise_in_a_thread]


async def forever() -> None:
    await sleep_forever()


async def once() -> None:
    await checkpoint()


def blocks_shortly() -> None: ...


def names(order: str) -> list[str]:
    return {"first": ["stray", "a", "b"], "middle": ["a", "stray", "b"], "last": ["a", "b", "stray"]}[order]


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("order", ["alone", "first", "middle", "last"])
@pytest.mark.parametrize(
    "others", [[forever, forever], [once, once], [blocks_shortly, once], [blocks_shortly, forever]]
)
async def test_it_fails_the_task_in_whatever_order_the_tasks_are_named(stray: Any, order: str, others: Any) -> None:
    made = {"stray": task(stray, name="stray"), "a": task(others[0], name="a"), "b": task(others[1], name="b")}
    steps = [made["stray"]] if order == "alone" else [made[name] for name in names(order)]

    @workflow(needs={"found": steps})
    async def w(found: list[None]) -> None: ...

    with anyio.fail_after(60), pytest.raises(StrayCancellationError) as caught:
        await w()
    run = Run.of(caught.value)
    assert run.status is Status.FAILED
    assert run.tasks["stray"].status is Status.FAILED
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("policy", [{}, {"retries": Retry(1, delay=0)}, {"timeout": 60}, {"limit": 1}])
async def test_recover_is_asked(stray: Any, beside: bool, policy: dict[str, Any]) -> None:
    asked: list[BaseException] = []

    def recover(error: BaseException) -> str:
        asked.append(error)
        return "recovered"

    step = task(stray, name="stray", recover=recover, **policy)

    @workflow(needs={"got": step}, after=[task(once)] if beside else [])
    async def w(got: str) -> str:
        return got

    with anyio.fail_after(60):
        assert await w() == "recovered"
    assert [type(error) for error in asked] == [StrayCancellationError]


@pytest.mark.parametrize("stray", STRAYS)
@pytest.mark.parametrize("keep_going", [False, True])
async def test_it_can_be_received_as_an_outcome(stray: Any, keep_going: bool) -> None:
    @workflow(needs={"got": task(stray, name="stray")}, settled="got", keep_going=keep_going)
    async def w(got: Outcome[None]) -> Outcome[None]:
        return got

    with anyio.fail_after(60):
        got = await w()
    assert isinstance(got.error, StrayCancellationError)


async def test_it_is_retried_where_retries_say_so() -> None:
    tried: list[int] = []

    async def stray_once() -> str:
        tried.append(1)
        if len(tried) == 1:
            await wait_for_what_somebody_cancelled()
        return "at last"

    @workflow(needs={"got": task(stray_once, retries=Retry(1, delay=0))})
    async def w(got: str) -> str:
        return got

    with anyio.fail_after(60):
        assert await w() == "at last"


async def test_one_of_a_nested_workflow_s_tasks_fails_the_nested_one() -> None:
    inner_step = task(wait_for_what_somebody_cancelled, name="stray")

    @workflow(after=inner_step)
    async def inner() -> None: ...

    @workflow(needs={"got": inner}, after=task(once))
    async def w(got: None) -> None: ...

    with anyio.fail_after(60), pytest.raises(StrayCancellationError):
        await w()


async def test_one_in_the_workflow_s_own_function_fails_the_run() -> None:
    @workflow
    async def w() -> None:
        await wait_for_what_somebody_cancelled()

    with anyio.fail_after(60), pytest.raises(StrayCancellationError):
        await w()


async def test_a_task_may_handle_one_itself() -> None:
    async def handles() -> str:
        try:
            await wait_for_what_somebody_cancelled()
        except asyncio.CancelledError:
            return "handled"
        return "not cancelled"

    @workflow(needs={"got": task(handles)}, after=task(once))
    async def w(got: str) -> str:
        return got

    with anyio.fail_after(60):
        assert await w() == "handled"
