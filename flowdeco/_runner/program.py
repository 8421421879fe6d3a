"""From a node of a graph to what makes its attempts, and to what else its policy asks for."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from typing import Any, NamedTuple

from anyio import from_thread

from .._api.task import Task
from .._base.context import InContext, apart
from .._base.events import Event
from .._base.signature import MISSING, Param, discard, is_awaitable
from .._graph.source import FromRun, Source
from .._policy.hook import EVENT_NAMES, NO_HOOKS, Hooks
from .._policy.policy import Policy, Recovery
from .._state.writer import signed
from .._worker.thread import Start
from .arguments import NameArguments, adapt, choose_arguments, name_arguments, pack
from .attempt import Job, Launch, launch, launch_on_loop, leaves_behind
from .lifecycle import Condition, Course, Recover, Setting

__all__ = ["Surroundings", "Work", "govern", "needs_course"]


class Surroundings(NamedTuple):
    """What a workflow says of all that runs in it.

    Attributes:
        watch: its hooks that are told of its tasks.
        strict: whether a hook that raises fails what it is attached to.
    """

    watch: Hooks = NO_HOOKS
    strict: bool = False


class Work(NamedTuple):
    """A node, as far as its attempts are concerned.

    Attributes:
        node: the node's index; `None` for a task that is in no graph.
        name: what the record calls it.
        policy: what its options say.
        job: what an attempt is made of; `None` for a workflow.
        start: makes an attempt at a workflow, with the outer run before the arguments.
        params: what its function asks for.
        sources: what each of these receives.
        condition: its `when=`.
        check: raises if a result is not what the options promise.
    """

    node: int | None
    name: str
    policy: Policy
    job: Job | None
    start: Start
    params: tuple[Param, ...]
    sources: tuple[Source, ...]
    condition: Condition | None = None
    check: Callable[[Any], None] | None = None


def needs_course(work: Work, around: Surroundings) -> bool:
    """Whether there is more to a node than an attempt."""
    return not work.policy.plain or work.condition is not None or bool(around.watch)


def govern(work: Work, around: Surroundings) -> tuple[Launch, Setting]:
    """Return how a node starts that takes a course, with the run and the values of its `when=` first."""
    setting = make_setting(work, around)
    job = work.job
    if job is not None and _can_begin_in_thread(setting):
        how = launch(job)
        if how.in_thread:
            return Launch(_first_in_thread(setting, how.start), True, True), setting
    return Launch(partial(_start_course, setting), False, True), setting


def make_setting(work: Work, around: Surroundings) -> Setting:
    """Return what there is to know of a node before it runs."""
    job = work.job
    name = name_arguments(work.params, work.sources)
    return Setting(
        node=work.node,
        task=work.name,
        policy=work.policy,
        start=work.start if job is None else _start_of(job, work.policy),
        leaves_behind=job is not None and leaves_behind(job),
        condition=work.condition,
        recover=tuple([Recover(way.kind, _recovering(way, around)) for way in work.policy.recover]),
        name_arguments=name if job is not None else _without_run(name),
        check=work.check,
        watch=around.watch,
        strict=around.strict,
    )


def _start_of(job: Job, policy: Policy) -> Start:
    start = launch_on_loop(job).start
    return start if policy.retries is None else apart(start)


def _without_run(name: NameArguments) -> NameArguments:
    return lambda values: name(values[1:])


def _start_course(setting: Setting, run: Any, *values: Any) -> Coroutine[Any, Any, Any]:
    return Course(setting, run, values).go()


def _can_begin_in_thread(setting: Setting) -> bool:
    policy = setting.policy
    if policy.retries is not None and policy.retries.within is not None:
        return False  # its clock is the event loop's
    return policy.limit is None and not policy.hooks and not setting.watch and setting.condition is None


def _first_in_thread(setting: Setting, call: Start) -> Start:
    """Return what makes the first attempt in a thread's lane; only if it fails, the event loop sees to the rest."""

    def start(run: Any, *values: Any) -> Any:
        context = copy_context()
        try:
            result = context.run(call, *values)
            if is_awaitable(result):
                return _Rest(Course(setting, run, values), context, result)
            if setting.check is not None:
                setting.check(result)
            return result
        except Exception as error:
            if isinstance(error, concurrent.futures.CancelledError):
                from_thread.check_cancelled()  # raises if it was a call back to the event loop that was cancelled
            course = Course(setting, run, values)
            return course.go(course.take_over(error))  # the run may be stopped before the event loop gets to it

    return start


class _Rest(Coroutine[Any, Any, Any]):
    """What is left to do after a thread has begun the first attempt and got an awaitable."""

    def __init__(self, course: Course, context: Context, awaitable: Any) -> None:
        self._awaitable = awaitable
        self._rest = self._go(course, InContext(context, awaitable))

    async def _go(self, course: Course, awaitable: InContext) -> Any:
        try:
            result = await awaitable
            if course.setting.check is not None:
                course.setting.check(result)
            return result
        except Exception as error:
            failure = course.take_over(error)
        return await course.go(failure)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._rest.__await__()

    def send(self, value: Any) -> Any:
        return self._rest.send(value)

    def throw(self, *error: Any) -> Any:
        return self._rest.throw(*error)

    def close(self) -> None:
        self._rest.close()
        discard(self._awaitable)


def _recovering(way: Recovery, around: Surroundings) -> Callable[[Any, Event], Coroutine[Any, Any, Any]]:
    hook = way.hook
    if hook is None:
        return _recovering_by_task(way.step, Surroundings(strict=around.strict))

    async def call(run: Any, event: Event) -> Any:
        with signed(str(event.task)):
            return await hook.tell(event)

    return call


def _recovering_by_task(task: Task[..., Any], around: Surroundings) -> Callable[[Any, Event], Coroutine[Any, Any, Any]]:
    params = tuple(param for param in task.params if not param.variadic)

    async def call(run: Any, event: Event) -> Any:
        known = {**event.inputs, **{name: getattr(event, name) for name in EVENT_NAMES}}
        given = tuple([param for param in params if param.name in known or param.default is MISSING])
        sources: tuple[Source, ...] = tuple([FromRun(param.name) for param in given])
        work = make_work(None, str(task.name or "recover"), task, task._policy, given, sources)
        values = [known.get(param.name) for param, _ in choose_arguments(given, sources)]
        return await Course(make_setting(work, around), run, tuple(values)).go()

    return call


def make_work(
    node: int | None,
    name: str,
    task: Task[..., Any],
    policy: Policy,
    params: tuple[Param, ...],
    sources: tuple[Source, ...],
    condition: Condition | None = None,
    check: Callable[[Any], None] | None = None,
) -> Work:
    """Return a task's part in a graph, with the function's arguments adapted to values in a row."""
    function = task._function
    given = choose_arguments(params, sources)
    start = adapt(function, given)
    writes = any(isinstance(source, FromRun) for source in sources)
    job = Job(name, function, task._signature.kind, start, adapt(pack, given), policy.timeout, policy.run_in, writes)
    return Work(node, name, policy, job, start, params, sources, condition, check)
