"""`run_in=` on tasks: in a thread, on the event loop, in a process, by an executor."""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from textwrap import dedent
from typing import Any
from unittest.mock import Mock

import anyio
import pytest
from anyio import CancelScope, fail_after, to_thread
from anyio.lowlevel import checkpoint

from flowdeco import (
    OptionError,
    OutputError,
    RemoteError,
    Retry,
    TaskTimeoutError,
    TransferError,
    WorkerLostError,
    task,
    workflow,
)
from flowdeco._runner import attempt
from tests.conftest import Backend
from tests.rules.retries.test_scripts import alone
from tests.support import remote_functions as functions
from tests.support.naming import on, take

ONCE = Retry(1, delay=0, jitter=0)
AGAIN = Retry(3, delay=0, jitter=0)
# Only so that a test that fails does not hang.
LATE = 60


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2, "pool") as made:
        yield made


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as made:
        yield made


# Found in a process by its name; to import this module there would take long.
pid = task(os.getpid, name="pid", run_in="process")


def describe() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


# In a thread, and on the event loop


@pytest.mark.parametrize("run_in", [None, "thread"])
async def test_in_a_thread_is_what_a_def_does_anyway(run_in: Any) -> None:
    process, thread = await alone(task(describe, name="page", run_in=run_in))()
    assert process == os.getpid()
    assert thread != threading.get_ident()


async def test_on_the_loop_is_on_its_thread_without_a_hop() -> None:
    async def late() -> str:
        await checkpoint()
        return "awaited"

    @task(run_in="loop")
    def inline() -> int:
        return threading.get_ident()

    @task(run_in="loop")
    def hands_over(inline: int) -> Awaitable[str]:
        return late()

    @task(run_in="loop")
    def yields(hands_over: str) -> Iterator[Any]:
        yield hands_over
        yield threading.get_ident()

    @workflow
    async def w(inline: int, hands_over: str, yields: list[Any]) -> Any:
        return inline, hands_over, yields

    here = threading.get_ident()
    assert await w() == (here, "awaited", ["awaited", here])


async def test_an_async_def_runs_on_the_loop_whether_it_says_so_or_not() -> None:
    @task(run_in="loop", timeout=60)
    async def page() -> int:
        await checkpoint()
        return threading.get_ident()

    assert await alone(page)() == threading.get_ident()


def test_what_does_not_go_together_is_refused_at_decoration(pool: Executor) -> None:
    async def page() -> None: ...

    def words() -> None: ...

    for place in ("thread", "process", pool):
        with pytest.raises(OptionError, match=r"^Cannot define task 'page': run_in=.* always runs on the event loop"):
            task(page, run_in=place)
    with pytest.raises(OptionError) as caught:
        task(words, run_in="loop", timeout=5)
    assert (caught.value.option, caught.value.value) == ("timeout", 5)
    assert str(caught.value) == (
        "Cannot define task 'words': timeout=5 does not go with run_in=\"loop\": a def cannot be interrupted on the "
        "event loop. Take one of them out."
    )


# In a process


async def test_a_task_runs_in_a_process_with_its_arguments_as_it_declares_them() -> None:
    @task
    def two() -> int:
        return 2

    @task
    async def three() -> int:
        return 3

    # The second parameter of `quantiles` is keyword-only, and the third is left to its default.
    middle = task(quantiles, name="middle", run_in="process", needs={"data": "values", "n": two})
    needs: dict[str, Any] = {"args": [two, three], "kwargs": {"x": two, "y": "values"}}
    given = functions.where.with_options(name="given", run_in="process", needs=needs)

    @workflow(tasks=[middle, given])
    async def w(values: list[int], middle: list[float], given: Any) -> Any:
        return middle, given

    found, (process, args, kwargs) = await w([1, 2, 9])
    assert found == [2]
    assert process != os.getpid()
    assert (args, kwargs) == ((2, 3), {"x": 2, "y": [1, 2, 9]})


async def test_what_a_generator_yields_in_a_process_comes_back_as_a_list() -> None:
    counted = functions.count.with_options(run_in="process")

    @workflow(needs={"numbers": counted}, tasks=[counted])
    async def w(end: int, numbers: list[int]) -> list[int]:
        return numbers

    assert await w(3) == [0, 1, 2]


def test_a_plain_call_runs_tasks_in_processes_too(backend: Backend) -> None:
    assert on(workflow(take, needs={"given": pid}), backend)() != os.getpid()


