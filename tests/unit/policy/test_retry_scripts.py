"""Whether another attempt follows, when, and what `retries=` and `Retry` refuse."""

import copy
import math
import pickle
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flowdeco import FlowdecoError, OptionError, OptionTypeError
from flowdeco._policy import retry as _retry
from flowdeco._policy.retry import Retry, check_retries
from tests.model.retry_scripts import SCRIPTS, Busy, Halt, Script, by_both, is_offline

OFFLINE = ConnectionError("offline")
TASK = "task 'page'"
NUMBERS_BUT_NOT = ["5", [5], Decimal(5), 5j]
HUGE = 10**400


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


def get_delays(retry: Retry, count: int) -> list[float | None]:
    return [retry.next_delay(OFFLINE, attempt, 0) for attempt in range(1, count + 1)]


# The scripts


class Played(NamedTuple):
    """What came of a script: the waits, how it ended, and the error that the last attempt raised."""

    waits: list[float]
    final: BaseException | str
    last_error: BaseException | None


def play(script: Script) -> Played:
    """Make the attempts of a script on a clock of its own."""
    retry = check_retries(TASK, script.retries)
    clock = 0.0
    waits: list[float] = []
    for attempt, outcome in enumerate(script.outcomes, 1):
        clock += outcome.seconds
        try:
            return Played(waits, outcome.get(), None)
        except BaseException as error:
            try:
                delay = None if retry is None else retry.next_delay(error, attempt, clock)
            except Exception as other:
                return Played(waits, other, error)
            if delay is None:
                return Played(waits, error, error)
            assert type(delay) is float
            waits.append(delay)
            clock += delay
    raise AssertionError("more attempts were made than the script has")


def differs(waited: float, wanted: float | tuple[float, float]) -> bool:
    low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    return not low - 1e-9 <= waited <= high + 1e-9


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.id for script in SCRIPTS])
def test_a_script_of_failures_plays_as_written(script: Script) -> None:
    played = play(script)
    assert len(played.waits) == len(script.waits)
    wrong = [pair for pair in zip(played.waits, script.waits, strict=True) if differs(*pair)]
    assert wrong == []
    assert type(played.final) is type(script.final)
    assert str(played.final) == str(script.final)
    if played.last_error is not None:
        assert (played.final is played.last_error) is script.own


def test_the_scripts_are_many_and_told_apart() -> None:
    assert len(SCRIPTS) >= 45
    assert len({script.id for script in SCRIPTS}) == len(SCRIPTS)


# Waits


def test_the_jitter_is_drawn_anew_for_each_wait_and_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return len(drawn) / 4

    monkeypatch.setattr(_retry, "uniform", draw)
    assert get_delays(Retry(3, delay=1, jitter=0.75, max_delay=4.5), 3) == [1.25, 2.5, 4.5]
    assert drawn == [(0, 0.75)] * 3


def test_the_jitter_is_as_much_as_the_delay_if_it_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(_: float, high: float) -> float:
        return high

    monkeypatch.setattr(_retry, "uniform", draw)
    assert get_delays(Retry(3, delay=1), 3) == [2, 3, 5]
    monkeypatch.setattr(_retry, "uniform", None)
    assert get_delays(Retry(3, delay=0), 3) == [0, 0, 0]


def test_nothing_is_drawn_without_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_retry, "uniform", None)
    assert get_delays(Retry(2, delay=1, jitter=0), 3) == [1, 2, None]


def test_the_drawn_wait_is_what_within_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    retry = Retry(1, delay=1, jitter=1, within=1.5)
    drawn = iter([0.5, 0.75])

    def draw(low: float, high: float) -> float:
        return next(drawn)

    monkeypatch.setattr(_retry, "uniform", draw)
    assert retry.next_delay(OFFLINE, 1, 0) == 1.5
    assert retry.next_delay(OFFLINE, 1, 0) is None


@pytest.mark.parametrize("attempt", [10_000_000, HUGE], ids=["ten million", "huge"])
def test_a_late_attempt_waits_for_max_delay(attempt: int) -> None:
    assert Retry(HUGE, delay=1e-9, factor=1.001, max_delay=7).next_delay(OFFLINE, attempt, 0) == 7
    assert Retry(HUGE, delay=1, factor=2, max_delay=7).next_delay(OFFLINE, attempt, 0) == 7
    assert Retry(HUGE, delay=3, factor=1, jitter=0).next_delay(OFFLINE, attempt, 0) == 3
    assert Retry(HUGE, delay=0, factor=2, jitter=0).next_delay(OFFLINE, attempt, 0) == 0


def test_a_wait_too_long_for_a_float_is_endless_without_max_delay() -> None:
    assert Retry(HUGE, max_delay=math.inf).next_delay(OFFLINE, 10_000, 0) == math.inf
    assert Retry(HUGE, max_delay=math.inf, within=1e9).next_delay(OFFLINE, 10_000, 0) is None


def test_whole_numbers_give_waits_that_are_floats() -> None:
    delays = [Retry(9999, delay=1, factor=2, max_delay=3, jitter=0).next_delay(OFFLINE, n, 0) for n in (1, 2, 3, 2000)]
    assert delays == [1, 2, 3, 3]
    assert {type(delay) for delay in delays} == {float}
    assert type(Retry(1, delay=lambda: 5).next_delay(OFFLINE, 1, 0)) is float


# Which errors


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


