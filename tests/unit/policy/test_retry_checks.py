"""What a `Retry` refuses."""

import math
from decimal import Decimal
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError
from flowdeco._policy.retry import Retry
from tests.model.retry_scripts import Halt, is_offline
from tests.support.case_id import show
from tests.support.retry import HUGE, OFFLINE, Verdict

NUMBERS_BUT_NOT = ["5", [5], Decimal(5), 5j]


def error_of(times: Any = 3, **options: Any) -> OptionError:
    with pytest.raises(OptionError) as caught:
        Retry(times, **options)
    return caught.value


def refuse(message: str, option: str, value: object, *, wrong_type: bool = False, times: Any = 3, **more: Any) -> None:
    """Check what is said of one option of `Retry`."""
    error = error_of(times, **({} if option == "times" else {option: value}), **more)
    assert str(error) == f"Cannot define retry: {message}"
    assert type(error) is (OptionTypeError if wrong_type else OptionError)
    assert error.option == option
    assert error.value is value


@pytest.mark.parametrize("times", ["3", 3.0, None, [3], Retry(3)], ids=repr)
def test_times_must_be_a_whole_number(times: Any) -> None:
    advice = "Give how many may follow the first, as in times=3; 0 for none."
    refuse(f"times={times!r} is not a number of attempts. {advice}", "times", times, wrong_type=True, times=times)


def test_times_must_not_be_below_zero() -> None:
    advice = "Give how many may follow the first, as in times=3; 0 for none."
    refuse(f"times=-1 is below zero. {advice}", "times", -1, times=-1)


def test_a_bool_is_no_number_of_times() -> None:
    text = "is not a number of attempts. Give times="
    refuse(f"times=True {text}1 for one more.", "times", True, wrong_type=True, times=True)
    refuse(f"times=False {text}0 for none.", "times", False, wrong_type=True, times=False)


@pytest.mark.parametrize("option", ["min_delay", "max_delay", "jitter"])
def test_seconds_must_be_a_number_from_zero(option: str) -> None:
    advice = 'Give seconds, or "full".' if option == "jitter" else "Give seconds."
    for value in [*NUMBERS_BUT_NOT, True, *(["Full"] if option == "jitter" else [None])]:
        refuse(f"{option}={value!r} is not a number. {advice}", option, value, wrong_type=True)
    refuse(f"{option}=nan is not a number. {advice}", option, math.nan)
    refuse(f"{option}=-1 is below zero. {advice}", option, -1)
    refuse(f"{option}=-inf is below zero. {advice}", option, -math.inf)
    assert str(error_of(**{option: HUGE})).endswith(f"… is too large. {advice}")


def test_delay_must_be_a_number_from_zero_or_a_function() -> None:
    for value in [*NUMBERS_BUT_NOT, True, None]:
        text = f"delay={value!r} is not a number or a function. Give seconds, or a function of error and attempt."
        refuse(text, "delay", value, wrong_type=True)
    refuse("delay=nan is not a number. Give seconds.", "delay", math.nan)
    refuse("delay=-1 is below zero. Give seconds.", "delay", -1)
    refuse("delay=-inf is below zero. Give seconds.", "delay", -math.inf)
    assert str(error_of(delay=HUGE)).endswith("… is too large. Give seconds.")


@pytest.mark.parametrize("option", ["delay", "min_delay", "jitter"])
def test_delay_and_jitter_must_end(option: str) -> None:
    advice = 'Give seconds, or "full".' if option == "jitter" else "Give seconds."
    refuse(f"{option}=inf is infinite. {advice}", option, math.inf, max_delay=math.inf)


def test_a_min_delay_above_max_delay_is_refused() -> None:
    advice = "Give a longer max_delay, or a shorter min_delay."
    refuse(f"min_delay=90 is above max_delay=60.0. {advice}", "min_delay", 90)
    refuse(f"min_delay=3 is above max_delay=2. {advice}", "min_delay", 3, max_delay=2)
    assert Retry(1, min_delay=2, max_delay=2).min_delay == 2


def test_what_a_delay_function_says_itself_is_refused_beside_it() -> None:
    def ask() -> float:
        return 1

    reason = "cannot be combined with a delay function, which decides itself how long to wait. Remove one of them."
    refuse(f"min_delay=2 {reason}", "min_delay", 2, delay=ask)
    refuse(f"jitter='full' {reason}", "jitter", "full", delay=ask)


def test_a_delay_above_max_delay_is_refused() -> None:
    advice = "Give a longer max_delay, or a shorter delay."
    refuse(f"delay=90 is above max_delay=60.0. {advice}", "delay", 90)
    refuse(f"delay=0.1 is above max_delay=0. {advice}", "delay", 0.1, max_delay=0)
    assert Retry(1, delay=2, max_delay=2).delay == 2
    assert callable(Retry(1, delay=lambda: 90, max_delay=2).delay)


