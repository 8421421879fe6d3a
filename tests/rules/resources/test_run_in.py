"""`run_in=` a resource: the task runs in the thread in which that was opened, or in the executor that it is."""

import sqlite3
import threading
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import ContextVar
from typing import Any

import pytest
from anyio import CancelScope, create_task_group, to_thread, wait_all_tasks_blocked

from flowdeco import (
    Limit,
    OptionTypeError,
    ResourceError,
    ResourceScopeError,
    RunCancelled,
    TaskTimeoutError,
    resource,
    task,
    value,
    workflow,
)
from tests.support.clock import Clock, given_time


@resource
def db() -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE pages (text)")
        with connection:
            yield connection


def insert(number: int) -> Any:
    @task(name=f"insert{number}", run_in=db)
    def insert(db: sqlite3.Connection) -> int:
        db.execute("INSERT INTO pages VALUES (?)", [number])
        return threading.get_ident()

    return insert


def give(use: Any) -> Any:
    return use


async def test_a_task_runs_in_the_thread_in_which_it_was_opened() -> None:
    inserts = [insert(number) for number in range(20)]

    @task(run_in=db, after=inserts)
    def count(db: sqlite3.Connection) -> int:
        return int(db.execute("SELECT count(*) FROM pages").fetchone()[0])

    @workflow(needs={"threads": inserts})
    def w(threads: list[int], count: int) -> tuple[int, int]:
        return len(set(threads)), count

    assert await w.call() == (1, 20)
    assert await w.with_options(defaults={"on_state": lambda: None}).call() == (1, 20)


async def test_a_task_need_not_name_it() -> None:
    threads: list[int] = []

    @resource
    def home() -> Generator[None]:
        threads.append(threading.get_ident())
        yield

    @task(run_in=home)
    def use(text: str) -> bool:
        threads.append(threading.get_ident())
        return len(text) == 4

    @workflow
    def w(text: str, use: bool) -> bool:
        return use

    assert [edge for edge in w.graph.edges if edge.source == "home"] == [("home", "use", None)]
    assert await w.call("text")
    assert len(set(threads)) == 1


async def test_a_yielding_task_and_one_that_returns_an_awaitable() -> None:
    variable = ContextVar("variable", default="unset")

    @task(run_in=db)
    def several(db: sqlite3.Connection) -> Generator[int]:
        assert variable.get() == "set"
        yield from (1, 2)

    async def later() -> str:
        return "later"

    @task(run_in=db)
    def awaited(db: sqlite3.Connection) -> Any:
        variable.set("changed")
        return later()

    @workflow
    def w(several: list[int], awaited: str) -> tuple[list[int], str]:
        return several, awaited

    variable.set("set")
    assert await w.call() == ([1, 2], "later")
    assert variable.get() == "set"


async def test_errors_are_retried_as_anywhere() -> None:
    attempts: list[int] = []

    @task(run_in=db, retries=2)
    def fail(db: sqlite3.Connection) -> None:
        attempts.append(threading.get_ident())
        raise sqlite3.OperationalError("locked")

    @workflow
    def w(fail: None) -> None: ...

    with pytest.raises(sqlite3.OperationalError, match="locked") as caught:
        await w.call()
    assert len(attempts) == 3
    assert len(set(attempts)) == 1
    assert caught.value.__notes__ == ["Raised by task 'fail' of workflow 'w', attempt 3."]


@given_time
async def test_a_call_past_its_timeout_is_left_behind_and_keeps_the_thread(clock: Clock) -> None:
    release, order = threading.Event(), list[str]()
    limit = Limit(1)

    @task(run_in=db, timeout=clock.seconds, recover=lambda: None, limit=limit)
    def slow(db: sqlite3.Connection) -> None:
        clock.reach()
        release.wait(60)
        order.append("slow")

    @task(run_in=db, after=slow)
    def then(db: sqlite3.Connection) -> None:
        order.append("then")

    @task(after=slow)
    def free() -> None:
        release.set()

    @task(limit=limit, after=[slow, free])
    def last() -> None:
        order.append("last")

    @workflow
    def w(then: None, last: None) -> None: ...

    run = await w.run_async()
    assert run.error is None
    assert order[0] == "slow", "what was left behind has the thread, and its place of the limit, until it ends"
    assert sorted(order) == ["last", "slow", "then"]
    assert isinstance(run.errors[0].error, TaskTimeoutError)
    assert run.tasks["slow"].abandoned


