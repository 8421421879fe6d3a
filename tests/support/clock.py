"""Time in tests: a machine may stand still at any moment, for longer than any short timeout.

A test with a timeout that must not be over before something has happened, or before something has ended, is given its
time, and says when it was enough:

    @given_time
    async def test_a_slow_task_ends_at_its_timeout(clock: Clock) -> None:
        @task(timeout=clock.seconds)
        async def slow() -> None:
            clock.reach()
            await sleep_forever()
        ...

It takes next to no time where nothing is in the way. A trial in which the time was over too early is none, whatever
came of it: it is made again with more time. What is wrong in a trial that had enough time, or had the most there is, is
wrong.
"""

import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction, signature
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import pytest

P = ParamSpec("P")
T = TypeVar("T")

# Seconds. Only so that a test that fails does not hang: whatever is well is over long before, on any machine.
PATIENCE = 60.0

# Seconds. For what would take for ever, where all is the same if the time is over before anything has happened.
AT_ONCE = 0.01

_SECONDS = (0.02, 0.2, 2.0, 20.0)


class Clock:
    """How long one trial has.

    Args:
        seconds: the timeout.

    Attributes:
        is_reached: whether the time was enough.
        over: set when the trial is over: what was left behind may go.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_reached = False
        self.over = threading.Event()

    def reach(self) -> None:
        """Say that what has to happen before the time is over has happened. From any thread."""
        self.is_reached = True

    @contextmanager
    def trial(self) -> Generator[None]:
        """Let pass what is wrong if the time was over too early."""
        try:
            yield
            assert self.is_reached, f"what has to happen within {self.seconds} s did not"
        except (Exception, pytest.fail.Exception, BaseExceptionGroup) as error:
            if self.is_reached or self.seconds == _SECONDS[-1] or not _is_failure(error):
                raise
        finally:
            self.over.set()


def _is_failure(error: BaseException) -> bool:
    """Whether it is of the test, and no Ctrl-C; what pytest raises in a task group comes out in a group."""
    if not isinstance(error, BaseExceptionGroup):
        return True
    group = cast("BaseExceptionGroup[BaseException]", error)
    return group.split((Exception, pytest.fail.Exception))[1] is None


def given_time(test: Callable[Concatenate[Clock, P], T]) -> Callable[P, T]:
    """Make a test that tries a function, which is given a clock, with more and more time until it was enough."""
    plain, awaited = test, cast("Callable[Concatenate[Clock, P], Awaitable[Any]]", test)

    @wraps(test)
    def try_plain(*args: P.args, **options: P.kwargs) -> Any:
        for clock in _clocks():
            with clock.trial():
                plain(clock, *args, **options)

    @wraps(test)
    async def try_async(*args: P.args, **options: P.kwargs) -> Any:
        for clock in _clocks():
            with clock.trial():
                await awaited(clock, *args, **options)

    made: Any = try_async if iscoroutinefunction(test) else try_plain
    found = signature(test)
    made.__signature__ = found.replace(parameters=[*found.parameters.values()][1:])  # pytest has no clock to give
    return cast("Callable[P, T]", made)


def _clocks() -> Iterator[Clock]:
    for seconds in _SECONDS:
        yield (clock := Clock(seconds))
        if clock.is_reached:
            return
