"""A worker process whose program is gone ends as well, whatever it is doing, and without a word."""

import marshal
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowdeco._worker.main_module import describe_main
from flowdeco._worker.process_server import COMMAND, LENGTH
from flowdeco._worker.transfer import Call, pack
from tests.conftest import Backend
from tests.support import remote_functions as functions
from tests.support.run_in import LATE

PROGRAM = """
import os
import sys
import time
from pathlib import Path

from flowdeco import task, workflow


@task(run_in="process")
def stay():
    part = Path("pid.part")
    part.write_text(str(os.getpid()), encoding="ascii")
    part.rename("pid")
    time.sleep(300)


@workflow(backend={backend!r}, backend_options={options!r})
def staying(stay): ...


if __name__ == "__main__":
    staying()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("number", [9, 15])
def test_a_task_in_a_process_ends_with_a_program_that_was_killed(tmp_path: Path, backend: Backend, number: int) -> None:
    (tmp_path / "staying.py").write_text(PROGRAM.format(backend=backend[0], options=backend[1]), encoding="utf-8")
    command = [sys.executable, "staying.py"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as program:
        until = time.monotonic() + LATE
        while not (tmp_path / "pid").exists():
            assert time.monotonic() < until, "it has not begun"
            time.sleep(0.02)
        program.send_signal(number)
        # The worker has the same standard error, which ends with the last process that has it.
        assert program.communicate(timeout=LATE)[1] == b""
        assert program.returncode == -number


def start_worker() -> "subprocess.Popen[bytes]":
    """Start a worker process, as far as to its first call."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", COMMAND], stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin is not None
    process.stdin.write(marshal.dumps([*sys.path]))
    process.stdin.flush()
    assert receive(process) == b""
    send(process, pickle.dumps(describe_main()))
    assert receive(process) == b""
    return process


def send(process: "subprocess.Popen[bytes]", request: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(len(request).to_bytes(LENGTH, "big") + request)
    process.stdin.flush()


def receive(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    return process.stdout.read(int.from_bytes(process.stdout.read(LENGTH), "big"))


def test_a_process_that_nobody_listens_to_any_more_ends_without_a_word() -> None:
    with start_worker() as process:
        assert process.stdout is not None
        process.stdout.close()
        send(process, pack(Call("page", "in a process", functions.raw(functions.add), (1, 2), {}, "sync")))
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(LATE) == 0


def test_an_idle_process_ends_as_any_other_program_when_its_pipe_is_closed() -> None:
    with start_worker() as process:
        send(process, pack(Call("page", "in a process", functions.raw(functions.add), (1, 2), {}, "sync")))
        assert receive(process)
        assert process.communicate(timeout=LATE) == (b"", b"")
        assert process.returncode == 0
