"""`@task` and `@workflow`: they take what a user says of a function, and make its face."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar, Unpack, overload

from .._definition.class_function import is_class_method
from .._definition.decoration import define_task
from .._definition.frame import is_fresh
from .._definition.option_types import (
    After,
    Each,
    Hook,
    HookErrors,
    Hooks,
    HooksByType,
    Need,
    Place,
    PolicyOptions,
    Recover,
    Settled,
    Stream,
    TaskOptions,
    Tasks,
    WorkflowOptions,
)
from .._definition.options import check_known
from .._policy.limit import Limit
from .._policy.retry import Retry
from .._state.state import State
from .task import Task
from .workflow import Untyped, Workflow

__all__ = ["task", "workflow"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class WorkflowDecorator(Protocol):
    """What `workflow` with options alone returns."""

    @overload
    def __call__(self, function: Callable[..., Untyped], /) -> Workflow[Any, Any]: ...
    @overload
    def __call__(self, function: Callable[..., Coroutine[Any, Any, T]], /) -> Workflow[Coroutine[Any, Any, T], T]: ...
    @overload
    def __call__(self, function: Callable[..., T], /) -> Workflow[T, T]: ...
    def __call__(self, function: Callable[..., Any], /) -> Any: ...


@overload
def task(function: Callable[P, R], /, **options: Unpack[TaskOptions]) -> Task[P, R]: ...
@overload
def task(**options: Unpack[TaskOptions]) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    needs: Mapping[str, Need] | None = None,
    after: After = None,
    calls: After = None,
    outputs: Sequence[str] | None = None,
    retries: int | Retry | None = None,
    timeout: float | None = None,
    recover: Recover = None,
    when: Hook | None = None,
    eager: bool | None = None,
    settled: Settled = None,
    each: Each = None,
    stream: Stream = None,
    more: Callable[..., Iterable[Any] | None] | None = None,
    ahead: int | None = None,
    key: Callable[..., Any] | None = None,
    limit: int | Limit | Mapping[Limit, int] | None = None,
    run_in: Place = None,
    on_state: Hooks = None,
    on_start: Hooks = None,
    on_success: Hooks = None,
    on_retry: Hooks = None,
    on_error: HooksByType = None,
    metadata: Mapping[str, Any] | None = None,
    **unknown: Any,
) -> Task[P, R] | Callable[[Callable[P, R]], Task[P, R]]:
    """Make a function a task: `@task`, `@task(timeout=5)` or `task(function, timeout=5)`.

    Its parameters name the tasks whose results it receives, as variables are looked up where it is defined.
    An `async def` runs on the event loop, a `def` in a worker thread. What a function yields is gathered in a
    list; an awaitable that a `def` returns is awaited.

    Where an option from `retries` to `metadata` is `None` (but not `settled`), the workflow's `defaults=` hold.

    Args:
        function: any callable whose parameters can be read.
        name: what the record calls it; `None`: the function's name.
        needs: what to give a parameter instead of what its name says: a task, a workflow, a name, `value(x)` for a
            constant, a list or dict of these (the parameter receives a list or dict of results; a task that was skipped
            is left out, and if all were, the parameter takes its default), or `None` for "not a dependency".
        after: a task, a workflow, a name, or a list of these, that must have ended before this one starts. If one of
            them failed, this one does not run.
        calls: a task, a workflow, a name, or a list of these, that this one may call while it runs: `await search.call(
            ...)`. They are drawn, `check()` looks at them, `override` knows their names, and the `defaults=` of the
            workflow hold for those that are tasks.
        outputs: names for the parts of the result, which must be a mapping with those keys or a sequence of that
            length; other tasks receive the parts under these names. A mapping may lack some: who receives one that is
            not there takes the default, and it is an error where somebody has none.
        retries: how many more attempts follow a failed one, or a `Retry` that says after which errors, and when.
            0: none, whatever the workflow's defaults are.
        timeout: seconds that one attempt may take; `math.inf`: no limit. It counts as an error like any other. A `def`
            cannot be interrupted: its thread is abandoned, and what it returns or writes to `state` is refused.
        recover: turns the final error into a result: a function, a task, or a mapping of types of errors to these. It
            gets what its parameters name: `error`, `attempt`, the task's arguments, and what hooks can ask for.
        when: a predicate, whose parameters are dependencies as the task's own are, or a task: if what it gives is
            false, the task is skipped. It is asked as soon as what it needs is there, and what the task comes `after`
            has ended. What is needed only by tasks with a `when` runs once one of these is true, and never if none is.
        eager: with `when`, whether what the task needs starts as early as possible all the same.
        settled: the parameters that receive an `Outcome`, however the task that they name has ended.
        each: runs the task once for each item of a collection. `each={"url": urls}`: the parameter receives one item of
            what `urls` gives, which may be all that `needs=` takes but a dict: a task, also one that yields, an input's
            name, `value([...])`. `each="url"`: of what the parameter's own name means. Several parameters go in step.
            A tuple of parameters takes each item apart, by position or, if it is a mapping, by name:
            `each={("rate", "depth"): grid}`. Over another task with `each=` it goes item by item, without waiting for
            all of them, also together with the source of that one; together with what was made of all its results it
            waits for the whole lists, and any other collection beside it is an error. Who names the task without
            `each=` receives the list of its results, in the order of the source, without what was skipped. Attempts,
            `timeout`, `recover`, `when`, `limit`, `run_in`, hooks and `settled` of a parameter are then for one item.
        stream: the parameters that receive an iterator over the items of a task with `each=`, or over what a task
            yields, and that while these run: an `async def` an async one, a `def` a plain one. Also in `settled=`, it
            gives `Outcome`s. In the order of the source; `stream={"text": "ended"}`: in that in which they end. When
            the function returns, items that nobody else needs are cancelled. An item is unfinished until it was read,
            but not where the function may wait for something else that needs the items to go on, as with two streams
            of the same: those that it has not read yet are kept for it, however many. What is left out of one stream is
            still in the other; `settled=` of both keeps them in step. Once it has received an item, it is not tried
            again, as nobody has that any more; `recover=` applies as ever. On a task that yields, `False`: what it
            yields is handed on when it has ended, so that it can be tried again until then.
        more: beside `each=`: a `def` that returns further items, or `None`: a crawl. They come after those that the
            source has given by then, and before what it gives later, so that neither waits for the end of the other. It
            may ask for `result`, `item`, `index`, the task's arguments and inputs, and is called on the event loop. An
            item that was there already, by `key=` or else by all of its content, is dropped; a digest of each is kept
            for that. Not on a task that begins only when another one has ended for all items.
        ahead: how many items may be begun and unfinished; said of a task with `each=` or `stream=`, or of one that
            yields, which is advanced no further. `None`: twice the sum of the limits of all tasks that it goes through,
            one without a limit counting as 100.
        key: beside `each=`: a `def` that names an item for the record, each by a name of its own: two items of one key
            are an `ItemKeyError`. It may ask for the item, its `index` and inputs. The item goes by that name in the
            tasks that go on with its results, too, unless they have a `key=`. `None`: it has no name but its index.
        limit: how many of this task may run at once; or a `Limit` that it shares with others, or how many places it
            takes of which `Limit`. The time between attempts takes no place. What yields items gives its places
            back while it is held back, and who has `stream=` while waiting for the next item.
        run_in: where a `def` runs: `"thread"`, `"loop"` (for what is quick: it holds the event loop up), `"process"`,
            or any `concurrent.futures.Executor`. Elsewhere than in this process it cannot take `state` or `run`. Or a
            resource of a `def`: in the thread in which that was opened, one call at a time (a connection of SQLite), of
            which a cancellation waits for the end, without being told there; if the resource is an executor, there. An
            `async def` always runs on the event loop.
        on_state: called at every change of status: a function or a list of functions, each `def` or `async def`. Hooks
            get what their parameters name; see `Event`.
        on_start: called before the first attempt; if it raises, no attempt is made and the task fails with that error.
        on_success: called when the result is there.
        on_retry: called when an attempt has failed and another follows after `delay` seconds.
        on_error: called when the task has failed for good; as a mapping of types of errors, the first that fits.
        metadata: anything you want to find in the record and in hooks.

    Returns:
        The `Task`, or a decorator that makes one.

    Raises:
        OptionError: an option has a value that cannot be used; it is also a `TypeError` where the type is wrong.
    """
    fresh = is_fresh(function)
    if unknown:
        check_known("task", unknown, TaskOptions.__annotations__)
    # locals() would take three times as long, at every decoration.
    options: dict[str, Any] = {
        "name": name,
        "needs": needs,
        "after": after,
        "calls": calls,
        "outputs": outputs,
        "settled": settled,
        "each": each,
        "stream": stream,
        "more": more,
        "ahead": ahead,
        "key": key,
        "retries": retries,
        "timeout": timeout,
        "recover": recover,
        "when": when,
        "eager": eager,
        "limit": limit,
        "run_in": run_in,
        "on_state": on_state,
        "on_start": on_start,
        "on_success": on_success,
        "on_retry": on_retry,
        "on_error": on_error,
        "metadata": metadata,
    }

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        return _decorate(function, dict(options), is_fresh(function))

    return decorate if function is None else _decorate(function, options, fresh)


def _decorate(function: Callable[P, R], options: dict[str, Any], fresh: bool) -> Task[P, R]:
    made: Task[P, R] = Task()
    return made._take_place(define_task, function, options, fresh)


@overload
def workflow(function: Callable[..., Untyped], /, **options: Unpack[WorkflowOptions]) -> Workflow[Any, Any]: ...
@overload
def workflow(
    function: Callable[..., Coroutine[Any, Any, T]], /, **options: Unpack[WorkflowOptions]
) -> Workflow[Coroutine[Any, Any, T], T]: ...
@overload
def workflow(function: Callable[..., T], /, **options: Unpack[WorkflowOptions]) -> Workflow[T, T]: ...
@overload
def workflow(**options: Unpack[WorkflowOptions]) -> WorkflowDecorator: ...
def workflow(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    needs: Mapping[str, Need] | None = None,
    after: After = None,
    calls: After = None,
    tasks: Tasks = None,
    settled: Settled = None,
    each: Each = None,
    more: Callable[..., Iterable[Any] | None] | None = None,
    ahead: int | None = None,
    key: Callable[..., Any] | None = None,
    timeout: float | None = None,
    keep_going: bool = False,
    share: bool = True,
    defaults: PolicyOptions | None = None,
    state: State | type[State] | None = None,
    on_state: Hooks = None,
    on_start: Hooks = None,
    on_success: Hooks = None,
    on_retry: Hooks = None,
    on_error: HooksByType = None,
    hook_errors: HookErrors = "log",
    metadata: Mapping[str, Any] | None = None,
    backend: str = "asyncio",
    backend_options: Mapping[str, Any] | None = None,
    **unknown: Any,
) -> Any:
    """Make a function a workflow: `@workflow`, `@workflow(timeout=60)` or `workflow(function, timeout=60)`.

    A parameter that names a task receives its result; the others are the inputs. What the tasks' parameters
    name runs, too, everything at the same time that can. The first error cancels the rest and is raised as it is.

    Args:
        function: a `def` or an `async def`.
        name: what the record calls it; `None`: the function's name.
        needs: what to give a parameter instead of what its name says; as of `task`. `None` for a parameter says that
            it is an input, even one called `run` or `state`, which its tasks then receive under that name. For one
            that is an input, a name that means no task renames it: outside it has that name, and all that name the
            parameter still get it. A task fills it for all that name it.
        after: a task, a workflow, a name, or a list of these, that must have ended before the function is called.
        calls: a task, a workflow, a name, or a list of these, that the function may call; as of `task`.
        tasks: names given by hand, as a mapping, for every parameter in the graph; or tasks and modules in which
            names are looked up last.
        settled: the parameters that receive an `Outcome`, however the task that they name has ended.
        each: runs the workflow once for each item of a collection where it is used as a task, as of `task`; the
            parameters are inputs. Called, it takes one item.
        more: gives further items for a result, as of `task`.
        ahead: how many items may be begun and unfinished, as of `task`.
        key: names an item for the record, as of `task`.
        timeout: seconds for a whole run; `None`: no limit. The function of a `def` workflow that was called plainly
            is not limited.
        keep_going: whether everything that does not need a failed task still runs; all errors that nobody received
            as an `Outcome` are then raised as one `ExceptionGroup`.
        share: whether a task that it has in common with a workflow around or within it runs once, in the innermost one
            that contains all that need it, where its needs, options and state are the same. `False`: each runs its own.
        defaults: options for those of its tasks that do not say themselves: a mapping of any of `retries` to
            `metadata` of `task`. A default that a task cannot have, such as `run_in` for an `async def`, passes it by.
            So does `when` where the task is what it asks for, or what that needs.
            They hold for calls, too, but for `when`, of its tasks and of those that `calls=` names. The tasks of a
            workflow that runs in this one are not concerned.
        state: what the tasks share under the name `state`: a class of states, of which each run gets a fresh one, or
            an instance, which is then shared by all runs. `None`: an empty `State` for each run, or that of the
            outer run where this workflow runs as a task, or is called by one.
        on_state: called at every change of status of the run, and of each of its tasks: a function or a list, each
            `def` or `async def`. Hooks get what their parameters name, as of `Event`, or an input of that name. Of
            what is called, and of what happens in a workflow that runs within this one, it is told by paths, such as
            `"offer/price"`; the hooks of that workflow hear of the same by its own names.
        on_start: called before anything runs; if it raises, the run fails with that error.
        on_success: called when the result is there.
        on_retry: called when a task of this workflow, or of one within it, is going to be tried again.
        on_error: called once when the run has failed; as a mapping of types of errors, the first that fits.
        hook_errors: `"log"`: what a hook raises is logged and kept in `run.hook_errors`, no more. `"raise"`: it fails
            what the hook is attached to as well; an error that is there already stays the one that is raised.
        metadata: anything you want to find in the record and in hooks.
        backend: the event loop for plain calls, `"asyncio"` or `"trio"`.
        backend_options: what `anyio.run` passes on to it, such as `{"use_uvloop": True}`.

    Returns:
        The `Workflow`, or a decorator that makes one.

    Raises:
        OptionError: an option has a value that cannot be used; it is also a `TypeError` where the type is wrong.
    """
    given = locals()
    check_known("workflow", unknown, WorkflowOptions.__annotations__)
    options = {option: given[option] for option in WorkflowOptions.__annotations__}

    def decorate(function: Callable[..., Any]) -> Workflow[Any, Any]:
        made: Workflow[Any, Any] = Workflow()
        given: object = function
        if is_class_method(given):
            function, made._is_of_class = given.__func__, True
        made._define(function, dict(options))
        return made

    return decorate if function is None else decorate(function)
