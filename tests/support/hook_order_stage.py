"""What drives the table of the order of statuses and hooks."""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

import anyio
from anyio import create_task_group, fail_after, from_thread, sleep_forever, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import Event, Run, Status, Workflow, task, workflow
from tests.conftest import Backend
from tests.support.clock import Clock
from tests.support.hook_order_cases import IN_TIME, ByType, Case, Does, FailWhen, Flow, Hang, Plays, Wait
from tests.support.hooks import HOOKS
from tests.support.naming import on


class Stage:
    """Builds what a row is about, and keeps the log of who is told what.

    Args:
        kind: how the functions of tasks are defined.
        hook_kind: how hooks are.
        flow_kind: how the functions of workflows are.
        clock: how much time there is.

    Attributes:
        log: who took on which status or had which hook called, in turn.
        wrong: what events said that did not fit.
        runs: the runs, by the name of their workflow.
        told: what the hooks of each workflow were told of statuses, in turn: of which task, and which.
    """

    def __init__(self, kind: str, hook_kind: str, flow_kind: str, clock: Clock) -> None:
        self.clock = clock
        self.kinds = {Does: kind, Flow: flow_kind}
        self.hook_kind = hook_kind
        self.log: list[str] = []
        self.wrong: list[Any] = []
        self.runs: dict[str, Run[Any]] = {}
        self.told: dict[str, list[tuple[str | None, Status]]] = {}
        self.watchers: dict[str, str] = {}
        self.released = threading.Event()
        self._stood: dict[str, tuple[Status, Status]] = {}
        self._told: set[str] = set()
        self._signals: dict[str, anyio.Event] = {}

    async def wait_until(self, told: str) -> None:
        """Wait until something has been told, and nobody can do anything more."""
        if told not in self._told:
            await self._signals.setdefault(told, anyio.Event()).wait()
        await wait_all_tasks_blocked()

    def was_told(self, text: str) -> bool:
        return text in self._told

    def note(self, text: str) -> None:
        self.log.append(text)
        self.tell(text)

    def tell(self, text: str) -> None:
        self._told.add(text)
        if text in self._signals:
            self._signals[text].set()

    def make_workflow(self, name: str, flow: Flow) -> Workflow[Any, Any]:
        made: dict[str, Any] = {}
        options = dict(flow.options)
        for step, what in flow.steps.items():
            if isinstance(what, Flow):
                made[step] = self.make_workflow(step, what)
                if "input" in what.options:
                    options["tasks"] = {"given": made[what.options["input"]]}
            else:
                made[step] = self.make_task(step, what, made)
                self.watchers[step] = name
        needed = [options.get("needs"), *[what.options.get("needs") for what in flow.steps.values()]]
        options["after"] = [step for name, step in made.items() if name not in needed]
        function, options = self._make_function(name, Flow, [flow.does], options, made)
        return workflow(function, **options)

    def make_task(self, name: str, what: Does, made: dict[str, Any], who: str | None = None) -> Any:
        options = dict(what.options)
        if "when" in options:
            options["when"] = partial(self._say, options["when"])
        if "after" in options:
            options["after"] = made[options["after"]]
        if "recover" in options:
            options["recover"] = self._make_recover(name, options["recover"])
        function, options = self._make_function(name, Does, what.outcomes, options, made, who)
        return task(function, **options)

    def _make_function(
        self,
        name: str,
        kind: type,
        outcomes: Iterable[Any],
        options: dict[str, Any],
        made: dict[str, Any],
        who: str | None = None,
    ) -> tuple[Callable[..., Any], dict[str, Any]]:
        need = options.pop("needs", None)
        takes_input = options.pop("input", None) is not None
        if need is not None:
            options["needs"] = {"given": made[need]}
        options["name"] = name
        if options.get("timeout") == IN_TIME:
            options["timeout"] = self.clock.seconds
        options |= self._make_hooks(who or name, options.pop("veto", None))
        function = self.make_function(name, self.kinds[kind], outcomes, told=kind is Flow)
        return (_taking(function) if need is not None or takes_input else function), options

    def make_function(self, name: str, kind: str, outcomes: Iterable[Any], *, told: bool) -> Callable[[], Any]:
        left = iter(outcomes)

        async def work() -> Any:
            if told:
                self.note(f"{name} body")
            return await self._play(name, next(left))

        def call() -> Any:
            outcome = next(left)
            if told:
                self.note(f"{name} body")
            if outcome is Hang:
                return self.released.wait(60)
            if outcome is Wait or isinstance(outcome, FailWhen):
                return from_thread.run(self._play, name, outcome)
            return self._say(outcome)

        return call if kind == "def" else work

    async def _play(self, name: str, outcome: Any) -> Any:
        await checkpoint()
        if isinstance(outcome, FailWhen):
            await self.wait_until(outcome.told)
            raise ValueError
        if outcome in (Wait, Hang):
            self.tell(f"{name} waits")
            await sleep_forever()
        return self._say(outcome)

    def _say(self, outcome: Any) -> Any:
        if isinstance(outcome, type):
            raise outcome()
        return outcome

    def _make_recover(self, name: str, what: Any) -> Any:
        if isinstance(what, ByType):
            return {kind: self._make_recover(name, one) for kind, one in what.ways.items()}
        if isinstance(what, Does):
            return self.make_task("spare", what, {})

        def recover(*event: Any) -> Any:
            self.note(f"{name} recover")
            return self._say(what)

        return self._hook_like(recover)

    def _make_hooks(self, who: str, veto: type[BaseException] | None) -> dict[str, Any]:
        hooks: dict[str, Any] = {option: self._hook_like(partial(self._hear, who, option)) for option in HOOKS}
        if veto is not None:
            hooks["on_start"] = [hooks["on_start"], self._hook_like(partial(self._veto, veto))]
        return hooks

    def _hook_like(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def waiting(*event: Any) -> Any:
            result = None
            try:
                result = function(*event)
            finally:
                await checkpoint()
            return result

        return function if self.hook_kind == "def" else waiting

    def _veto(self, error: type[BaseException], event: Event, /) -> None:
        raise error

    def _hear(self, who: str, option: str, event: Event, /) -> None:
        subject = event.task or event.workflow
        listener = "" if who == subject else f" ({who})"
        self._check(subject + listener, option, event)
        self.runs[event.workflow] = event.run
        if option == "on_state" and who == event.workflow and "/" not in (event.task or ""):
            self.told.setdefault(who, []).append((event.task, event.status))
        self.note(f"{subject} {event.status if option == 'on_state' else option}{listener}")

    def _check(self, whom: str, option: str, event: Event) -> None:
        """An event says how things stand and how they stood before; the record says it too, or is ahead of it."""
        before, status = self._stood.get(whom, (Status.PENDING, Status.PENDING))
        if option == "on_state":
            before, status = self._stood[whom] = status, event.status
        expected = option.removeprefix("on_"), before, status, True
        told = event.kind, event.previous, event.status, self._is_in_record(event)
        if told != expected:
            self.wrong.append((whom, told, expected))

    def _is_in_record(self, event: Event) -> bool:
        if event.task is not None and event.task not in event.run.tasks:
            return True  # a task that recovers is in no record, and one within only where the run within is kept
        if self.is_in_turn:
            record = event.run if event.task is None else event.run.tasks[event.task]
            return bool(record.status is event.status)
        return "/" in (event.task or "") or event.status in [
            change.status for change in event.run.history() if change.task == event.task
        ]

    @property
    def is_in_turn(self) -> bool:
        """Whether a task goes on only when its hooks were told: neither they nor it leave the event loop for it."""
        return self.kinds[Does] == "async def" and self.hook_kind == "def"

    def run_of(self, entry: str) -> str:
        """Return the name of the workflow in whose run something was told."""
        subject, _, *listener = entry.split()
        if subject in self.runs:  # a workflow: of one in another, that one is told too
            return subject if subject == "w" or not listener else "w"
        return self.watchers.get(subject, "w")

    def expand(self, told: str) -> list[str]:
        """Return a row's log with what the workflow is told right after its tasks, and the one around it, too."""
        found: list[str] = []
        at_the_end: list[str] = []
        for entry in told.split(", "):
            subject, what, *listener = entry.split()
            if listener == ["(w)"]:
                found += at_the_end
                at_the_end.clear()
            found.append(entry)
            if subject in self.watchers and (what == "on_retry" or what in list(Status)):
                found.append(f"{subject} {what} ({self.watchers[subject]})")
                if self.watchers[subject] != "w":  # what is cancelled is told at the end of each run
                    late = at_the_end if what == "cancelled" else found
                    late.append(f"{self.watchers[subject]}/{subject} {what} (w)")
        return found


def _taking(function: Callable[[], Any]) -> Callable[..., Any]:
    """Return a function that needs something, which it ignores."""

    async def work(given: Any) -> Any:
        return await function()

    def call(given: Any) -> Any:
        return function()

    return work if iscoroutinefunction(function) else call


class Style(NamedTuple):
    """How everything is defined, and called: the result or the run is wanted, on a running loop or without one."""

    kind: str
    hook_kind: str
    flow_kind: str
    way: str


STYLES = [
    Style("async def", "def", "async def", "call"),
    Style("def", "async def", "async def", "run"),
    Style("async def", "async def", "def", "plain call"),
    Style("def", "def", "def", "plain run"),
    Style("def", "async def", "def", "call"),
]


def build(case: Case, stage: Stage, backend: Backend) -> Workflow[Any, Any]:
    made: Workflow[Any, Any] = on(stage.make_workflow("w", case.flow), backend)
    instead: dict[str, Any] = {}
    for name, what in (case.override or {}).items():
        if isinstance(what, Does):
            instead[name] = stage.make_task("other", what, {}, "other")
        elif isinstance(what, Plays):
            instead[name] = stage.make_function(name, stage.kinds[Does], what.outcomes, told=False)
        else:
            instead[name] = what
    return made.override(instead) if instead else made


async def call_on_loop(made: Workflow[Any, Any], style: Style) -> Any:
    """Make the call; a plain one is made in a worker thread."""
    if style.way == "call":
        return await made.call()
    call = made.run if style.way.endswith("run") else made
    return await call() if style.flow_kind == "async def" else await to_thread.run_sync(call)


def make_call(case: Case, made: Workflow[Any, Any], style: Style, stage: Stage, backend: Backend) -> Any:
    if case.cancel_when is None and style.way.startswith("plain"):
        return made.run() if style.way == "plain run" else made()

    async def main() -> Any:
        with fail_after(60):
            if case.cancel_when is None:
                return await call_on_loop(made, style)
            async with create_task_group() as group:
                group.start_soon(call_on_loop, made, style)
                await stage.wait_until(case.cancel_when)
                group.cancel_scope.cancel()
        return None

    return anyio.run(main, backend=backend[0], backend_options=backend[1])
