"""A resource: a function that opens something, which a workflow closes when nobody needs it any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, Self, TypeVar, Unpack, cast, overload

from .._definition.class_function import ClassFunction
from .._definition.definition import Face, TaskDefinition
from .._definition.frame import is_fresh
from .._definition.option_types import After, Hooks, HooksByType, Lifetime, Need, ResourceOptions
from .._definition.options import check_changes, check_known
from .._definition.resource import RESOURCE_OPTIONS, ResourceDefinition, define_resource
from .._policy.retry import Retry
from .face import change_options
from .function_face import FunctionFace

__all__ = ["Resource", "resource"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Resource(FunctionFace[P, R_co]):
    """A function that opens something, which is closed when nobody needs it any more. Made by `@resource`.

    Called, it runs the function and nothing else, as a `Task` does: of one that yields, that gives the generator.
    """

    @property
    def _own(self) -> ResourceDefinition:
        return cast("ResourceDefinition", self._definition)

    @property
    def scope(self) -> Lifetime:
        """How long it stays open: `"run"`, `"shared"` or `"process"`."""
        return self._own.lifetime

    @property
    def close_timeout(self) -> float | None:
        """Seconds that closing may take, or `None` for no limit."""
        return self._own.close_timeout

    def with_options(self, **options: Unpack[ResourceOptions]) -> Self:
        """Return a resource of the same function with other options; it is a node of its own.

        Args:
            **options: as of `resource`; those left out stay as they are, and of `needs=` the parameters left out, too;
                `needs=None` takes all of it away.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """
        old, made = self._own, self._copy()
        check_changes(f"resource {old.label!r}", options, RESOURCE_OPTIONS)
        asked = old.asked if old.stands_in else None
        changed = change_options(old, options)
        made._show(define_resource(made, old.function, changed, old.scope, old.signature, asked))
        return made

    def _define_bound(self, made: Face, bound: ClassFunction) -> TaskDefinition:
        old = self._definition
        return define_resource(made, bound, old.options, old.scope, old.signature)


@overload
def resource(function: Callable[P, R], /, **options: Unpack[ResourceOptions]) -> Resource[P, R]: ...
@overload
def resource(**options: Unpack[ResourceOptions]) -> Callable[[Callable[P, R]], Resource[P, R]]: ...
def resource(
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    needs: Mapping[str, Need] | None = None,
    after: After = None,
    scope: Lifetime = "run",
    retries: int | Retry | None = None,
    timeout: float | None = None,
    close_timeout: float | None = 10,
    on_state: Hooks = None,
    on_start: Hooks = None,
    on_success: Hooks = None,
    on_retry: Hooks = None,
    on_error: HooksByType = None,
    metadata: Mapping[str, Any] | None = None,
    **unknown: Any,
) -> Resource[P, R] | Callable[[Callable[P, R]], Resource[P, R]]:
    """Make a function a resource: a client, a connection, a folder that is opened, used and closed again.

    The function yields once, what is to be used, and closes it after that; or it returns a context manager, whose
    `with` opens and closes it. It may be a `def` or an `async def`. Whoever names it receives what it yields, as with a
    task. It is opened once, when it is first needed, and closed at the end of the run, after all who use it have ended,
    the last one opened first. An `async def` is opened and closed in one task of the event loop, a `def` in one thread,
    which are its own: so it may hold a cancel scope, a task group, a lock, or a connection of SQLite.

    It is closed whatever has happened. The error that the run fails with is raised where it yields, so that a
    transaction rolls back; of a run that is cancelled or takes too long, `RunCancelled`. What it makes of that changes
    nothing. What it raises itself in closing is a note on the run's error, and fails a run that had none; of a run that
    is cancelled, it is logged. One that yields never or a second time fails with a `ResourceError`.

    The function of a `def` workflow is called after the closing, so it cannot name one; that of an `async def` can.

    Args:
        function: any callable whose parameters can be read.
        name: what the record calls it; `None`: the function's name.
        needs: what to give a parameter instead of what its name says; as of `task`.
        after: a task, a workflow, a resource, a name, or a list of these, that must have ended before it is opened.
        scope: how long it stays open. `"run"`: to the end of the run that uses it. `"shared"`: as long as the block
            `with w.opened():`, or `async with`, over all calls in it; it may need only what is shared, too, constants,
            and inputs that are given to `opened()`. `"process"`: in each worker process, for the tasks that run there
            by `run_in="process"`, as long as that process, or until it is needed with other arguments. It is a `def`
            then that is found by its name, it is opened in the attempt of a task, whose `retries=` and `timeout=` hold,
            and a process that is killed closes nothing.
        retries: how many more times opening is tried, or a `Retry`; `None`: it is tried once.
        timeout: seconds that opening may take, each time; `None`: no limit.
        close_timeout: seconds that closing may take, which nothing else interrupts; `None`: no limit.
        on_state: called at every change of status, which is `completed` when it is open; hooks are as of `task`.
        on_start: called before it is opened; if it raises, it is not.
        on_success: called when it is open.
        on_retry: called when opening has failed and is tried again after `delay` seconds.
        on_error: called when opening has failed for good; as a mapping of types of errors, the first that fits.
        metadata: anything you want to find in the record and in hooks.

    Returns:
        The `Resource`, or a decorator that makes one.

    Raises:
        OptionError: an option has a value that cannot be used; it is also a `TypeError` where the type is wrong.
    """
    given = locals()
    fresh = is_fresh(function)
    check_known("resource", unknown, RESOURCE_OPTIONS)
    options = {option: given[option] for option in RESOURCE_OPTIONS}

    def decorate(function: Callable[P, R]) -> Resource[P, R]:
        return _decorate(function, options, is_fresh(function))

    return decorate if function is None else _decorate(function, options, fresh)


def _decorate(function: Callable[P, R], options: Mapping[str, Any], fresh: bool) -> Resource[P, R]:
    made: Resource[P, R] = Resource()
    return made._take_place(define_resource, function, options, fresh)
