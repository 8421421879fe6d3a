"""A task is called in a run, under its own options, as a recorded call of whoever calls."""

import asyncio
import inspect
import pickle
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import anyio
import pytest

from flowdeco import CallError, Run, Skip, State, Status, TaskTimeoutError, task, value, workflow
from tests.support.clock import AT_ONCE


@task
async def search(query: str, most: int = 2) -> list[str]:
    return [f"{query} {number}" for number in range(most)]


@task
def read(name: str) -> str:
    return name.upper()


@task
async def agent(topic: str) -> list[str]:
    return [*await search.call(topic), await read.call(name=topic)]


@task
def clerk(agent: list[str]) -> list[str]:
    return [*agent, read.call_sync("clerk"), *search.call_sync("clerk", most=1)]


@workflow
async def report(topic: str, clerk: list[str]) -> list[str]:
    return [*clerk, await read.call("body")]


@workflow
def report_sync(topic: str, clerk: list[str]) -> list[str]:
    return [*clerk, read.call_sync("body")]


RESULT = ["tea 0", "tea 1", "TEA", "CLERK", "clerk 0", "BODY"]


@pytest.mark.parametrize("w", [report, report_sync], ids=["async", "def"])
async def test_tasks_and_the_workflows_function_call_tasks(w: Any) -> None:
    run = await w.run_async("tea")
    assert run.result == RESULT
    paths = [[call.path for call in run.tasks[name].calls] for name in ("agent", "clerk")]
    assert paths == [["agent/search#1", "agent/read#1"], ["clerk/read#1", "clerk/search#1"]]
    assert [call.path for call in run.calls] == ["read#1"]


def test_a_plainly_called_def_calls_tasks_after_its_graph() -> None:
    run = report_sync.run("tea")
    assert run.result == RESULT
    assert [(call.path, call.caller, call.status) for call in run.calls] == [("read#1", "", "completed")]


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_a_plainly_called_def_calls_tasks_on_the_event_loop_that_its_workflow_names(kind: str) -> None:
    @task
    async def look() -> tuple[str, bool]:
        library = anyio.get_cancelled_exc_class().__module__.partition(".")[0]
        return library, kind == "asyncio" and asyncio.get_running_loop().get_debug()

    @workflow(backend=kind, backend_options={"debug": True} if kind == "asyncio" else None)
    def w() -> tuple[str, bool]:
        return look.call_sync()

    assert w() == (kind, kind == "asyncio")


async def test_the_record_of_a_call_is_like_that_of_a_task() -> None:
    run = await report.run_async("tea")
    call = run.tasks["agent"].calls[0]
    assert (call.name, call.task, call.number, call.caller, call.caller_attempt) == (
        "search#1",
        "search",
        1,
        "agent",
        1,
    )
    assert (call.status, call.attempts, call.result, call.error) == (Status.COMPLETED, 1, ["tea 0", "tea 1"], None)
    assert call.started is not None
    assert call.finished is not None
    assert call.started <= call.finished
    assert repr(call) == "<record of call 'agent/search#1': completed>"
    assert repr(run.tasks["agent"].calls) == "<records of calls: 'search#1' completed, 'read#1' completed>"


@pytest.mark.parametrize("is_sync", [False, True])
def test_outside_a_run_it_is_the_task_with_its_options_and_no_record(is_sync: bool) -> None:
    failures = [OSError(), OSError()]

    @task(retries=2)
    async def flaky(query: str) -> str:
        if failures:
            raise failures.pop()
        return query

    result = flaky.call_sync("tea") if is_sync else anyio.run(flaky.call, "tea")
    assert (result, failures) == ("tea", [])


async def test_a_call_has_the_options_of_the_task() -> None:
    seen: list[Any] = []

    def cure(error: Exception) -> str:
        return "recovered"

    def note(attempt: int) -> None:
        seen.append(attempt)

    def is_something(query: str) -> bool:
        return query != "nothing"

    @task(retries=1, recover=cure, on_retry=note)
    async def fails(query: str) -> str:
        raise OSError(query)

    @task(timeout=AT_ONCE)
    async def lasts() -> None:
        await anyio.sleep_forever()

    @task(when=is_something)
    async def wants(query: str) -> str:
        return query

    @task
    async def caller() -> list[Any]:
        found: list[Any] = [await fails.call("tea"), await wants.call("tea")]
        with pytest.raises(TaskTimeoutError):
            await lasts.call()
        with pytest.raises(Skip):
            await wants.call("nothing")
        return found

    @workflow
    async def w(caller: list[Any]) -> list[Any]:
        return caller

    run = await w.run_async()
    assert (run.result, seen) == (["recovered", "tea"], [1])
    assert [(call.name, call.status, call.attempts) for call in run.tasks["caller"].calls] == [
        ("fails#1", "completed", 2),
        ("wants#1", "completed", 1),
        ("lasts#1", "failed", 1),
        ("wants#2", "skipped", 0),
    ]


