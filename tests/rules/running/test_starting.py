"""What runs when, how often, and in which surroundings."""

import decimal
from collections.abc import Callable
from contextvars import Context, ContextVar
from typing import Any

import anyio
import pytest
from anyio import Event, create_task_group, fail_after, get_running_tasks, move_on_after
from anyio.lowlevel import checkpoint

from flowdeco import Status, Task, task, workflow
from tests.conftest import Backend


def many(count: int, function: Callable[..., Any], **needs: Any) -> list[Task[..., Any]]:
    """Return tasks that run the same function."""
    return [task(function, name=f"{function.__name__}{i}", needs=needs) for i in range(count)]


def zero() -> int:
    return 0


async def test_a_diamond_s_shared_task_runs_once() -> None:
    calls: list[str] = []

    @task
    async def source() -> int:
        calls.append("source")
        return 1

    @task
    async def left(source: int) -> int:
        return source + 1

    @task
    def right(source: int) -> int:
        return source + 2

    @workflow
    async def both(left: int, right: int, source: int) -> tuple[int, int, int]:
        return left, right, source

    assert await both() == (2, 3, 1)
    assert calls == ["source"]


async def test_tasks_that_do_not_need_each_other_run_at_the_same_time() -> None:
    met = [Event() for _ in range(5)]

    def meeting(i: int) -> Task[..., Any]:
        async def meet() -> int:
            met[i].set()
            for event in met:
                await event.wait()
            return i

        return task(meet)

    @workflow(needs={"results": [meeting(i) for i in range(5)]})
    async def meet_all(results: list[int]) -> list[int]:
        return results

    with fail_after(5):
        assert await meet_all() == [0, 1, 2, 3, 4]


async def test_a_task_starts_when_its_last_dependency_ends_and_not_level_by_level() -> None:
    deep_done = Event()

    @task
    async def quick() -> None:
        await checkpoint()

    @task
    async def deep(quick: None) -> None:
        await checkpoint()

    @task
    async def deeper(deep: None) -> None:
        deep_done.set()

    @task
    async def slow() -> None:
        await deep_done.wait()  # would never end if its level had to end before the next begins

    @workflow
    async def early(slow: None, deeper: None) -> str:
        return "done"

    with fail_after(5):
        assert await early() == "done"


async def test_a_task_that_waits_again_later_does_not_hold_up_what_became_ready() -> None:
    released = Event()

    @task
    async def first() -> None:
        await checkpoint()

    @task
    async def waiter(first: None) -> None:
        await checkpoint()
        await released.wait()

    @task
    async def releaser(first: None) -> None:
        await checkpoint()
        released.set()

    @workflow(after=(waiter, releaser))
    async def pair() -> str:
        return "done"

    with fail_after(5):
        assert await pair() == "done"


async def test_a_run_in_which_nothing_waits_at_the_same_time_starts_no_task() -> None:
    before = len(get_running_tasks())
    seen: list[int] = []

    @task
    async def first() -> None:
        await checkpoint()
        seen.append(len(get_running_tasks()))

    async def plain(first: None) -> None:
        seen.append(len(get_running_tasks()))

    @workflow(after=many(10, plain))
    async def alone() -> None: ...

    await alone()
    assert set(seen) == {before}


async def test_as_many_tasks_are_started_as_nodes_wait_at_the_same_time_and_not_as_there_are_nodes() -> None:
    most = 0
    before = len(get_running_tasks())

    async def chain(previous: int) -> int:
        nonlocal most
        await checkpoint()
        most = max(most, len(get_running_tasks()) - before)
        return previous + 1

    ends: list[Any] = []
    for _ in range(3):
        last: Any = task(zero)
        for _ in range(100):
            last = task(chain, needs={"previous": last})
        ends.append(last)

    @workflow(needs={"ends": ends})
    async def three_chains(ends: list[int]) -> list[int]:
        return ends

    assert await three_chains() == [100, 100, 100]
    assert most <= 12


async def test_only_what_the_workflow_needs_runs() -> None:
    ran: list[str] = []

    @task
    async def needed() -> None:
        ran.append("needed")

    @task
    async def idle(needed: None) -> None:
        ran.append("idle")

    @workflow
    async def lazy(needed: None) -> None: ...

    await lazy()
    assert ran == ["needed"]
    assert idle.name == "idle"


