"""Kinds of task that are run for each of several items, some of which stand where the cancellation is to find them.

They are kinds as those in `kinds`, under names that begin with `item`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from inspect import iscoroutinefunction
from typing import Any

from flowdeco import Limit, Retry, task, value, workflow

from .kinds import KINDS
from .stage import PATIENCE, Stage

# The kinds that are defined here.
ITEM_KINDS: list[str] = []


def item_kind(function: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
    ITEM_KINDS.append(function.__name__)
    KINDS[function.__name__] = function
    return function


def map_three(function: Callable[[], Any], **options: Any) -> Any:
    """Return a task that calls a function for each of three items."""
    return map_over(value([0, 1, 2]), function, **options)


def map_over(source: Any, function: Callable[[], Any], **options: Any) -> Any:
    if iscoroutinefunction(function):

        async def step_async(item: int) -> Any:
            return await function()

        return task(step_async, each={"item": source}, **options)

    def step(item: int) -> Any:
        return function()

    return task(step, each={"item": source}, **options)


@item_kind
def item_of_async(stage: Stage) -> Any:
    return map_three(stage.sleep_then_await)


@item_kind
def item_of_timed_async(stage: Stage) -> Any:
    return map_three(stage.sleep_then_await, timeout=60)


@item_kind
def item_of_def(stage: Stage) -> Any:
    return map_three(stage.poll)


@item_kind
def item_of_def_that_blocks(stage: Stage) -> Any:
    stage.blocks = True
    return map_three(stage.block)


@item_kind
def item_of_timed_def(stage: Stage) -> Any:
    return map_three(stage.poll, timeout=60)


@item_kind
def item_of_limited(stage: Stage) -> Any:
    stage.limits = [limit := Limit(1)]
    return map_three(stage.sleep_then_await, limit=limit)


@item_kind
def item_of_limited_def(stage: Stage) -> Any:
    stage.limits = [limit := Limit(1)]
    return map_three(stage.poll, limit=limit)


@item_kind
def item_in_executor(stage: Stage) -> Any:
    stage.blocks = True
    pool = stage.closing.enter_context(ThreadPoolExecutor(1))
    return map_three(stage.block, run_in=pool)


@item_kind
def item_between_attempts(stage: Stage) -> Any:
    def wait(error: Exception) -> float:
        stage.arrive()
        return PATIENCE

    async def fail() -> None:
        raise ValueError("again")

    return map_three(fail, retries=Retry(3, delay=wait), recover=stage.forbid("recover= was asked"))


@item_kind
def item_in_recover(stage: Stage) -> Any:
    async def fail() -> None:
        raise ValueError("recover")

    return map_three(fail, recover=stage.sleep_then_await)


@item_kind
def item_in_when(stage: Stage) -> Any:
    return map_three(stage.forbid("it was run"), when=stage.sleep_then_await)


@item_kind
def item_in_on_start(stage: Stage) -> Any:
    return map_three(stage.forbid("it was run"), on_start=stage.sleep_then_await)


@item_kind
def item_of_a_second_stage(stage: Stage) -> Any:
    async def give() -> int:
        return 1

    return map_over(map_three(give), stage.sleep_then_await)


@item_kind
def item_of_a_workflow(stage: Stage) -> Any:
    @workflow(after=task(stage.sleep_then_await), each={"item": value([0, 1])})
    async def inner(item: int) -> None: ...

    return inner


@item_kind
def item_of_a_workflow_within_one(stage: Stage) -> Any:
    @workflow(after=map_three(stage.poll), each={"item": value([0, 1])})
    def inner(item: int) -> None: ...

    @workflow(after=inner, each={"item": value([0, 1])})
    async def outer(item: int) -> None: ...

    return outer


@item_kind
def item_of_many(stage: Stage) -> Any:
    return map_over(value(range(100_000)), stage.sleep_then_await, limit=4)


@item_kind
def item_settled(stage: Stage) -> Any:
    stage.options = {"settled": "kept"}
    return map_three(stage.sleep_then_await)


@item_kind
def item_with_keep_going(stage: Stage) -> Any:
    stage.options = {"keep_going": True}
    return map_three(stage.poll)
