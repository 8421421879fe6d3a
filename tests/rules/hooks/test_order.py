"""In which order statuses are taken on and hooks are called: a table, and what drives it."""

import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

import anyio
import pytest
from anyio import create_task_group, fail_after, from_thread, sleep_forever, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from flowdeco import Event, Limit, Retry, Run, Skip, Status, Workflow, WorkflowTimeoutError, task, workflow
from tests.conftest import Backend
from tests.support.naming import on

HOOKS = ("on_state", "on_start", "on_success", "on_retry", "on_error")
AGAIN = Retry(1, delay=0)
LATER = Retry(1, delay=60)
ONE = Limit(1)
# Long enough for an attempt to begin, and not worth waiting for.
SOON = 0.02
# Long enough for whatever goes before, on a machine that has other things to do.
LATE = 0.2


# What a row of the table is made of


class Wait:
    """What waits until it is cancelled."""


class Hang:
    """What takes longer than its timeout; a `def` takes no notice of that."""


class FailWhen(NamedTuple):
    """What fails when something is in the log, and nobody can do anything more."""

    told: str


class ByType(NamedTuple):
    """What recovers from each type of error."""

    ways: dict[type[Exception], Any]


class Does(NamedTuple):
    """A task: what its attempts return or raise, one after the other, and its options, which name other tasks."""

    outcomes: tuple[Any, ...]
    options: dict[str, Any]


class Plays(NamedTuple):
    """A plain function: what its calls return or raise."""

    outcomes: tuple[Any, ...]


class Flow(NamedTuple):
    """A workflow: its tasks, what its own function returns or raises, and its options, which name tasks."""

    steps: dict[str, Any]
    does: Any
    options: dict[str, Any]


class Case(NamedTuple):
    """One row.

    Attributes:
        name: what happens.
        flow: to what.
        told: who takes on which status or has which hook called, in turn. The workflow is told of each status and each
            retry of its tasks right after the task is: that is not written out.
        raises: what a call raises.
        cancel_when: what is in the log when the call is cancelled.
        together: whether several tasks run at a time, so that only the order for each of them is known.
        override: what stands in for which tasks.
        plain: whether a plain call comes to the same: of a workflow that is a `def`, it calls the function without a
            limit, and outside of the event loop.
    """

    name: str
    flow: Flow
    told: str
    raises: type[BaseException] | None = None
    cancel_when: str | None = None
    together: bool = False
    override: dict[str, Any] | None = None
    plain: bool = True


def does(*outcomes: Any, **options: Any) -> Does:
    return Does(outcomes or ("result",), options)


def flow(steps: dict[str, Any], does: Any = "result", **options: Any) -> Flow:
    return Flow(steps, does, options)


OK = "page running, page on_start, page completed, page on_success"
BEGUN = "w running, w on_start"
ENDED = "w body, w completed, w on_success"
BROKEN = "w failed, w on_error"

