"""How a process is asked to end: by Ctrl-C, and by SIGTERM, which `kill`, `timeout`, a container or systemd sends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from .exit_code import INTERRUPTED, TERMINATED

__all__ = ["Heed", "heed_signals", "notice_lost_interrupt"]


class Heed:
    """Whether the process was asked to end, and what comes of it.

    While a run goes on, Ctrl-C is the business of the event loop, whichever it is. SIGTERM is as if Ctrl-C had been
    pressed the first time, so everything is cleaned up; the second time nothing is waited for.

    Before and after, where there is nothing to be cleaned up, both are held: noted, and not let come in between. Who
    asks twice then gets what they want.

    Attributes:
        was_terminated: whether SIGTERM came before the run had ended.
        was_interrupted: whether Ctrl-C came before the run had begun.
    """

    def __init__(self, last_word: Callable[[], object]) -> None:
        self.was_terminated = False
        self.was_interrupted = False
        self._last_word = last_word
        self._is_running = False
        self._is_over = False
        # How often each came while held.
        self._held: dict[int, int] = {}
        # Whether SIGINT is ours to handle, and whether the process ignores it, as those do that a script left behind.
        self._has_interrupt = False
        self._ignores_interrupt = False
        self._has_termination = False
        self._is_blocked = False

    @contextmanager
    def let_through(self) -> Generator[None]:
        """Have a run heed the signals in the block, as soon as its event loop has called `may_begin`."""
        # An event loop handles SIGINT if nobody else does. From here until it does, none may come in.
        if self._has_interrupt and not self._ignores_interrupt:
            self._block()
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            self.hold()

    def may_begin(self) -> bool:
        """Whether nobody has asked to end yet. To be called where the event loop handles SIGINT."""
        if self._is_blocked and not self._ignores_interrupt:
            handler = signal.signal(signal.SIGINT, self._note_interrupt)
            self._unblock()  # what was kept out is noted now
            signal.signal(signal.SIGINT, handler)
        self._is_running = True
        return not (self.was_terminated or self.was_interrupted)

    def hold(self) -> None:
        """Hold the signals from now on: the run has ended."""
        self._is_running = False
        self._is_over = True
        if self._has_interrupt:
            signal.signal(signal.SIGINT, self._note_interrupt)
            if not self._ignores_interrupt:
                self._unblock()

    def begin(self) -> None:
        """Hold the signals: the run has not begun. What the program handles itself is left to it."""
        before = signal.getsignal(signal.SIGINT)
        self._ignores_interrupt = sys.platform != "win32" and before is signal.SIG_IGN
        self._has_interrupt = self._ignores_interrupt or before is signal.default_int_handler
        if self._ignores_interrupt:
            # It is kept from coming in from outside, and is let in when SIGTERM passes it on to the event loop.
            self._block()
            signal.signal(signal.SIGINT, signal.default_int_handler)
        elif self._has_interrupt:
            signal.signal(signal.SIGINT, self._note_interrupt)
        # Windows ends a process without a word.
        self._has_termination = sys.platform != "win32" and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        if self._has_termination:
            signal.signal(signal.SIGTERM, self._terminate)

    def end(self) -> None:
        """Have the signals do what they did before."""
        if self._has_termination:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if self._has_interrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN if self._ignores_interrupt else signal.default_int_handler)
        self._unblock()

    def _note_interrupt(self, number: int, _: Any) -> None:
        self._count(number, INTERRUPTED)
        if not self._is_over:
            self.was_interrupted = True

    def _terminate(self, number: int, _: Any) -> None:
        if not self._is_running:
            self._count(number, TERMINATED)
            if not self._is_over:
                self.was_terminated = True
        elif not self.was_terminated:
            self.was_terminated = True
            self._interrupt()
        else:
            signal.signal(number, signal.SIG_DFL)  # whoever asks a third time gets what they want
            try:
                self._last_word()
                sys.stdout.flush()
            finally:
                os._exit(TERMINATED)

    def _count(self, number: int, code: int) -> None:
        self._held[number] = self._held.get(number, 0) + 1
        if self._held[number] > 1:
            os._exit(code)

    def _interrupt(self) -> None:
        if sys.platform != "win32" and self._is_blocked:
            is_there = signal.SIGINT in signal.sigpending()
            self._unblock()
            if is_there:  # one that was kept out has come in; two would be too many
                return
        signal.raise_signal(signal.SIGINT)

    def _block(self) -> None:
        if sys.platform != "win32":
            self._is_blocked = True
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])

    def _unblock(self) -> None:
        if sys.platform != "win32" and self._is_blocked:
            self._is_blocked = False
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


@contextmanager
def heed_signals(last_word: Callable[[], object]) -> Generator[Heed]:
    """Heed Ctrl-C and SIGTERM in the block, unless the program has an idea of its own of them.

    Args:
        last_word: called when SIGTERM comes again, before the process ends at once.
    """
    heed = Heed(last_word)
    if threading.current_thread() is not threading.main_thread():
        yield heed
        return
    heed.begin()
    try:
        yield heed
    finally:
        heed.end()


@contextmanager
def notice_lost_interrupt() -> Generator[None]:
    """Raise a Ctrl-C at the end of the block that came in where Python swallows what is raised, as in a finalizer."""
    lost: list[object] = []
    others = sys.unraisablehook

    def hook(unraisable: Any, /) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            lost.append(unraisable.exc_type)
        else:
            others(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        if sys.unraisablehook is hook:
            sys.unraisablehook = others
    if lost:
        raise KeyboardInterrupt
