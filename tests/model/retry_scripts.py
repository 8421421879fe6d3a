"""A table of failures and what `retries=` makes of them: how many attempts, what waits, what comes out.

`test_retry.py` plays it against `Retry` alone, on a clock that no real time moves.
"""

import copy
import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from flowdeco import MainGuardError, OptionTypeError, TransferError
from flowdeco._base.text import shorten
from flowdeco._policy.retry import Retry

Wait: TypeAlias = float | tuple[float, float]


class Outcome(NamedTuple):
    """What one attempt does: after so many seconds it returns a string or raises."""

    seconds: float
    end: BaseException | str

    def get(self) -> str:
        """Return the result, or raise a copy of the error, which nobody else has put notes or a traceback on."""
        if isinstance(self.end, str):
            return self.end
        raise copy.copy(self.end)


class Script(NamedTuple):
    """One row.

    Attributes:
        id: what it is about.
        retries: what `retries=` is given.
        outcomes: what the attempts do, in order; more than are made, so that one too many is noticed.
        waits: the seconds between the attempts, one fewer than the attempts; a pair is the bounds of a random wait.
        final: what comes out: the result, or an error of this type and with this text.
        own: whether an error that comes out is the last attempt's own, the very object.
    """

    id: str
    retries: int | Retry | None
    outcomes: Sequence[Outcome]
    waits: Sequence[Wait]
    final: BaseException | str
    own: bool = True


