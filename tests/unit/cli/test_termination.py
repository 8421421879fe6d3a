"""SIGTERM ends a run as Ctrl-C does: everything is cleaned up, and the report is written."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Backend
from tests.support.cli import write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a word")

PROGRAM = """
    import sys
    import threading
    import anyio
    from flowdeco import task, workflow

    BACKEND = dict(backend={backend!r}, backend_options={options!r})

    @task
    async def forever():
        try:
            print("begun", flush=True)
            await anyio.sleep_forever()
        finally:
            print("cleaned up", flush=True)

    @task
    def blocks():
        print("begun", flush=True)
        sys.stdin.readline()
        print("returned", flush=True)

    @workflow(**BACKEND)
    def waits(forever): ...

    @workflow(**BACKEND)
    async def waits_in_async(forever): ...

    @workflow(**BACKEND)
    def waits_for_a_thread(blocks): ...

    @workflow(**BACKEND)
    def waits_for_both(blocks, forever): ...

    @task(run_in="process")
    def apart(): threading.Event().wait()

    @workflow(**BACKEND)
    def waits_for_a_process(apart, forever): ...

    @workflow(**BACKEND)
    def waits_in_its_body():
        print("begun", flush=True)
        threading.Event().wait()
"""


@contextmanager
def begin(name: str, backend: Backend, *prefix: str) -> "Generator[subprocess.Popen[str]]":
    """Run a workflow until it says that it has begun."""
    write("waits.py", PROGRAM.format(backend=backend[0], options=backend[1]))
    command = [*prefix, sys.executable, "-m", "flowdeco", "run", "--report", "page.html", f"waits.py:{name}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()


def read_report() -> str:
    return Path("page.html").read_text(encoding="utf-8")


def test_it_ends_a_run_with_its_report(backend: Backend) -> None:
    with begin("waits" if backend[0] == "trio" else "waits_in_async", backend) as process:
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, "cleaned up\n", "Terminated.\n")
    assert "cancelled" in read_report()


def test_it_ends_what_the_workflow_itself_does() -> None:
    with begin("waits_in_its_body", ("asyncio", {})) as process:
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, "", "Terminated.\n")
    assert "cancelled" in read_report()


def test_a_task_in_a_process_may_be_ended_by_it_as_well() -> None:
    with begin("waits_for_a_process", ("asyncio", {})) as process:
        os.killpg(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, "cleaned up\n")
    assert err.splitlines()[-1] == "Terminated."  # asyncio may have a word to say on a child that is gone
    assert "apart" in read_report()


def test_a_thread_is_waited_for(backend: Backend) -> None:
    with begin("waits_for_a_thread", backend) as process:
        process.terminate()
        out, err = process.communicate("go on\n", timeout=60)
    assert (process.returncode, out, err) == (143, "returned\n", "Terminated.\n")
    assert "cancelled" in read_report()


def test_the_second_one_waits_for_nothing_and_writes_the_report_as_it_stands(backend: Backend) -> None:
    with begin("waits_for_both", backend) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.terminate()
        assert process.stdout.readline() == "cleaned up\n"  # so the first one was heard
        process.terminate()
        assert process.wait(60) == 143
    assert "blocks" in read_report()


def test_it_is_heard_though_the_process_was_left_behind_by_a_script(backend: Backend) -> None:
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with begin("waits", backend, sys.executable, "-c", ignoring) as process:
        os.kill(process.pid, signal.SIGINT)  # is ignored, as before
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (143, "cleaned up\n", "Terminated.\n")


def test_ctrl_c_is_still_ignored_by_a_process_that_a_script_left_behind() -> None:
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    with begin("waits_for_a_thread", ("asyncio", {}), sys.executable, "-c", ignoring) as process:
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate("go on\n", timeout=60)
    assert (process.returncode, out, err) == (0, "returned\n", "")


def test_a_program_that_heeds_it_itself_is_left_to_it() -> None:
    text = """
        import signal
        from flowdeco import workflow
        def own(*_): print("own", flush=True)
        signal.signal(signal.SIGTERM, own)
        @workflow
        def one():
            signal.raise_signal(signal.SIGTERM)
            return "went on"
        """
    write("one.py", text)
    command = [sys.executable, "-m", "flowdeco", "run", "one.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "own\nwent on\n", "")


def test_a_result_that_is_there_is_printed_though() -> None:
    text = """
        import signal
        from flowdeco import Run, workflow
        def to_html(self, path): signal.raise_signal(signal.SIGTERM)
        Run.to_html = to_html
        @workflow
        def one(): return "done"
        """
    write("one.py", text)
    command = [sys.executable, "-m", "flowdeco", "run", "--report", "page.html", "one.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_program_of_its_own_can_have_it_end_a_run_as_ctrl_c_does(backend: Backend) -> None:
    program = """
    import signal

    if __name__ == "__main__":
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        waits()
    """
    write("waits.py", (PROGRAM + program).format(backend=backend[0], options=backend[1]))
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "waits.py"], stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (-signal.SIGINT, "cleaned up\n")
    assert err.splitlines()[-1] == "KeyboardInterrupt"
