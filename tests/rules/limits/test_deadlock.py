"""A call that would wait for ever for its place fails, and says who holds what."""

import threading
from typing import Any

import pytest
from anyio import Event, create_task_group, fail_after, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import Limit, LimitDeadlockError, TaskTimeoutError, task, workflow
from tests.support.clock import Clock, given_time
from tests.support.limits import PATIENCE, is_free


class Meeting:
    """Two tasks, each of which holds a limit and calls what needs the one that the other holds."""

    def __init__(self, *, retries: int = 0) -> None:
        self.limits = Limit(1, "left"), Limit(1, "right")
        self.held = Event(), Event()
        self.errors: list[LimitDeadlockError] = []
        inside = [task(self.give, name=f"in_{limit.name}", limit=limit, retries=retries) for limit in self.limits]
        left, right = self.limits

        @task(limit=left)
        async def holds_left() -> str:
            return await self.hold(0, inside[1])

        @task(limit=right)
        async def holds_right() -> str:
            return await self.hold(1, inside[0])

        self.tasks = [holds_left, holds_right]

    async def give(self) -> str:
        return "given"

    async def hold(self, number: int, inside: Any) -> str:
        self.held[number].set()
        await self.held[1 - number].wait()
        try:
            result: str = await inside.call()
        except LimitDeadlockError as error:
            self.errors.append(error)
            return "failed"
        return result

    async def run(self) -> Any:
        @workflow(needs={"given": self.tasks})
        async def w(given: list[str]) -> list[str]:
            return given

        with fail_after(PATIENCE):
            return await w.run()


async def test_a_call_that_closes_a_circle_fails_and_the_other_goes_on() -> None:
    meeting = Meeting()
    run = await meeting.run()
    assert sorted(run.result) == ["failed", "given"]
    (error,) = meeting.errors
    failed = run.result.index("failed")
    own, other = [("holds_left", "left"), ("holds_right", "right")][:: 1 if failed == 0 else -1]
    assert error.chain == (other[0], own[0])
    assert error.limit is meeting.limits[1 - failed]
    assert str(error) == (
        f"Cannot take limit {other[1]!r} for '{own[0]}/in_{other[1]}#1': it would wait for ever. {other[0]!r} holds "
        f"limit {other[1]!r} and waits, {own[0]!r} holds limit {own[1]!r} and waits for this. Call it outside of what "
        "holds places, or give it a limit of its own."
    )
    assert is_free(*meeting.limits)


async def test_it_is_not_tried_again() -> None:
    meeting = Meeting(retries=3)
    run = await meeting.run()
    assert len(meeting.errors) == 1
    assert [failure.error for failure in run.errors] == meeting.errors


async def test_a_circle_of_three_is_one_too() -> None:
    limits = [Limit(1, name) for name in "abc"]
    events = [Event() for _ in limits]
    errors: list[LimitDeadlockError] = []

    async def give() -> None: ...

    inside = [task(give, name=f"in_{limit.name}", limit=limit) for limit in limits]

    def make(number: int) -> Any:
        async def hold() -> None:
            events[number].set()
            for event in events:
                await event.wait()
            try:
                await inside[(number + 1) % 3].call()
            except LimitDeadlockError as error:
                errors.append(error)

        return task(hold, name=f"holds_{limits[number].name}", limit=limits[number])

    @workflow(after=[make(number) for number in range(3)])
    async def w() -> None: ...

    with fail_after(PATIENCE):
        await w()
    (error,) = errors
    assert sorted(error.chain) == ["holds_a", "holds_b", "holds_c"]
    assert is_free(*limits)


async def test_who_waits_for_one_that_can_end_waits() -> None:
    limit, go = Limit(1), Event()

    @task(limit=limit)
    async def outside() -> str:
        await go.wait()
        return "outside"

    @task(limit=limit)
    async def inside() -> str:
        return "inside"

    @task(limit=1)
    async def caller(outside_holds: None) -> str:
        async with create_task_group() as group:
            group.start_soon(_set, go)
            return await inside.call()
        raise AssertionError

    @task
    async def outside_holds() -> None:
        while "1 of 1" not in repr(limit):
            await checkpoint()

    @workflow(needs={"outside": outside, "caller": caller})
    async def w(outside: str, caller: str) -> Any:
        return outside, caller

    with fail_after(PATIENCE):
        assert await w() == ("outside", "inside")


async def _set(event: Event) -> None:
    await checkpoint()
    event.set()


@given_time
async def test_a_call_that_waits_for_what_only_abandoned_attempts_hold_fails(clock: Clock) -> None:
    let_go = threading.Event()

    @task(limit=1, timeout=clock.seconds)
    def stuck() -> None:
        let_go.wait(PATIENCE)

    @workflow
    async def w() -> Any:
        with pytest.raises(TaskTimeoutError) as timeout:
            await stuck.call()
        if timeout.value.abandoned:
            clock.reach()
        with pytest.raises(LimitDeadlockError) as caught:
            await stuck.call()
        return caught.value

    try:
        with fail_after(PATIENCE):
            error = await w()
    finally:
        let_go.set()
    assert error.chain == ("stuck#1",)
    assert "and was left behind at its timeout. Call it outside" in str(error)
    assert "it might wait for ever." in str(error)  # what was left behind may end after all


