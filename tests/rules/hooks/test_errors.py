"""What becomes of a task and a run when a hook raises, waits while it is cancelled, or is interrupted."""

import logging
import traceback
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple, cast

import anyio
import pytest
from anyio import CancelScope, create_task_group, fail_after, sleep_forever
from anyio.lowlevel import checkpoint

import flowdeco
from flowdeco import Event, HookError, Outcome, Retry, Run, Skip, Status, Workflow, task, workflow
from tests.conftest import Backend
from tests.support.naming import on

HOOKS = ("on_state", "on_start", "on_success", "on_retry", "on_error")
NONE: dict[str, Any] = {}
OWN = str(Path(flowdeco.__file__).parent)

both_kinds = pytest.mark.parametrize("kind", ["def", "async def"])


class HookFailed(Exception):
    """What a hook raises here."""


class Row(NamedTuple):
    """What goes wrong, and what comes of it under `hook_errors="raise"`.

    Attributes:
        owner: whose hook raises, that of the task `page` or of the workflow `w`.
        option: which one.
        about: what it is told then, `page running`; of what is told it else, it takes no notice.
        does: what the attempts of `page` return or raise, of which it may make two.
        told: what the hooks of both are told that are listed after it, each of what it is attached to.
        error: what the run fails with; `None` if it does not.
        notes: what the error says besides.
        recovers: whether there is a `recover=`.
        body: what the workflow's own function raises.
    """

    owner: str
    option: str
    about: str
    does: tuple[Any, ...]
    told: str
    error: type[Exception] | None = HookFailed
    notes: tuple[str, ...] = ()
    recovers: bool = False
    body: type[Exception] | None = None


GOOD, RETRIED, BAD, SKIPPED = ("result",), (ValueError, "result"), (ValueError, KeyError), (Skip,)
BEGUN = "w running, w on_start"
LOST = "w failed, w on_error"
BY = "Raised by a hook ({}) of task 'page' of workflow 'w'."
BY_W = "Raised by a hook ({}) of workflow 'w'."
ALSO = "Also failed: a hook ({}) of task 'page' of workflow 'w' with HookFailed()."
ALSO_W = "Also failed: a hook ({}) of workflow 'w' with HookFailed()."
FIRST = "Raised by task 'page' of workflow 'w'."
SECOND = "Raised by task 'page' of workflow 'w', attempt 2."
BODY = "Raised by workflow 'w'."

