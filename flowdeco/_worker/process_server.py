"""What runs in a worker process: it takes over the program's main module, and then does one call after the other.

Requests come in at the standard input and replies go out at the standard output, each with its length before it. What
the functions read and print is kept away from there.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from tempfile import TemporaryFile
from typing import IO, BinaryIO

from .._base.errors import MainGuardError
from .main_module import adopt_main
from .transfer import say, serve

__all__ = ["COMMAND", "LENGTH", "serve_calls"]

LENGTH = 8
# Seconds; longer than the program keeps one that it does not need.
_MOST_IDLE = 360
# The program's path comes first, since without it flowdeco itself may not be found; marshal is built in.
COMMAND = (
    "import marshal, sys; sys.path[:] = marshal.load(sys.stdin.buffer); "
    f"from {__name__} import serve_calls; serve_calls()"
)


def serve_calls() -> None:
    """Serve until the program closes the pipe, or is gone."""
    # Ctrl-C reaches all processes of a terminal. The program itself deals with it, and kills this one.
    signal.signal(signal.SIGINT, _ignore)
    requests, replies = _take_pipes()
    with requests, replies:
        _send(replies, b"")  # nothing more is sent before: what the standard input has read ahead would be lost
        failure = _start(_receive(requests))
        _send(replies, failure)
        while not failure and _is_asked(requests, _MOST_IDLE):
            request = _receive(requests)
            if not request:
                return
            _send(replies, pickle.dumps(_serve_alone(request)))


def _ignore(*_: object) -> None:
    pass  # and not SIG_IGN, which a child process would inherit


def _is_asked(requests: BinaryIO, seconds: float) -> bool:
    """Wait for a request; give up after so many seconds, as an event loop may be gone that has not said so."""
    if sys.platform == "win32":
        return True  # there only a socket can be waited for
    return bool(select.select([requests], [], [], seconds)[0])


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes to and from the program, and leave nothing in their places."""
    pipes = [os.dup(number) for number in range(2)]
    with open(os.devnull, "r+b") as nothing:
        for number in range(2):
            os.dup2(nothing.fileno(), number)
    return open(pipes[0], "rb"), open(pipes[1], "wb")


def _receive(requests: BinaryIO) -> bytes:
    """Return a request; nothing if there is not one any more."""
    size = int.from_bytes(requests.read(LENGTH), "big")
    data = requests.read(size)
    return data if len(data) == size else b""


def _send(replies: BinaryIO, reply: bytes) -> None:
    replies.write(len(reply).to_bytes(LENGTH, "big") + reply)
    replies.flush()


def _start(request: bytes) -> bytes:
    """Take over the main module; return what has kept it from being imported."""
    if not request:
        return b""
    try:
        adopt_main(pickle.loads(request))
    except MainGuardError as error:
        return pickle.dumps((error.workflow, str(error), ""))
    except BaseException as error:
        return pickle.dumps((None, say(error), "".join(traceback.format_exception(error))))
    return b""


def _serve_alone(request: bytes) -> tuple[bytes, list[str]]:
    """Return the reply to a request, and what was printed meanwhile."""
    with _own_streams() as files:
        reply = serve(request)
        printed: list[str] = []
        for file in files:
            file.seek(0)
            printed.append(file.read())
    return reply, printed


@contextmanager
def _own_streams() -> Generator[list[IO[str]]]:
    """Keep what the function and its children print, and let them read nothing."""
    with open(os.devnull) as nothing, _printout() as out, _printout() as err:
        streams = [os.dup(number) for number in range(3)]
        for number, file in enumerate((nothing, out, err)):
            os.dup2(file.fileno(), number)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                yield [out, err]
        finally:
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)


def _printout() -> IO[str]:
    return TemporaryFile("w+", buffering=1, encoding="utf-8", errors="backslashreplace")
