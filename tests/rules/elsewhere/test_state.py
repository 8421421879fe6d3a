"""What a task in another process wrote to `state` would be lost: such a task is refused before anything runs."""

import os
import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from flowdeco import RemoteArgumentError, Retry, Run, State, TransferError, task, value, workflow
from tests.support import remote_functions as functions
from tests.support.check_policies import problems_of
from tests.support.retries import alone
from tests.support.run_in import pid


class Notes(State):
    word: str = ""


def write(state: Notes) -> int:
    state.word = "written"
    return os.getpid()


def may_write(state: Notes | None = None) -> None: ...


def ask(run: Run[Any]) -> str:
    return str(run.status)


def recover(error: Exception, state: Notes) -> None: ...


ran: list[str] = []


@task
def first() -> str:
    ran.append("first")
    return ""


def refuse(w: Any, text: str) -> None:
    (problem,) = problems_of(w)
    assert isinstance(problem, RemoteArgumentError)
    assert text in str(problem)
    ran.clear()
    with pytest.raises(RemoteArgumentError):
        w.call_sync()
    assert ran == []


def after_first(page: Any, **options: Any) -> Any:
    return alone(page, after=first, **{"state": Notes, **options})


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (write, "task 'page' runs in a process and takes 'state': what it writes there would be lost. Hand it the"),
        (may_write, "task 'page' runs in a process and takes 'state'"),
        (ask, "task 'page' runs in a process and takes 'run': that cannot be sent there."),
    ],
)
def test_a_task_in_a_process_that_takes_state_or_run_is_refused(function: Callable[..., Any], text: str) -> None:
    refuse(after_first(task(function, name="page", run_in="process")), text)
    refuse(after_first(task(function, name="page"), defaults={"run_in": "process"}), text)
    refuse(after_first(task(function, name="page").with_options(run_in="process")), text)
    (problem,) = problems_of(after_first(task(function, name="page", run_in="process")))
    assert isinstance(problem, RemoteArgumentError)
    assert (problem.function, problem.parameter) == ("page", text.split("'")[3])


async def test_a_pool_of_processes_is_refused_and_one_of_threads_shares_the_state(
    processes: ProcessPoolExecutor, pool: ThreadPoolExecutor
) -> None:
    w = after_first(task(write, name="page", run_in=processes))
    with pytest.raises(RemoteArgumentError, match="runs in the processes of its executor and takes"):
        w.check()
    run = await after_first(task(write, name="page", run_in=pool)).run()
    assert (run.result, run.state.word) == (os.getpid(), "written")


def test_a_parameter_of_another_name_that_receives_the_state_is_named() -> None:
    def note(notes: Notes) -> None: ...

    def note_both(both: list[Any]) -> None: ...

    step = task(note, name="page", run_in="process", needs={"notes": "state"})
    refuse(after_first(step), "takes 'state' as 'notes'")
    several = task(note_both, name="page", run_in="process", needs={"both": [first, "state"]})
    refuse(after_first(several), "takes 'state' as 'both'")


def test_a_condition_that_is_a_task_elsewhere_is_refused() -> None:
    condition = task(write, name="condition", run_in="process")
    refuse(after_first(task(lambda: 1, name="page", when=condition)), "task 'condition' runs in a process and takes")


def test_a_task_elsewhere_that_recovers_is_refused() -> None:
    way = task(recover, name="way", run_in="process")
    text = "recover= of task 'page': task 'way' runs in a process and takes 'state'"
    refuse(after_first(task(os.getpid, name="page", recover=way)), text)
    refuse(after_first(task(os.getpid, name="page", recover={OSError: way})), text)
    refuse(alone(task(os.getpid, name="page"), defaults={"recover": way}), text)
    alone(task(os.getpid, name="page", recover=recover, run_in="process"), state=Notes).check()


