"""What is left of attempts: tracebacks, contexts, and no memory."""

import logging
import sys
import traceback
import weakref
from typing import Any

import pytest

from flowdeco import Retry
from tests.model.retry_scripts import offline
from tests.support.failure import own_frames
from tests.support.memory import let_go
from tests.support.retries import WAYS, alone, attempts_of, each_way, make


def frames_of(error: BaseException) -> list[str]:
    return [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.filename == __file__]


@each_way
async def test_after_many_attempts_an_error_leads_to_the_user_s_code_with_few_of_our_frames(way: str) -> None:
    def fail() -> None:
        raise ConnectionError("offline")

    def page() -> None:
        fail()

    run = await alone(make(way, page, retries=Retry(30, delay=0, jitter=0))).run()
    assert run.error is run.errors[-1].error
    assert len({id(failure.error) for failure in run.errors}) == 31
    for failure in run.errors:
        assert failure.error.__context__ is None
        assert failure.error.__cause__ is None
        assert frames_of(failure.error)[-2:] == ["page", "fail"]
        assert frames_of(failure.error) == frames_of(run.errors[1].error)
        assert own_frames(failure.error) == []
    assert not hasattr(run.errors[0].error, "__notes__")


@each_way
async def test_the_error_of_a_predicate_or_a_delay_keeps_the_task_s_own_as_its_context(way: str) -> None:
    function, _ = attempts_of(*offline(9))

    def doubt(error: Exception) -> bool:
        raise LookupError("no verdict")

    def hesitate(error: Exception) -> float:
        raise LookupError("no delay")

    for retries in (Retry(1, on=doubt), Retry(1, delay=hesitate)):
        run = await alone(make(way, function, retries=retries)).run()
        assert isinstance(run.error, LookupError)
        assert run.error.__context__ is run.errors[0].error
        assert own_frames(run.error) == []


# From Python 3.12 on, a frame in a traceback keeps those that called it, with their variables: the run among them.
FRAMES_LEAD_OUT = sys.version_info >= (3, 12)


class Thing:
    """Tells when it is gone."""


class Trouble(Exception):
    """An error that tells when it is gone."""


@each_way
@pytest.mark.parametrize("ends", ["well", "recovered", "badly"])
@pytest.mark.usefixtures("without_collector")
async def test_nothing_is_left_of_many_attempts_when_the_run_is_let_go(
    way: str, ends: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "flowdeco")  # a log record would keep its error
    alive: list[weakref.ref[Any]] = []

    def note(thing: Any) -> Any:
        alive.append(weakref.ref(thing))
        return thing

    def page() -> Any:
        if ends != "well" or len(alive) < 4:
            raise note(Trouble())
        return note(Thing())

    def recover() -> Thing:
        return Thing()

    options: dict[str, Any] = {"recover": recover} if ends == "recovered" else {}
    run = await alone(make(way, page, retries=Retry(4, delay=0, jitter=0), **options)).run()
    note(run)
    assert isinstance(run.error, Trouble) if ends == "badly" else isinstance(run.result, Thing)
    assert len(alive) == 6
    assert count_alive(alive) == 6
    del run
    # The error that a run ends with leads to it, and so do the frames of a thread's lane.
    collect = ends == "badly" or way == "def" or FRAMES_LEAD_OUT
    assert await let_go(lambda: count_alive(alive) == 0, collect=collect)


def count_alive(references: list[weakref.ref[Any]]) -> int:
    return sum(reference() is not None for reference in references)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "def"])
@pytest.mark.usefixtures("without_collector")
async def test_a_call_keeps_no_error_that_was_overcome(way: str) -> None:
    alive: list[weakref.ref[Any]] = []

    def page() -> int:
        if len(alive) < 3:
            error = Trouble()
            alive.append(weakref.ref(error))
            try:
                raise error
            finally:
                del error
        return len(alive)

    assert await alone(make(way, page, retries=Retry(4, delay=0, jitter=0)))() == 3
    assert await let_go(lambda: count_alive(alive) == 0, collect=FRAMES_LEAD_OUT)
