"""`run_in=` a thread, or the event loop."""

import os
import threading
from collections.abc import Awaitable, Iterator
from concurrent.futures import Executor
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import OptionError, task, workflow
from tests.support.retries import alone
from tests.support.run_in import describe


@pytest.mark.parametrize("run_in", [None, "thread"])
async def test_in_a_thread_is_what_a_def_does_anyway(run_in: Any) -> None:
    process, thread = await alone(task(describe, name="page", run_in=run_in))()
    assert process == os.getpid()
    assert thread != threading.get_ident()


async def test_on_the_loop_is_on_its_thread_without_a_hop() -> None:
    async def late() -> str:
        await checkpoint()
        return "awaited"

    @task(run_in="loop")
    def inline() -> int:
        return threading.get_ident()

    @task(run_in="loop")
    def hands_over(inline: int) -> Awaitable[str]:
        return late()

    @task(run_in="loop")
    def yields(hands_over: str) -> Iterator[Any]:
        yield hands_over
        yield threading.get_ident()

    @workflow
    async def w(inline: int, hands_over: str, yields: list[Any]) -> Any:
        return inline, hands_over, yields

    here = threading.get_ident()
    assert await w() == (here, "awaited", ["awaited", here])


async def test_an_async_def_runs_on_the_loop_whether_it_says_so_or_not() -> None:
    @task(run_in="loop", timeout=60)
    async def page() -> int:
        await checkpoint()
        return threading.get_ident()

    assert await alone(page)() == threading.get_ident()


def test_what_does_not_go_together_is_refused_at_decoration(pool: Executor) -> None:
    async def page() -> None: ...

    def words() -> None: ...

    for place in ("thread", "process", pool):
        with pytest.raises(OptionError, match=r"^Cannot define task 'page': run_in=.* always runs on the event loop"):
            task(page, run_in=place)
    with pytest.raises(OptionError) as caught:
        task(words, run_in="loop", timeout=5)
    assert (caught.value.option, caught.value.value) == ("timeout", 5)
    assert str(caught.value) == (
        "Cannot define task 'words': timeout=5 cannot be combined with run_in=\"loop\": a def cannot be interrupted "
        "on the "
        "event loop. Remove one of them."
    )
