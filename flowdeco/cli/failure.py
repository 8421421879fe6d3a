"""What is said of an error: what has failed with it and where, in two lines. The rest is in the traceback."""

from __future__ import annotations

import inspect
import linecache
import os
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, cast

__all__ = ["tell_failure"]

_PACKAGE = str(Path(__file__).resolve().parents[1])
_RAISED = "Raised by "
_ALSO = "Also failed: "
_MOST_ERRORS = 10
_MOST_CHARACTERS = 300


class _Place(NamedTuple):
    """A line of a program."""

    file: str
    line: int
    function: str


def tell_failure(
    error: BaseException, who: str, again: str, function_of: Callable[[BaseException], object] = lambda _: None
) -> str:
    """Return what there is to say of an error.

    Args:
        error: the error.
        who: what has failed with it, unless the error itself says.
        again: the command that shows its traceback.
        function_of: gives the function that it comes from, where it says nothing of that itself.
    """
    return "\n".join([*_tell(error, who, function_of), f"For the traceback: {again}"])


def _tell(error: BaseException, who: str, function_of: Callable[[BaseException], object]) -> Iterator[str]:
    notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, str)]
    raised = next((note for note in notes if note.startswith(_RAISED)), "")
    place = _place_of(error)
    members = _members_of(error)
    if members and place is None:  # the run has made the group of what its tasks have raised
        for member in members[:_MOST_ERRORS]:
            yield from _tell(member, who, function_of)
    else:
        name = raised.removeprefix(_RAISED).removesuffix(".") or who
        comma = "," if ", attempt " in name else ""
        yield f"{name[:1].upper()}{name[1:]}{comma} failed: {_say_error(error)}"
        place = place or _place_of_function(function_of(error))
        if place is not None:
            yield f"  {_say_place(place)}"
        for member in members[:_MOST_ERRORS]:
            where = _place_of(member)
            is_told = where is not None and _is_own(where.file)
            yield f"  {_say_error(member)}" + (f", {_say_place(where)}" if where and is_told else "")
    if len(members) > _MOST_ERRORS:
        yield f"{len(members) - _MOST_ERRORS} more have failed."
    yield from (note for note in notes if note.startswith(_ALSO))


def _members_of(error: BaseException) -> Sequence[BaseException]:
    return cast("BaseExceptionGroup[BaseException]", error).exceptions if isinstance(error, BaseExceptionGroup) else ()


def _say_error(error: BaseException) -> str:
    kind = type(error)
    name = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:
        message = "<its str() failed>"
    first, *others = message.strip().splitlines() or [""]
    if others or len(first) > _MOST_CHARACTERS:
        first = f"{first[:_MOST_CHARACTERS]} …"
    return f"{name}: {first}" if first else name


def _place_of(error: BaseException) -> _Place | None:
    """Return where in the user's own program an error was raised; `None` if that is not known.

    What is installed as a library may be all the program there is: then it is where the error has left it.
    """
    if isinstance(error, SyntaxError) and error.filename is not None:
        return _Place(error.filename, error.lineno or 1, "")
    places = [*_walk(error.__traceback__)]
    return next((place for place in reversed(places) if _is_own(place.file)), places[0] if places else None)


def _place_of_function(function: Any) -> _Place | None:
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    return None if code is None else _Place(code.co_filename, code.co_firstlineno, code.co_qualname)


def _walk(trace: TracebackType | None) -> Iterator[_Place]:
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_PACKAGE):
            yield _Place(code.co_filename, trace.tb_lineno, code.co_qualname)
        trace = trace.tb_next


def _is_own(file: str) -> bool:
    """Whether a file is the user's own, not one of Python or of a library."""
    if file.startswith("<"):
        return False
    # A virtual environment may be in the folder of the program, and the program in that of Python.
    library = ("site-packages", "dist-packages")
    return not any(part in library for part in Path(file).parts) and not file.startswith(sysconfig.get_path("stdlib"))


def _say_place(place: _Place) -> str:
    try:
        file = os.path.relpath(place.file)
    except ValueError:  # on another drive
        file = place.file
    file = place.file if file.startswith(os.pardir) else file
    function = "" if place.function in ("", "<module>") else f" in {place.function}"
    source = linecache.getline(place.file, place.line).strip()
    return f"at {file}:{place.line}{function}" + (f": {source[:100]}" if source else "")