def test_nested_workflows_and_outer_defaults_are_looked_at_each_by_itself() -> None:
    step = task(write, name="page", run_in="process")

    @workflow(needs={"page": step})
    def inner(page: int) -> int:
        return page

    refuse(after_first(inner), "workflow 'inner': task 'page' runs in a process")
    here = inner.with_options(needs={"page": task(write, name="page")})
    # The defaults of a workflow are for its own tasks.
    after_first(here, defaults={"run_in": "process"}).check()
    refuse(after_first(here.with_options(defaults={"run_in": "process"})), "workflow 'inner': task 'page' runs in a")


async def test_what_stands_in_runs_here_and_may_write() -> None:
    w = after_first(pid.with_options(name="page"))
    run = await w.override(page=write).run()
    assert (run.result, run.state.word) == (os.getpid(), "written")


def test_a_task_elsewhere_may_have_a_state_of_its_own_by_default() -> None:
    after_first(task(may_write, name="page", run_in="process", needs={"state": None})).check()


class SendingExecutor(Executor):
    """One that nobody knows: it sends what it is given through pickle, as those of a cluster do."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(pickle.loads(pickle.dumps(fn))(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class HereExecutor(Executor):
    """One that nobody knows, either, and that calls what it is given on the spot."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


async def test_an_executor_that_nobody_knows_is_found_out_when_it_pickles() -> None:
    step = task(write, name="page", run_in=SendingExecutor())
    with pytest.raises(
        TransferError, match=r"^Cannot run task 'page' in its executor: it takes 'state', and"
    ) as caught:
        await alone(step, state=Notes)()
    assert caught.value.part == "argument 'state'"
    run = await alone(task(write, name="page", run_in=HereExecutor()), state=Notes).run()
    assert run.state["word"] == "written"


def add_word(notes: Any) -> None: ...


def holding(notes: Any, **options: Any) -> Any:
    return task(add_word, name="page", run_in="process", retries=Retry(2, delay=0), needs={"notes": notes}, **options)


@task
def make_notes() -> Notes:
    return Notes()


@task
def make_box() -> Any:
    return {"notes": [Notes()]}


def test_a_state_that_is_a_constant_of_a_task_in_a_process_is_refused() -> None:
    refuse(after_first(holding(value(Notes()))), "task 'page' runs in a process and takes a State as 'notes': what it")
    refuse(after_first(holding([value(1), value(State())])), "takes a State as 'notes': what it writes there")
    refuse(after_first(holding(make_notes)).override(make_notes=value(Notes())), "takes a State as 'notes'")


@pytest.mark.parametrize("source", [make_notes, make_box, "text"], ids=["result", "in a result", "input"])
async def test_a_state_that_reaches_a_process_by_another_way_is_refused_when_it_is_sent(source: Any) -> None:
    @workflow(needs={"page": holding(source)}, tasks=[make_notes, make_box])
    async def w(text: Any, page: None) -> None: ...

    run = await w.run(Notes())
    assert isinstance(run.error, TransferError)
    assert str(run.error) == (
        "Cannot run task 'page' in a process: its argument 'notes' is or contains a State (Notes), and what is written "
        "to it there would be lost. Pass its values, and write what the task returns in another task."
    )
    assert (run.error.part, run.tasks["page"].attempts) == ("argument 'notes'", 1)


async def test_a_state_that_a_function_in_a_process_is_bound_to_is_refused(processes: ProcessPoolExecutor) -> None:
    for place in ("process", processes):
        step = task(partial(add_word, State()), name="page", run_in=place)
        with pytest.raises(TransferError, match="its function is or contains a State, and what is written") as caught:
            await alone(step)()
        assert caught.value.part == "function"


async def test_an_executor_that_pickles_takes_no_state_and_one_of_threads_does(
    processes: ProcessPoolExecutor, pool: ThreadPoolExecutor
) -> None:
    for place in (processes, SendingExecutor()):
        with pytest.raises(TransferError, match=r"its argument 'notes' is or contains a State \(Notes\)"):
            await alone(task(add_word, name="page", run_in=place, needs={"notes": make_notes}))()
    await alone(task(add_word, name="page", run_in=pool, needs={"notes": make_notes}))()


async def test_a_state_that_a_task_in_a_process_has_made_comes_back() -> None:
    assert (await alone(functions.give_state.with_options(name="page"))())["word"] == "new"