async def test_a_cancelled_run_waits_for_the_call_and_makes_no_other() -> None:
    begun, release, order = threading.Event(), threading.Event(), list[str]()

    @resource
    def home() -> Generator[None]:
        try:
            yield
        except RunCancelled:
            order.append("rolled back")
            raise

    def block() -> None:
        order.append("call")
        begun.set()
        release.wait(60)
        order.append("ended")

    steps = [task(block, name=f"block{number}", run_in=home) for number in range(3)]

    @workflow(after=steps)
    async def w() -> None: ...

    with CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(w.call)
            await to_thread.run_sync(begun.wait, 60)
            scope.cancel()
            with CancelScope(shield=True):
                await wait_all_tasks_blocked()
            release.set()
    assert order == ["call", "ended", "rolled back"]


async def test_what_is_an_executor_runs_the_task_itself() -> None:
    @resource
    def pool() -> Generator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(2, thread_name_prefix="pool") as made:
            yield made

    @task(run_in=pool)
    def use(text: str) -> str:
        return threading.current_thread().name + text

    @workflow
    def w(text: str, use: str) -> str:
        return use

    assert (await w.call("!")).startswith("pool")
    assert (await w.call("!")).endswith("!")


async def test_what_stands_in_for_it_has_no_thread() -> None:
    class Fake:
        def execute(self, *_: Any) -> None: ...

    @workflow(needs={"thread": insert(1)})
    def w(thread: int) -> int:
        return thread

    assert await w.override(db=Fake()).call() != threading.get_ident()

    @task(run_in=db)
    def use(db: sqlite3.Connection) -> int:
        return int(db.execute("SELECT 1").fetchone()[0])

    def memory() -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(":memory:")) as connection:
            yield connection

    assert await workflow(give, needs={"use": use}).override(db=memory).call() == 1


async def test_a_function_that_stands_in_for_a_task_runs_there_too() -> None:
    @workflow(needs={"found": insert(1)})
    def w(found: Any) -> Any:
        return found

    def count(db: sqlite3.Connection) -> int:
        return int(db.execute("SELECT count(*) FROM pages").fetchone()[0])

    async def other(db: sqlite3.Connection) -> str:
        return "other"

    assert await w.override(insert1=count).call() == 0
    assert await w.override(insert1=other).call() == "other"


async def test_what_is_open_in_a_task_has_no_thread() -> None:
    @resource
    async def client() -> AsyncGenerator[str]:
        yield "client"

    @task(run_in=client)
    def use() -> None: ...

    @workflow
    def w(use: None) -> None: ...

    with pytest.raises(ResourceError) as caught:
        await w.call()
    assert str(caught.value) == (
        "Cannot run task 'use' in resource 'client': that is open in a task of the event loop, and no thread. "
        "Let a def yield it, or take run_in= away."
    )


async def test_a_nested_workflow_uses_the_thread_of_the_one_around_it() -> None:
    @task(run_in=db)
    def add(db: sqlite3.Connection) -> int:
        db.execute("INSERT INTO pages VALUES ('text')")
        return threading.get_ident()

    @workflow
    def inner(add: int) -> int:
        return add

    @task(run_in=db, after=inner)
    def count(db: sqlite3.Connection) -> tuple[int, int]:
        return db.execute("SELECT count(*) FROM pages").fetchone()[0], threading.get_ident()

    @workflow
    def outer(inner: int, count: tuple[int, int]) -> tuple[int, bool]:
        return count[0], count[1] == inner

    assert await outer.call() == (1, True)


def test_a_task_is_no_place_to_run_in() -> None:
    wrong: Any = task(lambda: 1, name="one")
    with pytest.raises(
        OptionTypeError, match=r"run_in=.* is a task, which is no place to run in. Give a resource, or an"
    ):
        task(lambda: 2, name="two", run_in=wrong)
    with pytest.raises(ValueError, match="cannot be used with an async def"):

        @task(run_in=db)
        async def use() -> None: ...


def test_what_recovers_another_cannot_run_in_one() -> None:
    save = task(lambda: 1, name="save", run_in=db)
    use = task(lambda: 1, name="use", recover=save)
    with pytest.raises(ResourceScopeError, match="task 'save', which recovers task 'use', has run_in= a resource"):
        workflow(give, needs={"use": use}).check()


def test_a_default_of_the_workflow_may_be_one() -> None:
    thread = task(lambda: threading.get_ident(), name="thread")

    @task(needs={"one": thread})
    def other(one: int) -> tuple[int, int]:
        return one, threading.get_ident()

    @workflow(needs={"both": other, "three": value(3)}, defaults={"run_in": db})
    def w(both: tuple[int, int], three: int) -> bool:
        return both[0] == both[1]

    assert w()
