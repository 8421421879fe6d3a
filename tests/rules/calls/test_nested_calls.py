"""A workflow that is called in a run is a nested run of whoever calls it."""

import threading
from typing import Any, cast

import anyio
import pytest

from flowdeco import Event, InputError, Run, Skip, State, task, workflow
from tests.support.clock import Clock, given_time
from tests.support.naming import mention


@task
async def word(text: str) -> str:
    return text.upper()


@workflow
async def loud(text: str, word: str) -> str:
    return word + "!"


@workflow
def loud_sync(text: str, word: str) -> str:
    return word + "!"


def result_of(answer: Any) -> Any:
    """Return the result of a call: what it gave, or what stands in the run."""
    kind = type(cast("object", answer))
    return answer.result if kind is Run else answer


async def run_it(how: str, w: Any, *args: Any) -> Any:
    """Call a workflow in a way that is awaited; return its result."""
    return result_of(await getattr(w, how)(*args))


AWAITED = [(loud, "__call__"), (loud, "call"), (loud, "run"), (loud, "run_async"), (loud_sync, "call")]
BLOCKING = [(loud_sync, "__call__"), (loud_sync, "run"), (loud, "call_sync"), (loud, "run_sync")]
IDS = [f"{w.name}-{how}" for w, how in AWAITED]


@pytest.mark.parametrize(("w", "how"), AWAITED, ids=IDS)
async def test_what_is_awaited_is_recorded(w: Any, how: str) -> None:
    @task
    async def caller() -> Any:
        return await run_it(how, w, "tea")

    @workflow
    async def outer(caller: str) -> str:
        return caller

    run = await outer.run_async()
    assert run.result == "TEA!"
    (call,) = run.tasks["caller"].calls
    assert (call.path, call.status, call.result) == (f"caller/{w.name}#1", "completed", "TEA!")
    assert call.run.tasks["word"].result == "TEA"


@pytest.mark.parametrize(("w", "how"), BLOCKING, ids=[f"{w.name}-{how}" for w, how in BLOCKING])
async def test_what_blocks_a_thread_is_recorded(w: Any, how: str) -> None:
    @task
    def caller() -> Any:
        return result_of(getattr(w, how)("tea"))

    @workflow
    async def outer(caller: str) -> str:
        return caller

    run = await outer.run_async()
    assert run.result == "TEA!"
    (call,) = run.tasks["caller"].calls
    assert (call.path, call.status, call.result) == (f"caller/{w.name}#1", "completed", "TEA!")
    assert call.run.tasks["word"].result == "TEA"


def test_a_def_body_whose_loop_was_left_calls_workflows() -> None:
    @workflow
    def outer() -> list[str]:
        return [loud_sync("a"), loud.call_sync("b"), loud.run_sync("c").result or ""]

    run = outer.run()
    assert run.result == ["A!", "B!", "C!"]
    assert [call.name for call in run.calls] == ["loud_sync#1", "loud#1", "loud#2"]


async def test_the_body_of_a_plain_call_is_called_on_the_thread_of_its_caller() -> None:
    @workflow
    def inner() -> int:
        return threading.get_ident()

    @task
    def caller() -> bool:
        return inner() == threading.get_ident()

    @workflow
    async def outer(caller: bool) -> bool:
        return caller

    assert await outer()


class Budget(State):
    spent: int = 0


@pytest.mark.parametrize("is_sync", [False, True])
async def test_it_uses_the_state_of_the_run_unless_it_has_one_of_its_own(is_sync: bool) -> None:
    @task
    async def spend(state: Budget) -> int:
        state.spent += 1
        return state.spent

    @workflow
    async def shares(spend: int) -> int:
        return spend

    @workflow(state=Budget)
    async def has_its_own(spend: int) -> int:
        return spend

    @task
    async def caller() -> list[int]:
        return [await shares(), await has_its_own(), await shares()]

    @task(name="caller")
    def caller_sync() -> list[int]:
        return [shares.call_sync(), has_its_own.call_sync(), shares.call_sync()]

    @workflow(state=Budget, tasks={"caller": caller_sync if is_sync else caller})
    async def outer(caller: list[int]) -> list[int]:
        return caller

    assert await outer() == [1, 1, 2]


