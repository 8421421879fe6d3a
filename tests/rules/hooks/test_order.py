"""In which order statuses are taken on and hooks are called."""

from contextlib import nullcontext

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Event, Run, workflow
from tests.conftest import Backend
from tests.support.hook_order_cases import CASES, Case
from tests.support.hook_order_stage import STYLES, Stage, Style, build, make_call
from tests.support.naming import on


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
