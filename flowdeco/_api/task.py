"""A task: a function, still called as it was, with what a workflow must know to run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any, Generic, ParamSpec, Self, TypeVar, Unpack, cast, overload

from .._base.signature import Param, Signature
from .._base.text import shorten
from .._definition.definition import Step, make_predicate, signature_of_step
from .._definition.option_types import After, Hook, Hooks, HooksByType, Need, Recover, Settled, TaskOptions
from .._definition.options import check_outputs
from .._definition.scope import Scope
from .._policy.limit import Limit
from .._policy.policy import DEFAULTABLE, NO_POLICY, Asker, Policy, asks_for_nothing, check_policy, read_policy
from .._policy.retry import Retry
from .._policy.run_in import RunIn

__all__ = ["Task", "stand_in", "task"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Task(Step, Generic[P, R_co]):
    """A function that workflows can run. Made by `@task`.

    Called, it runs the function and nothing else: no timeout, no record.
    """

    _kind = "task"
    _policy: Policy
    # What hooks can ask for besides the arguments: those of the function that this one stands in for.
    _asked: tuple[str, ...] = ()
    _stands_in = False

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return cast("R_co", self._function(*args, **kwargs))

    def with_options(self, **options: Unpack[TaskOptions]) -> Self:
        """Return a task of the same function with other options; it is a node of its own.

        Args:
            **options: as of `task`; those left out stay as they are.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """
        return self._copy(self._options, **options)

    @property
    def policy(self) -> Policy:
        return self._policy

    def _bind(self, instance: object) -> Any:
        return cast("Any", self._function).__get__(instance)

    def _complete(self) -> None:
        when, self._predicate = self._options["when"], None
        if when is not None:
            self._predicate = make_predicate("when= of task", self._label, when, self.needs, self._scope)

    @property
    def _label(self) -> str:
        return self._name or shorten(self._function)

    def _asker(self) -> Asker:
        """Return what the policy has to know of it."""
        names = dict.fromkeys([param.name for param in self._signature.params])
        arguments = tuple({**names, **dict.fromkeys(self._asked)})
        return Asker(f"task {self._label!r}", arguments, self._signature.kind, Task, self._stands_in)

    def _check(self, subject: str, options: dict[str, Any]) -> None:
        plain = asks_for_nothing(options)
        if not plain:
            check_policy(subject, options, Step)
        super()._check(subject, options)
        options["outputs"] = check_outputs(subject, options["outputs"])
        self._policy = NO_POLICY if plain else read_policy(self._asker(), options)

    def _params_besides(self, options: Mapping[str, Any]) -> tuple[Param, ...]:
        when = options["when"]
        return () if when is None or isinstance(when, Step) else signature_of_step("predicate", when).params


def stand_in(step: Step, function: Callable[..., Any], scope: Scope) -> Task[..., Any]:
    """Return a task that has another function in the place of the step's own, under the same policy and name."""
    signature = signature_of_step("task", function)
    if {p.kind for p in signature.params} == {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
        # It takes whatever it is given, as a mock does: it is given what the function was that it stands in for.
        signature = Signature(step.own_params, signature.kind)
    made: Task[..., Any] = Task()
    options = {**_NO_OPTIONS, **step.options, "after": step.graph_after, "name": step.name}
    params = {p.name for p in signature.params}
    settled = tuple(name for name in step.graph_settled if name in params)
    params |= {p.name for p in made._params_besides(options)}
    options["needs"] = {name: need for name, need in step.graph_needs.items() if name in params}
    options["settled"] = settled
    made._asked = tuple(p.name for p in step.params)
    made._stands_in = True
    made._define(function, {name: options[name] for name in _NO_OPTIONS}, scope, signature)
    return made


_NO_OPTIONS: dict[str, Any] = dict.fromkeys(["name", "needs", "after", "outputs", "settled", *DEFAULTABLE])


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
    outputs: Sequence[str] | None = None,
    retries: int | Retry | None = None,
    timeout: float | None = None,
    recover: Recover = None,
    when: Hook | None = None,
    settled: Settled = None,
    limit: int | Limit | Mapping[Limit, int] | None = None,
    run_in: RunIn = None,
    on_state: Hooks = None,
    on_start: Hooks = None,
    on_success: Hooks = None,
    on_retry: Hooks = None,
    on_error: HooksByType = None,
    metadata: Mapping[str, Any] | None = None,
) -> Task[P, R] | Callable[[Callable[P, R]], Task[P, R]]:
    """Make a function a task: `@task`, `@task(timeout=5)` or `task(function, timeout=5)`.

    Its parameters name the tasks whose results it receives, as variables are looked up where it is defined.
    An `async def` runs on the event loop, a `def` in a worker thread. What a function yields is gathered in a
    list; an awaitable that a `def` returns is awaited.

    Where an option from `retries` to `metadata` is `None` (but not `settled`), the workflow's `defaults=` hold.

    Args:
        function: any callable whose parameters can be read.
        name: what the record calls it; `None`: the function's name.
        needs: what to give a parameter instead of what its name says: a task, a workflow, a name, a list or dict
            of these (the parameter receives a list or dict of results), or `None` for "not a dependency".
        after: a task, a workflow, a name, or a list of these, that must have ended before this one starts. If one of
            them failed, this one does not run.
        outputs: names for the parts of the result, which must be a mapping with those keys or a sequence of that
            length; other tasks receive the parts under these names.
        retries: how many more attempts follow a failed one, or a `Retry` that says after which errors, and when.
            0: none, whatever the workflow's defaults are.
        timeout: seconds that one attempt may take; `math.inf`: no limit. It counts as an error like any other. A `def`
            cannot be interrupted: its thread is abandoned, and what it returns or writes to `state` is refused.
        recover: turns the final error into a result: a function, a task, or a mapping of types of errors to these. It
            gets what its parameters name: `error`, `attempt`, the task's arguments, and what hooks can ask for.
        when: a predicate, whose parameters are dependencies as the task's own are, or a task: if what it gives is
            false, the task is skipped.
        settled: the parameters that receive an `Outcome`, however the task that they name has ended.
        limit: how many of this task may run at once; or a `Limit` that it shares with others, or how many places it
            takes of which `Limit`. The time between attempts takes no place.
        run_in: where a `def` runs: `"thread"`, `"loop"` (for what is quick: it holds the event loop up), `"process"`,
            or any `concurrent.futures.Executor`. An `async def` always runs on the event loop.
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
    options = {**_NO_OPTIONS, **locals()}
    del options["function"]

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        made: Task[P, R] = Task()
        made._define(function, options, None)
        return made

    return decorate if function is None else decorate(function)