async def test_an_error_in_a_process_is_retried_by_its_type_and_recovered() -> None:
    def failing(kind: str, **options: Any) -> Any:
        step = functions.give_error.with_options(run_in="process", name="page", **options)

        @workflow(needs={"page": step})
        async def w(kind: str, page: Any) -> Any:
            return page

        return w.run(kind)

    run = await failing("line", retries=Retry(2, on=ConnectionError, delay=0, jitter=0))
    assert run.tasks["page"].attempts == 3
    assert [(f.attempt, type(f.error), str(f.error)) for f in run.errors] == [
        (number, ConnectionError, "no line") for number in (1, 2, 3)
    ]
    assert run.error.__notes__ == ["a note", "Raised by task 'page' of workflow 'w', attempt 3."]
    assert "in give_error" in str(run.error.__cause__)
    run = await failing("line", retries=Retry(2, on=ValueError, delay=0))
    assert run.tasks["page"].attempts == 1

    def recover(error: Exception, kind: str) -> str:
        return f"{kind}: {error}"

    run = await failing("line", recover={ConnectionError: recover})
    assert run.result == "line: no line"


async def test_outputs_are_checked_outside_of_the_process() -> None:
    run = await alone(pid.with_options(name="page", outputs=("left", "right"), retries=ONCE)).run()
    assert [type(failure.error) for failure in run.errors] == [OutputError] * 2


async def test_a_process_that_dies_is_lost_and_the_next_attempt_has_another() -> None:
    run = await alone(functions.die.with_options(run_in="process", name="page", retries=ONCE)).run()
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, WorkerLostError), (2, WorkerLostError)]
    assert str(run.error).startswith("Cannot finish task 'page' in a process: the process ended")


class Clock:
    """Lets an attempt's time be over when the test says so."""

    def __init__(self) -> None:
        self.scopes: list[CancelScope] = []

    def move_on_after(self, timeout: float) -> CancelScope:
        self.scopes.append(CancelScope())
        return self.scopes[-1]


async def test_a_timeout_kills_the_process_and_the_next_attempt_has_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(attempt, "move_on_after", clock.move_on_after)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    killed: list[int] = []
    hang = functions.hang.with_options(run_in="process", name="page", retries=ONCE, timeout=60)

    @workflow(needs={"page": hang})
    async def w(fifo: str, page: None) -> None: ...

    async def let_time_be_over() -> None:
        for number in range(2):
            process = int(await to_thread.run_sync(fifo.read_text))
            assert not killed or is_gone(killed[-1])
            killed.append(process)
            clock.scopes[number].cancel()

    run: Any = None
    with fail_after(LATE):
        async with anyio.create_task_group() as group:
            group.start_soon(let_time_be_over)
            run = await w.run(str(fifo))
    assert [type(failure.error) for failure in run.errors] == [TaskTimeoutError] * 2
    assert str(run.error) == "Cannot finish task 'page': it took longer than its timeout of 60 s."
    assert (run.tasks["page"].attempts, run.tasks["page"].abandoned) == (2, 0)
    assert len(set(killed)) == 2
    assert is_gone(killed[-1])


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


async def test_what_cannot_be_sent_is_an_error_that_names_the_task() -> None:
    @task
    def kind() -> Any:
        return threading.Lock()

    local = task(lambda: 1, name="page", run_in="process", retries=ONCE)
    takes = functions.give_error.with_options(run_in="process", name="page", needs={"kind": kind})
    gives = functions.give_lock.with_options(run_in="process", name="page")
    awaitable = functions.give_awaitable.with_options(run_in="process", name="page")
    for step, part, text in (
        (local, "function", "Move it to the top level of a module."),
        (takes, "argument 'kind'", "Give it what can be pickled."),
        (gives, "result", "Return what can be pickled."),
        (awaitable, "result", "Make it an async def without run_in, or have it return the result itself."),
    ):
        with pytest.raises(TransferError, match=r"^Cannot (run|finish) task 'page' in a process: ") as caught:
            await alone(step)()
        assert (caught.value.task, caught.value.part) == ("page", part)
        assert str(caught.value).endswith(text)


# By an executor


async def test_a_pool_of_threads_runs_a_task_and_its_retries(pool: ThreadPoolExecutor) -> None:
    names: list[str] = []

    @task(run_in=pool, retries=AGAIN)
    def page() -> str:
        names.append(threading.current_thread().name)
        if len(names) < 3:
            raise ConnectionError
        return "done"

    run = await alone(page).run()
    assert (run.result, run.tasks["page"].attempts) == ("done", 3)
    assert all(name.startswith("pool") for name in names)


async def test_a_pool_of_threads_takes_generators_and_awaitables(pool: ThreadPoolExecutor) -> None:
    async def late() -> str:
        await checkpoint()
        return "awaited"

    @task(run_in=pool)
    def page() -> Iterator[int]:
        yield from (1, 2)

    assert await alone(page)() == [1, 2]

    def hand_over() -> Awaitable[str]:
        return late()

    assert await alone(task(hand_over, name="page", run_in=pool))() == "awaited"


async def test_a_pool_of_processes_runs_a_task_and_its_retries(processes: ProcessPoolExecutor) -> None:
    step = pid.with_options(run_in=processes)
    first, second = await alone(step)(), await alone(step)()
    assert first == second != os.getpid()
    fails = functions.give_error.with_options(run_in=processes, name="page", retries=ONCE)

    @workflow(needs={"page": fails})
    async def w(kind: str, page: Any) -> None: ...

    run = await w.run("line")
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, ConnectionError), (2, ConnectionError)]
    local = task(lambda: 1, name="page", run_in=processes)
    with pytest.raises(TransferError, match=r"^Cannot run task 'page' in its executor: its function"):
        await alone(local)()


