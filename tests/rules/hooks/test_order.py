"""In which order statuses are taken on and hooks are called."""

from contextlib import nullcontext
from typing import Any, TypeAlias

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Event, Run, Status, TaskRecord, workflow
from tests.conftest import Backend
from tests.support.clock import Clock, given_time
from tests.support.hook_order_cases import CASES, Case
from tests.support.hook_order_stage import STYLES, Stage, Style, build, make_call
from tests.support.naming import on

Change: TypeAlias = tuple[str | None, Status]


@pytest.mark.parametrize(
    ("case", "style"),
    [
        pytest.param(case, style, id=f"{case.name} - {', '.join(style)}")
        for case in CASES
        for style in STYLES
        if case.plain or not style.way.startswith("plain")
    ],
)
@given_time
def test_statuses_and_hooks_follow_each_other(clock: Clock, case: Case, style: Style, backend: Backend) -> None:
    stage = Stage(*style[:3], clock)
    made = build(case, stage, backend)
    error: BaseException | None = None
    try:
        answer = make_call(case, made, style, stage, backend)
    except Exception as caught:
        error = caught
    else:
        if isinstance(answer, Run):
            error = answer._failure
    finally:
        stage.released.set()
    if case.before is None or stage.was_told(case.before):
        clock.reach()
    assert isinstance(error, case.raises) if case.raises else error is None, error
    assert stage.wrong == []
    for name, run in stage.runs.items():
        assert leave_out_never_begun(run, stage.told[name]) == leave_out_never_begun(run, list_changes(run))
    told = stage.expand(case.told)
    if stage.is_in_turn:
        assert (stage.log[0], stage.log[-1]) == (told[0], told[-1])
        assert sort_by_subject(stage.log) == sort_by_subject(told)
        assert case.together or stage.log == told
    else:
        assert sorted(stage.log) == sorted(told)
        assert find_swapped(stage, told, together=case.together) == []


def list_changes(run: Run[Any]) -> list[Change]:
    return [(change.task, change.status) for change in run.history()]


def leave_out_never_begun(run: Run[Any], changes: list[Change]) -> list[Change]:
    """Return the changes without those of tasks that were cancelled before they began: these end with the run."""
    return [change for change in changes if change[0] is None or has_begun(run.tasks[change[0]])]


def has_begun(record: TaskRecord) -> bool:
    return record.started is not None or record.status is not Status.CANCELLED


def sort_by_subject(log: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in log:
        found.setdefault(entry.split()[0], []).append(entry)
    return found


def find_swapped(stage: Stage, told: list[str], *, together: bool) -> list[tuple[str, str]]:
    """Return what must follow each other and does not: an entry of the log, and the one that has to be before it.

    Hooks that observe are told late perhaps, but in the order of the record, and of all of a run before its end.
    """
    places: dict[str, list[int]] = {}
    for place, entry in enumerate(stage.log):
        places.setdefault(entry, []).append(place)
    turns = [(entry, places[entry].pop(0)) for entry in told]  # equal entries in the order of the log
    return [
        (later, earlier)
        for number, (later, place) in enumerate(turns)
        for earlier, place_before in turns[:number]
        if place < place_before and must_follow(stage, later, earlier, together=together)
    ]


def must_follow(stage: Stage, later: str, earlier: str, *, together: bool) -> bool:
    """Whether one entry comes after the other whenever things happen in that order."""
    if together and later.split()[0] != earlier.split()[0]:
        return False
    if not is_observed(earlier):  # nobody goes on before it is over
        return True
    if later.startswith("inner/") and stage.run_of(earlier) == "inner":
        return False  # who looks on around hears of it at his own pace
    return is_observed(later) and stage.run_of(earlier) in (stage.run_of(later), "inner")


def is_observed(entry: str) -> bool:
    """Whether it is what a hook was told that holds nobody up."""
    return entry.split()[1] not in ("on_start", "body", "recover")


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