CASES = [
    Case("success", flow({"page": does()}), f"{BEGUN}, {OK}, {ENDED}"),
    Case(
        "a chain",
        flow({"page": does(), "words": does(needs="page")}),
        f"{BEGUN}, {OK}, words running, words on_start, words completed, words on_success, {ENDED}",
    ),
    # Retries
    Case(
        "a failed attempt, then a good one",
        flow({"page": does(ValueError, "result", retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page completed, page on_success, {ENDED}",
    ),
    Case(
        "no attempt is good",
        flow({"page": does(ValueError, KeyError, retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page failed, page on_error, {BROKEN}",
        KeyError,
    ),
    Case(
        "the only attempt fails",
        flow({"page": does(ValueError)}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    # Recovery
    Case(
        "a function recovers",
        flow({"page": does(ValueError, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "a function recovers when no attempt is good",
        flow({"page": does(ValueError, ValueError, retries=AGAIN, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "the function for the type of error recovers",
        flow({"page": does(ValueError, recover=ByType({KeyError: TypeError, ValueError: "cached"}))}),
        f"{BEGUN}, page running, page on_start, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "no function is for the type of error",
        flow({"page": does(ValueError, recover=ByType({KeyError: "cached"}))}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    Case(
        "a task recovers, with retries and hooks of its own, of which the workflow is not told",
        flow({"page": does(ValueError, recover=does(KeyError, "cached", retries=AGAIN))}),
        f"{BEGUN}, page running, page on_start, spare running, spare on_start, spare retrying, spare on_retry, "
        f"spare running, spare completed, spare on_success, page completed, page on_success, {ENDED}",
    ),
    Case(
        "a function cannot recover",
        flow({"page": does(ValueError, recover=KeyError)}),
        f"{BEGUN}, page running, page on_start, page recover, page failed, page on_error, {BROKEN}",
        KeyError,
    ),
    Case(
        "a task cannot recover",
        flow({"page": does(ValueError, recover=does(KeyError))}),
        f"{BEGUN}, page running, page on_start, spare running, spare on_start, spare failed, spare on_error, "
        f"page failed, page on_error, {BROKEN}",
        KeyError,
    ),
    Case(
        "a function skips instead of recovering",
        flow({"page": does(ValueError, recover=Skip)}),
        f"{BEGUN}, page running, page on_start, page recover, page skipped, {ENDED}",
    ),
    # Skips
    Case(
        "a task skips itself",
        flow({"page": does(Skip)}),
        f"{BEGUN}, page running, page on_start, page skipped, {ENDED}",
    ),
    Case(
        "an attempt after the first skips",
        flow({"page": does(ValueError, Skip, retries=AGAIN, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page skipped, {ENDED}",
    ),
    Case("when= says no", flow({"page": does(when=False)}), f"{BEGUN}, page skipped, {ENDED}"),
    Case("when= says yes", flow({"page": does(when=True)}), f"{BEGUN}, {OK}, {ENDED}"),
    Case(
        "when= fails",
        flow({"page": does(when=ValueError)}),
        f"{BEGUN}, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    Case(
        "when= fails, and a function recovers",
        flow({"page": does(when=ValueError, recover="cached")}),
        f"{BEGUN}, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "a dependency is skipped",
        flow({"page": does(Skip), "words": does(needs="page")}),
        f"{BEGUN}, page running, page on_start, page skipped, words skipped, {ENDED}",
    ),
    Case(
        "one that comes before is skipped",
        flow({"words": does(Skip), "page": does(after="words")}),
        f"{BEGUN}, words running, words on_start, words skipped, {OK}, {ENDED}",
    ),
    Case(
        "the workflow's own function needs what is skipped",
        flow({"page": does(Skip)}, needs="page"),
        f"{BEGUN}, page running, page on_start, page skipped, w skipped",
        Skip,
    ),
    Case("the workflow's own function skips", flow({"page": does()}, Skip), f"{BEGUN}, {OK}, w body, w skipped", Skip),
    # What fails further up
    Case(
        "a dependency fails under keep_going",
        flow({"page": does(ValueError), "words": does(needs="page")}, keep_going=True),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, words upstream_failed, {BROKEN}",
        ExceptionGroup,
    ),
    Case(
        "a dependency fails whose dependant is settled",
        flow({"page": does(ValueError), "words": does(needs="page")}, needs="words", settled="given"),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, words upstream_failed, {ENDED}",
    ),
    Case(
        "a settled task fails",
        flow({"page": does(ValueError)}, needs="page", settled="given"),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {ENDED}",
    ),
    # Timeouts
    Case(
        "an attempt takes too long",
        flow({"page": does(Hang, timeout=SOON)}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        TimeoutError,
    ),
    Case(
        "an attempt takes too long, and the next is good",
        flow({"page": does(Hang, "result", timeout=LATE, retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page completed, page on_success, {ENDED}",
    ),
    # Vetoes
    Case(
        "on_start= vetoes, and nothing is retried",
        flow({"page": does(veto=ValueError, retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    Case(
        "on_start= vetoes, and a function recovers",
        flow({"page": does(veto=ValueError, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "on_start= skips",
        flow({"page": does(veto=Skip, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page skipped, {ENDED}",
    ),
    # Cancellation
    Case(
        "a task is running when another fails",
        flow({"page": does(Wait), "bad": does(FailWhen("page waits"))}),
        f"{BEGUN}, page running, page on_start, page cancelled, bad running, bad on_start, bad failed, bad on_error, "
        f"{BROKEN}",
        ValueError,
        together=True,
    ),
    Case(
        "a task waits for its next attempt when another fails",
        flow({"page": does(ValueError, retries=LATER), "bad": does(FailWhen("page on_retry (w)"))}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page cancelled, "
        f"bad running, bad on_start, bad failed, bad on_error, {BROKEN}",
        ValueError,
        together=True,
    ),
    Case(
        "a task waits for its limit when another fails",
        flow({"page": does(Wait, limit=ONE), "words": does(limit=ONE), "bad": does(FailWhen("page waits"))}),
        f"{BEGUN}, page running, page on_start, page cancelled, words cancelled, "
        f"bad running, bad on_start, bad failed, bad on_error, {BROKEN}",
        ValueError,
        together=True,
    ),
    Case(
        "a task has not begun when another fails",
        flow({"bad": does(ValueError), "page": does(needs="bad")}),
        f"{BEGUN}, bad running, bad on_start, bad failed, bad on_error, page cancelled, {BROKEN}",
        ValueError,
    ),
    Case(
        "a task is running when the caller is cancelled",
        flow({"page": does(Wait), "words": does(needs="page")}),
        f"{BEGUN}, page running, page on_start, page cancelled, words cancelled, w cancelled",
        cancel_when="page waits",
    ),
    Case(
        "a task waits for its next attempt when the caller is cancelled",
        flow({"page": does(ValueError, retries=LATER)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page cancelled, w cancelled",
        cancel_when="page on_retry (w)",
    ),
    Case(
        "a task recovers when the caller is cancelled",
        flow({"page": does(ValueError, recover=does(Wait))}),
        f"{BEGUN}, page running, page on_start, spare running, spare on_start, spare cancelled, page cancelled, "
        "w cancelled",
        cancel_when="spare waits",
    ),
    # Overrides
    Case(
        "a value stands in, which has no hooks",
        flow({"page": does(), "words": does(needs="page")}),
        f"{BEGUN}, words running, words on_start, words completed, words on_success, {ENDED}",
        override={"page": "value"},
    ),
    Case(
        "a function stands in, and the hooks stay",
        flow({"page": does(retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page completed, page on_success, {ENDED}",
        override={"page": Plays((ValueError, "result"))},
    ),
    Case(
        "a task stands in, with its own hooks",
        flow({"page": does(retries=AGAIN)}),
        f"{BEGUN}, page running (other), page on_start (other), page completed (other), page on_success (other), "
        f"{ENDED}",
        override={"page": does()},
    ),
    # Workflows that run in others
    Case(
        "a workflow runs as a task",
        flow({"inner": flow({"page": does()}, name="inner")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, {OK}, "
        f"inner body, inner completed, inner on_success, inner completed (w), {ENDED}",
    ),
    Case(
        "a workflow that runs as a task fails",
        flow({"inner": flow({"page": does(ValueError)}, name="inner")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, page running, page on_start, page failed, "
        f"page on_error, inner failed, inner on_error, inner failed (w), {BROKEN}",
        ValueError,
    ),
    Case(
        "a workflow that runs as a task is skipped",
        flow({"inner": flow({"page": does(Skip)}, name="inner", needs="page")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, page running, page on_start, page skipped, "
        f"inner skipped, inner skipped (w), {ENDED}",
    ),
    Case(
        "a workflow that runs as a task is cancelled",
        flow({"inner": flow({"page": does(Wait)}, name="inner")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, page running, page on_start, page cancelled, "
        "inner cancelled, inner cancelled (w), w cancelled",
        cancel_when="page waits",
    ),
    Case(
        "a workflow that would run as a task never does",
        flow({"bad": does(ValueError), "inner": flow({"page": does()}, name="inner", input="bad")}),
        f"{BEGUN}, bad running, bad on_start, bad failed, bad on_error, inner cancelled (w), {BROKEN}",
        ValueError,
    ),
    # The workflow itself
    Case(
        "the workflow's own function fails",
        flow({"page": does()}, ValueError),
        f"{BEGUN}, {OK}, w body, {BROKEN}",
        ValueError,
    ),
    Case(
        "the workflow takes too long",
        flow({"page": does(Wait), "words": does(needs="page")}, timeout=LATE),
        f"{BEGUN}, page running, page on_start, page cancelled, words cancelled, {BROKEN}",
        WorkflowTimeoutError,
    ),
    Case(
        "the workflow's own function takes too long",
        flow({"page": does()}, Wait, timeout=LATE),
        f"{BEGUN}, {OK}, w body, {BROKEN}",
        WorkflowTimeoutError,
        plain=False,
    ),
    Case(
        "the workflow's on_start= vetoes",
        flow({"page": does(), "words": does(needs="page")}, veto=ValueError),
        f"{BEGUN}, page cancelled, words cancelled, {BROKEN}",
        ValueError,
    ),
    Case(
        "the workflow's on_start= skips", flow({"page": does()}, veto=Skip), f"{BEGUN}, page cancelled, w skipped", Skip
    ),
    Case(
        "the workflow's own function is cancelled",
        flow({"page": does()}, Wait),
        f"{BEGUN}, {OK}, w body, w cancelled",
        cancel_when="w waits",
        plain=False,
    ),
    Case("a workflow without tasks", flow({}), f"{BEGUN}, {ENDED}"),
]


# What drives it


class Stage:
    """Builds what a row is about, and keeps the log of who is told what.

    Args:
        kind: how the functions of tasks are defined.
        hook_kind: how hooks are.
        flow_kind: how the functions of workflows are.
    """

    def __init__(self, kind: str, hook_kind: str, flow_kind: str) -> None:
        self.kinds = {Does: kind, Flow: flow_kind}
        self.hook_kind = hook_kind
        self.log: list[str] = []
        self.wrong: list[Any] = []
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
                return self.released.wait(10)
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
        self.note(f"{subject} {event.status if option == 'on_state' else option}{listener}")

    def _check(self, whom: str, option: str, event: Event) -> None:
        """An event says how things stand, as the record does, and how they stood before."""
        before, status = self._stood.get(whom, (Status.PENDING, Status.PENDING))
        if option == "on_state":
            before, status = self._stood[whom] = status, event.status
        record = event.run if event.task is None else event.run.tasks.get(event.task, event)
        expected = option.removeprefix("on_"), before, status, status
        told = event.kind, event.previous, event.status, record.status
        if told != expected:
            self.wrong.append((whom, told, expected))

    def expand(self, told: str) -> list[str]:
        """Return a row's log with what the workflow is told right after its tasks."""
        found: list[str] = []
        for entry in told.split(", "):
            found.append(entry)
            subject, what, *_ = entry.split()
            if subject in self.watchers and (what == "on_retry" or what in list(Status)):
                found.append(f"{subject} {what} ({self.watchers[subject]})")
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
        with fail_after(30):
            if case.cancel_when is None:
                return await call_on_loop(made, style)
            async with create_task_group() as group:
                group.start_soon(call_on_loop, made, style)
                await stage.wait_until(case.cancel_when)
                group.cancel_scope.cancel()
        return None

    return anyio.run(main, backend=backend[0], backend_options=backend[1])


@pytest.mark.parametrize(
    ("case", "style"),
    [
        pytest.param(case, style, id=f"{case.name} - {', '.join(style)}")
        for case in CASES
        for style in STYLES
        if case.plain or not style.way.startswith("plain")
    ],
)
def test_statuses_and_hooks_follow_each_other(case: Case, style: Style, backend: Backend) -> None:
    stage = Stage(*style[:3])
    made = build(case, stage, backend)
    error: BaseException | None = None
    try:
        answer = make_call(case, made, style, stage, backend)
    except Exception as caught:
        error = caught
    else:
        if isinstance(answer, Run):
            error = answer._raised
    finally:
        stage.released.set()
    assert isinstance(error, case.raises) if case.raises else error is None, error
    assert stage.wrong == []
    told = stage.expand(case.told)
    assert (stage.log[0], stage.log[-1]) == (told[0], told[-1])
    assert sort_by_subject(stage.log) == sort_by_subject(told)
    if not case.together:
        assert stage.log == told


def sort_by_subject(log: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in log:
        found.setdefault(entry.split()[0], []).append(entry)
    return found


@pytest.mark.parametrize("fails", [False, True])
def test_a_plain_call_runs_a_def_after_the_loop_is_left_and_calls_hooks_on_a_loop_after_it(
    fails: bool, backend: Backend
) -> None:
    log: list[str] = []

    def note(what: str) -> None:
        try:
            anyio.get_current_task()
        except anyio.NoEventLoopError:
            log.append(f"{what} without a loop")
        else:
            log.append(f"{what} on a loop")

    async def note_later(event: Event) -> None:
        await checkpoint()
        note(event.kind)

    @workflow(on_start=note_later, on_success=note_later, on_error=note_later)
    def w() -> None:
        note("body")
        if fails:
            raise ValueError

    with pytest.raises(ValueError) if fails else nullcontext():
        on(w, backend)()
    assert log == ["start on a loop", "body without a loop", f"{'error' if fails else 'success'} on a loop"]
