"""What runs in a worker process: it takes over the program's main module, and then does one call after the other.

Requests come in at the standard input and replies go out at the standard output, each with its length before it. What
the functions read and print is kept away from there.
"""

from __future__ import annotations

import os
import pickle
import signal
import traceback
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, BinaryIO

from .._base.errors import MainGuardError
from .main_module import adopt_main
from .process_resource import close_resources, open_resources
from .transfer import say, serve

__all__ = ["COMMAND", "LENGTH", "serve_calls"]

LENGTH = 8
# Seconds; longer than the program keeps one that it does not need.
_MOST_IDLE = 360
# Bytes that are read at once.
_PART = 1 << 20
# The program's path comes first, since without it flowdeco itself may not be found; marshal is built in.
COMMAND = (
    "import marshal, sys; sys.path[:] = marshal.load(sys.stdin.buffer); "
    f"from {__name__} import serve_calls; serve_calls()"
)


def serve_calls() -> None:
    """Serve until the program closes the pipe, or is gone."""
    # Ctrl-C reaches all processes of a terminal. The program itself deals with it, and kills this one.
    signal.signal(signal.SIGINT, _ignore)
    # A function may fork: the thread that reads holds nothing that the child could wait for.
    warnings.filterwarnings("ignore", r"This process \(pid=\d+\) is multi-threaded, use of fork", DeprecationWarning)
    pipe, replies = _take_pipes()
    with suppress(BrokenPipeError), replies:  # the program may be gone before it is answered
        _send(replies, b"")  # nothing more is sent before: what the standard input has read ahead would be lost
        requests = _Requests(pipe)
        failure = _start(requests.take())
        requests.has_ended()
        _send(replies, failure)
        while not failure and (request := requests.take(_MOST_IDLE)):
            reply = pickle.dumps(_serve_alone(request))
            requests.has_ended()
            _send(replies, reply)
    close_resources()


def _ignore(*_: object) -> None:
    pass  # and not SIG_IGN, which a child process would inherit


class _Requests:
    """What the program asks for, read by a thread of its own: so it is seen at once when the program is gone.

    A process that is busy then ends on the spot, as nobody will ever get what it is about. An idle one goes home.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._asked: SimpleQueue[bytes] = SimpleQueue()
        self._is_busy = False
        Thread(target=self._read, name="flowdeco requests", daemon=True).start()

    def take(self, seconds: float | None = None) -> bytes:
        """Return the next request; nothing if there is none any more, or none within so many seconds.

        An event loop may be gone without a word.
        """
        try:
            return self._asked.get(timeout=seconds)
        except Empty:
            return b""

    def has_ended(self) -> None:
        """Take in that what was asked for has ended; said before the reply, which the next request may follow."""
        self._is_busy = False

    def _read(self) -> None:
        while request := self._read_one():
            self._is_busy = True
            self._asked.put(request)
        if self._is_busy:
            os._exit(1)
        self._asked.put(b"")

    def _read_one(self) -> bytes:
        """Return a request; nothing if there is not one any more."""
        size = int.from_bytes(self._read_bytes(LENGTH), "big")
        return self._read_bytes(size)

    def _read_bytes(self, size: int) -> bytes:
        """Return so many bytes, or nothing. No file does it: its lock would be held while this process ends."""
        parts: list[bytes] = []
        while size > 0:
            part = os.read(self._pipe, min(size, _PART))
            if not part:
                return b""
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _take_pipes() -> tuple[int, BinaryIO]:
    """Return the pipes from and to the program, and leave nothing in their places."""
    pipes = [os.dup(number) for number in range(2)]
    with open(os.devnull, "r+b") as nothing:
        for number in range(2):
            os.dup2(nothing.fileno(), number)
    return pipes[0], open(pipes[1], "wb")


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
        reply = serve(request, open_resources)
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
