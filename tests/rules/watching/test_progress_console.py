"""Where progress is shown."""

import io
import sys
from collections.abc import Callable

import pytest
from rich.errors import LiveError
from rich.live import Live

from flowdeco import progress, task, workflow
from flowdeco.progress import Progress
from tests.support.naming import mention
from tests.support.progress import emulate

pytestmark = pytest.mark.usefixtures("clock")


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run_in(file: io.StringIO | None, body: Callable[[], object]) -> None:
    @task
    async def page() -> None:
        body()

    @workflow(on_state=Progress(file=file))
    async def summary(page: None) -> None: ...

    mention(page)
    summary.call_sync()


LINES = [
    "summary: started, 1 task",
    "summary: page completed in 0.0 s (1 of 1)",
    "summary: completed in 0.0 s (1 completed)",
]


def test_a_terminal_without_rich_gets_lines_and_is_told_once_how_to_get_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    file = Terminal()
    run_in(file, lambda: None)
    run_in(file, lambda: None)
    assert file.getvalue().splitlines() == [
        "flowdeco: for a live view of what runs, pip install rich",
        *LINES,
        *LINES,
    ]


def test_a_terminal_with_rich_gets_a_view() -> None:
    file = Terminal()
    run_in(file, lambda: None)
    assert emulate(file.getvalue()) == LINES[-1:]


def test_a_terminal_that_can_do_nothing_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    file = Terminal()
    run_in(file, lambda: None)
    assert file.getvalue().splitlines() == LINES


def test_where_the_program_has_a_view_of_its_own_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: Live) -> None:
        raise LiveError("there is one already")

    monkeypatch.setattr(Live, "start", start)
    file = Terminal()
    run_in(file, lambda: None)
    assert file.getvalue().splitlines() == LINES


def test_by_default_it_is_on_what_is_stderr_then(capsys: pytest.CaptureFixture[str]) -> None:
    @workflow(on_state=Progress())
    def nothing() -> None: ...

    nothing()
    assert capsys.readouterr() == ("", "nothing: started, 0 tasks\nnothing: completed in 0.0 s\n")


def test_without_a_stderr_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    @workflow(on_state=Progress())
    def nothing() -> None: ...

    monkeypatch.setattr(sys, "stderr", None)
    assert nothing.run().hook_errors == []


def test_what_the_program_prints_to_a_pipe_stays_there_while_there_is_a_view(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    monkeypatch.setattr(sys, "stdout", pipe)
    monkeypatch.setattr(sys, "stderr", terminal)
    run_in(terminal, lambda: sys.stdout.write("to the pipe\n"))
    assert pipe.getvalue() == "to the pipe\n"
    assert emulate(terminal.getvalue()) == LINES[-1:]


def test_what_the_program_prints_on_the_same_terminal_stands_above_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)

    def body() -> None:
        with progress._lock:
            progress._screens[id(terminal)].draw()
        sys.stdout.write("from the task\n")

    run_in(None, body)
    assert emulate(terminal.getvalue()) == ["from the task", LINES[-1]]


def test_a_file_of_few_characters_gets_the_others_escaped() -> None:
    written = io.BytesIO()
    file = io.TextIOWrapper(written, encoding="ascii", newline="\n")

    @workflow(name="größe", on_state=Progress(file=file))
    def size() -> None: ...

    assert size.run().hook_errors == []
    assert b"gr\\xf6\\xdfe: completed" in written.getvalue()


def test_on_a_task_it_shows_that_task() -> None:
    file = io.StringIO()

    @task(on_state=Progress(file=file))
    async def page() -> None: ...

    @workflow
    async def summary(page: None) -> None: ...

    mention(page)
    summary.call_sync()
    assert file.getvalue() == "summary: page completed in 0.0 s (1 of 1)\n"
    [screen] = progress._screens.values()
    screen.draw()


def test_other_hooks_than_on_state_are_no_news() -> None:
    file = io.StringIO()

    @workflow(on_success=Progress(file=file))
    def nothing() -> None: ...

    assert nothing.run().hook_errors == []
    assert file.getvalue() == ""
