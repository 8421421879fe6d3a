"""A task plays scripts of failures as written."""

from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Run, Workflow
from flowdeco._runner import lifecycle
from tests.model.retry_scripts import SCRIPTS, Script
from tests.support.retries import alone, make
from tests.support.retry import differs


class Stage:
    """Plays a script on a clock that only the script moves."""

    def __init__(self, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = 0.0
        self.waits: list[float] = []
        self.raised: list[BaseException] = []
        self._outcomes = iter(script.outcomes)
        monkeypatch.setattr(lifecycle, "sleep", self.sleep)
        monkeypatch.setattr(lifecycle, "current_time", lambda: self.clock)

    async def sleep(self, delay: float) -> None:
        self.waits.append(delay)
        self.clock += delay
        await checkpoint()

    def page(self) -> str:
        outcome = next(self._outcomes)
        self.clock += outcome.seconds
        try:
            return outcome.get()
        except BaseException as error:
            self.raised.append(error)
            raise


async def run_to_end(w: Workflow[Any, Any]) -> Run[Any]:
    """Return the run, also where what it ends with is no `Exception` and is raised."""
    try:
        run: Run[Any] = await w.run()
    except BaseException as error:
        return Run.of(error)
    return run


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.id for script in SCRIPTS])
async def test_a_task_plays_a_script_of_failures_as_written(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    for way in ("async", "def", "def with a hook", "loop"):
        await check_script(script, way, monkeypatch)


async def check_script(script: Script, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(script, monkeypatch)
    run = await run_to_end(alone(make(way, stage.page, retries=script.retries)))
    final = run.result if run.error is None else run.error
    record = run.tasks["page"]
    made = len(script.waits) + 1
    assert record.attempts == made
    assert [pair for pair in zip(stage.waits, script.waits, strict=True) if differs(*pair)] == []
    assert (type(final), str(final)) == (type(script.final), str(script.final))
    assert record.error is run.error
    wanted: list[tuple[Any, ...]] = [("page", number, error) for number, error in enumerate(stage.raised, 1)]
    if not script.own:
        wanted.append(("page", made, final))
    elif run.error is not None:
        assert final is stage.raised[-1]
    assert [failure[:3] for failure in run.errors] == wanted
    if run.error is not None:
        attempt = f", attempt {made}" if made > 1 else ""
        assert run.error.__notes__ == [f"Raised by task 'page' of workflow 'w'{attempt}."]