async def test_a_broken_pool_is_an_error_that_says_so_at_each_attempt() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as broken:
        run = await alone(functions.die.with_options(run_in=broken, name="page", retries=ONCE)).run()
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, WorkerLostError), (2, WorkerLostError)]
    assert str(run.error).startswith("Cannot finish task 'page' in its executor: the executor is broken")


async def test_a_pool_that_was_shut_down_is_an_error_that_says_so_at_each_attempt() -> None:
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    run = await alone(task(describe, name="page", run_in=closed, retries=ONCE)).run()
    assert [(f.attempt, type(f.error)) for f in run.errors] == [(1, RemoteError), (2, RemoteError)]
    assert str(run.error).startswith("Cannot run task 'page' in its executor: the executor does not take it")
    assert str(run.error).endswith("Keep the executor open until the run has ended.")


# Where else it is said


async def test_defaults_and_with_options_say_where_tasks_run(pool: ThreadPoolExecutor) -> None:
    def name() -> str:
        return threading.current_thread().name

    plain, own = task(name, name="plain"), task(name, name="own", run_in="loop")

    @task
    async def on_loop() -> str:
        return name()

    @workflow(needs={"names": [plain, own, on_loop]}, defaults={"run_in": pool})
    async def w(names: list[str]) -> list[str]:
        return names

    here = threading.current_thread().name
    first, second, third = await w()
    assert first.startswith("pool")
    assert (second, third) == (here, here)
    assert await w.with_options(defaults={"run_in": "loop"})() == [here, here, here]
    assert not (await w.with_options(defaults=None)())[0].startswith(("pool", here))
    assert (await alone(plain.with_options(run_in=pool))()).startswith("pool")


async def test_a_default_of_processes_is_for_what_can_be_sent_there() -> None:
    step = functions.where.with_options(needs={"args": [], "kwargs": {}})
    w = alone(step, defaults={"run_in": "process"})
    assert (await w())[0] != os.getpid()
    here = alone(step.with_options(run_in="thread"), defaults={"run_in": "process"})
    assert (await here())[0] == os.getpid()


# Stand-ins


@pytest.mark.parametrize("by", ["option", "default"])
@pytest.mark.parametrize("place", ["process", "executor"])
async def test_what_stands_in_for_a_task_that_runs_elsewhere_runs_here(
    by: str, place: str, processes: ProcessPoolExecutor
) -> None:
    run_in: Any = "process" if place == "process" else processes
    step = pid.with_options(run_in=run_in if by == "option" else None, retries=ONCE, timeout=60)
    w = alone(step, **({"defaults": {"run_in": run_in}} if by == "default" else {}))
    if by == "default":
        assert await w() != os.getpid()
    threads: list[int] = []

    def fake() -> int:
        threads.append(threading.get_ident())
        if len(threads) == 1:
            raise ConnectionError  # it is under the same policy, otherwise
        return os.getpid()

    assert await w.override(page=fake)() == os.getpid()
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    mock = Mock(return_value="mocked")
    assert await w.override(page=mock)() == "mocked"
    mock.assert_called_once_with()

    async def fake_async() -> int:
        return threading.get_ident()

    assert await w.override(page=fake_async)() == threading.get_ident()


async def test_what_stands_in_for_a_task_on_the_loop_stays_there() -> None:
    w = alone(task(describe, name="page", run_in="loop"))
    assert await w.override(page=lambda: threading.get_ident())() == threading.get_ident()
    assert await w.override(page=task(describe, name="page"))() != (os.getpid(), threading.get_ident())


# Main scripts


SCRIPT = """
import os
import sys

from flowdeco import task, workflow


@task(run_in="process")
def page(url):
    return url.upper()


@workflow(backend=os.environ["BACKEND"])
def summary(url, page):
    return page

"""


def run_script(path: Path, ending: str, backend: str) -> subprocess.CompletedProcess[str]:
    script = path / "script.py"
    script.write_text(SCRIPT + dedent(ending), encoding="utf-8")
    command, env = [sys.executable, "-W", "error", str(script)], os.environ | {"BACKEND": backend}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=LATE, check=False)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_script_without_a_guard_gets_an_error_that_says_so(tmp_path: Path, name: str) -> None:
    done = run_script(tmp_path, "print(summary('a'))", name)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "MainGuardError: Cannot run workflow 'summary': the main script calls it at its top level" in done.stderr
    assert '    if __name__ == "__main__":\n        summary(...)\n' in done.stderr


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_script_with_a_guard_runs(tmp_path: Path, name: str) -> None:
    ending = """
        if __name__ == "__main__":
            print(summary("a"))
        """
    done = run_script(tmp_path, ending, name)
    assert (done.stdout, done.returncode) == ("A\n", 0)