async def test_what_yields_gives_a_list() -> None:
    @task
    def numbers(most: int) -> Iterator[int]:
        yield from range(most)

    @task
    async def letters(word: str) -> AsyncIterator[str]:
        for letter in word:
            yield letter

    @workflow
    async def w() -> Any:
        return await numbers.call(2), await letters.call("ab")

    assert await w() == ([0, 1], ["a", "b"])


class Budget(State):
    spent: int = 0


async def test_the_run_fills_what_is_its_own() -> None:
    @task(needs={"unit": value("cup")})
    async def buy(state: Budget, query: str, unit: str, run: Run[Any], more: int = 1) -> str:
        state.spent += more
        return f"{run.workflow}: {query}, {unit}"

    @workflow(state=Budget)
    async def w(state: Budget) -> tuple[str, int]:
        return await buy.call("tea", more=3), state.spent

    run = await w.run_async()
    assert run.result == ("w: tea, cup", 3)
    assert [change.task for change in run.state.changes()] == ["buy#1"]


async def test_what_the_run_would_fill_may_be_passed() -> None:
    @task
    async def look(query: str, state: Any) -> Any:
        return state

    @workflow
    async def w() -> Any:
        return await look.call("tea", state="mine"), await look.call("tea") is not None

    assert await w() == ("mine", True)


