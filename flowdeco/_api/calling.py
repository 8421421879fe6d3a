"""Calls of tasks: in a run, as recorded calls of whoever calls; outside of any, with their options and no record."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeGuard

from .._base.context import copy_outside_loop
from .._base.errors import CallError, RunningLoopError
from .._base.event_loop import find_token
from .._base.events import Skip, Status
from .._base.local import is_elsewhere
from .._definition.definition import Definition
from .._graph.call_graph import CALLED
from .._graph.call_signature import PLACE, find_place, read_call
from .._graph.source import Constant
from .._policy.policy import Policy
from .._scheduler.call_engine import Answer, begin_call, find_caller, run_call
from .._scheduler.call_plan import CallPlans, fill_inputs, plans_within, put_values
from .._scheduler.callee import find_callee, find_resource
from .._scheduler.engine import Engine
from .._scheduler.plan import Plan
from .._scheduler.run_hooks import tell_rest
from .._scheduler.run_state import RunState
from .._worker.thread import IN_THREAD, count_threads_apart
from .blocking import in_worker_thread, run_from_thread, run_on_own_loop
from .not_opened import not_opened_error
from .run import Run
from .sent_resource import is_of_processes, send_resource

__all__ = ["block_on", "call_task", "call_within", "no_run_error", "prepare_workflow", "start_call"]

# The plans of calls that are made outside of runs.
_ALONE = CallPlans()


def start_call(definition: Definition, given: Mapping[str, Any]) -> Coroutine[Any, Any, Any]:
    """Return the coroutine of a call, under the name of what is called: Python tells it if it is never awaited."""
    coroutine = call_task(definition, given)
    named: Any = coroutine  # the type checkers know no name of it
    named.__qualname__ = definition.label
    return coroutine


async def call_task(definition: Definition, given: Mapping[str, Any]) -> Any:
    """Call a task on the running event loop; return its result or raise its error.

    Args:
        definition: the task.
        given: what the caller passes, by the names of the parameters.
    """
    if is_elsewhere():
        raise _elsewhere_error(definition)
    caller = find_caller()
    error, result = await (
        _call_alone(definition, given) if caller is None else call_within(*caller, definition, given)
    )
    del caller, given  # what is raised leads to this frame
    if error is None:
        return result
    try:
        raise error
    finally:
        del error


def block_on(definition: Definition, given: Mapping[str, Any]) -> Any:
    """Call a task, on the event loop that owns this thread or on one of its own, and block until it is done.

    Args:
        definition: the task.
        given: what the caller passes, by the names of the parameters.

    Raises:
        RunningLoopError: this thread's event loop is running.
    """
    start = partial(call_task, definition, given)
    if find_token() is not None:
        raise _running_loop_error(definition.label)
    if in_worker_thread():
        context = copy_outside_loop()
        context.run(IN_THREAD.set, True)
        return context.run(run_from_thread, start)
    caller = find_caller()
    owner = None if caller is None else caller[0].state.plan.graph.owner
    backend = "asyncio" if owner is None else owner.options["backend"]
    options = None if owner is None else owner.options["backend_options"]
    return run_on_own_loop(start, backend, options or {})


def _elsewhere_error(definition: Definition) -> CallError:
    name = definition.label
    reason = "this code runs in another process than its run, which would know nothing of the call"
    way = f"Call it in a task that runs in a thread, or call the function itself: {name}(...)."
    return CallError(f"Cannot call task {name!r}: {reason}. {way}", task=name, parameters=())


def _running_loop_error(name: str) -> RunningLoopError:
    reason = "this thread's event loop is running, and a blocking call would stop it"
    return RunningLoopError(f"Cannot call task {name!r}: {reason}. Use: await {name}.call(...).", task=name)


async def call_within(
    outer: Engine, index: int, definition: Definition, given: Mapping[str, Any], *, keep: bool = False
) -> Answer:
    """Call a task or a workflow as a recorded call of a node.

    Args:
        outer: the engine of the caller.
        index: which of its nodes calls; `RUN` for the workflow's own function.
        definition: what is called.
        given: what the caller passes, by the names of the parameters.
        keep: whether the caller wants the run of a workflow; what that fails with stands in it.
    """
    called = find_callee(outer, index, definition)
    if keep and not _is_workflow(called):
        raise no_run_error(definition)
    plan, inputs = _prepare(outer, definition, called, given)
    values = put_values(plan, inputs, outer.run)
    call = begin_call(outer, index, plan, definition.name or definition.kind, values, keep=keep)
    answer = await run_call(outer, index, plan, call, values)
    run = call.journal.nested.get(CALLED)
    return (None, run) if keep and run is not None else answer


def _prepare(
    outer: Engine, definition: Definition, called: Definition | Constant, given: Mapping[str, Any]
) -> tuple[Plan, Mapping[str, Any]]:
    """Return the plan of a call, and its inputs."""
    around, name = outer.state.plan, definition.name or definition.kind
    graph, plans = around.graph, plans_within(around)
    if isinstance(called, Constant):
        return plans.find(graph, called, name, None), {}
    if called.is_workflow:
        return prepare_workflow(outer, definition, called, given)
    signature = read_call(called)
    if called is not definition:
        given = signature.adopt(given, read_call(definition))
    # What is called in a call is called in its run, too, whose `defaults=` hold for what it knows to be called.
    policy = (outer.host or outer).state.plan.graph.policy_of_call(called)
    given = _add_resources(outer, called, given, policy)
    passed = given.keys() & signature.of_run.keys()
    plan = plans.find(graph, called, name, signature, passed, policy=policy)
    return plan, fill_inputs(plan, given)


def prepare_workflow(
    outer: Engine, definition: Definition, called: Definition, given: Mapping[str, Any]
) -> tuple[Plan, Mapping[str, Any]]:
    """Return the plan of a call of a workflow, and its inputs."""
    around = outer.state.plan
    within: Plan = called.compiler_within(around.graph.layers).plan()
    if within.needs_opened and called.block is None:
        raise not_opened_error(within.graph)
    if within.starts_processes:
        from .._worker.main_guard import refuse_worker_import

        refuse_worker_import(within.graph.name)
    if called is definition:
        inputs = within.inputs.bind((), {**given})
    else:
        opened: Mapping[str, Any] = {} if called.block is None else called.block.inputs
        known = {name: given[name] for name in given if name in within.graph.inputs and name not in opened}
        inputs = within.inputs.bind((), known, opened)
    name = definition.name or definition.kind
    return plans_within(around).find(around.graph, called, name, None, (), within), inputs


def _is_workflow(called: Definition | Constant) -> TypeGuard[Definition]:
    return not isinstance(called, Constant) and called.is_workflow


def no_run_error(definition: Definition) -> CallError:
    name = definition.label
    message = f"Cannot return the run of workflow {name!r}: something that has none stands in for it here. "
    return CallError(f"{message}Use call() or call_sync().", task=name, parameters=())


def _add_resources(
    outer: Engine | None, called: Definition, given: Mapping[str, Any], policy: Policy
) -> Mapping[str, Any]:
    """Return the arguments with the resources of the run that are not among them.

    Raises:
        CallError: one is not open.
    """
    resources, place = read_call(called).resources, find_place(policy)
    if not resources and place is None:
        return given
    lacking = {name: each for name, each in resources.items() if name not in given}
    is_sent = policy.run_in == "process"
    known = {**given, **{name: _find_resource(outer, called, name, each, is_sent) for name, each in lacking.items()}}
    if place is not None:
        taken = [known[name] for name, each in resources.items() if each is place]  # what the caller passes, too
        known[PLACE] = taken[0] if taken else _find_resource(outer, called, PLACE, place, False)
    return known


def _find_resource(outer: Engine | None, called: Definition, name: str, resource: Definition, is_sent: bool) -> Any:
    """Return what a call receives of a resource; if it runs in a process, of one of those, how to open it."""
    reason, way = _OUTSIDE
    try:
        if outer is not None:
            return find_resource(outer, resource)
    except LookupError as error:
        reason, way = _CLOSED if error.args == ("closed",) else _NOT_OPEN
    if is_of_processes(resource):
        reason, way = _INPUTS if is_sent else _NOT_HERE
        with suppress(LookupError):
            if is_sent:
                return send_resource(outer, resource)
    raise _resource_error(called, name, resource, reason, way.format(called.label, name)) from None


_OUTSIDE = "is opened by a run, and this is outside of any", "Pass it: {0}.call({1}=...)."
_NOT_HERE = (
    "is opened in worker processes alone, and it does not run in one",
    'Say run_in="process" of the task, or scope="run" of the resource.',
)
_INPUTS = (
    "needs what the run around the call has no input for",
    "Let it take inputs of the workflow that calls, or nothing.",
)
_CLOSED = (
    "has been closed: the function of a def workflow is called after that",
    "Make it an async def; plain code calls that by its call_sync().",
)
_NOT_OPEN = (
    "is not open in this run",
    "Say calls=[{0}] where it is called, or name the resource there; or pass it: {0}.call({1}=...).",
)


def _resource_error(called: Definition, name: str, resource: Definition, reason: str, way: str) -> CallError:
    parameters = tuple([param.name for param in read_call(called).params])
    needs = "needs" if name != PLACE else "runs in"
    way = way if name != PLACE else f"Call it in a run, and say calls=[{called.label}] there, or name the resource."
    message = f"Cannot call task {called.label!r}: it {needs} resource {resource.label!r}, which {reason}. {way}"
    return CallError(message, task=called.label, parameters=parameters)


async def _call_alone(definition: Definition, given: Mapping[str, Any]) -> Answer:
    """Call a task outside of any run: in one of its own, which nobody sees."""
    signature, name = read_call(definition), definition.name or "task"
    given = _add_resources(None, definition, given, definition.policy)
    plan = _ALONE.find(None, definition, name, signature, given.keys() & signature.of_run.keys())
    run: Run[Any] = Run(plan, fill_inputs(plan, given))
    journal, values = run._journal, run._values
    count_threads_apart()
    state = RunState(plan, values, keep=False)
    engine = Engine(state, journal, run, is_followed=False)
    journal.begin_run()
    try:
        await engine.execute()
        journal.end_run(Status.COMPLETED if journal.error is None else Status.FAILED)
        if journal.error is not None:
            return journal.error, None
        if state.ended:
            cause = state.ended[CALLED][1]
            return Skip(cause.reason if isinstance(cause, Skip) else ""), None
        return None, values[CALLED]
    finally:
        engine.is_over = True
        state.let_go(keep=False)
        if engine.teller is not None and not engine.teller.is_done:
            await tell_rest(engine.teller, journal)
