"""What the engine does for those who look on: it keeps what is to be told, and has it told where that can be done."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextvars import Context
from threading import get_ident
from types import MappingProxyType
from typing import Any

from .._base.event_loop import EventLoop
from .._policy.lending import is_in_hook
from .._runner.notice import Notice
from .caller import Place
from .relay import NO_RELAYS, Relay
from .run_hooks import Teller
from .settlement import Settlement

__all__ = ["Telling"]


class Telling(Settlement):
    """An engine that is looked at; its attributes are explained there."""

    teller: Teller | None = None
    notices: deque[Notice]
    run: Any
    thread: int
    is_over: bool
    # Whether somebody follows the run, or its tasks are logged as its own.
    is_published = False
    # Hand on what is told of it to those who look on at the runs around, and what these are told of.
    relays: tuple[Relay, ...] = NO_RELAYS
    overheard: frozenset[str] = frozenset()
    # The event loop on which it is told, where something within may run on another one; whether word was left there.
    told_on: EventLoop | None = None
    _is_word_left = False
    # Of a call, the engine of the run that it is made in.
    host: Telling | None = None
    # Where in another run it was begun, and the shared resources that it uses, by node. Of interest to calls alone.
    around: Place | None = None
    shared: Mapping[int, Any] = MappingProxyType({})

    def post(self, notice: Notice) -> None:
        """Have something told, soon and in the order in which it was posted. From any thread of the run."""
        self.notices.append(notice)
        if self.relays and notice.subject.task is not None:  # of the run itself, its node says the same
            for relay in self.relays:
                relay.hand_on(notice)

    def be_overheard(self, relays: tuple[Relay, ...]) -> None:
        """Hand on what is told to those who look on at the runs around."""
        self.relays = relays
        self.overheard = frozenset().union(*[relay.options for relay in relays])

    @property
    def awaits_hooks(self) -> bool:
        """Whether hooks that have to be awaited are told of it, for which there are tasks then."""
        if self.state.plan.has_awaiting_hooks:
            return True
        return bool(self.relays) and any(relay.engine.state.plan.has_awaiting_hooks for relay in self.relays)

    def tell(self, inside: Context | None = None) -> bool:
        """Tell what was posted; return whether that can be done, for which a task may be needed."""
        can_be = self.tell_own(inside)
        for relay in self.relays:
            can_be = relay.tell(inside, self._telling or self._group, self.give_up) and can_be
        return can_be

    def tell_own(self, inside: Context | None = None) -> bool:
        """Do the same for those who look on at this run itself."""
        if self.state.stopped and self.journal.error is None:
            return True  # it is being cancelled from outside: what is left is told at its end, with a moment to await
        teller = self.teller or self.get_teller()
        if teller.is_busy or teller.tell(inside):
            return True
        return teller.go_on_apart(self._telling or self._group, self.give_up)

    def tell_at_once(self) -> None:
        """Tell what can be told without awaiting anything."""
        if self.notices and not self._is_telling:
            self.get_teller().tell()

    def tell_soon(self) -> None:
        """Have it told, from another thread or event loop: this one may have nothing else to do for a long time."""
        if self.told_on is not None and not self._is_word_left:
            self._is_word_left = True
            self.told_on.call_soon(self._tell_as_asked)

    def _tell_as_asked(self) -> None:
        self._is_word_left = False
        if self.is_over:
            return
        try:
            self.tell()
        except BaseException as error:  # a Ctrl-C would tear the event loop down
            self.give_up(error)

    async def wait_until_told(self) -> None:
        """Wait until what was posted so far was told."""
        await self.get_teller().wait_until_told()

    async def hear_around(self) -> None:
        """Raise, for the run around, what a hook of a workflow around has raised that is to fail that.

        Raises:
            HookFailure: it has.
        """
        for relay in self.relays:
            if relay.is_strict:
                # A hook cannot wait until all hooks were told, and another event loop tells none of them.
                if not is_in_hook() and get_ident() == relay.engine.thread:
                    await relay.engine.wait_until_told()
                relay.check()

    @property
    def _is_telling(self) -> bool:
        return self.teller is not None and self.teller.is_busy

    def get_teller(self) -> Teller:
        """Return what tells; it is made when there is something to tell."""
        if self.teller is None:
            self.teller = Teller(self.notices, None)
        return self.teller
