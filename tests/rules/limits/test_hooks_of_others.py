"""Who waits until hooks were told lends its places to what these call; else both would wait for ever."""

from collections.abc import Callable
from typing import Any

import pytest
from anyio import Event, create_task_group, fail_after, to_thread, wait_all_tasks_blocked

from flowdeco import Limit, LimitDeadlockError, Run, task, workflow
from tests.support.clock import PATIENCE
from tests.support.limits import Gauge, alone, is_free


class Door:
    """A limit of one place, and a hook that calls a task which needs it, as soon as nothing else can go on."""

    def __init__(self, capacity: int = 1, places: int = 1) -> None:
        self.limit = Limit(capacity, "door")
        self.told = list[str]()
        self.errors = list[LimitDeadlockError]()
        self.gauge = Gauge()

        @task(limit={self.limit: places})
        async def other() -> str:
            with self.gauge.one_more(places):
                await wait_all_tasks_blocked()
            return "called"

        self.other = other

    async def tell(self, task: str) -> None:
        await wait_all_tasks_blocked()
        await self._note(self.other.call)

    async def tell_in_thread(self) -> None:
        await wait_all_tasks_blocked()
        await self._note(lambda: to_thread.run_sync(self.other.call_sync))

    async def _note(self, call: Callable[[], Any]) -> None:
        try:
            self.told.append(await call())
        except LimitDeadlockError as error:
            self.errors.append(error)

    async def work(self) -> str:
        with self.gauge.one_more():
            await wait_all_tasks_blocked()
        return "worked"

    async def run(self, made: Any, **options: Any) -> Run[Any]:
        with fail_after(PATIENCE):
            run: Run[Any] = await made.run(**options)
        assert run.error is None
        assert self.gauge.most <= self.limit.capacity
        assert is_free(self.limit)
        return run


def start() -> None: ...


@pytest.mark.parametrize("hook", ["tell", "tell_in_thread"])
async def test_a_task_that_waits_for_its_on_start_lends_its_place(hook: str) -> None:
    door = Door()

    @task(on_success=getattr(door, hook))
    async def first() -> str:
        return "first"

    later = task(door.work, name="later", limit=door.limit, on_start=start, after=first)
    run = await door.run(alone(later))
    assert (run.result, door.told, door.errors) == ("worked", ["called"], [])


async def test_items_that_wait_for_their_on_start_lend_their_places() -> None:
    door = Door(2)

    @task
    def numbers() -> list[int]:
        return [1, 2, 3]

    @task(each={"number": numbers}, on_success=door.tell)
    async def first(number: int) -> int:
        return number

    @task(each={"number": first}, limit=door.limit, on_start=start)
    async def later(number: int) -> str:
        return await door.work()

    run = await door.run(alone(later))
    assert (run.result, door.told, door.errors) == (["worked"] * 3, ["called"] * 3, [])


async def test_one_that_calls_what_waits_for_its_on_start_lends_its_place() -> None:
    door, is_held = Door(), Event()

    async def tell() -> None:
        await is_held.wait()
        await door.tell("first")

    @task(on_success=tell)
    async def first() -> str:
        return "first"

    @task(on_start=start)
    async def called() -> str:
        return await door.work()

    @task(limit=door.limit, after=first)
    async def caller() -> str:
        is_held.set()
        await wait_all_tasks_blocked()  # then the hook's call waits for the place
        await wait_all_tasks_blocked()
        return await called.call()

    run = await door.run(alone(caller))
    assert (run.result, door.told, door.errors) == ("worked", ["called"], [])


async def test_one_that_calls_a_run_lends_its_place_to_hooks_that_this_waits_for() -> None:
    door, is_held = Door(), Event()

    async def tell(task: str | None, status: str) -> None:
        if task == "caller/quick#1/first" and status == "completed":
            await is_held.wait()
            await door.tell(task)

    @task
    async def first() -> str:
        return "first"

    quick = alone(first, name="quick")
    inner = alone(task(door.work, name="worker"), on_state=start)

    @task
    async def caller() -> str:
        return str(await quick.call())

    @task(limit=door.limit)
    async def holder() -> str:
        is_held.set()
        return str(await inner.call())

    @workflow(needs={"given": [caller, holder]}, on_state=tell, hook_errors="raise")
    async def w(given: list[str]) -> list[str]:
        return given

    run = await door.run(w)
    assert (run.result, door.told, door.errors) == (["first", "worked"], ["called"], [])


async def test_a_hook_whose_call_needs_more_than_any_of_them_lends_is_told_so() -> None:
    door = Door(2, 2)

    @task(on_success=door.tell)
    async def first() -> str:
        return "first"

    several = [task(door.work, name=f"w{i}", limit=door.limit, on_start=start, after=first) for i in range(2)]
    run = await door.run(alone(several))
    assert (run.result, door.told) == (["worked", "worked"], [])
    [error] = door.errors
    assert sorted(error.chain) == ["w0", "w1"]
    assert str(error).startswith("Cannot take limit 'door' for 'first/other#1': it would wait for ever. ")


async def test_they_lend_nothing_to_what_is_told_when_they_have_gone_on() -> None:
    door, goes_on, is_over = Door(), Event(), Event()

    @task(on_success=[door.tell, lambda: goes_on.set()])
    async def first() -> str:
        return "first"

    async def hear_work(status: str) -> None:
        if status == "completed":
            await door.tell("side")

    @task(after=first, on_state=hear_work)
    async def side() -> None:
        await goes_on.wait()

    @task(limit=door.limit, on_start=start, after=first)
    async def later() -> str:
        with door.gauge.one_more():
            await is_over.wait()
        return "worked"

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(door.run, alone([side, later]))
            while len(door.told) < 1:
                await wait_all_tasks_blocked()
            await wait_all_tasks_blocked()
            is_over.set()
    assert (door.told, door.errors) == (["called", "called"], [])


async def test_what_a_task_calls_while_a_hook_of_its_own_is_told_is_not_called_by_that_hook() -> None:
    seen, is_heard = list[str](), Event()

    async def hear(status: str) -> None:
        if status == "running":
            is_heard.set()
            await wait_all_tasks_blocked()
            seen.append("told")

    @task(on_start=lambda: seen.append("called"))
    async def called() -> None: ...

    @task(on_state=hear)
    async def caller() -> None:
        await is_heard.wait()
        await called.call()

    with fail_after(PATIENCE):
        await alone(caller)()
    assert seen == ["told", "called"]
