"""Progress comes to an end, and nothing steers the terminal but itself."""

import io
from threading import Event as Signal
from typing import Any

import pytest
from rich.console import Console

from flowdeco import Event, progress, task, workflow
from flowdeco._progress.track import Track
from flowdeco.progress import Progress
from tests.support.naming import mention
from tests.support.progress import Clock, cursor_is_back, emulate, look, make_console, show

pytestmark = pytest.mark.usefixtures("clock")


class Odd(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("one\ntwo\tthree"), "ValueError: one two three"),
        (ValueError("\x1b[31mred \x07"), "ValueError: \\x1b[31mred \\x07"),
        (ValueError("\udc80"), "ValueError: \\xdc80"),
        (ValueError("[red]" + "x" * 500), "ValueError: [red]" + "x" * (199 - 17) + "…"),
        (ValueError(), "ValueError"),
        (Odd(), "Odd: ?"),
    ],
)
@pytest.mark.parametrize("in_terminal", [True, False])
def test_errors_are_told_on_one_line_without_what_steers_a_terminal(
    error: Exception, said: str, in_terminal: bool
) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=in_terminal, width=300, height=20, color_system=None)

    @task
    async def page() -> str:
        raise error

    @workflow(on_state=Progress(console=console))
    async def summary(page: str) -> str:
        return page

    mention(page)
    with pytest.raises(type(error)):
        summary.call_sync()
    assert f"summary: page failed (1 of 1): {said}" in emulate(file.getvalue())


def keep_first_event() -> tuple[Any, Event]:
    """Return a run that has ended, and the event of its beginning."""
    events: list[Event] = []

    @workflow(on_state=events.append)
    def nothing() -> None: ...

    run = nothing.run()
    return run, events[0]._replace(status=run.status.RUNNING)


def test_a_run_that_was_broken_off_and_cannot_tell_its_end_is_dropped_after_a_while(clock: Clock) -> None:
    console = make_console()
    run, event = keep_first_event()
    Progress(console=console)(event)
    assert look(console) == ["nothing = 0 of 0  0.0 s"]
    clock.now += 60
    look(console)
    assert progress._screens == {}
    assert show(console) == []
    assert cursor_is_back(console)
    mention(run)


def test_the_view_is_drawn_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    console = make_console()
    drawn = Signal()

    def draw(*_: object) -> None:
        drawn.set()

    def is_gone(*_: object) -> bool:
        return False

    monkeypatch.setattr(progress._View, "draw", draw)
    run, event = keep_first_event()
    watch = Progress(console=console)
    monkeypatch.setattr(Track, "is_gone", is_gone)
    watch(event)
    assert drawn.wait(60)
    watch.close()
    mention(run)


def test_close_takes_the_view_away() -> None:
    console = make_console()
    run, event = keep_first_event()
    watch = Progress(console=console)
    watch.close()  # nothing is there yet
    watch(event)
    look(console)
    watch.close()
    watch.close()
    assert show(console) == []
    assert cursor_is_back(console)
    mention(run)