ROWS = [
    # A task's own hooks
    Row(
        *("page", "on_state", "page running", GOOD),
        f"{BEGUN}, page running, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("page", "on_state", "page running", GOOD),
        f"{BEGUN}, page running, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
        recovers=True,
    ),
    Row(
        *("page", "on_state", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page failed, page on_error, {LOST}",
        *(ValueError, (FIRST, ALSO.format("on_state"))),
    ),
    Row(
        *("page", "on_retry", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page failed, page on_error, {LOST}",
        *(ValueError, (FIRST, ALSO.format("on_retry"))),
    ),
    Row(
        *("page", "on_retry", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page completed, page on_success, "
        "w completed, w on_success",
        None,
        recovers=True,
    ),
    Row(
        *("page", "on_state", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("page", "on_success", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, page failed, page on_error, {LOST}",
        notes=(BY.format("on_success"),),
    ),
    Row(
        *("page", "on_success", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, page failed, page on_error, {LOST}",
        notes=(BY.format("on_success"),),
        recovers=True,
    ),
    Row(
        *("page", "on_state", "page failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO.format("on_state"))),
    ),
    Row(
        *("page", "on_error", "page failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO.format("on_error"))),
    ),
    Row(
        *("page", "on_state", "page skipped", SKIPPED),
        f"{BEGUN}, page running, page on_start, page skipped, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    # A workflow's hooks, told of a task
    Row(
        *("w", "on_state", "page running", GOOD),
        f"{BEGUN}, page running, page cancelled, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("w", "on_state", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page cancelled, {LOST}",
        notes=(BY.format("on_state"),),
        recovers=True,
    ),
    Row(
        *("w", "on_retry", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page cancelled, {LOST}",
        notes=(BY.format("on_retry"),),
    ),
    Row(
        *("w", "on_state", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("w", "on_state", "page failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO.format("on_state"))),
    ),
    Row(
        *("w", "on_state", "page skipped", SKIPPED),
        f"{BEGUN}, page running, page on_start, page skipped, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    # A workflow's hooks, told of itself
    Row("w", "on_state", "w running", GOOD, f"w running, page cancelled, {LOST}", notes=(BY_W.format("on_state"),)),
    Row(
        *("w", "on_state", "w completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, w completed, w on_success, {LOST}",
        notes=(BY_W.format("on_state"),),
    ),
    Row(
        *("w", "on_success", "w completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, w completed, w on_success, {LOST}",
        notes=(BY_W.format("on_success"),),
    ),
    Row(
        *("w", "on_state", "w failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO_W.format("on_state"))),
    ),
    Row(
        *("w", "on_error", "w failed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, {LOST}",
        *(TypeError, (BODY, ALSO_W.format("on_error"))),
        body=TypeError,
    ),
    Row(
        *("w", "on_state", "w skipped", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, w skipped, {LOST}",
        notes=(BY_W.format("on_state"),),
        body=Skip,
    ),
]

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.owner} {row.option} {row.about} {row.recovers}")


class Scene:
    """The workflow of one row, its hooks, and what they are told.

    Args:
        row: what goes wrong.
        kind: how hooks are defined.
        policy: what `hook_errors=` says.
        fails: whether the hook raises at all.
    """

    def __init__(self, row: Row, kind: str, policy: Any, *, fails: bool = True) -> None:
        self.row = row
        self.kind = kind
        self.told: list[str] = []
        self.stood: dict[str, tuple[Status, Status]] = dict.fromkeys(("page", "w"), (Status.PENDING, Status.PENDING))
        self.agrees = True  # each event with the one before
        self.hook = self._hook_like(self._fail) if fails else None
        left = iter(row.does)

        async def page() -> Any:
            return give(next(left))

        async def body() -> Any:
            return give(row.body or "done")

        recover = (lambda: "recovered") if row.recovers else None
        step = task(page, retries=Retry(1, delay=0), recover=recover, **self._make_hooks("page"))
        self.workflow: Workflow[Any, Any] = workflow(
            body, name="w", after=step, hook_errors=policy, **self._make_hooks("w")
        )

    def _make_hooks(self, owner: str) -> dict[str, Any]:
        hooks: dict[str, Any] = {}
        for option in HOOKS:
            hooks[option] = [self._hook_like(self._note(owner, option))]
            if (owner, option) == (self.row.owner, self.row.option) and self.hook is not None:
                hooks[option].insert(0, self.hook)
        return hooks

    def _hook_like(self, function: Callable[[Event], None]) -> Callable[..., Any]:
        async def waiting(event: Event, /) -> None:
            await checkpoint()
            function(event)

        def plain(event: Event, /) -> None:
            function(event)

        return plain if self.kind == "def" else waiting

    def _fail(self, event: Event) -> None:
        if f"{event.task or event.workflow} {event.status}" == self.row.about:
            raise HookFailed

    def _note(self, owner: str, option: str) -> Callable[[Event], None]:
        def note(event: Event) -> None:
            if (event.task or event.workflow) == owner:
                if option == "on_state":
                    self.stood[owner] = self.stood[owner][1], event.status
                self.agrees &= (event.previous, event.status) == self.stood[owner]
                self.told.append(f"{owner} {event.status if option == 'on_state' else option}")

        return note


def give(outcome: Any) -> Any:
    if isinstance(outcome, type):
        raise outcome()
    return outcome


@each_row
@both_kinds
async def test_a_hook_that_raises_changes_nothing_but_is_kept_and_logged(
    row: Row, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "flowdeco")
    expected = Scene(row, kind, "log", fails=False)
    good = await expected.workflow.run()
    caplog.clear()
    scene = Scene(row, kind, "log")
    run = await scene.workflow.run()
    assert scene.told == expected.told
    assert (run.status, run.result, type(run.error)) == (good.status, good.result, type(good.error))
    assert run.tasks["page"].status is good.tasks["page"].status
    assert notes_of(run.error) == notes_of(good.error)
    assert [(f.task, f.attempt, type(f.error)) for f in run.errors] == [
        (f.task, f.attempt, type(f.error)) for f in good.errors
    ]
    record = caplog.records[0]
    whose = "workflow 'w'" if row.about.startswith("w ") else "task 'page' of workflow 'w'"
    name = "plain" if kind == "def" else "waiting"
    assert record.getMessage() == f"Hook '{name}' ({row.option}) of {whose} failed: HookFailed()"
    assert (record.levelno, record.name) == (logging.ERROR, "flowdeco")
    assert record.exc_info is not None
    assert record.exc_info[1] is error_of_hook(run, scene).error


def error_of_hook(run: Run[Any], scene: Scene) -> HookError:
    (told,) = run.hook_errors
    assert isinstance(told, HookError)
    assert isinstance(told.error, HookFailed)
    assert (told.hook, told.function) == (scene.row.option, scene.hook)
    assert told.task == (None if scene.row.about.startswith("w ") else "page")
    assert told.time.tzinfo is UTC
    return told


def members_of(error: BaseException | None) -> list[Exception]:
    assert isinstance(error, ExceptionGroup)
    return list(cast("ExceptionGroup[Exception]", error).exceptions)


def notes_of(error: BaseException | None) -> tuple[str, ...]:
    return tuple(getattr(error, "__notes__", ()))


@each_row
@both_kinds
async def test_a_hook_that_raises_fails_what_it_is_attached_to_under_hook_errors_raise(row: Row, kind: str) -> None:
    scene = Scene(row, kind, "raise")
    run = await scene.workflow.run()
    assert scene.told == row.told.split(", ")
    assert scene.agrees
    stands = {told.split()[0]: told.split()[1] for told in scene.told if told.split()[1] in list(Status)}
    assert run.status == stands["w"]
    assert run.tasks["page"].status == stands["page"]
    told = error_of_hook(run, scene)
    if row.error is None:
        assert run.error is None
        return
    assert type(run.error) is row.error
    assert run.result is None
    assert notes_of(run.error) == row.notes
    assert run.error in [failure.error for failure in run.errors]
    if row.error is HookFailed:
        assert run.error is told.error
        assert run.tasks["page"].error in (None, told.error)
    with pytest.raises(row.error) as caught:
        await Scene(row, kind, "raise").workflow.call()
    assert notes_of(caught.value) == row.notes


@pytest.mark.parametrize("policy", ["log", "raise"])
@both_kinds
async def test_a_hook_s_error_shows_the_user_s_frames_and_not_ours(kind: str, policy: Any) -> None:
    scene = Scene(ROWS[6], kind, policy)
    run = await scene.workflow.run()
    frames = traceback.extract_tb(error_of_hook(run, scene).error.__traceback__)
    assert frames[-1].name == "_fail"
    assert [frame.name for frame in frames if frame.filename.startswith(OWN)] == []


@pytest.mark.parametrize("policy", ["log", "raise"])
@pytest.mark.parametrize("owner", ["task", "workflow"])
@both_kinds
async def test_what_on_start_raises_is_no_hook_error_but_a_veto_and_keeps_the_next_from_being_asked(
    kind: str, owner: str, policy: Any
) -> None:
    told: list[str] = []

    def fail() -> None:
        raise HookFailed

    async def fail_later() -> None:
        await checkpoint()
        raise HookFailed

    options: dict[str, Any] = {
        "on_start": [fail if kind == "def" else fail_later, lambda: told.append("asked")],
        "on_error": lambda: told.append("error"),
    }

    async def work() -> None:
        told.append("attempt")

    of_task, of_workflow = (options, NONE) if owner == "task" else (NONE, options)
    page = task(work, name="page", **of_task)

    @workflow(after=page, hook_errors=policy, **of_workflow)
    async def w() -> None: ...

    run = await w.run()
    assert type(run.error) is HookFailed
    assert run.hook_errors == []
    assert told == ["error"]
    assert [(f.task, f.attempt) for f in run.errors] == [("page", 0) if owner == "task" else (None, 1)]
    assert notes_of(run.error) == (FIRST if owner == "task" else BODY,)


async def test_of_several_hooks_of_a_workflow_that_raise_the_first_error_counts_and_all_are_kept() -> None:
    errors = {Status.COMPLETED: HookFailed("1"), Status.FAILED: HookFailed("3")}

    def fail(status: Status) -> None:
        if status in errors:
            raise errors[status]

    def fail_too() -> None:
        raise HookFailed("2")

    @workflow(on_state=fail, on_success=fail_too, hook_errors="raise")
    async def w() -> None: ...

    run = await w.run()
    assert run.error is errors[Status.COMPLETED]
    assert [str(told.error) for told in run.hook_errors] == ["1", "2", "3"]
    assert notes_of(run.error) == (
        BY_W.format("on_state"),
        "Also failed: a hook (on_success) of workflow 'w' with HookFailed('2').",
        "Also failed: a hook (on_state) of workflow 'w' with HookFailed('3').",
    )


async def test_of_several_hooks_that_raise_the_first_error_counts_and_all_are_kept() -> None:
    errors = [HookFailed("1"), HookFailed("2"), HookFailed("3")]

    def raises(error: Exception) -> Callable[[], None]:
        def hook() -> None:
            raise error

        return hook

    @task(on_success=[raises(errors[0]), raises(errors[1])], on_error=raises(errors[2]))
    async def page() -> None: ...

    @workflow(hook_errors="raise")
    async def w(page: None) -> None: ...

    run = await w.run()
    assert run.error is errors[0]
    assert [told.error for told in run.hook_errors] == errors
    assert notes_of(run.error) == (
        BY.format("on_success"),
        "Also failed: a hook (on_success) of task 'page' of workflow 'w' with HookFailed('2').",
        "Also failed: a hook (on_error) of task 'page' of workflow 'w' with HookFailed('3').",
    )


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_that_raises_the_task_s_own_error_again_leaves_it_that_of_the_task(policy: Any) -> None:
    error = ValueError("no")

    def again(error: Exception) -> None:
        raise error

    @task(on_error=again)
    async def page() -> None:
        raise error

    @workflow(hook_errors=policy, on_error=again)
    async def w(page: None) -> None: ...

    run = await w.run()
    assert run.error is error
    assert [told.error for told in run.hook_errors] == [error, error]
    assert notes_of(error) == (FIRST,)


# What tasks around are told of


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_told_of_a_task_whose_dependency_was_skipped_fails_that_task(policy: Any) -> None:
    told: list[Any] = []

    def fail(status: Status) -> None:
        told.append(status)
        if status is Status.SKIPPED:
            raise HookFailed

    @task
    async def page() -> None:
        raise Skip("closed")

    @task(on_state=fail, on_error=lambda: told.append("on_error"))
    async def words(page: None) -> None: ...

    @workflow(after=words, hook_errors=policy)
    async def w() -> str:
        return "done"

    run = await w.run()
    (hook_error,) = run.hook_errors
    if policy == "log":
        assert (run.status, run.result, told) == (Status.COMPLETED, "done", [Status.SKIPPED])
        assert run.tasks["words"].status is Status.SKIPPED
    else:
        assert run.error is hook_error.error
        assert told == [Status.SKIPPED, Status.FAILED, "on_error"]
        assert (run.tasks["words"].status, run.tasks["words"].error) == (Status.FAILED, hook_error.error)
        assert notes_of(run.error) == ("Raised by a hook (on_state) of task 'words' of workflow 'w'.",)


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_told_of_what_failed_further_up_leaves_the_first_error_first(policy: Any) -> None:
    def fail(status: Status) -> None:
        raise HookFailed

    @task
    async def page() -> None:
        raise ValueError("no")

    @task(on_state=fail)
    async def words(page: None) -> None: ...

    @workflow(after=words, keep_going=True, hook_errors=policy)
    async def w() -> None: ...

    run = await w.run()
    assert [str(error) for error in members_of(run.error)] == ["no"]
    assert run.tasks["words"].status is Status.UPSTREAM_FAILED
    assert run.tasks["words"].error is run.tasks["page"].error
    also = "Also failed: a hook (on_state) of task 'words' of workflow 'w' with HookFailed()."
    assert notes_of(run.error) == ("Raised by workflow 'w'.", *([also] if policy == "raise" else []))


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_that_fails_when_a_task_is_cancelled_leaves_the_first_error_first(policy: Any) -> None:
    waits = anyio.Event()

    def fail(status: Status) -> None:
        if status is Status.CANCELLED:
            raise HookFailed

    @task(on_state=fail)
    async def page() -> None:
        waits.set()
        await sleep_forever()

    @task
    async def bad() -> None:
        await waits.wait()
        raise ValueError("no")

    @workflow(after=[page, bad], hook_errors=policy)
    async def w() -> None: ...

    run = await w.run()
    assert isinstance(run.error, ValueError)
    assert run.tasks["page"].status is Status.CANCELLED
    first = "Raised by task 'bad' of workflow 'w'."
    assert notes_of(run.error) == ((first, ALSO.format("on_state")) if policy == "raise" else (first,))
    assert [(told.hook, told.task) for told in run.hook_errors] == [("on_state", "page")]


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_that_fails_as_a_task_never_began_leaves_the_first_error_first(policy: Any) -> None:
    def fail() -> None:
        raise HookFailed

    @task
    async def bad() -> None:
        raise ValueError("no")

    @task(on_state=fail)
    async def page(bad: None) -> None: ...

    @workflow(after=page, hook_errors=policy)
    async def w() -> None: ...

    run = await w.run()
    assert isinstance(run.error, ValueError)
    assert run.tasks["page"].status is Status.CANCELLED
    assert [(told.hook, told.task) for told in run.hook_errors] == [("on_state", "page")]


async def test_a_task_that_its_hook_fails_is_settled_like_any_other() -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def page() -> str:
        return "<html>"

    @workflow(settled="page", hook_errors="raise")
    async def w(page: Outcome[str]) -> Outcome[str]:
        return page

    run = await w.run()
    assert run.status is Status.COMPLETED
    assert run.result is not None
    assert (run.result.status, type(run.result.error), run.result.value) == (Status.FAILED, HookFailed, None)


async def test_a_task_that_its_hook_fails_is_in_the_group_under_keep_going() -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def page() -> None: ...

    @task
    async def other() -> None:
        raise ValueError("no")

    @workflow(after=[page, other], keep_going=True, hook_errors="raise")
    async def w() -> None: ...

    run = await w.run()
    assert sorted(type(error).__name__ for error in members_of(run.error)) == ["HookFailed", "ValueError"]
    notes = {type(error): notes_of(error) for error in members_of(run.error)}
    assert notes[HookFailed] == (BY.format("on_success"),)
    assert notes_of(run.error) == ("Raised by workflow 'w'.",)


@pytest.mark.parametrize("tolerated", ["settled", "keep_going"])
@pytest.mark.parametrize("about", [Status.RUNNING, Status.FAILED])
async def test_a_workflow_s_hook_fails_the_run_whatever_a_task_is_allowed(tolerated: str, about: Status) -> None:
    def fail(task: str | None, status: Status) -> None:
        if task is not None and status is about:
            raise HookFailed

    @task
    async def page() -> None:
        raise ValueError("no")

    options: dict[str, Any] = {"settled": "page"} if tolerated == "settled" else {"keep_going": True}

    @workflow(on_state=fail, hook_errors="raise", **options)
    async def w(page: Any) -> None: ...

    run = await w.run()
    assert isinstance(run.error, HookFailed)
    assert run.tasks["page"].status is (Status.CANCELLED if about is Status.RUNNING else Status.FAILED)
    also = "Also failed: task 'page' with ValueError('no')."
    assert notes_of(run.error) == (BY.format("on_state"), *([also] if about is Status.FAILED else []))


@pytest.mark.parametrize("inner_policy", ["log", "raise"])
@pytest.mark.parametrize("outer_policy", ["log", "raise"])
async def test_hook_errors_of_a_workflow_that_runs_in_another_are_its_own_affair(
    inner_policy: Any, outer_policy: Any
) -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def page() -> str:
        return "<html>"

    @workflow(hook_errors=inner_policy)
    async def inner(page: str) -> str:
        return page

    @workflow(hook_errors=outer_policy)
    async def w(inner: str) -> str:
        return inner

    run = await w.run()
    assert run.hook_errors == []
    if inner_policy == "log":
        assert run.result == "<html>"
    else:
        assert isinstance(run.error, HookFailed)
        assert notes_of(run.error) == (
            "Raised by a hook (on_success) of task 'page' of workflow 'inner'.",
            "Raised by task 'inner' of workflow 'w'.",
        )


@pytest.mark.parametrize("policy", ["log", "raise"])
async def test_a_hook_of_a_task_that_recovers_another_fails_the_recovery(policy: Any) -> None:
    def fail() -> None:
        raise HookFailed

    @task(on_success=fail)
    async def spare() -> str:
        return "spare"

    @task(recover=spare)
    async def page() -> str:
        raise ValueError("no")

    @workflow(hook_errors=policy)
    async def w(page: str) -> str:
        return page

    run = await w.run()
    assert [(told.hook, told.task) for told in run.hook_errors] == [("on_success", "spare")]
    if policy == "log":
        assert run.result == "spare"
    else:
        error = run.hook_errors[0].error
        assert run.error is error
        assert isinstance(error.__context__, ValueError)


# Hooks and cancellation


@pytest.mark.parametrize("owner", ["task", "workflow"])
async def test_hooks_told_of_a_cancellation_may_await(owner: str) -> None:
    waits = anyio.Event()
    told: list[str] = []

    async def say_good_bye(status: Status) -> None:
        if status is Status.CANCELLED:
            for _ in range(3):
                await checkpoint()
            told.append("good-bye")

    @task(on_state=say_good_bye if owner == "task" else None)
    async def page() -> None:
        waits.set()
        await sleep_forever()

    @workflow(on_state=say_good_bye if owner == "workflow" else None)
    async def w(page: None) -> None: ...

    with fail_after(30):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await waits.wait()
            group.cancel_scope.cancel()
    assert told == (["good-bye"] if owner == "task" else ["good-bye"] * 2)  # of page, and of w


@pytest.mark.parametrize("owner", ["task", "workflow", "never began"])
async def test_hooks_told_of_a_cancellation_may_not_await_for_ever(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdeco._runner.lifecycle.GRACE", 0.01)
    monkeypatch.setattr("flowdeco._scheduler.run_hooks.GRACE", 0.01)
    waits = anyio.Event()
    told: list[str] = []

    async def hang(status: Status) -> None:
        if status is Status.CANCELLED:
            try:
                await sleep_forever()
            finally:
                told.append("cut off")

    @task(on_state=hang if owner == "task" else None)
    async def page() -> None:
        waits.set()
        await sleep_forever()

    @task(on_state=hang if owner == "never began" else None)
    async def words(page: None) -> None: ...

    def hang_of_w(task: str | None, status: Status) -> Any:
        return hang(status) if task is None and owner == "workflow" else None

    @workflow(on_state=hang_of_w)
    async def w(words: None) -> None: ...

    with fail_after(30):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await waits.wait()
            group.cancel_scope.cancel()
    assert told == ["cut off"]


@pytest.mark.parametrize("owner", ["task", "workflow"])
async def test_a_hook_that_awaits_something_when_the_caller_is_cancelled_is_cancelled(owner: str) -> None:
    waits = anyio.Event()
    told: list[str] = []

    async def hang() -> None:
        waits.set()
        try:
            await sleep_forever()
        finally:
            told.append("cancelled")

    @task(on_success=hang if owner == "task" else None)
    async def page() -> None: ...

    @workflow(on_success=hang if owner == "workflow" else None)
    async def w(page: None) -> None: ...

    with fail_after(30), CancelScope() as scope:
        async with create_task_group() as group:
            group.start_soon(w.call)
            await waits.wait()
            scope.cancel()
    assert scope.cancelled_caught
    assert told == ["cancelled"]


# What must pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("owner", ["task", "workflow"])
@pytest.mark.parametrize("option", HOOKS)
@both_kinds
def test_an_interrupt_in_a_hook_passes_bare(
    error: type[BaseException], kind: str, option: str, owner: str, together: bool, backend: Backend
) -> None:
    def interrupt() -> None:
        raise error

    async def interrupt_later() -> None:
        await checkpoint()
        raise error

    outcomes = iter([ValueError, ValueError if option == "on_error" else "result"])
    options: dict[str, Any] = {option: interrupt if kind == "def" else interrupt_later}

    async def work() -> Any:
        return give(next(outcomes))

    async def wait() -> None:
        await sleep_forever()

    of_task, of_workflow = (options, NONE) if owner == "task" else (NONE, options)
    page = task(work, name="page", retries=Retry(1, delay=0), **of_task)
    others = [task(wait)] if together and (owner == "task" or option not in ("on_success", "on_error")) else []

    @workflow(after=[page, *others], **of_workflow)
    def w() -> None: ...

    with pytest.raises(error):
        on(w, backend)()
