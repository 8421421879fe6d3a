"""An error as its reader should see it: without our own frames."""

from __future__ import annotations

from typing import TypeVar

from .errors import FlowdecoError

__all__ = ["as_failure", "set_context", "skip_frames", "strip_traceback"]

E = TypeVar("E", bound=BaseException)

_PACKAGE = __name__.partition(".")[0]


def as_failure(error: E) -> E | RuntimeError:
    """Return what a run fails with when a function has raised `error`: mostly that itself, without our frames."""
    if isinstance(error, (StopIteration, StopAsyncIteration)):
        # Python itself does this to a coroutine: outside a generator they would pass for its end.
        converted = RuntimeError(f"task raised {type(error).__name__}")
        converted.__cause__ = error
        return converted
    strip_traceback(error)
    return error


def strip_traceback(error: BaseException) -> None:
    """Drop the leading frames that are flowdeco's own, up to the user's; an error of ours keeps them all."""
    trace = error.__traceback__
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE:
        trace = trace.tb_next
    if trace is not None:
        error.with_traceback(trace)  # an error may refuse to have its attributes set
    elif isinstance(error, FlowdecoError):
        error.__traceback__ = None


def skip_frames(error: E, number: int) -> E:
    """Drop the leading frames, which are flowdeco's own, and return the error."""
    trace = error.__traceback__
    while trace is not None and number:
        trace, number = trace.tb_next, number - 1
    return error.with_traceback(trace)


def set_context(error: BaseException, context: BaseException) -> None:
    """Say of an error that it came up while another was dealt with, also if it refuses to have attributes set."""
    BaseException.__dict__["__context__"].__set__(error, context)
