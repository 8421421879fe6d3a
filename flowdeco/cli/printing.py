"""What is printed, whatever characters can be written where it goes."""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from typing import Any, TextIO

__all__ = [
    "escape_unwritable",
    "find_encoding",
    "give_up_output",
    "is_output_closed",
    "print_text",
    "say",
    "show_fully",
]

_PIECE = 10_000
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
    """Print a text on stdout; the lines of a tree as well as they can be drawn, other characters escaped."""
    _write(sys.stdout, text)


def say(text: str) -> None:
    """Print a text on stderr."""
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


def show_fully(value: Any) -> str:
    """Return all that Python says of a value, whatever that does."""
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


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
