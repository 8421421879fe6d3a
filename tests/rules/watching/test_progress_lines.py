"""The view of what runs: in a terminal, and as plain lines."""

import io
import re
import sys
from collections.abc import Callable, Iterator
from threading import Event as Signal
from threading import Thread
from typing import Any

import anyio
import pytest
from rich.console import Console
from rich.errors import LiveError
from rich.live import Live

from flowdeco import Event, Retry, Skip, progress, task, workflow
from flowdeco.progress import Progress
from tests.conftest import Backend
from tests.support.naming import mention, on


class Clock:
    """Time as a test says it is."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock that stands still, and views that are drawn only when a test asks for it."""
    made = Clock()
    monkeypatch.setattr(progress, "_now", made)
    monkeypatch.setattr(progress, "_INTERVAL", 3600)
    monkeypatch.setattr(progress, "_hinted", [])
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    yield made
    left = list(progress._screens.values())
    for screen in left:
        screen.close()
    assert left == []


def make_console(height: int = 20, width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)


def show(console: Console) -> list[str]:
    """Return the lines that a terminal would show, once everything that was written has been carried out."""
    file = console.file
    assert isinstance(file, io.StringIO)
    return emulate(file.getvalue())


def emulate(text: str) -> list[str]:
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[\??\d*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", text):
        if part == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            column = 0
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part.endswith("A") and part.startswith("\x1b"):
            row -= int(part[2:-1])
        elif not part.startswith("\x1b"):
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + len(part) :]
            column += len(part)
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip() for line in lines]


def look(console: Console) -> list[str]:
    """Draw the view, and return what the terminal shows."""
    with progress._lock:
        progress._screens[id(console.file)].draw()
    return [re.sub(r"  [━╸╺ ]{20}  ", " = ", line) for line in show(console)]


def cursor_is_back(console: Console) -> bool:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().rfind("\x1b[?25h") > file.getvalue().rfind("\x1b[?25l")


def test_where_there_is_no_terminal_each_change_worth_telling_is_a_line(backend: Backend, clock: Clock) -> None:
    file = io.StringIO()

    @task(retries=Retry(1, delay=0))
    async def page(attempts: list[int]) -> str:
        attempts.append(1)
        clock.now += 1
        if len(attempts) == 1:
            raise ConnectionError("cut")
        return "text"

    @task
    async def words(page: str) -> int:
        clock.now += 75
        return len(page)

    @task
    async def news(words: int) -> int:
        raise Skip("none today")

    @workflow(on_state=Progress(file=file))
    async def summary(attempts: list[int], words: int, news: int = 0) -> int:
        return words + news

    mention(page, words, news)
    on(summary, backend).call_sync(attempts=[])
    assert file.getvalue().splitlines() == [
        "summary: started, 3 tasks",
        "summary: page, attempt 1 failed, again: ConnectionError: cut",
        "summary: page completed in 2.0 s (1 of 3)",
        "summary: words completed in 1 min 15 s (2 of 3)",
        "summary: news skipped (3 of 3)",
        "summary: completed in 1 min 17 s (2 completed, 1 skipped)",
    ]


def test_a_failure_is_told_with_its_type_and_message(backend: Backend) -> None:
    file = io.StringIO()

    @task(retries=Retry(1, delay=0))
    async def page() -> str:
        raise ConnectionError("cut")

    @task
    async def words(page: str) -> int:
        return len(page)

    @task
    async def other() -> int:
        return 1

    @workflow(on_state=Progress(file=file), keep_going=True, settled="words")
    async def summary(words: Any, other: int) -> int:
        raise LookupError

    mention(page, words, other)
    with pytest.raises(LookupError):
        on(summary, backend).call_sync()
    lines = file.getvalue().splitlines()
    failed = [line for line in lines if "page failed" in line]
    assert [re.sub(r"\d of", "N of", line) for line in failed] == [
        "summary: page failed after 2 attempts (N of 3): ConnectionError: cut"
    ]
    assert any(re.fullmatch(r"summary: words upstream failed \(\d of 3\)", line) for line in lines)
    assert lines[-1] == "summary: failed after 0.0 s (1 completed, 1 failed, 1 upstream failed): LookupError"


