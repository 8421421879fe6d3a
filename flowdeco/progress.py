"""What runs, to watch: a live view in a terminal, plain lines anywhere else."""

from __future__ import annotations

import atexit
import sys
import time
from collections import Counter
from threading import Event as Signal
from threading import RLock, Thread
from typing import Any, Literal, NamedTuple, TextIO
from weakref import ref

from . import Event, Run, Status

__all__ = ["Progress"]

_now = time.monotonic
# Seconds from one picture to the next, and how long after a run's end its last event may come.
_INTERVAL = 0.1
_GRACE = 3.0
# A run of very many tasks does not get a line for each.
_MOST_LINES = 50
_MOST_TASKS = 12
_MOST_CHARACTERS = 200
_HINT = "flowdeco: for a live view of what runs, pip install rich"

# Guards all below: hooks are called on any thread that has an event loop. Never taken by what rich calls.
_lock = RLock()
_screens: dict[int, _Screen] = {}
_hinted: list[bool] = []

Kind = Literal["start", "end", "retry", "failed", "ended"]


class Progress:
    """Shows what a workflow's runs are doing: `@workflow(on_state=Progress())`.

    In a terminal, with `rich` installed (`flowdeco[rich]`), it is a view that is drawn anew ten times a second: how
    many of the tasks have ended, and a line for each that runs or waits for its next attempt. Failures and the end of
    the run are printed above it and stay; the view itself goes away. Anywhere else there are plain lines, for retries
    and for tasks that have ended, too; of more than fifty tasks, not for each.

        from flowdeco.progress import Progress

        @workflow(on_state=Progress())
        def summary(url, words, longest): ...

    One may watch any number of workflows, and runs at the same time, on several threads. Those that write to the same
    terminal share a view.

    Args:
        file: where to show it; `None`: `sys.stderr`, as it is when something happens.
        console: a `rich.console.Console` to show it on, instead of a file.
    """

    def __init__(self, *, file: TextIO | None = None, console: Any = None) -> None:
        self._file = file
        self._console = console

    def __call__(self, event: Event, /) -> None:
        file = self._console.file if self._console is not None else self._file or sys.stderr
        if file is None or event.kind != "state":
            return
        with _lock:
            key = _key_of(file)
            screen = _screens.get(key)
            if screen is None:
                screen = _screens[key] = _Screen(key, _open(file, self._console))
            screen.tell(event)

    def close(self) -> None:
        """Take away what is still shown. Needed only if a run was broken off so hard that it could not tell its end."""
        file = self._console.file if self._console is not None else self._file or sys.stderr
        with _lock:
            screen = _screens.get(_key_of(file))
            if screen is not None:
                screen.close()


def _key_of(file: Any) -> int:
    # While rich has a view, it puts something else in the place of sys.stderr.
    return id(getattr(file, "rich_proxied_file", file))


class _Note(NamedTuple):
    """A line to print."""

    kind: Kind
    text: str


class _Active(NamedTuple):
    """A task that is under way: since when its attempt runs, or when its next one begins and why."""

    attempt: int
    time: float
    error: str | None = None


