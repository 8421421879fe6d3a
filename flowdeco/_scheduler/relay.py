"""Those who look on at a run hear of the runs within it, too: each change is handed on under its path, `offer/price`.

What is handed on waits among the notices of the outer run, and is told there, as what happens in that run itself. It
is so even if nobody looks on at the run within; that is then told of nothing itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context
from threading import get_ident
from types import BuiltinMethodType, MethodType
from typing import Any, Protocol

from anyio.abc import TaskGroup

from .._policy.hook import NO_HOOKS, Hook, Hooks
from .._record.failure import Failure
from .._record.journal import Journal
from .._runner.cancellation import Cancellation
from .._runner.notice import Notice, Subject
from .._runner.signals import HookFailure
from .caller import Place
from .run_state import RunState

__all__ = ["NO_RELAYS", "Overheard", "Relay", "find_relays"]

_STATE = frozenset({"on_state"})


class Teller(Protocol):
    """What tells the notices of a run."""

    def go_on_apart(self, group: TaskGroup | None, give_up: Callable[[BaseException], None]) -> bool:
        """Have the rest told by a task of its own; return whether that can be."""
        ...


class Around(Protocol):
    """The engine of a run around, as what is handed on to it sees it; its attributes are explained there."""

    state: RunState
    journal: Journal
    run: Any
    thread: int
    notices: deque[Notice]
    is_published: bool

    def tell_own(self, inside: Context | None = None) -> bool:
        """Tell what was posted; return whether that can be done, for which a task may be needed."""
        ...

    def tell_soon(self) -> None:
        """Have it told, from another thread or event loop."""

    def get_teller(self) -> Teller:
        """Return what tells."""
        ...

    async def wait_until_told(self) -> None:
        """Wait until what was posted so far was told."""


class Overheard:
    """What a notice is about, as a run around it tells of it: the run is that one, and the task has its path there.

    Args:
        subject: what it is about in its own run.
        relay: hands it on.
    """

    __slots__ = ("_subject", "context", "journal", "run", "task", "watch")
    hooks = NO_HOOKS
    entry = None

    def __init__(self, subject: Subject, relay: Relay) -> None:
        self._subject = subject
        self.journal: Journal = relay.engine.journal
        self.run: Any = relay.engine.run
        self.context: Context = subject.context
        self.task: str | None = f"{relay.name}/{subject.task}"
        self.watch: Hooks = relay.hooks

    @property
    def cancellation(self) -> Cancellation:
        return self._subject.cancellation

    @property
    def errors(self) -> list[Failure]:
        return [failure._replace(task=self.task) for failure in self._subject.errors]

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self._subject.inputs

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self._subject.metadata


class Relay:
    """Hands on what is told of a run to those who look on at one of the runs around it.

    Attributes:
        engine: that of the run around.
        name: what the run within is called there: `offer`, `chapters[2]`, `agent/search#2`.
        hooks: the hooks of the workflow around; without those that hang on the one within, too, which hear of it there.
        options: what of all is handed on, by the options of hooks.
    """

    __slots__ = ("engine", "hooks", "name", "options")

    def __init__(self, engine: Around, name: str, hooks: Hooks) -> None:
        self.engine = engine
        self.name = name
        self.hooks = hooks
        self.options = frozenset(hooks) | _STATE if engine.is_published else frozenset(hooks)

    def hand_on(self, notice: Notice) -> None:
        """Have it told there. From any thread."""
        if notice.option in self.options:
            self.engine.notices.append(notice.for_subject(Overheard(notice.subject, self)))

    def tell(self, inside: Context | None, group: TaskGroup | None, give_up: Callable[[BaseException], None]) -> bool:
        """Tell what was handed on; return whether that can be done, for which a task may be needed.

        Args:
            inside: the context in which this is called, if it is that of what may be told.
            group: where the run within may start tasks: while its own function runs, the outer run has no group.
            give_up: takes the Ctrl-C, or the exit, that a hook was hit by in such a task.
        """
        engine = self.engine
        if not engine.notices:
            return True
        if get_ident() != engine.thread:
            engine.tell_soon()
            return True
        return engine.tell_own(inside) or engine.get_teller().go_on_apart(group, give_up)

    @property
    def is_strict(self) -> bool:
        """Whether a hook that raises fails the run around."""
        return bool(self.hooks) and self.engine.state.plan.graph.owner.strict

    def check(self) -> None:
        """Raise `HookFailure` if a hook has raised when it was told of the run within."""
        for told in self.engine.journal.hook_errors:
            is_within = told.task is not None and told.task.startswith(f"{self.name}/")
            if is_within and isinstance(told.error, Exception):
                raise HookFailure(told.error)


NO_RELAYS: tuple[Relay, ...] = ()


def find_relays(around: Place | None, name: str, own: Hooks) -> tuple[Relay, ...]:
    """Return what hands on what is told of a run within another, the nearest one around it first.

    Args:
        around: where in a run it was begun.
        name: what it is called there; `""`: as what has begun it.
        own: the hooks of its workflow that are told of its tasks.
    """
    engine: Any = None if around is None else around[0]()
    if around is None or engine is None:
        return NO_RELAYS
    outer = engine.host or engine
    watch = outer.state.plan.graph.owner.watch_hooks
    if not (watch or outer.is_published or outer.relays):
        return NO_RELAYS
    name = name or engine.journal.label_of(around[1])
    further = [Relay(relay.engine, f"{relay.name}/{name}", _leave_out(relay.hooks, own)) for relay in outer.relays]
    return tuple([relay for relay in (Relay(outer, name, _leave_out(watch, own)), *further) if relay.options])


def _leave_out(hooks: Hooks, own: Hooks) -> Hooks:
    """Return the hooks without those that hang on the workflow within by the same option, too."""
    if not own or not hooks:
        return hooks
    found: dict[str, tuple[Hook, ...]] = {}
    for option, several in hooks.items():
        known = [hook.ask.function for hook in own.get(option, ())]
        left = tuple([hook for hook in several if not any(_is_same(hook.ask.function, each) for each in known)])
        if left:
            found[option] = left
    return found


def _is_same(function: object, other: object) -> bool:
    # A bound method is made anew each time it is looked up; others may mean by equality what they like.
    return function is other or (isinstance(function, (MethodType, BuiltinMethodType)) and function == other)
