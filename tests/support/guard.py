"""A guard that ends a test which hangs, whatever it hangs in."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class HungError(SystemExit):
    """A test took so long that it can only hang. Of what is raised by an alarm, asyncio lets no other kind pass."""


@contextmanager
def hard_deadline(seconds: float) -> Generator[None, None, None]:
    """End the block after so many seconds, by an alarm that is repeated each second until it is left.

    An alarm is heard even by an event loop that is held up. There is none on Windows, nor off the main thread: there
    the block is not guarded.

    Raises:
        AssertionError: the time was up.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    rung: list[int] = []

    def give_up(_: int, __: FrameType | None) -> NoReturn:
        rung.append(1)
        raise HungError(f"it has not ended after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    except BaseException as error:
        if rung:
            raise AssertionError(f"it has not ended after {seconds} s") from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if rung:
        raise AssertionError(f"it has not ended after {seconds} s")
