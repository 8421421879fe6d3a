"""What runs, to watch: a live view in a terminal, plain lines anywhere else."""

from __future__ import annotations

import atexit
import sys
import time
from threading import Event as Signal
from threading import RLock, Thread
from typing import Any, TextIO

from . import Event, Status
from ._progress.item_track import ItemTrack
from ._progress.phrase import clean, say_counts, say_seconds
from ._progress.track import Active, Note, Track

__all__ = ["Progress"]

_now = time.monotonic
# Seconds from one picture to the next.
_INTERVAL = 0.1
# A run of very many tasks does not get a line for each.
_MOST_TASKS = 12
_HINT = "flowdeco: for a live view of what runs, pip install rich"

# Guards all below: hooks are called on any thread that has an event loop. Never taken by what rich calls.
_lock = RLock()
_screens: dict[int, _Screen] = {}
_hinted: list[bool] = []


class Progress:
    """Shows what a workflow's runs are doing: `@workflow(on_state=Progress())`.

    In a terminal, with `rich` installed (`flowdeco[rich]`), it is a view that is drawn anew ten times a second: how
    many of the tasks have ended, and a line for each that runs or waits for its next attempt. A task with `each=` has
    one line for all of its items: `text  412/2,000, 3 failed, 40 s left`. Failures and the end of the run are printed
    above it and stay; the view itself goes away. Anywhere else there are plain lines, for retries and for tasks that
    have ended, too; of more than fifty tasks, not for each, and of items for each twentieth part of them. Of the items
    of a task, the first ten that fail or are tried again have a line of their own. What is called and what runs in
    nested workflows is shown by its path, `offer/price`, and not counted; what runs for each item of such a workflow
    has one line together, `chapters/words`. A nested workflow that is watched itself has its own place.

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


class _Screen:
    """All that is shown in one place."""

    def __init__(self, key: int, surface: _Lines | _View) -> None:
        self._key = key
        self._surface = surface
        self._closed = Signal()
        self.tracks: dict[str, Track] = {}
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
            track = self.tracks[key] = Track(event, now)
        if event.task is not None and track.is_shown_elsewhere(event, event.task, self.tracks):
            return
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

    def say(self, note: Note) -> None:
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

    def say(self, note: Note) -> None:
        """Print a line above the view, if it is worth to stay."""
        if note.kind in ("failed", "end"):
            from rich.text import Text

            self._console.print(Text(note.text), soft_wrap=True)

    def draw(self, tracks: list[Track], now: float) -> None:
        """Show how the runs stand."""
        from rich.console import Group

        height = max(4, self._console.size.height - 1)
        most = max(1, height // 2)
        shown = tracks[:most]
        room = height // len(shown) - 1
        for track in shown:
            track.look_up(track.run())
        parts = [part for track in shown for part in _draw_track(track, now, min(_MOST_TASKS, room))]
        if len(tracks) > most:
            parts.append(_draw_line(f"… and {len(tracks) - most} more runs"))
        self._live.update(Group(*parts), refresh=True)

    def close(self) -> None:
        """Take the view away."""
        self._live.stop()


def _draw_track(track: Track, now: float, room: int) -> list[Any]:
    """Return how a run stands: its head, and a line for each task under way as far as there is room."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    done, total = track.done, len(track.names)
    besides = track.counts.copy()
    del besides[Status.COMPLETED]
    texts = [f"{done} of {total}", say_counts(besides), say_seconds(now - track.start)]
    head = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=max(total, 1), completed=done, width=20)
    head.add_row(
        Text(track.name, style="bold", no_wrap=True), bar, *[Text(text, no_wrap=True) for text in texts if text]
    )
    tasks: list[tuple[str, Active | ItemTrack]] = [
        *[(task, items) for task, items in track.items.items() if not items.is_over],
        *track.active.items(),
    ]
    most = room if len(tasks) <= room else room - 1
    width = max((len(clean(task)) for task, _ in tasks[:most]), default=0)
    lines = [_draw_line(f"  {clean(task):{width}}  {_say_active(active, now)}") for task, active in tasks[:most]]
    if len(tasks) > most:
        lines.append(_draw_line(f"  … and {len(tasks) - most} more"))
    return [head, *lines]


def _draw_line(text: str) -> Any:
    from rich.text import Text

    return Text(text, no_wrap=True, overflow="ellipsis")


def _say_active(active: Active | ItemTrack, now: float) -> str:
    if isinstance(active, ItemTrack):
        return active.say(now)
    if active.error is not None:
        left = max(0.0, active.time - now)
        when = f"again in {say_seconds(left)}" if left else "waits for the next attempt"
        return f"attempt {active.attempt} failed, {when}: {active.error}"
    attempt = f"attempt {active.attempt}, " if active.attempt > 1 else ""
    return f"{attempt}{say_seconds(now - active.time)}"