async def test_after_orders_without_passing_a_value() -> None:
    order: list[str] = []

    @task
    async def cleanup(work: None) -> None:
        order.append("cleanup")

    @task
    async def work() -> None:
        await checkpoint()
        order.append("work")

    @task(after=work)
    def report() -> None:
        order.append("report")

    @workflow(after=[cleanup, "report"])
    async def ordered() -> list[str]:
        return [*order, "body"]

    result = await ordered()
    assert result[0] == "work"
    assert result[-1] == "body"
    assert set(result) == {"work", "cleanup", "report", "body"}


variable: ContextVar[str] = ContextVar("variable", default="unset")


@pytest.mark.parametrize("kind", ["async", "def", "waits"])
async def test_a_task_sees_the_caller_s_context_and_none_that_another_task_set(kind: str) -> None:
    seen: list[str] = []

    async def setter_async() -> None:
        seen.append(variable.get())
        variable.set("by a task")

    async def setter_waits() -> None:
        seen.append(variable.get())
        variable.set("by a task")
        await checkpoint()
        seen.append(variable.get().replace("by a task", "by the caller"))

    def setter_def() -> None:
        seen.append(variable.get())
        variable.set("by a task")

    first = task({"async": setter_async, "def": setter_def, "waits": setter_waits}[kind], name="first")

    @task(needs={"first": first})
    async def dependant(first: None) -> None:
        seen.append(variable.get())

    @task(needs={"first": first})
    def dependant_in_thread(first: None) -> None:
        seen.append(variable.get())

    @workflow
    async def apart(dependant: None, dependant_in_thread: None) -> str:
        return variable.get()

    token = variable.set("by the caller")
    try:
        assert await apart() == "by the caller"
        assert variable.get() == "by the caller"
    finally:
        variable.reset(token)
    assert set(seen) == {"by the caller"}


def test_what_a_library_keeps_in_a_context_variable_behind_one_s_back_is_a_task_s_own(backend: Backend) -> None:
    @task
    async def rounding() -> None:
        decimal.getcontext().prec = 3

    @task
    async def exact(rounding: None) -> int:
        return decimal.getcontext().prec

    @task
    def exact_in_thread(rounding: None) -> int:
        return decimal.getcontext().prec

    @workflow
    async def precisions(exact: int, exact_in_thread: int) -> tuple[int, int]:
        return exact, exact_in_thread

    # An empty context, in which nobody has asked for the decimal context yet: asking is what sets it.
    found = Context().run(anyio.run, precisions, backend=backend[0], backend_options=backend[1])
    assert found == (28, 28)


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


async def test_others_on_the_loop_run_while_many_nodes_that_never_wait_are_executed() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await checkpoint()

    async def node(previous: int) -> int:
        return sum(range(200)) - 19900 + previous + 1

    last: Any = task(zero)
    for _ in range(2000):
        last = task(node, needs={"previous": last})

    @workflow(needs={"last": last})
    async def busy(last: int) -> int:
        return last

    async with create_task_group() as group:
        group.start_soon(count_turns)
        assert await busy() == 2000
        group.cancel_scope.cancel()
    assert turns > 3


async def test_a_run_whose_nodes_never_wait_can_be_cancelled() -> None:
    async def node(previous: int) -> int:
        scope.cancel()
        return sum(range(20_000)) - sum(range(20_000)) + previous + 1

    last: Any = task(zero)
    for _ in range(2000):
        last = task(node, needs={"previous": last})

    @workflow(needs={"last": last})
    async def endless(last: int) -> int:
        return last

    with move_on_after(60) as scope:
        await endless()
        pytest.fail("it ran to its end")
    assert scope.cancelled_caught


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


async def test_runs_that_never_wait_let_others_run_between_them() -> None:
    others = 0

    async def count_turns() -> None:
        nonlocal others
        while True:
            others += 1
            await checkpoint()

    @task
    async def one() -> int:
        return sum(range(2000))

    @workflow
    async def small(one: int) -> int:
        return one

    async with create_task_group() as group:
        group.start_soon(count_turns)
        for _ in range(1000):
            await small()
        group.cancel_scope.cancel()
    assert others > 3