@pytest.mark.parametrize("is_sync", [False, True])
async def test_its_error_is_raised_in_the_caller_and_stands_in_the_record(is_sync: bool) -> None:
    error = OSError("gone")

    @task
    async def fails() -> None:
        raise error

    @workflow
    async def inner(fails: None) -> None: ...

    @task
    async def caller() -> bool:
        with pytest.raises(OSError, match="gone"):
            await inner()
        return True

    @task(name="caller")
    def caller_sync() -> bool:
        with pytest.raises(OSError, match="gone"):
            inner.call_sync()
        return True

    @workflow(tasks={"caller": caller_sync if is_sync else caller})
    async def outer(caller: bool) -> bool:
        return caller

    run = await outer.run_async()
    assert run.result is True
    (call,) = run.tasks["caller"].calls
    assert (call.status, call.error, call.run.status) == ("failed", error, "failed")
    assert call.run.tasks["fails"].error is error


async def test_a_run_that_was_asked_for_has_its_error_and_raises_nothing() -> None:
    @task
    async def fails() -> None:
        raise OSError("gone")

    @workflow
    async def inner(fails: None) -> None: ...

    @workflow
    async def outer() -> Any:
        return await inner.run_async()

    run = await outer.run_async()
    assert run.status == "completed"
    assert run.result is not None
    assert run.result.status == "failed"
    assert str(run.result.error) == "gone"
    assert [call.status for call in run.calls] == ["failed"]


async def test_one_that_is_skipped_raises_that() -> None:
    @task
    async def skips() -> None:
        raise Skip("no news")

    @workflow
    async def inner(skips: None) -> None: ...

    @workflow
    async def outer() -> str:
        try:
            await inner()
        except Skip as skip:
            return skip.reason
        return ""

    run = await outer.run_async()
    assert (run.result, [call.status for call in run.calls]) == ("'skips' was skipped: no news", ["skipped"])


async def test_its_inputs_are_checked_when_it_is_called() -> None:
    @workflow
    async def outer() -> None:
        await loud()

    run = await outer.run_async()
    assert isinstance(run.error, InputError)
    assert list(run.calls) == []


@given_time
async def test_it_ends_with_its_caller(clock: Clock) -> None:
    ended: list[str] = []

    @task
    async def lasts() -> None:
        try:
            clock.reach()
            await anyio.sleep_forever()
        finally:
            ended.append("lasts")

    @workflow
    async def inner(lasts: None) -> None: ...

    def name_it(error: Exception) -> str:
        return type(error).__name__

    @task(timeout=clock.seconds, recover=name_it)
    async def caller() -> None:
        await inner()

    @workflow
    async def outer(caller: str) -> str:
        return caller

    run = await outer.run_async()
    assert (run.result, ended) == ("TaskTimeoutError", ["lasts"])
    (call,) = run.tasks["caller"].calls
    assert (call.status, call.run.status) == ("cancelled", "cancelled")


async def test_a_workflow_may_call_itself_to_any_depth() -> None:
    @workflow
    async def count(number: int) -> int:
        return number and 1 + await count(number - 1)

    @workflow
    async def outer() -> int:
        return await count(150)

    assert await outer() == 150


async def test_tasks_call_each_other_to_any_depth() -> None:
    @task
    async def count(number: int) -> int:
        return number and 1 + await count.call(number - 1)

    @workflow
    async def outer() -> int:
        return await count.call(300)

    assert await outer() == 300


async def test_who_looks_on_at_the_outer_run_is_told_of_a_called_workflow_as_of_one_that_is_a_task() -> None:
    told: list[Any] = []

    @task
    async def number() -> int:
        return 1

    def tell(event: Event) -> None:
        told.append((event.workflow, event.task, event.status))

    @workflow(on_state=tell)
    async def inner(number: int) -> int:
        return number

    @workflow
    async def with_a_task(inner: int) -> int:
        return inner

    @workflow
    async def with_a_call() -> int:
        return await inner()

    mention(number, inner)
    own = [(None, "running"), ("number", "running"), ("number", "completed"), (None, "completed")]
    for w, name in ((with_a_task, "inner"), (with_a_call, "inner#1")):
        told.clear()
        async with w.start() as run:
            events = [(event.task, event.status) async for event in run.events()]
        assert events == [
            (None, "running"),
            (name, "running"),
            (f"{name}/number", "running"),
            (f"{name}/number", "completed"),
            (name, "completed"),
            (None, "completed"),
        ]
        assert told == [("inner", *change) for change in own]
        record = run.tasks["inner"] if name == "inner" else run.calls[0]
        assert record.run is not None
        assert record.run.tasks["number"].status == "completed"
