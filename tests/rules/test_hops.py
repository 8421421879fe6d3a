"""Plain functions that wait for each other meet, whatever their options; a quick one waits for no slow one."""

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import Limit, Retry, task, workflow

OPTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "plain": dict,
    "limit": lambda: {"limit": Limit(10)},
    "hooks": lambda: {"on_start": ignore, "on_success": ignore},
    "async hooks": lambda: {"on_start": ignore_async, "on_success": ignore_async},
    "on_state": lambda: {"on_state": ignore},
    "retries": lambda: {"retries": Retry(1, delay=0)},
    "timeout": lambda: {"timeout": 60},
    "when": lambda: {"when": lambda: True},
    "recover": lambda: {"recover": ignore},
}
FOLLOWED: dict[str, dict[str, Any]] = {"not followed": {}, "workflow's on_state": {"on_state": lambda: None}}


def ignore() -> None: ...


async def ignore_async() -> None: ...


@pytest.mark.parametrize("count", [2, 3, 8])
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("followed", FOLLOWED)
async def test_two_or_more_that_are_ready_meet(count: int, option: str, followed: str) -> None:
    barrier = threading.Barrier(count)

    def meet() -> int:
        return barrier.wait(60)

    options = OPTIONS[option]()
    steps = [task(meet, name=f"meet{number}", **options) for number in range(count)]

    @workflow(needs={"places": steps}, **FOLLOWED[followed])
    async def w(places: list[int]) -> list[int]:
        return sorted(places)

    with anyio.fail_after(60):
        assert await w() == list(range(count))


@pytest.mark.parametrize("option", OPTIONS)
async def test_two_that_one_function_has_made_ready_meet(option: str) -> None:
    barrier = threading.Barrier(3)
    first = task(lambda: None, name="first")

    def meet(first: None) -> int:
        return barrier.wait(60)

    steps = [task(meet, name=f"meet{number}", needs={"first": first}, **OPTIONS[option]()) for number in range(3)]

    @workflow(after=steps)
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("blocks_first", [True, False])
async def test_a_quick_one_behind_one_that_blocks_is_taken_by_another_thread(option: str, blocks_first: bool) -> None:
    let_go = threading.Event()
    answers: list[bool] = []

    def blocks() -> None:
        answers.append(let_go.wait(60))

    def quick() -> None:
        let_go.set()

    steps = [task(blocks, **OPTIONS[option]()), task(quick, **OPTIONS[option]())]

    @workflow(after=steps if blocks_first else steps[::-1])
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
    assert answers == [True]


async def test_what_a_quick_one_makes_ready_does_not_wait_for_one_that_blocks() -> None:
    let_go = threading.Event()
    answers: list[bool] = []
    quick = task(lambda: None, name="quick")

    def blocks() -> None:
        answers.append(let_go.wait(60))

    def follow(quick: None) -> None:
        let_go.set()

    async def follow_async(follow: None) -> None: ...

    followed = task(follow, needs={"quick": quick})

    @workflow(after=[task(blocks), task(follow_async, needs={"follow": followed})])
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
    assert answers == [True]


async def test_functions_of_two_runs_meet() -> None:
    barrier = threading.Barrier(2)

    @workflow(after=task(lambda: barrier.wait(60), name="meet"))
    async def w() -> None: ...

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(w)
            group.start_soon(w)


async def test_functions_of_a_run_and_of_one_within_it_meet() -> None:
    barrier = threading.Barrier(2)
    meet = task(lambda: barrier.wait(60), name="meet")

    @workflow(after=meet)
    async def inner() -> None: ...

    @workflow(after=[inner, task(lambda: barrier.wait(60), name="outer meet")])
    async def w() -> None: ...

    with anyio.fail_after(60):
        await w()
