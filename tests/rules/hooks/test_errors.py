"""What becomes of a task and a run when a hook raises."""

import logging
import traceback
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

import flowdeco
from flowdeco import Event, HookError, Retry, Run, Status, Workflow, task, workflow
from tests.support.hook_errors import ROWS, HookFailed, Row, both_kinds, each_row, give, notes_of
from tests.support.hooks import HOOKS

OWN = str(Path(flowdeco.__file__).parent)


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
