"""What is to be done for a node: everything that is known of it before a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, Protocol, TypeAlias

from anyio import CancelScope

from .._base.events import Status
from .._base.signature import Kind
from .._item.feed import Feed
from .._policy.hook import Hook, Hooks
from .._policy.limit import Hold
from .._policy.policy import Policy
from .._record.journal import Journal
from .arguments import Arguments

__all__ = ["Attempt", "Attempted", "Condition", "Opener", "Program", "Recovery", "ResourcePlan", "runs_on_loop"]


class ResourcePlan(NamedTuple):
    """What is known of a resource before a run.

    Attributes:
        name: what the record calls it.
        face: what users hold of it.
        in_thread: whether its function is a `def`, which has a thread of its own.
        timeout: seconds that opening may take; `None`: no limit.
        close_timeout: seconds that closing may take; `None`: no limit.
        stands_in: whether its function stands in for the resource's own.
    """

    name: str
    face: Any
    in_thread: bool
    timeout: float | None
    close_timeout: float | None
    stands_in: bool


class Opener(Protocol):
    """Where the resources of a run are opened."""

    async def open(self, index: int, plan: ResourcePlan, start: Callable[[], Any]) -> Any:
        """Open a resource; return what is to be used, or raise what that has failed with.

        Args:
            index: the index of its node.
            plan: what is known of it.
            start: calls its function.
        """


class Keeping(Protocol):
    """What a run is for those who open resources in it, or hand items on."""

    @property
    def keeper(self) -> Opener | None:
        """Where they are opened; `None` in a run that has none."""
        ...

    def feed_of(self, index: int) -> Feed:
        """Return where a node hands on its items one by one."""
        ...

    def add_items(self, index: int, found: Any) -> None:
        """Add items to those that a node is run for, as its `more=` tells for what has run at an index."""

    def open_scope(self, index: int) -> CancelScope:
        """Return the scope of what runs at an index, to be entered; it is cancelled when nobody needs that any more."""
        ...


class Attempted(Protocol):
    """A lifecycle, as an attempt sees it.

    Attributes:
        index: which node it is in the journal; `None` for a task that is in no graph.
        row: the values of the arguments.
        run: what tasks get as `run`.
        journal: where what happens is written.
        hold: the places of a limit that it holds; `None` if it holds none.
        is_left_behind: set where a call goes on that nobody waits for any more.
        crew: has what opens resources, and what takes items in.
    """

    index: int | None
    row: Any
    run: Any
    journal: Journal
    hold: Hold | None
    is_left_behind: bool

    @property
    def crew(self) -> Keeping: ...

    async def come_to_loop(self) -> None:
        """Go on on the event loop, whatever thread this is."""

    async def pass_over(self, status: Status, cause: BaseException | None) -> None:
        """Say that the task has not run to its end, as something that it needs gave nothing. Raises `PassedOver`."""

    def make_final(self) -> None:
        """Let no other attempt follow, whatever this one comes to, and nothing recover it."""

    def make_last(self, reason: str) -> None:
        """Let no other attempt follow; an error that would have been tried again says why it was not."""

    def note_place(self) -> None:
        """Note that the attempt begins only now, as it had to wait for a thread or a process."""

    @property
    def release(self) -> Callable[[], object]:
        """What gives back the places of the attempt at hand, on whatever thread, also when another one is made."""
        ...


# Makes one attempt at what a lifecycle is about.
Attempt: TypeAlias = Callable[[Attempted], Awaitable[Any]]


class Condition(NamedTuple):
    """The predicate of `when=`.

    Attributes:
        arguments: what it receives.
        reason: what to say if its answer is false.
        on_loop: whether it is an `async def`; a `def` runs where a `def` task does.
    """

    arguments: Arguments
    reason: str
    on_loop: bool


class Recovery(NamedTuple):
    """What turns a type of error into a result: a function, or a task with a program of its own.

    Attributes:
        kind: the type of error.
        hook: the function; `None` for a task.
        on_loop: whether the function is an `async def`.
        program: makes the program of the task for the names it is to get, and the row of their values.
    """

    kind: type[BaseException]
    hook: Hook | None
    on_loop: bool
    program: Callable[[Mapping[str, Any]], tuple[Program, Any]] | None


class Program:
    """What is to be done for a node, or for a task that recovers another.

    Attributes:
        name: what the record calls it.
        policy: what its options say.
        arguments: what its function receives.
        defaults: the defaults of its parameters, which hooks may ask for.
        attempt: makes an attempt.
        kind: what a call of its function gives.
        begins_in_thread: whether its first step is made in a worker thread, with all that is needed for a result.
        attempts_apart: whether an attempt runs on the event loop, so that the next one needs a context of its own.
        condition: its `when=`.
        recover: its `recover=`.
        check: raises if a result is not what the options promise.
        watch: the workflow's own hooks that are told of its tasks.
        strict: whether a hook that raises fails what it is attached to.
        writes: whether what it calls may change a state in its name.
        asks_on_start: whether it has hooks that may keep it from running.
        is_watched: whether anybody is told how it ends, also if it does not run.
    """

    __slots__ = (
        *("arguments", "attempt", "attempts_apart", "begins_in_thread", "check", "condition", "defaults"),
        *("asks_on_start", "is_watched", "kind", "name", "policy", "recover", "strict", "watch", "writes"),
    )

    def __init__(
        self,
        name: str,
        policy: Policy,
        arguments: Arguments,
        defaults: Mapping[str, Any],
        attempt: Attempt,
        kind: Kind,
        *,
        condition: Condition | None = None,
        recover: tuple[Recovery, ...] = (),
        check: Callable[[Any], None] | None = None,
        watch: Hooks,
        strict: bool = False,
        writes: bool = False,
        in_thread: bool = False,
        apart: bool = False,
    ) -> None:
        self.name = name
        self.policy = policy
        self.arguments = arguments
        self.defaults = defaults
        self.attempt = attempt
        self.kind: Kind = kind
        self.attempts_apart = apart
        self.condition = condition
        self.recover = recover
        self.check = check
        self.watch = watch
        self.strict = strict
        self.writes = writes or bool(policy.hooks) or bool(recover)
        self.asks_on_start = "on_start" in policy.hooks
        self.is_watched = "on_state" in policy.hooks or "on_state" in watch
        self.begins_in_thread = in_thread and self._can_begin_in_thread()

    def _can_begin_in_thread(self) -> bool:
        policy = self.policy
        if policy.limit is not None or self.asks_on_start or self.strict:
            return False  # there is something to be waited for on the event loop first
        if policy.retries is not None and policy.retries.within is not None:
            return False  # its clock is the event loop's
        return self.condition is None or not self.condition.on_loop


def runs_on_loop(function: Callable[..., Any]) -> bool:
    """Whether a function is to be called on the event loop."""
    return iscoroutinefunction(function)
