"""What a task function may give."""

from typing import Any

from anyio.lowlevel import checkpoint

from flowdeco import Status, task, workflow
from tests.support.engine import variable


async def test_what_a_task_function_yields_is_gathered_in_a_list() -> None:
    @task
    def numbers() -> Any:
        yield 1
        yield 2

    @task
    async def letters(numbers: list[int]) -> Any:
        for number in numbers:
            await checkpoint()
            yield "ab"[number - 1]

    @workflow
    async def gathered(numbers: list[int], letters: list[str]) -> tuple[list[int], list[str]]:
        return numbers, letters

    assert await gathered() == ([1, 2], ["a", "b"])


async def test_an_awaitable_out_of_a_plain_def_is_awaited_in_the_same_context() -> None:
    async def later() -> str:
        await checkpoint()
        return variable.get()

    @task
    def hands_over() -> Any:
        variable.set("by the def")
        return later()

    @task
    def after_it(hands_over: str) -> str:
        return hands_over.upper()

    @workflow
    async def awaited(after_it: str, hands_over: str) -> tuple[str, str]:
        return after_it, hands_over

    assert await awaited() == ("BY THE DEF", "by the def")


async def test_none_is_a_result() -> None:
    @task
    async def nothing() -> None:
        return None

    @task
    def nothing_in_thread(nothing: None) -> list[None]:
        return [nothing]

    @workflow
    async def nothings(nothing: None, nothing_in_thread: list[None]) -> tuple[None, list[None]]:
        return nothing, nothing_in_thread

    assert await nothings() == (None, [None])


async def test_run_tells_how_every_task_went() -> None:
    @task
    async def one() -> int:
        return 1

    @task
    def two(one: int) -> int:
        return one + 1

    @workflow
    async def steps(two: int) -> int:
        return two

    run = await steps.run()
    assert run.status is Status.COMPLETED
    assert [(r.name, r.status, r.result) for r in run.tasks.values()] == [
        ("one", Status.COMPLETED, 1),
        ("two", Status.COMPLETED, 2),
    ]
    first, second = run.tasks["one"], run.tasks[two]
    times = [first.started, first.finished, second.started, second.finished]
    assert None not in times
    assert times == sorted(t for t in times if t is not None)
