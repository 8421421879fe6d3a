"""What is printed, whatever characters can be written where it goes."""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from collections.abc import Generator
from contextlib import contextmanager
from reprlib import Repr
from typing import Any, TextIO

__all__ = [
    "allow_depth",
    "escape_unwritable",
    "find_encoding",
    "flush_output",
    "give_up_output",
    "is_output_closed",
    "print_text",
    "say",
    "show_fully",
]

_PIECE = 10_000
# How many calls may be within each other while a result is printed. The stack of a main thread has room for them.
_DEPTH = 10_000
# How much is shown of what is deeper.
_SHOWN_DEPTH = 100
_IN_ASCII = str.maketrans({"├": "|", "└": "`", "│": "|", "─": "-", "…": "..."})


def escape_unwritable() -> None:
    """Have what cannot be written escaped from now on, also where a task prints: it is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        # In UTF-8, the other one writes the bytes of a file's name as they are.
        is_bare = stream.errors == "surrogateescape" and codecs.lookup(stream.encoding).name != "utf-8"
        if stream.errors == "strict" or is_bare:
            stream.reconfigure(errors="backslashreplace")


def find_encoding() -> str:
    """Return what stdout is written in."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def print_text(text: str) -> None:
    """Print a text on stdout; the lines of a tree as well as they can be drawn, other characters escaped.

    Raises:
        OSError: it cannot be written, or the program has closed stdout.
    """
    if _is_closed(sys.stdout):
        raise OSError("the program has closed its standard output")
    _write(sys.stdout, text)


def flush_output() -> None:
    """Have written what stdout holds back."""
    if sys.stdout is not None and not _is_closed(sys.stdout):
        sys.stdout.flush()


def say(text: str) -> None:
    """Print a text on stderr, if the program has not closed it."""
    if not _is_closed(sys.stderr):
        _write(sys.stderr, text)


def give_up_output() -> None:
    """Have what is still to be written to stdout go nowhere: whoever read it has gone, and Python would complain."""
    if sys.stdout is None:
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass


def is_output_closed() -> bool:
    """Whether whoever read stdout has gone, as far as that can be found out."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return bool(poll.poll(0))
    except (AttributeError, OSError, ValueError):  # there is none on Windows; or it is no file
        return False


@contextmanager
def allow_depth() -> Generator[None]:
    """Have a result printed in the block that is nested deeper than a program may usually call."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def show_fully(value: Any) -> str:
    """Return all that Python says of a value, whatever that does; of one that is nested too deep, what is outermost."""
    try:
        with allow_depth():
            return repr(value)
    except RecursionError:
        return _Outermost().repr(value)
    except Exception as error:
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


class _Outermost(Repr):
    """Shows the outermost levels of what is nested."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = _SHOWN_DEPTH


def _is_closed(stream: TextIO | None) -> bool:
    return getattr(stream, "closed", False)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # a program without a console
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    errors = getattr(stream, "errors", None) or "strict"
    try:
        # Who has chosen what becomes of other characters gets that.
        text.encode(encoding, "strict" if errors == "backslashreplace" else errors)
    except UnicodeEncodeError:
        text = text.translate(_IN_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    text = f"{text}\n"
    # In pieces: of one long text, a stream without a buffer loses what is left when its reader goes.
    for begin in range(0, len(text), _PIECE):
        stream.write(text[begin : begin + _PIECE])