def test_what_a_value_stands_in_for_is_not_counted(backend: Backend) -> None:
    file = io.StringIO()

    @task
    async def page() -> str:
        return "text"

    @task
    async def words(page: str) -> int:
        return len(page)

    @workflow(on_state=Progress(file=file))
    async def summary(page: str, words: int) -> int:
        return words

    mention(page, words)
    on(summary.override(page="x"), backend).call_sync()
    assert file.getvalue().splitlines()[:2] == [
        "summary: started, 1 task",
        "summary: words completed in 0.0 s (1 of 1)",
    ]


def test_with_many_tasks_not_each_gets_a_line() -> None:
    file = io.StringIO()

    def number() -> int:
        return 1

    needs = {"numbers": [task(number, name=f"number{index}") for index in range(120)]}

    @workflow(on_state=Progress(file=file), needs=needs)
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    assert total() == 120
    lines = file.getvalue().splitlines()
    assert len(lines) == 2 + 40
    assert "(120 of 120)" in lines[-2]


async def test_a_run_that_is_cancelled_says_so() -> None:
    file = io.StringIO()
    begun = anyio.Event()

    @task
    async def forever() -> None:
        begun.set()
        await anyio.sleep_forever()

    @task
    async def after(forever: None) -> None: ...

    @workflow(on_state=Progress(file=file))
    async def wait(after: None) -> None: ...

    mention(forever, after)
    with anyio.fail_after(10):
        async with wait.start() as run:
            await begun.wait()
            run.cancel()
    assert file.getvalue().splitlines() == [
        "wait: started, 2 tasks",
        "wait: cancelled after 0.0 s (2 cancelled)",
    ]


def test_in_a_terminal_there_is_a_line_for_each_task_that_runs_with_its_time_and_attempt(
    backend: Backend, clock: Clock
) -> None:
    console = make_console()
    seen: list[list[str]] = []

    @task(retries=Retry(2, delay=0))
    async def page(attempts: list[int]) -> str:
        attempts.append(1)
        clock.now += 1.5
        seen.append(look(console))
        if len(attempts) < 2:
            raise ConnectionError("cut")
        return "text"

    @task
    async def words(page: str) -> int:
        clock.now += 12
        seen.append(look(console))
        return len(page)

    @workflow(on_state=Progress(console=console))
    async def summary(attempts: list[int], words: int) -> int:
        return words

    mention(page, words)
    on(summary, backend).call_sync(attempts=[])
    assert seen == [
        ["summary = 0 of 2  1.5 s", "  page  1.5 s"],
        ["summary = 0 of 2  3.0 s", "  page  attempt 2, 1.5 s"],
        ["summary = 1 of 2  15 s", "  words  12 s"],
    ]
    assert show(console) == ["summary: completed in 15 s (2 completed)"]
    assert cursor_is_back(console)


def test_in_a_terminal_a_task_that_waits_for_its_next_attempt_says_when_and_why(clock: Clock) -> None:
    console = make_console()
    seen: list[list[str]] = []
    file_hook = Progress(console=console)

    def look_at_retry(event: Event, /) -> None:
        if event.status == "retrying":
            clock.now += 0.5
            seen.append(look(console))
            clock.now += 10
            seen.append(look(console))

    @task(retries=Retry(1, delay=lambda: 2.0, jitter=0))
    async def page() -> str:
        raise ConnectionError("cut [bold]off[/bold]")

    @workflow(on_state=[file_hook, look_at_retry])
    async def summary(page: str) -> str:
        return page

    mention(page)

    async def no_wait(_: float) -> None: ...

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flowdeco._runner.lifecycle.sleep", no_wait)
        with pytest.raises(ConnectionError):
            summary.call_sync()
    assert [lines[-1] for lines in seen] == [
        "  page  attempt 1 failed, again in 1.5 s: ConnectionError: cut [bold]off[/bold]",
        "  page  attempt 1 failed, waits to go again: ConnectionError: cut [bold]off[/bold]",
    ]
    assert show(console) == [
        "summary: page failed after 2 attempts (1 of 1): ConnectionError: cut [bold]off[/bold]",
        "summary: failed after 10 s (1 failed): ConnectionError: cut [bold]off[/bold]",
    ]


