"""Whether another attempt follows a failed one, and how long to wait before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, fields
from inspect import Parameter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeGuard, get_origin

from .._base.checks import reject
from .._base.errors import OptionError, OptionTypeError
from .._base.healing import can_heal
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
    The wait before attempt `n + 2` is `delay * factor**n` seconds, but not less than `min_delay` nor more than
    `max_delay`, plus up to `jitter` at random. Where that would go beyond `max_delay`, it is drawn from the `jitter`
    seconds below `max_delay`, or half of the wait if that is less, so that many tasks do not wait equally long.

    Cancellation, `KeyboardInterrupt` and `SystemExit` are never retried, whatever `on` says, nor is what another
    attempt cannot mend: a `GraphError`, an `OptionError`, a `LimitError`, a `RunningLoopError`, a `MainGuardError`, or
    a `TransferError` of a function, an argument or a result. `recover=` gets these errors like any other.

    Args:
        times: how many attempts may follow the first; 0 for none.
        on: what is retried: an exception type, a tuple or list of them, or a predicate that takes the error.
            What a predicate raises takes the place of the task's error.
        delay: seconds before the second attempt, no more than `max_delay`. Or a plain function that returns the
            seconds before the next one, and may ask for `error` and `attempt` (the number of the attempt that failed,
            from 1) by name; one whose only parameter is positional-only, that takes `*args`, or that does not say what
            it takes gets the error. What it returns is taken as it is: no `factor`, `max_delay` or `jitter`. A negative
            number, such as the seconds until a moment that has passed, counts as zero.
        factor: by how much each wait is longer than the one before; 1 for equal waits.
        min_delay: the shortest wait in seconds, jitter included. A delay function sees to that itself.
        max_delay: the longest wait in seconds, jitter included; `math.inf` for no such limit.
        jitter: up to so many seconds are added to each wait at random, so that many tasks do not try again at once;
            `None` for as many as `delay`, so that `delay=0` does not wait at all. Or `"full"`: each wait is drawn
            between `min_delay` and what it would be without jitter, which spreads many tasks best ("full jitter" in
            the AWS Architecture Blog, "Exponential Backoff And Jitter":
            `random_between(0, min(cap, base * 2 ** attempt))`). A delay function does not go with it.
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
    min_delay: float = 0.0
    max_delay: float = 60.0
    jitter: float | Literal["full"] | None = None
    within: float | None = None

    def __post_init__(self) -> None:
        _check_times(_SUBJECT, "times", self.times)
        _check_on(self.on)
        if _is_many(self.on):
            object.__setattr__(self, "on", tuple(self.on))  # so that it has a hash, and stays as it is
        _check_factor(self.factor)
        _check_seconds("min_delay", self.min_delay)
        _check_seconds("max_delay", self.max_delay, endless=True)
        _check_jitter(self.jitter)
        _check_within(self.within)
        _check_delay(self.delay, self.max_delay)
        _check_together(self)

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
        if not can_heal(error):
            return False
        if _is_many(self.on):
            return isinstance(error, tuple(self.on))
        if isinstance(self.on, type):
            return isinstance(error, self.on)
        return bool(self.on(error))

    def _back_off(self, delay: float, n: int) -> float:
        low, high = self._bounds(delay, n)
        if low >= high or math.isinf(high):
            return high
        from random import uniform  # loads hash functions, too: only where there is something to draw

        return min(high, uniform(low, high))

    def _bounds(self, delay: float, n: int) -> tuple[float, float]:
        """Return between which seconds a wait is drawn."""
        shortest, longest = float(self.min_delay), float(self.max_delay)
        jitter = delay if self.jitter is None else self.jitter
        if delay and self.factor != 1:  # else there is nothing to grow, and 0 times infinity is no number
            try:
                delay *= float(self.factor) ** n
            except OverflowError:
                delay = math.inf
        delay = min(longest, max(shortest, delay))
        if jitter == "full":
            return shortest, delay
        if delay + jitter <= longest:
            return delay, delay + jitter
        return min(delay, max(shortest, longest - jitter, delay / 2)), longest


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
            "Give Exception or subclasses of it."
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


def _check_seconds(option: str, value: object, advice: str = _SECONDS, *, endless: bool = False) -> None:
    seconds = _check_number(option, value, advice)
    if seconds < 0:
        raise reject(_SUBJECT, option, value, f"is below zero. {advice}")
    if math.isinf(seconds) and not endless:
        raise reject(_SUBJECT, option, value, f"is infinite. {advice}")


def _check_jitter(value: object) -> None:
    if value is not None and value != "full":
        _check_seconds("jitter", value, 'Give seconds, or "full".')


def _check_together(retry: Retry) -> None:
    """Refuse what is of no use beside another option."""
    shortest, longest = retry.min_delay, retry.max_delay
    if shortest > longest:
        reason = f"is above max_delay={longest!r}. Give a longer max_delay, or a shorter min_delay."
        raise reject(_SUBJECT, "min_delay", shortest, reason)
    if callable(retry.delay) and (shortest or retry.jitter == "full"):
        option, value = ("min_delay", shortest) if shortest else ("jitter", retry.jitter)
        reason = "cannot be combined with a delay function, which decides itself how long to wait. Remove one of them."
        raise reject(_SUBJECT, option, value, reason)


def _check_factor(value: object) -> None:
    advice = "Give 1 for equal waits, or more."
    factor = _check_number("factor", value, advice)
    if factor < 1:
        reason = f"is below one: the waits would get shorter the longer the trouble lasts. {advice}"
        raise reject(_SUBJECT, "factor", value, reason)
    if math.isinf(factor):
        raise reject(_SUBJECT, "factor", value, f"is infinite. {advice}")


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
    kind = signature.inner if signature.kind == "sync" else signature.kind
    if kind != "sync":
        reason = f"is {_name_kind(kind)}. Give a plain one, which answers at once."
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
        if _is_number(answer) and math.isfinite(answer):
            return max(0.0, float(answer))  # seconds until a moment that has passed
    kind = OptionError if _is_number(answer) else OptionTypeError
    reason = f"delay={shorten(function)} returned {shorten(answer)}, which is not a number of seconds"
    raise kind(f"Cannot retry: {reason}. Return seconds, or 0 for no wait.", option="delay", value=answer) from error


def _spell(value: Any) -> str:
    """Return an option as it is written: a class by its name."""
    if _is_many(value):
        return f"({', '.join(map(_spell, value))}{',' if len(value) == 1 else ''})"
    return value.__qualname__ if isinstance(value, type) else repr(value)