class Verdict:
    """A predicate that is no function."""

    def __call__(self, error: Exception, strict: bool = False) -> bool:
        return is_offline(error)

    def judge(self, error: Exception) -> bool:
        return is_offline(error)


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


# Delay functions


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


@pytest.mark.parametrize(
    "answer",
    [-1, -0.5, math.nan, math.inf, -math.inf, HUGE],
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
    assert text.endswith(f" returned {answer!r}, which is not a number of seconds. Return zero or more.")
    assert caught.value.value is answer


# Validation of Retry


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


@pytest.mark.parametrize("option", ["max_delay", "jitter"])
def test_seconds_must_be_a_number_from_zero(option: str) -> None:
    for value in [*NUMBERS_BUT_NOT, True, *([None] if option == "max_delay" else [])]:
        refuse(f"{option}={value!r} is not a number. Give seconds.", option, value, wrong_type=True)
    refuse(f"{option}=nan is not a number. Give seconds.", option, math.nan)
    refuse(f"{option}=-1 is below zero. Give seconds.", option, -1)
    refuse(f"{option}=-inf is below zero. Give seconds.", option, -math.inf)
    assert str(error_of(**{option: HUGE})).endswith("… is too large. Give seconds.")


def test_delay_must_be_a_number_from_zero_or_a_function() -> None:
    for value in [*NUMBERS_BUT_NOT, True, None]:
        text = f"delay={value!r} is not a number or a function. Give seconds, or a function of error and attempt."
        refuse(text, "delay", value, wrong_type=True)
    refuse("delay=nan is not a number. Give seconds.", "delay", math.nan)
    refuse("delay=-1 is below zero. Give seconds.", "delay", -1)
    refuse("delay=-inf is below zero. Give seconds.", "delay", -math.inf)
    assert str(error_of(delay=HUGE)).endswith("… is too large. Give seconds.")


@pytest.mark.parametrize("option", ["delay", "jitter"])
def test_delay_and_jitter_must_end(option: str) -> None:
    refuse(f"{option}=inf is endless. Give seconds.", option, math.inf, max_delay=math.inf)


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
    refuse(f"factor=inf is endless. {advice}", "factor", math.inf)
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


@pytest.mark.parametrize("part", ["OSError", OFFLINE, int, is_offline, (OSError,), None], ids=repr)
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
    refuse(f"on={on!r} is {REASON} Give Exception or kinds of it.", "on", on)
    error = error_of(on=[OSError, on])
    assert str(error).endswith(f" has {on.__name__} in it, which is {REASON} Give Exception or kinds of it.")
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


# What a Retry is


def test_a_retry_takes_only_times_by_position() -> None:
    with pytest.raises(TypeError):
        Retry(3, OSError)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # what is tested


def test_a_retry_has_the_defaults_of_the_design() -> None:
    retry = Retry(3)
    assert (retry.times, retry.on, retry.delay, retry.factor) == (3, Exception, 0.1, 2.0)
    assert (retry.max_delay, retry.jitter, retry.within) == (60.0, None, None)


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


# Every Retry there is


@st.composite
def any_retries(draw: st.DrawFn, *, jitter: bool = True) -> Retry:
    max_delay = draw(st.floats(min_value=0, allow_nan=False))
    return Retry(
        draw(st.integers(0, 50)),
        delay=draw(st.floats(min_value=0, max_value=max_delay, allow_infinity=False)),
        factor=draw(st.floats(min_value=1, allow_infinity=False) | st.floats(1, 3) | st.integers(1, 10**300)),
        max_delay=max_delay,
        jitter=draw(st.floats(min_value=0, allow_infinity=False) | st.floats(0, 2)) if jitter else 0,
        within=draw(st.none() | st.floats(min_value=0, exclude_min=True)),
    )


def follow(retry: Retry, durations: Sequence[float]) -> tuple[list[float], float]:
    """Return the waits between attempts that all fail, and when the last attempt began."""
    clock, begun, waits = 0.0, 0.0, list[float]()
    for attempt, duration in enumerate(durations, 1):
        begun, clock = clock, clock + duration
        delay = retry.next_delay(OFFLINE, attempt, clock)
        if delay is None:
            return waits, begun
        waits.append(delay)
        clock += delay
    raise AssertionError("more attempts were made than there may be")


durations = st.lists(st.floats(0, 1e6), min_size=51, max_size=51)


@given(any_retries(), durations)
def test_every_wait_lies_between_zero_and_max_delay(retry: Retry, durations: list[float]) -> None:
    waits, _ = follow(retry, durations)
    assert all(0 <= wait <= retry.max_delay for wait in waits)


@given(any_retries(), durations)
def test_no_more_attempts_follow_than_times(retry: Retry, durations: list[float]) -> None:
    waits, _ = follow(retry, durations)
    assert len(waits) <= retry.times
    assert retry.within is not None or len(waits) == retry.times


@given(any_retries(), durations)
def test_no_attempt_begins_later_than_within(retry: Retry, durations: list[float]) -> None:
    assume(retry.within is not None)
    assert follow(retry, durations)[1] <= (retry.within or 0)


@given(any_retries(jitter=False), st.lists(st.integers(1, 10**6), min_size=2))
def test_waits_never_get_shorter_without_jitter(retry: Retry, attempts: list[int]) -> None:
    lasting = replace(retry, times=10**6, within=None)
    waits = [lasting.next_delay(OFFLINE, attempt, 0) or 0 for attempt in sorted(attempts)]
    assert waits == sorted(waits)
