"""Items that wait at the same time have a task of the event loop each; those that wait for a moment share a few."""

from __future__ import annotations

from anyio import Event, fail_after, get_current_task
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow

SOON = 60
MANY = 1000


async def test_items_that_wait_for_a_moment_share_a_few_tasks() -> None:
    used = set[int]()

    @task(each="numbers")
    async def first(numbers: int) -> int:
        used.add(get_current_task().id)
        await checkpoint()
        return numbers

    @task(each={"number": first})
    async def second(number: int) -> int:
        used.add(get_current_task().id)
        await checkpoint()
        return number

    @workflow
    def w(numbers: list[int], second: list[int]) -> list[int]:
        return second

    assert await w.call(range(MANY)) == [*range(MANY)]
    assert len(used) < MANY // 5


async def test_items_that_come_back_at_once_keep_no_others_from_beginning() -> None:
    """Every second one waits until all of these have begun, in between which the others come and go."""
    begun = 0
    all_have = Event()

    @task(each="numbers", ahead=MANY)
    async def wait(numbers: int) -> None:
        nonlocal begun
        if numbers % 2:
            await checkpoint()
            return
        begun += 1
        if begun == MANY // 2:
            all_have.set()
        await all_have.wait()

    @workflow
    def w(numbers: list[int], wait: list[None]) -> int:
        return len(wait)

    with fail_after(SOON):
        assert await w.call(range(MANY)) == MANY


async def test_one_that_never_ends_keeps_no_others_from_beginning() -> None:
    """What it waits for is done by others, which are ready while it comes back to the event loop again and again."""
    done = 0

    @task
    async def poll() -> int:
        while done < MANY:
            await checkpoint()
        return done

    @task(each="numbers")
    async def add(numbers: int) -> None:
        nonlocal done
        await checkpoint()
        done += 1

    @workflow
    def w(numbers: list[int], poll: int, add: list[None]) -> int:
        return poll

    with fail_after(SOON):
        assert await w.call(range(MANY)) == MANY
