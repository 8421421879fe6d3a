"""SIGTERM, with which a process is asked to end: by `kill`, `timeout`, a container, systemd."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

__all__ = ["Termination", "heed_termination"]


class Termination:
    """Whether the process was asked to end, and what comes of it.

    The first time, it is as if Ctrl-C had been pressed: the event loop knows what to do then, whichever it is, and
    everything is cleaned up. The second time nothing is waited for.

    Attributes:
        was_asked: whether it was.
        code: the exit code that says so.
    """

    code = 143

    def __init__(self, last_word: Callable[[], object]) -> None:
        self.was_asked = False
        self._last_word = last_word
        self._is_over = False
        self._unblock = False

    def end_of_run(self) -> None:
        """Take in that the run has ended, so that there is nothing any more to be interrupted."""
        self._is_over = True

    def _heed(self, number: int, _: Any) -> None:
        if self._is_over:
            return
        if not self.was_asked:
            self.was_asked = True
            self._interrupt()
            return
        signal.signal(number, signal.SIG_DFL)  # whoever asks a third time gets what they want
        try:
            self._last_word()
            sys.stdout.flush()
        finally:
            os._exit(self.code)

    def _interrupt(self) -> None:
        if sys.platform != "win32" and self._unblock:
            is_there = signal.SIGINT in signal.sigpending()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            if is_there:  # one that was kept out has come in; two would be too many
                return
        signal.raise_signal(signal.SIGINT)

    def _let_interrupt(self) -> None:
        """Have Ctrl-C heard by the event loop, though the process ignores it, as those do that a script left behind.

        It is kept from coming in from outside, and is let in when the process is asked to end.
        """
        if sys.platform != "win32" and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            self._unblock = True
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _restore(self) -> None:
        if sys.platform != "win32" and self._unblock:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


@contextmanager
def heed_termination(last_word: Callable[[], object]) -> Generator[Termination]:
    """Have SIGTERM end the block as Ctrl-C does, unless the program has an idea of its own of it.

    Windows ends a process without a word, so there is nothing to heed.

    Args:
        last_word: called when SIGTERM comes again, before the process ends at once.
    """
    termination = Termination(last_word)
    is_main = threading.current_thread() is threading.main_thread()
    if sys.platform == "win32" or not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield termination
        return
    termination._let_interrupt()
    signal.signal(signal.SIGTERM, termination._heed)
    try:
        yield termination
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        termination._restore()