class Busy(Exception):
    """A server's answer that may say when to come back."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text, retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return str(self.args[0])


class Halt(BaseException):
    """No `Exception`, as cancellation is none."""


def fails(*errors: BaseException, seconds: float = 0.0) -> list[Outcome]:
    """Return attempts that raise these errors, after `seconds` each, and one that would succeed."""
    return [*(Outcome(seconds, error) for error in errors), Outcome(seconds, "too many")]


def succeeds(*errors: BaseException, seconds: float = 0.0) -> list[Outcome]:
    """Return attempts that raise these errors, after `seconds` each, then one that succeeds."""
    return [*(Outcome(seconds, error) for error in errors), Outcome(seconds, "done")]


def offline(count: int) -> list[ConnectionError]:
    """Return as many errors, each with its number."""
    return [ConnectionError(f"offline {number}") for number in range(1, count + 1)]


def even(times: int, delay: float | Callable[..., float] = 1.0) -> Retry:
    """Return a `Retry` whose waits are all the same."""
    return Retry(times, delay=delay, factor=1, jitter=0)


def steep(
    times: int, delay: float, factor: float, max_delay: float = 60.0, jitter: float | Literal["full"] = 0
) -> Retry:
    """Return a `Retry` without chance, if you do not say."""
    return Retry(times, delay=delay, factor=factor, max_delay=max_delay, jitter=jitter)


def only(on: type[Exception] | Sequence[type[Exception]] | Callable[[Exception], bool], times: int = 2) -> Retry:
    """Return a `Retry` that picks its errors and waits a second."""
    return Retry(times, on=on, delay=1, factor=1, jitter=0)


def until(within: float, delay: float | Callable[..., float] = 1.0, times: int = 9) -> Retry:
    """Return a `Retry` that has to start everything by then, and waits a second."""
    return Retry(times, delay=delay, factor=1, jitter=0, within=within)


# Predicates and delay functions


def always(error: Exception) -> bool:
    return True


def never(error: Exception) -> bool:
    return False


def is_offline(error: Exception) -> bool:
    return "offline" in str(error)


def is_polite(error: Exception) -> bool:
    return isinstance(error, Busy) and error.retry_after is not None


def has_lost_connection(error: Exception) -> bool:
    """Look into a group for what may be tried again."""
    return "ConnectionError" in repr(error)


def break_down(error: Exception) -> bool:
    raise LookupError(f"no verdict on {error}")


def retry_after(error: Exception) -> float:
    return error.retry_after or 0.5 if isinstance(error, Busy) else 0.5


def by_attempt(attempt: int) -> float:
    return attempt * 10


def by_both(attempt: int, error: Exception) -> float:
    return attempt + len(str(error))


def by_neither() -> float:
    return 4


def by_keyword(*, error: Exception, attempt: int, scale: float = 2) -> float:
    return scale * attempt if is_offline(error) else 0


def by_position(error: Exception, /) -> float:
    return 3 if is_offline(error) else 0


def give_nothing(error: Exception) -> float:
    return None  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # the mistake to be caught


def give_less(attempt: int) -> float:
    return 1 - attempt


def fall_over(attempt: int) -> float:
    raise LookupError(f"no delay after {attempt}")


_RETURNED = "Cannot retry: delay={} returned {}, which is not a number of seconds. Return seconds, or 0 for no wait."
_NOTHING = _RETURNED.format(shorten(give_nothing), None)
_HALF = Busy("busy", 0.5)
_UNSENT = TransferError("a lock", part="result")
_NOT_BACK = TransferError("an odd error", part="error")


SCRIPTS: list[Script] = [
    # How many
    Script("no retries option", None, fails(*offline(1)), [], ConnectionError("offline 1")),
    Script("success at once", even(3), succeeds(), [], "done"),
    Script("retries=0", 0, fails(*offline(1)), [], ConnectionError("offline 1")),
    Script("Retry(0)", Retry(0), fails(*offline(1)), [], ConnectionError("offline 1")),
    Script("retries=1, then success", 1, succeeds(*offline(1)), [(0.1, 0.2)], "done"),
    Script("retries=2, used up", 2, fails(*offline(3)), [(0.1, 0.2), (0.2, 0.3)], ConnectionError("offline 3")),
    Script("success at the last attempt", even(3), succeeds(*offline(3)), [1, 1, 1], "done"),
    Script("success one attempt too late", even(2), succeeds(*offline(3)), [1, 1], ConnectionError("offline 3")),
    Script("success before the last attempt", even(9), succeeds(*offline(2)), [1, 1], "done"),
    Script("more retries than anybody counts", even(10**30), succeeds(*offline(12)), [1] * 12, "done"),
    # After which errors
    Script("on= a type that fits", only(ConnectionError), succeeds(*offline(2)), [1, 1], "done"),
    Script("on= a type that does not fit", only(TimeoutError), fails(*offline(1)), [], ConnectionError("offline 1")),
    Script("on= a base class", only(OSError), succeeds(ConnectionResetError("gone")), [1], "done"),
    Script("on= a subclass only", only(ConnectionResetError), fails(*offline(1)), [], ConnectionError("offline 1")),
    Script("on= a tuple", only((KeyError, TimeoutError)), succeeds(TimeoutError(), KeyError("k")), [1, 1], "done"),
    Script("on= a tuple that does not fit", only((KeyError, IndexError)), fails(ValueError("v")), [], ValueError("v")),
    Script("on= a list", only([KeyError, TimeoutError]), succeeds(KeyError("k"), TimeoutError()), [1, 1], "done"),
    Script("on= a tuple, by a base class", only((LookupError, OSError)), succeeds(KeyError("k")), [1], "done"),
    Script("on= a predicate, always true", only(always), succeeds(ValueError("v")), [1], "done"),
    Script("on= a predicate, never true", only(never), fails(ValueError("v")), [], ValueError("v")),
    Script("on= a predicate, by message", only(is_offline), fails(*offline(1), OSError("x")), [1], OSError("x")),
    Script("on= a predicate, by attribute", only(is_polite), fails(_HALF, Busy("later")), [1], Busy("later")),
    Script(
        "on= a predicate that raises",
        only(break_down),
        fails(*offline(1)),
        [],
        LookupError("no verdict on offline 1"),
        own=False,
    ),
    Script("on= a predicate is not asked after the last", only(break_down, 0), fails(KeyError(1)), [], KeyError(1)),
    Script(
        "an error of another kind later on",
        only(ConnectionError, 5),
        fails(*offline(2), ValueError("parse")),
        [1, 1],
        ValueError("parse"),
    ),
    Script(
        "different errors, all retried",
        only((ConnectionError, ValueError, Busy), 3),
        fails(*offline(1), ValueError("v"), _HALF, ConnectionError("at last")),
        [1, 1, 1],
        ConnectionError("at last"),
    ),
    Script("an exception group, by default", even(1), succeeds(ExceptionGroup("two", offline(2))), [1], "done"),
    Script("on= a group", only(ExceptionGroup), succeeds(ExceptionGroup("two", offline(2))), [1], "done"),
    Script(
        "on= a type does not look into a group",
        only(ConnectionError),
        fails(ExceptionGroup("two", offline(2))),
        [],
        ExceptionGroup("two", offline(2)),
    ),
    Script(
        "on= a predicate may look into a group",
        only(has_lost_connection),
        fails(ExceptionGroup("two", [KeyError("k"), *offline(1)]), ExceptionGroup("one", [KeyError("k")])),
        [1],
        ExceptionGroup("one", [KeyError("k")]),
    ),
    Script("no Exception is never retried", even(3), fails(Halt("stop")), [], Halt("stop")),
    Script("no Exception after a retry", even(3), fails(*offline(1), Halt("stop")), [1], Halt("stop")),
    Script("what cannot heal", even(3), fails(MainGuardError("no guard")), [], MainGuardError("no guard")),
    Script("what cannot heal, after a retry", even(3), fails(*offline(1), _UNSENT), [1], _UNSENT),
    Script("what cannot heal, whatever on= says", only(TransferError), fails(_UNSENT), [], _UNSENT),
    Script("an error that could not be sent back", only(TransferError), succeeds(_NOT_BACK), [1], "done"),
    Script("a predicate is not asked about it", only(break_down), fails(Halt("stop")), [], Halt("stop")),
    # How long
    Script("doubled", steep(5, 0.5, 2), succeeds(*offline(5)), [0.5, 1, 2, 4, 8], "done"),
    Script("tenfold", steep(3, 0.5, 10), succeeds(*offline(3)), [0.5, 5, 50], "done"),
    Script("factor 1", steep(4, 0.75, 1), succeeds(*offline(4)), [0.75] * 4, "done"),
    Script("factor 1.5", steep(3, 4, 1.5), succeeds(*offline(3)), [4, 6, 9], "done"),
    Script("max_delay reached", steep(5, 1, 2, 5), succeeds(*offline(5)), [1, 2, 4, 5, 5], "done"),
    Script("max_delay met exactly", steep(4, 1, 2, 4), succeeds(*offline(4)), [1, 2, 4, 4], "done"),
    Script("delay at max_delay", steep(3, 2, 2, 2), succeeds(*offline(3)), [2, 2, 2], "done"),
    Script("max_delay=60 by default", steep(2, 30, 10), succeeds(*offline(2)), [30, 60], "done"),
    Script("no max_delay", steep(3, 1, 1000, math.inf), succeeds(*offline(3)), [1, 1e3, 1e6], "done"),
    Script("overflow", steep(4, 1, 1e200, 7), succeeds(*offline(4)), [1, 7, 7, 7], "done"),
    Script("zero delay", steep(3, 0, 2), succeeds(*offline(3)), [0, 0, 0], "done"),
    Script("zero delay and overflow", steep(3, 0, 1e300), succeeds(*offline(3)), [0, 0, 0], "done"),
    Script("max_delay=0", steep(2, 0, 2, 0), succeeds(*offline(2)), [0, 0], "done"),
    Script("long attempts change no wait", even(2), succeeds(*offline(2), seconds=100), [1, 1], "done"),
    # By chance
    Script("jitter by default", 3, succeeds(*offline(3)), [(0.1, 0.2), (0.2, 0.3), (0.4, 0.5)], "done"),
    Script("jitter=2", Retry(3, delay=1, jitter=2), succeeds(*offline(3)), [(1, 3), (2, 4), (4, 6)], "done"),
    Script("jitter alone", Retry(2, delay=0, jitter=3), succeeds(*offline(2)), [(0, 3), (0, 3)], "done"),
    Script(
        "jitter stays below max_delay",
        Retry(4, delay=1, max_delay=4, jitter=1.5),
        succeeds(*offline(4)),
        [(1, 2.5), (2, 3.5), (2.5, 4), (2.5, 4)],
        "done",
    ),
    Script(
        "jitter takes no more than half of a wait",
        Retry(2, delay=1, max_delay=2, jitter=5),
        succeeds(*offline(2)),
        [(0.5, 2), (1, 2)],
        "done",
    ),
    Script("delay at max_delay, spread", Retry(2, delay=60), succeeds(*offline(2)), [(30, 60)] * 2, "done"),
    Script(
        "full jitter",
        Retry(4, delay=1, max_delay=4, jitter="full"),
        succeeds(*offline(4)),
        [(0, 1), (0, 2), (0, 4), (0, 4)],
        "done",
    ),
    Script(
        "full jitter from min_delay on",
        Retry(3, delay=1, min_delay=1.5, jitter="full"),
        succeeds(*offline(3)),
        [1.5, (1.5, 2), (1.5, 4)],
        "done",
    ),
    Script("full jitter of nothing", Retry(2, delay=0, jitter="full"), succeeds(*offline(2)), [0, 0], "done"),
    Script(
        "full jitter after an overflow", steep(2, 1, 1e308, 7, "full"), succeeds(*offline(2)), [(0, 1), (0, 7)], "done"
    ),
    Script(
        "min_delay",
        Retry(3, delay=1, min_delay=3, jitter=0.5),
        succeeds(*offline(3)),
        [(3, 3.5), (3, 3.5), (4, 4.5)],
        "done",
    ),
    Script(
        "min_delay at max_delay", Retry(2, delay=1, min_delay=2, max_delay=2), succeeds(*offline(2)), [2, 2], "done"
    ),
    # By when
    Script("within, exactly", until(2), fails(*offline(3)), [1, 1], ConnectionError("offline 3")),
    Script("within, just past", until(1.875), fails(*offline(2)), [1], ConnectionError("offline 2")),
    Script("within, shorter than the first wait", until(0.5), fails(*offline(1)), [], ConnectionError("offline 1")),
    Script(
        "within, used up by the first attempt",
        until(5),
        fails(*offline(1), seconds=6),
        [],
        ConnectionError("offline 1"),
    ),
    Script(
        "within, used up by a later attempt",
        until(5),
        [Outcome(1, OSError("a")), Outcome(3.5, OSError("b")), Outcome(0, "too many")],
        [1],
        OSError("b"),
    ),
    Script(
        "within, attempts and waits together",
        until(5),
        [Outcome(1, OSError("a")), Outcome(2, OSError("b")), Outcome(0.5, OSError("c")), Outcome(0, "too many")],
        [1, 1],
        OSError("c"),
    ),
    Script("within, a long last attempt", until(5), [*fails(*offline(1))[:1], Outcome(99, "done")], [1], "done"),
    Script("within, exactly, without a wait", until(4, 0), succeeds(*offline(1), seconds=4), [0], "done"),
    Script(
        "within, just past, without a wait",
        until(4, 0),
        fails(*offline(1), seconds=4.125),
        [],
        ConnectionError("offline 1"),
    ),
    Script(
        "within, growing waits",
        Retry(9, delay=1, jitter=0, within=7),
        fails(*offline(4)),
        [1, 2, 4],
        ConnectionError("offline 4"),
    ),
    Script("within, never reached", until(math.inf), succeeds(*offline(9)), [1] * 9, "done"),
    Script("within, but times first", until(99, 1, 2), fails(*offline(3)), [1, 1], ConnectionError("offline 3")),
    Script("within, a delay function", until(10, retry_after), fails(_HALF, Busy("busy", 9.75)), [0.5], Busy("busy")),
    Script(
        "within, a delay function, exactly",
        until(10, retry_after),
        succeeds(_HALF, Busy("busy", 9.5)),
        [0.5, 9.5],
        "done",
    ),
    Script(
        "within, past: no delay is asked for", until(3, fall_over), fails(OSError("x"), seconds=4), [], OSError("x")
    ),
    # By a function
    Script("Retry-After", even(3, retry_after), succeeds(Busy("a", 7), Busy("b"), OSError("c")), [7, 0.5, 0.5], "done"),
    Script(
        "Retry-After above max_delay", Retry(1, delay=retry_after, max_delay=5), succeeds(Busy("a", 90)), [90], "done"
    ),
    Script(
        "no factor or jitter for a function",
        Retry(3, delay=by_neither, factor=9, jitter=9),
        succeeds(*offline(3)),
        [4, 4, 4],
        "done",
    ),
    Script("a delay by attempt", even(3, by_attempt), succeeds(*offline(3)), [10, 20, 30], "done"),
    Script("a delay by both", even(2, by_both), succeeds(OSError("four"), OSError("seven")), [5, 7], "done"),
    Script("a delay by neither", even(2, by_neither), succeeds(*offline(2)), [4, 4], "done"),
    Script("a delay by keyword only", even(2, by_keyword), succeeds(*offline(2)), [2, 4], "done"),
    Script("a delay by position only", even(2, by_position), succeeds(*offline(1), KeyError("k")), [3, 0], "done"),
    Script("a delay of zero", even(1, lambda: 0), succeeds(*offline(1)), [0], "done"),
    Script("no delay is asked for after the last", even(0, fall_over), fails(KeyError("k")), [], KeyError("k")),
    Script(
        "no delay is asked for what is not retried",
        Retry(2, on=KeyError, delay=fall_over),
        fails(OSError("x")),
        [],
        OSError("x"),
    ),
    Script(
        "a delay function that raises",
        even(2, fall_over),
        fails(*offline(1)),
        [],
        LookupError("no delay after 1"),
        own=False,
    ),
    Script(
        "a delay function that gives nothing",
        even(2, give_nothing),
        fails(*offline(1)),
        [],
        OptionTypeError(_NOTHING),
        own=False,
    ),
    Script("a delay function that goes below zero", even(3, give_less), succeeds(*offline(3)), [0, 0, 0], "done"),
]
