"""What a `Retry` is, and what `retries=` makes of other things."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from flowdeco import FlowdecoError, OptionError, OptionTypeError
from flowdeco._policy.retry import Retry, check_retries
from tests.model.retry_scripts import Busy, by_both, is_offline
from tests.support.retry import OFFLINE, TASK


def test_a_retry_takes_only_times_by_position() -> None:
    with pytest.raises(TypeError):
        Retry(3, OSError)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # what is tested


def test_a_retry_has_the_defaults_of_the_design() -> None:
    retry = Retry(3)
    assert (retry.times, retry.on, retry.delay, retry.factor) == (3, Exception, 0.1, 2.0)
    assert (retry.min_delay, retry.max_delay, retry.jitter, retry.within) == (0.0, 60.0, None, None)


def test_a_retry_never_changes() -> None:
    kinds: list[type[Exception]] = [KeyError]
    retry = Retry(3, on=kinds)
    with pytest.raises(FrozenInstanceError):
        retry.times = 4  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # what is tested
    kinds.append(ConnectionError)
    assert retry.on == (KeyError,)
    assert retry.next_delay(OFFLINE, 1, 0) is None


def test_equal_retries_are_equal_and_have_the_same_hash() -> None:
    one, other = Retry(3, on=[KeyError, OSError], within=5), Retry(3, on=(KeyError, OSError), within=5)
    assert one == other
    assert hash(one) == hash(other)
    assert one != Retry(3, on=(KeyError, OSError))
    assert hash(Retry(3, on=is_offline, delay=by_both))


def test_a_retry_can_be_copied_pickled_and_changed_in_a_copy() -> None:
    retry = Retry(3, on=(KeyError, Busy), delay=by_both, within=5)
    assert pickle.loads(pickle.dumps(retry)) == retry
    assert copy.deepcopy(retry) == retry
    full = Retry(3, min_delay=0.5, jitter="full")
    assert pickle.loads(pickle.dumps(full)) == full != Retry(3, min_delay=0.5)
    assert replace(retry, within=None) == Retry(3, on=(KeyError, Busy), delay=by_both)
    with pytest.raises(OptionError):
        replace(retry, within=0)


@pytest.mark.parametrize(
    "text",
    [
        "Retry(3)",
        "Retry(0, jitter=0)",
        "Retry(3, on=KeyError)",
        "Retry(3, on=(KeyError,), delay=1)",
        "Retry(3, on=(KeyError, TimeoutError), delay=0.2, factor=3, max_delay=5, jitter=1.0, within=45)",
        "Retry(3, min_delay=1, jitter='full')",
    ],
)
def test_a_retry_shows_how_to_make_it(text: str) -> None:
    assert repr(eval(text)) == text


def test_a_retry_shows_its_functions() -> None:
    assert repr(Retry(1, on=is_offline, delay=by_both)) == f"Retry(1, on={is_offline!r}, delay={by_both!r})"


# retries=


@pytest.mark.parametrize("value", [None, 0, Retry(0), Retry(0, on=KeyError)], ids=repr)
def test_no_retries_are_none(value: Any) -> None:
    assert check_retries(TASK, value) is None


def test_a_number_of_retries_is_a_retry_with_the_defaults() -> None:
    assert check_retries(TASK, 3) == Retry(3)
    assert check_retries(TASK, 10**30) == Retry(10**30)


def test_a_retry_is_used_as_it_is() -> None:
    retry = Retry(3)
    assert check_retries(TASK, retry) is retry


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (True, "is not a number of attempts. Give retries=1 for one more."),
        (False, "is not a number of attempts. Give retries=0 for none."),
        (
            "3",
            "is not a number of attempts or a Retry. Give how many may follow the first, as in retries=3; 0 for none.",
        ),
        (
            1.5,
            "is not a number of attempts or a Retry. Give how many may follow the first, as in retries=3; 0 for none.",
        ),
        (
            Retry,
            "is not a number of attempts or a Retry. Give how many may follow the first, as in retries=3; 0 for none.",
        ),
        (
            OSError,
            "is not a number of attempts or a Retry. Give how many may follow the first, as in retries=3; 0 for none.",
        ),
        (-2, "is below zero. Give how many may follow the first, as in retries=3; 0 for none."),
    ],
)
def test_other_retries_are_refused(value: Any, reason: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_retries(TASK, value)
    assert str(caught.value) == f"Cannot define task 'page': retries={value!r} {reason}"
    assert type(caught.value) is (OptionError if value == -2 else OptionTypeError)
    assert isinstance(caught.value, FlowdecoError)
    assert (caught.value.option, caught.value.value) == ("retries", value)
