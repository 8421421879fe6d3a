"""Which errors are tried again."""

from functools import partial
from typing import Any

import pytest

from flowdeco._policy.retry import Retry
from tests.model.retry_scripts import Halt, is_offline
from tests.support.retry import OFFLINE, Verdict


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), SystemExit(1), GeneratorExit(), BaseExceptionGroup("two", [OFFLINE, Halt()])],
    ids=repr,
)
def test_what_is_no_exception_is_never_retried(error: BaseException) -> None:
    asked: list[BaseException] = []

    def ask(error: Exception) -> bool:
        asked.append(error)
        return True

    assert Retry(3).next_delay(error, 1, 0) is None
    assert Retry(3, on=ask).next_delay(error, 1, 0) is None
    assert asked == []


@pytest.mark.parametrize(("answer", "is_retried"), [("yes", True), ([0], True), ("", False), (None, False), (0, False)])
def test_any_truth_value_of_a_predicate_counts(answer: Any, is_retried: bool) -> None:
    delay = Retry(1, on=lambda error: answer, delay=2, jitter=0).next_delay(OFFLINE, 1, 0)
    assert delay == (2 if is_retried else None)


def test_a_predicate_gets_the_very_error_once() -> None:
    asked: list[Exception] = []

    def ask(error: Exception) -> bool:
        asked.append(error)
        return True

    Retry(1, on=ask).next_delay(OFFLINE, 1, 0)
    assert len(asked) == 1
    assert asked[0] is OFFLINE


def test_a_predicate_is_not_asked_once_no_attempt_can_follow() -> None:
    def ask(error: Exception) -> bool:
        raise AssertionError

    assert Retry(1, on=ask).next_delay(OFFLINE, 2, 0) is None
    assert Retry(1, on=ask, within=5).next_delay(OFFLINE, 1, 5.5) is None


def any_number(*errors: Exception) -> bool:
    return all(map(is_offline, errors))


def by_place(error: Exception, /, *rest: object, **more: object) -> bool:
    return is_offline(error)


@pytest.mark.parametrize(
    "on",
    [Verdict(), Verdict().judge, partial(Verdict.judge, Verdict()), any_number, by_place],
    ids=["instance", "method", "partial", "variadic", "positional"],
)
def test_whatever_takes_the_error_is_a_predicate(on: Any) -> None:
    retry = Retry(1, on=on, jitter=0)
    assert retry.next_delay(OFFLINE, 1, 0) == 0.1
    assert retry.next_delay(OSError("other"), 1, 0) is None