async def test_a_cancelled_run_leaves_nothing_on_the_terminal() -> None:
    console = make_console()
    begun = anyio.Event()

    @task
    async def forever() -> None:
        begun.set()
        await anyio.sleep_forever()

    @workflow(on_state=Progress(console=console))
    async def wait(forever: None) -> None: ...

    mention(forever)
    with anyio.fail_after(10):
        async with wait.start() as run:
            await begun.wait()
            assert look(console) == ["wait = 0 of 1  0.0 s", "  forever  0.0 s"]
            run.cancel()
    console.file.write("$ and on it goes")
    assert show(console) == ["wait: cancelled after 0.0 s (1 cancelled)", "$ and on it goes"]
    assert cursor_is_back(console)


def test_runs_on_several_threads_share_the_view() -> None:
    console = make_console()
    arrived = {name: Signal() for name in ("one", "two")}
    leave = Signal()

    @task
    def rest(name: str) -> None:
        arrived[name].set()
        assert leave.wait(10)

    def name_run(name: str) -> Any:
        @workflow(name=name, on_state=Progress(console=console), tasks=[rest])
        def wait(name: str, rest: None) -> None: ...

        return wait

    threads = [Thread(target=name_run(name), kwargs={"name": name}) for name in arrived]
    for thread in threads:
        thread.start()
    try:
        assert all(signal.wait(10) for signal in arrived.values())
        lines = look(console)
    finally:
        leave.set()
        for thread in threads:
            thread.join(10)
    assert sorted(lines) == ["  rest  0.0 s", "  rest  0.0 s", "one = 0 of 1  0.0 s", "two = 0 of 1  0.0 s"]
    assert sorted(show(console)) == [f"{name}: completed in 0.0 s (1 completed)" for name in arrived]


def test_a_nested_workflow_that_is_watched_too_has_its_own_place_in_the_view(backend: Backend) -> None:
    console = make_console()
    seen: list[list[str]] = []

    @task
    async def page() -> str:
        seen.append(look(console))
        return "text"

    @workflow(on_state=Progress(console=console))
    async def inner(page: str) -> str:
        return page

    @workflow(on_state=Progress(console=console))
    async def outer(inner: str) -> str:
        return inner

    mention(page, inner)
    on(outer, backend).call_sync()
    assert seen == [["outer = 0 of 1  0.0 s", "  inner  0.0 s", "inner = 0 of 1  0.0 s", "  page  0.0 s"]]
    assert show(console) == ["inner: completed in 0.0 s (1 completed)", "outer: completed in 0.0 s (1 completed)"]


async def test_the_view_is_never_higher_than_the_terminal() -> None:
    console = make_console(height=8)
    begun: list[None] = []
    all_begun = anyio.Event()

    async def rest() -> None:
        begun.append(None)
        if len(begun) == 30:
            all_begun.set()
        await anyio.sleep_forever()

    needs = {"rests": [task(rest, name=f"rest{index}") for index in range(30)]}

    @workflow(on_state=Progress(console=console), needs=needs)
    async def wait(rests: list[None]) -> None: ...

    with anyio.fail_after(10):
        async with wait.start() as run:
            await all_begun.wait()
            lines = look(console)
            run.cancel()
    assert len(lines) == 7
    assert lines[-1] == "  … and 25 more"
    assert show(console) == ["wait: cancelled after 0.0 s (30 cancelled)"]


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
    monkeypatch.setattr(progress._Track, "is_gone", is_gone)
    watch(event)
    assert drawn.wait(10)
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
        "flowdeco: for a live view of what runs, pip install 'flowdeco[rich]'",
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
