"""What another attempt cannot mend is not tried again, whatever `on=` says; `recover=` gets it all the same."""

import threading
from typing import Any

import pytest

from flowdeco import (
    GraphError,
    InputError,
    LimitError,
    MainGuardError,
    MissingDependencyError,
    OptionError,
    OptionTypeError,
    OutputError,
    Retry,
    RunningLoopError,
    TransferError,
    WorkerLostError,
    task,
    workflow,
)
from tests.support import remote_functions as functions
from tests.support.retries import AGAIN, Attempts, alone, each_way, make

LASTING: list[Exception] = [
    GraphError("wrong"),
    MissingDependencyError("wrong"),
    LimitError("wrong"),
    MainGuardError("wrong"),
    OptionError("wrong"),
    OptionTypeError("wrong"),
    RunningLoopError("wrong"),
    *(TransferError("wrong", part=part) for part in ("function", "argument 'url'", "arguments", "result")),
]
PASSING: list[Exception] = [
    InputError("wrong"),
    OutputError("wrong"),
    TransferError("wrong", part="error"),
    WorkerLostError("wrong"),
]


def always(error: Exception) -> bool:
    return True


def name_error(error: Exception) -> str:
    return type(error).__name__


@each_way
async def test_what_cannot_heal_is_not_tried_again_whatever_on_says(way: str) -> None:
    for error in LASTING:
        for on in (Exception, type(error), (OSError, type(error)), always):
            attempts = Attempts(error)
            run = await alone(make(way, lambda: attempts(), retries=Retry(3, on=on, delay=0))).run()  # noqa: B023
            assert (run.error, run.tasks["page"].attempts, attempts.count) == (error, 1, 1)


@each_way
async def test_what_may_heal_is_tried_again(way: str) -> None:
    for error in PASSING:
        attempts = Attempts(error)
        run = await alone(make(way, lambda: attempts(), retries=AGAIN)).run()  # noqa: B023
        assert (run.result, run.tasks["page"].attempts) == (2, 2)


@each_way
async def test_recover_gets_it_all_the_same(way: str) -> None:
    for error in LASTING:
        attempts = Attempts(error)
        run = await alone(make(way, lambda: attempts(), retries=AGAIN, recover=name_error)).run()  # noqa: B023
        assert run.result == type(error).__name__
        assert run.tasks["page"].attempts == 1


async def test_a_predicate_is_not_asked_about_it() -> None:
    def ask(error: Exception) -> bool:
        raise AssertionError

    attempts = Attempts(MainGuardError("wrong"))
    run = await alone(make("async", attempts, retries=Retry(3, on=ask))).run()
    assert isinstance(run.error, MainGuardError)


async def test_a_function_an_argument_or_a_result_that_cannot_be_sent_is_sent_once() -> None:
    @task
    def kind() -> Any:
        return threading.Lock()

    options: dict[str, Any] = {"run_in": "process", "name": "page", "retries": AGAIN}
    for step in (
        task(lambda: 1, **options),
        functions.give_error.with_options(**options, needs={"kind": kind}),
        functions.give_lock.with_options(**options),
    ):
        run = await alone(step).run()
        assert isinstance(run.error, TransferError)
        assert run.tasks["page"].attempts == 1


async def test_an_error_that_cannot_be_sent_back_may_be_a_passing_one() -> None:
    step = functions.give_error.with_options(run_in="process", name="page", retries=AGAIN)

    @workflow(needs={"page": step})
    async def w(kind: str, page: Any) -> Any: ...

    run = await w.run("locked")
    assert isinstance(run.error, TransferError)
    assert run.tasks["page"].attempts == 4


async def test_a_workflow_within_whose_graph_is_wrong_is_built_once() -> None:
    built: list[int] = []

    @task
    async def lost(nowhere: int) -> int:
        return nowhere

    @workflow
    async def broken(lost: int) -> int:
        return lost

    @task(retries=AGAIN)
    async def page() -> int:
        built.append(1)
        return int(await broken())

    with pytest.raises(MissingDependencyError):
        await alone(page)()
    assert built == [1]
