"""Functions that say how long to wait."""

import math
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError
from flowdeco._policy.retry import Retry
from tests.model.retry_scripts import by_both
from tests.support.retry import HUGE, OFFLINE


class Unreadable:
    """A callable that does not say what it takes."""

    __signature__ = "nonsense"

    def __call__(self, given: object) -> float:
        assert given is OFFLINE
        return 6


class Silent:
    """One that says so as functions written in C do."""

    @property
    def __signature__(self) -> str:
        raise ValueError("no signature found")

    def __call__(self, given: object) -> float:
        assert given is OFFLINE
        return 6


def test_a_function_that_does_not_say_what_it_takes_gets_the_error() -> None:
    assert Retry(1, delay=Silent()).next_delay(OFFLINE, 1, 0) == 6
    assert Retry(1, delay=Unreadable()).next_delay(OFFLINE, 1, 0) == 6
    assert Retry(1, on=Unreadable(), jitter=0).next_delay(OFFLINE, 1, 0) == 0.1  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # 6 counts as true


def check_error(given: object) -> float:
    return 1 if given is OFFLINE else 0


def takes_position(something: object, /) -> float:
    return check_error(something)


def takes_any(*given: object, attempt: int) -> float:
    return attempt + check_error(*given)


def takes_a_position_and_a_name(something: object, /, attempt: int) -> float:
    return attempt + check_error(something)


def takes_a_gap(error: object, x: float = 0.5, attempt: int = 0, /, **more: object) -> float:
    return check_error(error) + x + attempt + len(more)


def takes_all(**error: object) -> float:
    return len(error)


def takes_a_default(attempt: int = 0, extra: float = 0.5, **more: object) -> float:
    return attempt + extra + len(more)


@pytest.mark.parametrize(
    ("function", "delay"),
    [
        (takes_position, 1),
        (takes_any, 8),
        (takes_a_position_and_a_name, 8),
        (takes_a_gap, 1.5),
        (takes_a_default, 7.5),
        (takes_all, 0),
        (partial(by_both, 4), 11),
        ({ConnectionError: 1, OFFLINE: 9}.get, 9),
    ],
)
def test_a_delay_function_gets_what_it_asks_for(function: Any, delay: float) -> None:
    assert Retry(9, delay=function).next_delay(OFFLINE, 7, 0) == delay


@pytest.mark.parametrize("answer", [-1, -0.0003, -0.0, -1e300, 0], ids=repr)
def test_a_delay_function_that_gives_a_negative_number_does_not_wait(answer: float) -> None:
    def ask() -> float:
        return answer

    delay = Retry(1, delay=ask).next_delay(OFFLINE, 1, 0)
    assert (repr(delay), Retry(1, delay=ask, within=1).next_delay(OFFLINE, 1, 2)) == ("0.0", None)


def test_a_negative_delay_does_not_stretch_the_time_within_which_attempts_start() -> None:
    retry = Retry(1, delay=lambda: -5, within=1)
    assert retry.next_delay(OFFLINE, 1, 1) == 0
    assert retry.next_delay(OFFLINE, 1, 1.5) is None


@pytest.mark.parametrize(
    "answer",
    [math.nan, math.inf, -math.inf, HUGE, -HUGE],
    ids=lambda value: f"{value:.3}" if isinstance(value, float) else "int",
)
def test_a_delay_function_must_give_a_number_that_can_be_waited_for(answer: float) -> None:
    def ask() -> float:
        return answer

    with pytest.raises(OptionError) as caught:
        Retry(1, delay=ask).next_delay(OFFLINE, 1, 0)
    assert type(caught.value) is OptionError
    assert (caught.value.option, caught.value.value) == ("delay", answer) or answer != answer
    assert caught.value.__cause__ is OFFLINE


@pytest.mark.parametrize("answer", [None, "5", True, Decimal(5), 1j], ids=repr)
def test_a_delay_function_must_give_a_number(answer: Any) -> None:
    def ask(error: Exception) -> Any:
        return answer

    with pytest.raises(OptionTypeError) as caught:
        Retry(1, delay=ask).next_delay(OFFLINE, 1, 0)
    text = str(caught.value)
    assert text.startswith("Cannot retry: delay=<function test_a_delay_function_must_give_a_number.<loc")
    assert text.endswith(f" returned {answer!r}, which is not a number of seconds. Return seconds, or 0 for no wait.")
    assert caught.value.value is answer
