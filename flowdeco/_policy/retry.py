"""Whether another attempt follows a failed one, and how long to wait before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, fields
from inspect import Parameter
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, get_origin

from .._base.checks import reject
from .._base.errors import OptionError, OptionTypeError
from .._base.injection import Ask, read_ask
from .._base.signature import MISSING, POSITIONAL, Kind, Param, read_signature
from .._base.text import listed, nearest, shorten

if TYPE_CHECKING:
    from typing_extensions import TypeIs

__all__ = ["Retry", "check_retries"]

_SUBJECT = "retry"
_GIVEN = ("error", "attempt")
_SECONDS = "Give seconds."
_ON = "Give an exception type, a tuple of them, or a predicate that takes the error."

# A predicate gets every Exception. `bool` keeps checkers from taking a class for one; any truth value works.
RetryOn: TypeAlias = type[Exception] | Sequence[type[Exception]] | Callable[[Exception], bool]


@dataclass(frozen=True, slots=True, repr=False)
class Retry:
    """How often a task is tried again after an error, when, and after which errors.

    It never changes and keeps nothing from one run to the next, so one `Retry` can serve many tasks.
    The wait before attempt `n + 2` is `min(max_delay, delay * factor**n + random(0, jitter))` seconds.
    Cancellation, `KeyboardInterrupt` and `SystemExit` are never retried.

    Args:
        times: how many attempts may follow the first; 0 for none.
        on: what is retried: an exception type, a tuple or list of them, or a predicate that takes the error.
            What a predicate raises takes the place of the task's error.
        delay: seconds before the second attempt, no more than `max_delay`. Or a plain function that returns the
            seconds before the next one and may ask for `error` and `attempt` (the number of the attempt that failed,
            from 1) by name; one whose only parameter is positional-only, that takes `*args`, or that does not say
            what it takes gets the error. What it returns is taken as it is: no `factor`, `max_delay` or `jitter`.
        factor: by how much each wait is longer than the one before; 1 for equal waits.
        max_delay: the longest wait in seconds, jitter included; `math.inf` for no such limit.
        jitter: up to so many seconds are added to each wait at random, so that many tasks do not try again at once;
            `None` for as many as `delay`, so that `delay=0` does not wait at all.
        within: seconds from the start of the first attempt in which the others must start; an attempt that could
            start only later is not waited for. `None` for no limit. A running attempt is not cut short.

    Raises:
        OptionError: a value cannot be used; an `OptionTypeError` (also a `TypeError`) if it has the wrong type.
    """

    times: int
    _: KW_ONLY
    on: RetryOn = Exception
    delay: float | Callable[..., float] = 0.1
    factor: float = 2.0
    max_delay: float = 60.0
    jitter: float | None = None
    within: float | None = None

    def __post_init__(self) -> None:
        _check_times(_SUBJECT, "times", self.times)
        _check_on(self.on)
        if _is_many(self.on):
            object.__setattr__(self, "on", tuple(self.on))  # so that it has a hash, and stays as it is
        _check_factor(self.factor)
        _check_seconds("max_delay", self.max_delay, endless=True)
        if self.jitter is not None:
            _check_seconds("jitter", self.jitter)
        _check_within(self.within)
        _check_delay(self.delay, self.max_delay)

    def __repr__(self) -> str:
        """Show what differs from the defaults."""
        values = [(field, getattr(self, field.name)) for field in fields(self)[1:]]
        options = [f"{field.name}={_spell(value)}" for field, value in values if value != field.default]
        return f"Retry({', '.join([repr(self.times), *options])})"

    def next_delay(self, error: BaseException, attempt: int, elapsed: float) -> float | None:
        """Return how long to wait before the next attempt.

        No attempt starts later than `within` after the first: if it would have to, there is none, and no wait.
        One that starts exactly then is still made.

        Args:
            error: what the attempt raised.
            attempt: the number of the attempt that failed, from 1.
            elapsed: seconds since the first attempt began.

        Returns:
            Seconds, or `None` if no attempt follows.

        Raises:
            OptionError: the delay function returned something else than a number of seconds; the error is its cause.
        """
        within = math.inf if self.within is None else self.within
        if not isinstance(error, Exception) or attempt > self.times or elapsed > within or not self._wants(error):
            return None
        if callable(self.delay):
            delay = _ask(self.delay, error, attempt)
        else:
            delay = self._back_off(float(self.delay), attempt - 1)
        return delay if elapsed + delay <= within else None

    def _wants(self, error: Exception) -> bool:
        if _is_many(self.on):
            return isinstance(error, tuple(self.on))
        if isinstance(self.on, type):
            return isinstance(error, self.on)
        return bool(self.on(error))

    def _back_off(self, delay: float, n: int) -> float:
        jitter = delay if self.jitter is None else self.jitter
        if delay and self.factor != 1:  # else there is nothing to grow, and 0 times infinity is no number
            try:
                delay *= float(self.factor) ** n
            except OverflowError:
                return float(self.max_delay)
        if jitter:
            from random import uniform  # loads hash functions, too: only where there is something to draw

            delay += uniform(0, jitter)
        return min(float(self.max_delay), delay)


def check_retries(subject: str, value: object) -> Retry | None:
    """Return `retries=` as a `Retry`; `None` for `None`, 0 and `Retry(0)`, so that no retries cost nothing."""
    if isinstance(value, Retry):
        return value if value.times else None
    if value is None:
        return None
    times = _check_times(subject, "retries", value, " or a Retry")
    return Retry(times) if times else None


def _is_many(value: object) -> TypeIs[Sequence[Any]]:
    return isinstance(value, (list, tuple))


def _is_error_type(value: object) -> TypeGuard[type[BaseException]]:
    return isinstance(value, type) and issubclass(value, BaseException)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_times(subject: str, option: str, value: object, instead: str = "") -> int:
    if isinstance(value, bool):
        advice = f"Give {option}=1 for one more." if value else f"Give {option}=0 for none."
        raise reject(subject, option, value, f"is not a number of attempts. {advice}", wrong_type=True)
    advice = f"Give how many may follow the first, as in {option}=3; 0 for none."
    if not isinstance(value, int):
        raise reject(subject, option, value, f"is not a number of attempts{instead}. {advice}", wrong_type=True)
    if value < 0:
        raise reject(subject, option, value, f"is below zero. {advice}")
    return value


def _check_on(on: object) -> None:
    if _is_many(on):
        if not on:
            raise reject(_SUBJECT, "on", on, "is empty, so nothing would be retried. Give times=0 to say that.")
        parts: Sequence[object] = on
        for part in parts:
            if not _is_error_type(part):
                reason = f"has {shorten(part)} in it, which is not an exception type."
                raise reject(_SUBJECT, "on", on, reason, wrong_type=True)
            _check_is_retried(on, part)
    elif _is_error_type(on):
        _check_is_retried(on, on)
    # A class, or list[int], can be called too, and its instances would all be true.
    elif isinstance(on, type) or get_origin(on) is not None or not callable(on):
        raise reject(_SUBJECT, "on", on, f"is not an exception type. {_ON}", wrong_type=True)
    else:
        _check_predicate(on)


def _check_is_retried(on: object, kind: type[BaseException]) -> None:
    if not issubclass(kind, Exception):
        what = "is" if on is kind else f"has {kind.__name__} in it, which is"
        reason = (
            f"{what} not a kind of Exception: cancellation, KeyboardInterrupt and SystemExit are never retried. "
            "Give Exception or kinds of it."
        )
        raise reject(_SUBJECT, "on", on, reason)


def _check_predicate(on: Callable[..., object]) -> None:
    params = _read_params("on", on)
    if params is None:
        return
    required = [param for param in params if param.default is MISSING and not param.variadic]
    places = [param for param in params if param.kind in POSITIONAL or param.kind is Parameter.VAR_POSITIONAL]
    if len(required) > 1 or not places or any(param.kind not in POSITIONAL for param in required):
        reason = "does not take one argument, the error. Give a predicate that does."
        raise reject(_SUBJECT, "on", on, reason, wrong_type=True)


def _check_number(option: str, value: object, advice: str) -> float:
    if not _is_number(value):
        raise reject(_SUBJECT, option, value, f"is not a number. {advice}", wrong_type=True)
    try:
        number = float(value)
    except OverflowError:
        raise reject(_SUBJECT, option, value, f"is too large. {advice}") from None
    if math.isnan(number):
        raise reject(_SUBJECT, option, value, f"is not a number. {advice}")
    return number


def _check_seconds(option: str, value: object, *, endless: bool = False) -> None:
    seconds = _check_number(option, value, _SECONDS)
    if seconds < 0:
        raise reject(_SUBJECT, option, value, f"is below zero. {_SECONDS}")
    if math.isinf(seconds) and not endless:
        raise reject(_SUBJECT, option, value, f"is endless. {_SECONDS}")


def _check_factor(value: object) -> None:
    advice = "Give 1 for equal waits, or more."
    factor = _check_number("factor", value, advice)
    if factor < 1:
        reason = f"is below one: the waits would get shorter the longer the trouble lasts. {advice}"
        raise reject(_SUBJECT, "factor", value, reason)
    if math.isinf(factor):
        raise reject(_SUBJECT, "factor", value, f"is endless. {advice}")


def _check_within(value: object) -> None:
    advice = "Give seconds, or None for no limit."
    if value is not None and _check_number("within", value, advice) <= 0:
        raise reject(_SUBJECT, "within", value, f"is not above zero. {advice}")


def _check_delay(value: object, max_delay: float) -> None:
    if callable(value):
        _read_delay(value)
        return
    if not _is_number(value):
        reason = "is not a number or a function. Give seconds, or a function of error and attempt."
        raise reject(_SUBJECT, "delay", value, reason, wrong_type=True)
    _check_seconds("delay", value)
    if value > max_delay:
        reason = f"is above max_delay={max_delay!r}. Give a longer max_delay, or a shorter delay."
        raise reject(_SUBJECT, "delay", value, reason)


def _read_params(option: str, function: Callable[..., object]) -> tuple[Param, ...] | None:
    """Return the parameters of a plain function, `None` if it does not say."""
    try:
        signature = read_signature(function)
    except (ValueError, TypeError):
        return None
    if signature.kind != "sync":
        reason = f"is {_name_kind(signature.kind)}. Give a plain one, which answers at once."
        raise reject(_SUBJECT, option, function, reason, wrong_type=True)
    return signature.params


def _name_kind(kind: Kind) -> str:
    return f"{'an' if kind.startswith('a') else 'a'} {kind} function"


def _read_delay(function: Callable[..., object]) -> Ask:
    """Return how to call a delay function. Raises `OptionTypeError` if it asks for what there is not."""
    _read_params("delay", function)
    ask, unknown = read_ask(function, _GIVEN)
    for name in unknown:
        hint = f"{nearest(name, _GIVEN)} A delay function may ask for {listed(_GIVEN)}."
        raise reject(_SUBJECT, "delay", function, f"asks for {name!r}.{hint}", wrong_type=True)
    return ask


def _ask(function: Callable[..., object], error: Exception, attempt: int) -> float:
    """Return the seconds that a delay function says."""
    given = {"error": error, "attempt": attempt}
    answer = _read_delay(function).call(error, given.__getitem__)
    with suppress(OverflowError):
        if _is_number(answer) and 0 <= answer < math.inf:
            return float(answer)
    kind = OptionError if _is_number(answer) else OptionTypeError
    reason = f"delay={shorten(function)} returned {shorten(answer)}, which is not a number of seconds"
    raise kind(f"Cannot retry: {reason}. Return zero or more.", option="delay", value=answer) from error


def _spell(value: Any) -> str:
    """Return an option as it is written: a class by its name."""
    if _is_many(value):
        return f"({', '.join(map(_spell, value))}{',' if len(value) == 1 else ''})"
    return value.__qualname__ if isinstance(value, type) else repr(value)
