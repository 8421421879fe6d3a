"""What the tests of progress share."""

import io
import re

from rich.console import Console

from flowdeco import progress


class Clock:
    """Time as a test says it is."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


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