async def test_a_name_that_is_a_task_is_not_filled() -> None:
    @workflow
    async def w(agent: Any, topic: str = "tea") -> Any:
        return await clerk.call()

    with pytest.raises(CallError) as caught:
        await w()
    assert str(caught.value) == (
        "Cannot call task 'clerk': missing an argument: 'agent'. A call gets no result of task 'agent'. "
        "Pass what 'agent' is to be. It is called with 'agent'."
    )
    assert (caught.value.task, caught.value.parameters) == ("clerk", ("agent",))
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("args", "kwargs", "reason"),
    [
        ((), {}, "missing an argument: 'query'."),
        (("a", 1, 2), {}, "too many positional arguments."),
        (("a",), {"quest": 1}, "got an unexpected keyword argument 'quest'."),
        ((), {"qeury": "a"}, "got an unexpected keyword argument 'qeury'. Did you mean 'query'?"),
        (("a",), {"query": "b"}, "multiple values for argument 'query'."),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_anything_runs(args: Any, kwargs: Any, reason: str) -> None:
    for call in (search.call, search.call_sync):
        with pytest.raises(CallError) as caught:
            call(*args, **kwargs)
        assert str(caught.value).startswith(f"Cannot call task 'search': {reason}")
        assert str(caught.value).endswith("It is called with 'query' and 'most'.")


async def test_parameters_of_all_kinds_are_passed_as_the_function_declares_them() -> None:
    @task
    async def takes(a: int, /, b: int, *rest: int, c: int, d: int = 4, **more: int) -> Any:
        return a, b, rest, c, d, more

    @workflow
    async def w() -> Any:
        return await takes.call(1, 2, 3, 3, c=5, e=6), await takes.call(1, b=2, c=3)

    assert await w() == ((1, 2, (3, 3), 5, 4, {"e": 6}), (1, 2, (), 3, 4, {}))


async def test_a_partial_is_called_with_what_it_leaves_open() -> None:
    def join(left: str, right: str) -> str:
        return left + right

    joined = task(partial(join, "a"), name="joined")

    @workflow
    async def w() -> Any:
        return await joined.call("b")

    assert await w() == "ab"


async def test_other_options_make_another_task_to_call() -> None:
    @workflow
    async def w() -> Any:
        return await read.with_options(name="other").call("tea")

    run = await w.run_async()
    assert (run.result, [call.name for call in run.calls]) == ("TEA", ["other#1"])


async def test_many_calls_are_made_at_once_by_a_task_group() -> None:
    reached = 0
    both = anyio.Event()

    @task
    async def meets(number: int) -> int:
        nonlocal reached
        reached += 1
        if reached == 2:
            both.set()
        await both.wait()
        return number

    @task
    async def caller() -> None:
        async with anyio.create_task_group() as group:
            for number in range(2):
                group.start_soon(meets.call, number)

    @workflow
    async def w(caller: None) -> None: ...

    run = await w.run_async()
    calls = run.tasks["caller"].calls
    assert [call.path for call in calls] == ["caller/meets#1", "caller/meets#2"]
    assert {call.result for call in calls} == {0, 1}


@pytest.mark.skipif(not hasattr(anyio, "amap"), reason="this anyio has no amap")
async def test_amap_makes_many_calls() -> None:
    @task
    async def caller() -> Any:
        return await anyio.amap(read.call, ["a", "b"])

    @workflow
    async def w(caller: Any) -> Any:
        return caller

    run = await w.run_async()
    assert [*(run.result or [])] == ["A", "B"]
    assert [call.name for call in run.tasks["caller"].calls] == ["read#1", "read#2"]


async def test_a_task_that_is_a_method_is_called_with_its_instance() -> None:
    class Shop:
        name = "shop"

        @task
        async def find(self, query: str) -> str:
            return f"{query} at {self.name}"

        @task
        @classmethod
        async def make(cls, query: str) -> str:
            return f"{query} of {cls.__name__}"

        @workflow
        async def ask(self) -> list[str]:
            return [await Shop.find.call(self, "tea"), await self.make.call("tea")]

    assert await Shop().ask() == ["tea at shop", "tea of Shop"]


class Shop:
    """A shop; methods are pickled by the name of their class."""

    @task
    async def find(self, query: str, *, most: int = 1) -> str:
        """Find it."""
        return f"{query} {most}"

    @task
    def load(self, query: str) -> str:
        return f"{query} in {type(self).__name__}"

    @workflow
    async def both(self) -> list[str]:
        return [await self.find.call("tea", most=2), await self.load.call(query="tea")]

    @workflow
    def both_sync(self) -> list[str]:
        return [self.find.call_sync("tea", most=2), self.load.call_sync(query="tea")]


@pytest.mark.parametrize("is_sync", [False, True])
async def test_a_task_that_is_a_method_is_called_by_its_instance(is_sync: bool) -> None:
    shop = Shop()
    run = await (shop.both_sync if is_sync else shop.both).run_async()
    assert run.result == ["tea 2", "tea in Shop"]
    assert [call.name for call in run.calls] == ["find#1", "load#1"]
    assert await shop.find.call("coffee") == "coffee 1"


def test_a_task_that_is_a_method_is_still_a_method_of_its_function() -> None:
    shop = Shop()
    find, load = shop.find, shop.load
    assert (inspect.ismethod(find), find.__self__ is shop) == (True, True)
    assert (find == shop.find, find == load, find == Shop().find) == (True, False, False)
    assert hash(find) == hash(shop.find)
    assert (find.__name__, find.__qualname__, find.__doc__) == ("find", "Shop.find", "Find it.")
    assert (find.__module__, find.__annotations__) == (__name__, Shop.find.__annotations__)
    assert str(inspect.signature(load)) == "(query: str) -> str"
    assert str(inspect.signature(find.call)) == "(query: str, *, most: int = 1) -> str"
    assert [inspect.iscoroutinefunction(each) for each in (find, load, load.call)] == [True, False, True]
    assert type(pickle.loads(pickle.dumps(find)).__self__) is Shop
    assert load("tea") == "tea in Shop"


def test_a_bound_method_of_a_task_may_be_a_task_itself() -> None:
    @workflow(needs={"found": task(Shop().load)})
    def w(query: str, found: str) -> str:
        return found

    assert w("tea") == "tea in Shop"


async def test_a_helper_below_a_task_calls_as_the_task() -> None:
    async def helper() -> str:
        return await read.call("tea")

    @task
    async def inner(word: str) -> str:
        return word + await helper()

    @task
    async def outer() -> str:
        return await inner.call("two ")

    @workflow
    async def w(outer: str) -> str:
        return outer

    run = await w.run_async()
    (call,) = run.tasks["outer"].calls
    assert (run.result, call.path, [each.path for each in call.calls]) == (
        "two TEA",
        "outer/inner#1",
        ["outer/inner#1/read#1"],
    )


def test_one_whose_condition_is_a_task_is_not_called() -> None:
    asks = read.with_options(name="asks", when=agent)
    with pytest.raises(CallError) as caught:
        asks.call_sync("tea")
    assert str(caught.value) == (
        "Cannot call task 'asks': its when= is a task, and a call gets no result of one. "
        "Change that by with_options(). It is called with 'name'."
    )


async def test_what_a_condition_asks_for_besides_is_passed_by_name() -> None:
    def is_wanted(name: str, wanted: list[str]) -> bool:
        return name in wanted

    @task(when=is_wanted)
    async def pick(name: str) -> str:
        return name

    @workflow
    async def w() -> str:
        with pytest.raises(Skip, match="gave false"):
            await pick.call("tea", wanted=[])
        return await pick.call("tea", wanted=["tea"])

    assert await w() == "tea"


async def test_what_a_condition_asks_for_besides_comes_before_names_that_are_not_known() -> None:
    def is_wanted(wanted: bool) -> bool:
        return wanted

    @task(when=is_wanted)
    async def pick(name: str, **more: str) -> tuple[str, dict[str, str]]:
        return name, more

    @workflow
    async def w() -> Any:
        return await pick.call("tea", wanted=True, colour="green")

    assert str(inspect.signature(pick.call)).startswith("(name: str, *, wanted: bool, **more: str)")
    assert await w() == ("tea", {"colour": "green"})