class _Track:
    """What is known of one run."""

    def __init__(self, event: Event, now: float) -> None:
        self.run: ref[Run[Any]] = ref(event.run)
        self.name = _clean(event.workflow)
        self.start = now
        self.active: dict[str, _Active] = {}
        self.begun: dict[str, float] = {}
        self.counts: Counter[Status] = Counter()
        # Whether the run itself has told that it began, so that it will tell its end.
        self.whole = event.task is None
        self.gone_since: float | None = None
        records = event.run.tasks.values() if self.whole else ()
        # What a value stands in for is there already.
        self.names = {record.name for record in records if record.status is not Status.COMPLETED}
        self.step = max(1, -(-len(self.names) // _MOST_LINES))

    @property
    def done(self) -> int:
        """How many tasks have ended."""
        return self.counts.total()

    def tell(self, event: Event, now: float) -> _Note | None:
        """Take a change in; return what there is to say of it."""
        return self._tell_run(event, now) if event.task is None else self._tell_task(event, event.task, now)

    def _tell_run(self, event: Event, now: float) -> _Note:
        if event.status is Status.RUNNING:
            tasks = f"{len(self.names)} task{'' if len(self.names) == 1 else 's'}"
            return _Note("start", f"{self.name}: started, {tasks}")
        how, time = str(event.status), _say_seconds(now - self.start)
        text = f"{how} in {time}" if event.status is Status.COMPLETED else f"{how} after {time}"
        counts = f" ({_say_counts(self.counts)})" if self.counts else ""
        error = f": {_say_error(event.error)}" if event.error is not None else ""
        return _Note("end", f"{self.name}: {text}{counts}{error}")

    def _tell_task(self, event: Event, task: str, now: float) -> _Note | None:
        self.names.add(task)
        attempt = event.attempt or 0
        if event.status is Status.RUNNING:
            self.begun.setdefault(task, now)
            self.active[task] = _Active(attempt, now)
            return None
        if event.status is Status.RETRYING:
            error, delay = _say_error(event.error), event.delay or 0.0
            self.active[task] = _Active(attempt, now + delay, error)
            again = f"again in {_say_seconds(delay)}" if delay else "again"
            return _Note("retry", f"{self.name}: {_clean(task)}, attempt {attempt} failed, {again}: {error}")
        self.active.pop(task, None)
        self.counts[event.status] += 1
        return self._tell_end(event, task, now - self.begun.pop(task, now))

    def _tell_end(self, event: Event, task: str, seconds: float) -> _Note | None:
        place = f"({self.done} of {len(self.names)})"
        who = f"{self.name}: {_clean(task)}"
        if event.status is Status.FAILED:
            attempts = f" after {event.attempt} attempts" if (event.attempt or 0) > 1 else ""
            return _Note("failed", f"{who} failed{attempts} {place}: {_say_error(event.error)}")
        if event.status is Status.CANCELLED or (self.done % self.step and self.done < len(self.names)):
            return None  # the end of the run says how many
        time = f" in {_say_seconds(seconds)}" if event.status is Status.COMPLETED else ""
        return _Note("ended", f"{who} {_say_status(event.status)}{time} {place}")

    def is_gone(self, now: float) -> bool:
        """Whether the run has ended without telling so, and long enough ago."""
        run = self.run()
        if run is None:
            return True
        if run.status in (Status.PENDING, Status.RUNNING):
            return False
        self.gone_since = now if self.gone_since is None else self.gone_since
        return now - self.gone_since >= (_GRACE if self.whole else 0)


class _Screen:
    """All that is shown in one place."""

    def __init__(self, key: int, surface: _Lines | _View) -> None:
        self._key = key
        self._surface = surface
        self._closed = Signal()
        self.tracks: dict[str, _Track] = {}
        if isinstance(surface, _View):
            atexit.register(self.close)
            Thread(target=self._keep_drawing, name="flowdeco progress", daemon=True).start()

    def tell(self, event: Event) -> None:
        """Take a change in, and say what there is to say of it."""
        now, key = _now(), event.run.id
        track = self.tracks.get(key)
        if track is None:
            self.prune(now)
            if event.task is None and event.status is not Status.RUNNING:
                return  # that run is given up
            track = self.tracks[key] = _Track(event, now)
        note = track.tell(event, now)
        if event.task is None and event.status is not Status.RUNNING:
            del self.tracks[key]
        if note is not None:
            self._surface.say(note)
        if not self.tracks:
            self.close()

    def prune(self, now: float) -> None:
        """Drop the runs that have ended without telling so."""
        for key in [key for key, track in self.tracks.items() if track.is_gone(now)]:
            del self.tracks[key]

    def draw(self) -> None:
        """Show how things stand."""
        now = _now()
        self.prune(now)
        if not self.tracks:
            self.close()
        elif isinstance(self._surface, _View):
            self._surface.draw(list(self.tracks.values()), now)

    def close(self) -> None:
        """Take away what is shown."""
        with _lock:
            if not self._closed.is_set():
                self._closed.set()
                _screens.pop(self._key, None)
                self._surface.close()
                atexit.unregister(self.close)

    def _keep_drawing(self) -> None:
        while not self._closed.wait(_INTERVAL):
            with _lock:
                try:
                    if not self._closed.is_set():
                        self.draw()
                except (OSError, ValueError):  # the terminal is gone
                    return


def _open(file: TextIO, console: Any) -> _Lines | _View:
    """Return the best way to show something there."""
    if console is None:
        if not file.isatty():
            return _Lines(file)
        console = _make_console(getattr(file, "rich_proxied_file", file))
    if console is None or not console.is_terminal or console.is_dumb_terminal:
        return _Lines(file)
    from rich.errors import LiveError

    try:
        return _View(console)
    except LiveError:  # the program shows something of its own there
        return _Lines(file)


def _make_console(file: TextIO) -> Any:
    """Return a console of rich; `None` if it is not installed, which is said once."""
    try:
        from rich.console import Console
    except ImportError:
        if not _hinted:
            _hinted.append(True)
            _Lines(file).write(_HINT)
        return None
    return Console(file=file)


class _Lines:
    """Plain lines in a file."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def say(self, note: _Note) -> None:
        """Print a line."""
        self.write(note.text)

    def write(self, text: str) -> None:
        """Print a line, also where its characters cannot be written."""
        encoding = getattr(self._file, "encoding", None) or "utf-8"
        self._file.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Leave the lines."""


class _View:
    """A view in a terminal, drawn by rich. Raises `LiveError` if there is another one."""

    def __init__(self, console: Any) -> None:
        from rich.live import Live

        streams = (sys.stdout, sys.stderr)
        # What the program prints goes above the view, where it would go to the same terminal anyway.
        shared = any(console.file is stream for stream in streams)
        out, err = [shared and stream is not None and stream.isatty() for stream in streams]
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=out, redirect_stderr=err)
        self._live.start()

    def say(self, note: _Note) -> None:
        """Print a line above the view, if it is worth to stay."""
        if note.kind in ("failed", "end"):
            from rich.text import Text

            self._console.print(Text(note.text), soft_wrap=True)

    def draw(self, tracks: list[_Track], now: float) -> None:
        """Show how the runs stand."""
        from rich.console import Group

        height = max(4, self._console.size.height - 1)
        most = max(1, height // 2)
        shown = tracks[:most]
        room = height // len(shown) - 1
        parts = [part for track in shown for part in _draw_track(track, now, min(_MOST_TASKS, room))]
        if len(tracks) > most:
            parts.append(_draw_line(f"… and {len(tracks) - most} more runs"))
        self._live.update(Group(*parts), refresh=True)

    def close(self) -> None:
        """Take the view away."""
        self._live.stop()


def _draw_track(track: _Track, now: float, room: int) -> list[Any]:
    """Return how a run stands: its head, and a line for each task under way as far as there is room."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    done, total = track.done, len(track.names)
    besides = track.counts.copy()
    del besides[Status.COMPLETED]
    texts = [f"{done} of {total}", _say_counts(besides), _say_seconds(now - track.start)]
    head = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=max(total, 1), completed=done, width=20)
    head.add_row(
        Text(track.name, style="bold", no_wrap=True), bar, *[Text(text, no_wrap=True) for text in texts if text]
    )
    tasks = list(track.active.items())
    most = room if len(tasks) <= room else room - 1
    width = max((len(_clean(task)) for task, _ in tasks[:most]), default=0)
    lines = [_draw_line(f"  {_clean(task):{width}}  {_say_active(active, now)}") for task, active in tasks[:most]]
    if len(tasks) > most:
        lines.append(_draw_line(f"  … and {len(tasks) - most} more"))
    return [head, *lines]


def _draw_line(text: str) -> Any:
    from rich.text import Text

    return Text(text, no_wrap=True, overflow="ellipsis")


def _say_active(active: _Active, now: float) -> str:
    if active.error is not None:
        left = max(0.0, active.time - now)
        when = f"again in {_say_seconds(left)}" if left else "waits for the next attempt"
        return f"attempt {active.attempt} failed, {when}: {active.error}"
    attempt = f"attempt {active.attempt}, " if active.attempt > 1 else ""
    return f"{attempt}{_say_seconds(now - active.time)}"


def _say_counts(counts: Counter[Status]) -> str:
    return ", ".join(f"{counts[status]} {_say_status(status)}" for status in Status if counts.get(status))


def _say_status(status: Status) -> str:
    return str(status).replace("_", " ")


def _say_seconds(seconds: float) -> str:
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _say_error(error: BaseException | None) -> str:
    try:
        message = str(error)
    except Exception:
        message = "?"
    return _clean(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def _clean(text: str) -> str:
    """Return the text on one line, without what would steer a terminal, and not too long."""
    line = "".join([c if c.isprintable() else f"\\x{ord(c):02x}" for c in " ".join(text[:1000].split())])
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"
