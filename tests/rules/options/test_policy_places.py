"""`limit=` and `run_in=` are checked when the decorator runs."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flowdeco import Limit, OptionError, OptionTypeError, task, workflow
from tests.support.naming import take
from tests.support.options import error_of
from tests.support.policy_options import SUBJECT, give_items, refuse, shortened

GPU = Limit(2, "gpu")


@pytest.mark.parametrize("value", [True, 1.5, math.inf, "2", [GPU], Limit], ids=lambda v: type(v).__name__)
def test_a_limit_that_is_none_is_refused(value: Any) -> None:
    says = f"{SUBJECT}limit={value!r} is not a number, a Limit, or a mapping as in {{GPU: 2}}. "
    says += "Give one of these, or None for no limit."
    refuse(error_of(task, limit=value), says, kind=OptionTypeError, option="limit", value=value)


@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_below_one_is_refused(value: int) -> None:
    says = f"{SUBJECT}limit={value} is below one. Give at least 1, or None for no limit."
    refuse(error_of(task, limit=value), says, kind=OptionError, option="limit", value=value)


UNNAMED = Limit(1)


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ({"gpu": 1}, OptionTypeError, "names 'gpu', which is not a Limit. Make one first, as in GPU = Limit(2)."),
        ({GPU: True}, OptionTypeError, "asks for True places of limit 'gpu'. Give a whole number."),
        ({GPU: "1"}, OptionTypeError, "asks for '1' places of limit 'gpu'. Give a whole number."),
        ({GPU: 0}, OptionError, "asks for 0 places of limit 'gpu'. Give at least 1."),
        ({GPU: -2}, OptionError, "asks for -2 places of limit 'gpu'. Give at least 1."),
        ({GPU: 3}, OptionError, "asks for 3 places of limit 'gpu', which has 2. Ask for at most that many."),
        ({UNNAMED: 2}, OptionError, "asks for 2 places of an unnamed limit, which has 1. Ask for at most that many."),
    ],
)
def test_places_that_no_limit_can_give_are_refused(value: Any, kind: type[OptionError], reason: str) -> None:
    error = error_of(task, limit=value)
    refuse(error, f"{SUBJECT}limit={value!r} {reason}", kind=kind, option="limit", value=value)


# run_in=


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("thred", "Did you mean 'thread'?"),
        ("proces", "Did you mean 'process'?"),
        ("nowhere", "There are 'thread', 'loop' and 'process'; or give an executor or a resource."),
    ],
)
def test_a_misspelt_place_to_run_in_is_refused_with_the_nearest(value: str, advice: str) -> None:
    says = f"{SUBJECT}run_in={value!r} is not a place to run in. {advice}"
    refuse(error_of(task, run_in=value), says, kind=OptionError, option="run_in", value=value)


@pytest.mark.parametrize("value", [5, True, ["thread"], ThreadPoolExecutor], ids=repr)
def test_what_is_no_place_to_run_in_is_refused(value: Any) -> None:
    says = f"{SUBJECT}run_in={value!r} is not one of 'thread', 'loop' and 'process', nor an instance of "
    says += "concurrent.futures.Executor, nor a resource."
    error = error_of(task, run_in=value)
    refuse(error, says.replace(repr(value), shortened(value)), kind=OptionTypeError, option="run_in", value=value)


@pytest.mark.parametrize("value", ["thread", "process"])
def test_an_async_def_runs_on_the_event_loop_only(value: str) -> None:
    async def read() -> None: ...

    says = f"{SUBJECT}run_in={value!r} cannot be used with an async def, which always runs on the event loop. "
    says += "Make it a def, or remove run_in=."
    refuse(error_of(task, read, run_in=value), says, kind=OptionError, option="run_in", value=value)
    assert task(read, run_in="loop").name == "read"


def test_a_timeout_does_not_go_with_the_event_loop() -> None:
    says = f'{SUBJECT}timeout=5 cannot be combined with run_in="loop": a def cannot be interrupted on the event loop. '
    says += "Remove one of them."
    error = error_of(task, timeout=5, run_in="loop")
    refuse(error, says, kind=OptionError, option="timeout", value=5)
    error = error_of(task, give_items, name="read", timeout=5, run_in="loop")
    refuse(error, says, kind=OptionError, option="timeout", value=5)


def test_no_timeout_goes_with_the_event_loop() -> None:
    assert workflow(take, needs={"given": task(lambda: 1, timeout=math.inf, run_in="loop")})() == 1