@given_time
async def test_a_call_that_waits_already_when_the_attempt_is_abandoned_fails_then(clock: Clock) -> None:
    let_go, has_place, is_stuck = threading.Event(), threading.Event(), Event()
    limit = Limit(1, "one")

    @task(limit=limit, timeout=clock.seconds)
    def stuck() -> None:
        has_place.set()
        let_go.wait(PATIENCE)

    @task(limit=limit)
    async def waiting() -> None: ...

    @workflow
    async def w() -> Any:
        async def get_stuck() -> None:
            with pytest.raises(TaskTimeoutError):
                await stuck.call()
            is_stuck.set()

        async with create_task_group() as group:
            group.start_soon(get_stuck)
            while not has_place.is_set() and not is_stuck.is_set():
                await checkpoint()
            if not is_stuck.is_set():
                clock.reach()
            with pytest.raises(LimitDeadlockError) as caught:
                await waiting.call()
            return caught.value
        raise AssertionError

    try:
        with fail_after(PATIENCE):
            error = await w()
    finally:
        let_go.set()
    assert error.chain == ("stuck#1",)


@given_time
async def test_who_waits_for_more_than_the_abandoned_attempt_holds_is_served_in_turn(clock: Clock) -> None:
    let_go, has_place, go = threading.Event(), threading.Event(), Event()
    limit, ran = Limit(2, "two"), list[int]()

    @task(limit=limit, timeout=clock.seconds)
    def stuck() -> None:
        has_place.set()
        let_go.wait(PATIENCE)

    @task(limit=limit)
    async def holding() -> None:
        await go.wait()

    @task(limit=limit)
    async def waiting(number: int) -> None:
        ran.append(number)

    @workflow
    async def w() -> None:
        async def get_stuck() -> None:
            with pytest.raises(TaskTimeoutError):
                await stuck.call()
            go.set()

        async with create_task_group() as group:
            group.start_soon(holding.call)
            group.start_soon(get_stuck)
            while not has_place.is_set() and not go.is_set():
                await checkpoint()
            if not go.is_set():
                clock.reach()
            for number in range(3):
                group.start_soon(waiting.call, number)

    try:
        with fail_after(PATIENCE):
            await w()
    finally:
        let_go.set()
    assert sorted(ran) == [0, 1, 2]


async def test_calls_share_the_lent_place_and_those_that_are_free() -> None:
    limit, both, begun = Limit(2), Event(), list[str]()

    @task(limit=limit)
    async def inside(name: str) -> None:
        begun.append(name)
        if len(begun) == 2:
            both.set()
        await both.wait()

    @task(limit=limit)
    async def caller() -> None:
        async with create_task_group() as group:
            for name in "ab":
                group.start_soon(inside.call, name)

    @workflow(after=caller)
    async def w() -> None: ...

    with fail_after(PATIENCE):
        await w()
    assert is_free(limit)


async def test_a_lent_place_serves_one_call_at_a_time() -> None:
    limit, at_once = Limit(1), list[int]()
    under_way = 0

    @task(limit=limit)
    async def inside() -> None:
        nonlocal under_way
        under_way += 1
        at_once.append(under_way)
        await checkpoint()
        under_way -= 1

    @task(limit=limit)
    async def caller() -> None:
        async with create_task_group() as group:
            for _ in range(5):
                group.start_soon(inside.call)

    @workflow(after=caller)
    async def w() -> None: ...

    with fail_after(PATIENCE):
        await w()
    assert at_once == [1] * 5
    assert is_free(limit)


@pytest.mark.parametrize("closes", ["the call", "the one that gives way"])
async def test_who_has_only_some_of_its_places_gives_way_to_a_call_that_needs_them(closes: str) -> None:
    left, right, go = Limit(1, "left"), Limit(1, "right"), Event()
    order: list[str] = []

    @task(limit=left)
    async def inside() -> None:
        order.append("inside")

    @task(limit=right)
    async def caller() -> None:
        await go.wait()
        await inside.call()

    @task(limit={left: 1, right: 1})
    async def both() -> None:
        order.append("both")

    @task(limit=left)
    async def first() -> None:  # keeps the call and the other one waiting
        await go.wait()
        await wait_all_tasks_blocked()

    async def start(made: Any) -> None:
        await made.call()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(start, caller)
            await wait_all_tasks_blocked()
            if closes == "the call":  # which comes when the other one has its first place
                group.start_soon(start, both)
                await wait_all_tasks_blocked()
                go.set()
            else:
                group.start_soon(start, first)
                await wait_all_tasks_blocked()
                group.start_soon(start, both)
                await wait_all_tasks_blocked()
                go.set()
    assert order == ["inside", "both"]
    assert is_free(left, right)
