"""What nobody needs any more is let go: results during a run."""

from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.support.memory import Result, big, big_def, count_alive, made

pytestmark = pytest.mark.usefixtures("nothing_alive")


@pytest.mark.parametrize("source", [big, big_def])
async def test_a_result_is_gone_when_its_last_reader_has_ended(source: Any) -> None:
    @task(needs={"big": source})
    async def reader(big: Any) -> int:
        assert count_alive() == 1
        return 1

    @task(needs={"big": source})
    def reader_def(big: Any) -> int:
        assert count_alive() == 1
        return 1

    @task
    async def later(reader: int, reader_def: int) -> int:
        return count_alive()

    @workflow
    async def w(later: Any) -> Any:
        return later, count_alive()

    assert await w() == (0, 0)


async def test_a_result_is_gone_while_its_last_reader_waits_if_that_has_let_it_go() -> None:
    @task
    async def reader(big: Any) -> int:
        del big
        before = count_alive()
        await checkpoint()
        return before + count_alive()

    @workflow
    async def w(reader: Any) -> Any:
        return reader

    assert await w() == 0


async def test_a_result_is_gone_while_another_node_waits() -> None:
    read = anyio.Event()

    @task
    async def reader(big: Any) -> None:
        read.set()

    @task
    def reader_def(big: Any, reader: Any) -> None: ...

    @task
    async def waits() -> int:
        await read.wait()
        while count_alive():
            await checkpoint()  # the thread of the last reader may take a moment
        return count_alive()

    @workflow
    async def w(waits: Any, reader_def: Any) -> Any:
        return waits

    with anyio.fail_after(60):
        assert await w() == 0


async def test_a_result_that_nobody_receives_is_gone_at_once() -> None:
    @task(after=[big, big_def])
    async def later() -> int:
        return count_alive()

    @workflow
    async def w(later: Any) -> Any:
        return later

    assert await w() == 0


async def test_an_output_that_nobody_receives_is_gone_with_the_whole() -> None:
    @task(outputs=("left", "right"))
    async def pair() -> tuple[Result, Result]:
        return made(), made()

    @task
    async def reader(left: Any) -> int:
        return count_alive()

    @task
    async def later(reader: int) -> tuple[int, int]:
        return reader, count_alive()

    @workflow
    async def w(later: Any) -> Any:
        return later

    assert await w() == (1, 0)


async def test_an_async_body_that_lets_go_of_its_arguments_keeps_nothing_alive() -> None:
    @workflow
    async def w(big: Any, big_def: Any) -> Any:
        before = count_alive()
        del big, big_def
        await checkpoint()
        return before, count_alive()

    assert await w() == (2, 0)


async def test_run_keeps_every_result() -> None:
    @task
    async def reader(big: Any, big_def: Any) -> None: ...

    @workflow
    async def w(reader: Any) -> None: ...

    run = await w.run()
    assert count_alive() == 2
    assert isinstance(run.tasks["big"].result, Result)
    assert isinstance(run.tasks["big_def"].result, Result)