def test_factor_must_be_a_number_from_one() -> None:
    advice = "Give 1 for equal waits, or more."
    for value in [*NUMBERS_BUT_NOT, True, None]:
        refuse(f"factor={value!r} is not a number. {advice}", "factor", value, wrong_type=True)
    for value in [0.5, 0, -2, -math.inf]:
        text = "is below one: the waits would get shorter the longer the trouble lasts."
        refuse(f"factor={value!r} {text} {advice}", "factor", value)
    refuse(f"factor=nan is not a number. {advice}", "factor", math.nan)
    refuse(f"factor=inf is infinite. {advice}", "factor", math.inf)
    assert str(error_of(factor=HUGE)).endswith(f"… is too large. {advice}")


def test_within_must_be_a_number_above_zero_or_none() -> None:
    advice = "Give seconds, or None for no limit."
    for value in [*NUMBERS_BUT_NOT, True]:
        refuse(f"within={value!r} is not a number. {advice}", "within", value, wrong_type=True)
    for value in [0, -1, -math.inf]:
        refuse(f"within={value!r} is not above zero. {advice}", "within", value)
    refuse(f"within=nan is not a number. {advice}", "within", math.nan)
    assert str(error_of(within=HUGE)).endswith(f"… is too large. {advice}")


@pytest.mark.parametrize("on", [None, "OSError", OFFLINE, int, Verdict, list[int], ExceptionGroup[OSError], {OSError}])
def test_on_must_be_a_type_a_tuple_or_a_predicate(on: Any) -> None:
    advice = "Give an exception type, a tuple of them, or a predicate that takes the error."
    refuse(f"on={on!r} is not an exception type. {advice}", "on", on, wrong_type=True)


@pytest.mark.parametrize("part", ["OSError", OFFLINE, int, is_offline, (OSError,), None], ids=show)
def test_on_must_have_only_types_in_its_tuple(part: Any) -> None:
    on = (OSError, part)
    error = error_of(on=on)
    assert str(error).startswith("Cannot define retry: on=(<class 'OSError'>, ")
    assert str(error).endswith(f" has {part!r} in it, which is not an exception type.")
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("on", on)


@pytest.mark.parametrize("on", [(), []], ids=repr)
def test_on_must_not_be_empty(on: Any) -> None:
    refuse(f"on={on!r} is empty, so nothing would be retried. Give times=0 to say that.", "on", on)


REASON = "not a kind of Exception: cancellation, KeyboardInterrupt and SystemExit are never retried."


@pytest.mark.parametrize("on", [BaseException, KeyboardInterrupt, SystemExit, BaseExceptionGroup, Halt])
def test_on_must_not_name_what_is_never_retried(on: type[BaseException]) -> None:
    refuse(f"on={on!r} is {REASON} Give Exception or subclasses of it.", "on", on)
    error = error_of(on=[OSError, on])
    assert str(error).endswith(f" has {on.__name__} in it, which is {REASON} Give Exception or subclasses of it.")
    assert type(error) is OptionError


def two(error: Exception, strict: bool) -> bool:
    return strict


def none() -> bool:
    return True


def keyword(*, error: Exception) -> bool:
    return True


def late(error: Exception, *, strict: bool) -> bool:
    return strict


def variadic(*errors: Exception, strict: bool) -> bool:
    return strict


@pytest.mark.parametrize("on", [two, none, keyword, late, variadic], ids=lambda on: on.__name__)
def test_a_predicate_must_take_the_error(on: Any) -> None:
    refuse(f"on={on!r} does not take one argument, the error. Give a predicate that does.", "on", on, wrong_type=True)


async def wait(error: Exception) -> Any:
    return 1


def each(error: Exception) -> Any:
    yield 1


async def wait_for_each(error: Exception) -> Any:
    yield 1


@pytest.mark.parametrize("option", ["on", "delay"])
@pytest.mark.parametrize(
    ("function", "kind"),
    [(wait, "an async function"), (each, "a generator function"), (wait_for_each, "an async generator function")],
)
def test_a_function_that_does_not_answer_at_once_is_refused(option: str, function: Any, kind: str) -> None:
    text = f"{option}={function!r} is {kind}. Give a plain one, which answers at once."
    refuse(text, option, function, wrong_type=True)


def misspelt(eror: Exception) -> float:
    return 1


def foreign(response: object) -> float:
    return 1


def second(error: Exception, response: object, /) -> float:
    return 1


@pytest.mark.parametrize(
    ("function", "name", "hint"),
    [(misspelt, "eror", " Did you mean 'error'?"), (foreign, "response", ""), (second, "response", "")],
)
def test_a_delay_function_that_asks_for_something_unknown_is_refused(function: Any, name: str, hint: str) -> None:
    text = f"delay={function!r} asks for {name!r}.{hint} A delay function may ask for 'error' and 'attempt'."
    refuse(text, "delay", function, wrong_type=True)
