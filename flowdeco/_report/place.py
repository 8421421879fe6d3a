"""Where in the user's own code something went wrong."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from os import sep
from os.path import basename
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Place", "is_ours", "place_of_error", "place_of_function"]

_PACKAGE = f"{Path(__file__).parent.parent}{sep}"
_LIBRARY = tuple({f"{sysconfig.get_path(name)}{sep}" for name in ("stdlib", "platstdlib")})
_INSTALLED = (f"{sep}site-packages{sep}", f"{sep}dist-packages{sep}")


class Place(NamedTuple):
    """A line of a file, and the function it is in."""

    path: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{basename(self.path)}, line {self.line}, in {self.function}"


def is_ours(path: str) -> bool:
    """Whether a file is a part of this package."""
    return path.startswith(_PACKAGE)


def place_of_error(error: BaseException) -> Place | None:
    """Return the innermost line of the user's own code that an error came through, else that of a library.

    `None` if it came through none, as a timeout.
    """
    found: Place | None = None
    is_own = False
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        own = _is_own(code.co_filename)
        if (own or not is_own) and not is_ours(code.co_filename):
            found, is_own = Place(code.co_filename, trace.tb_lineno, code.co_name), is_own or own
        trace = trace.tb_next
    return found


def place_of_function(function: Callable[..., Any]) -> Place | None:
    """Return where a function is defined; `None` if it is not written in Python."""
    code = getattr(function, "__code__", None)
    return None if code is None else Place(code.co_filename, code.co_firstlineno, code.co_name)


def _is_own(path: str) -> bool:
    return not path.startswith((_PACKAGE, *_LIBRARY)) and not any(folder in path for folder in _INSTALLED)
