"""Main scripts whose functions run in processes: with and without `if __name__ == "__main__":`, and without a file."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

each_backend = pytest.mark.parametrize("backend", ["asyncio", "trio"])

# What stands in for a workflow whose only task runs in a process.
WORKFLOW = """
import os
import sys

import anyio

from flowdeco import task
from flowdeco._worker.executor import call_in_executor
from flowdeco._worker.main_guard import refuse_worker_import
from flowdeco._worker.process import call_in_process


def summary(function=None, *args):
    refuse_worker_import("summary")
    function = getattr(function, "_function", function)
    return anyio.run(call_in_process, "page", function, args, backend=os.environ["BACKEND"])


def assert_alone():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("alone")


@task
def page(url="a"):
    return url.upper()
"""


def run(path: Path, body: str, backend: str) -> subprocess.CompletedProcess[str]:
    script = path / "script.py"
    script.write_text(WORKFLOW + dedent(body), encoding="utf-8")
    return run_python(backend, str(script))


def run_python(backend: str, *args: str) -> subprocess.CompletedProcess[str]:
    command, env = [sys.executable, "-W", "error", *args], os.environ | {"BACKEND": backend}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    # asyncio says this now and then where anyio kills a process, on Python 3.12 in other words.
    said = r"Unknown child process pid .*\n|child process pid \d+ exit status already read: .*\n"
    done.stderr = re.sub(said, "", done.stderr)
    return done


@each_backend
def test_a_script_without_a_guard_gets_an_error_that_says_so(tmp_path: Path, backend: str) -> None:
    body = """
        try:
            summary(page)
        finally:
            assert_alone()
        """
    done = run(tmp_path, body, backend)
    assert done.returncode == 1
    assert done.stdout == "alone\n"
    message = (
        "MainGuardError: Cannot run workflow 'summary': the main script calls it at its top level, and each worker "
        "process imports the main script. Call it only in the program itself:\n\n"
        '    if __name__ == "__main__":\n        summary(...)\n'
    )
    assert done.stderr.count("Cannot run workflow 'summary'") == 1
    assert done.stderr.endswith(message)


@each_backend
def test_functions_and_classes_of_a_guarded_script_are_known_in_the_process(tmp_path: Path, backend: str) -> None:
    body = """
        class NoPageError(Exception):
            pass

        @task
        def fail(error):
            try:
                raise error
            except NoPageError:
                raise NoPageError("again") from None

        @task
        def give():
            return [NoPageError, fail.__wrapped__]

        @task
        def nested():
            refuse_worker_import("nested")
            return summary(page, "c")

        if __name__ == "__main__":
            print(summary(page, "b"))
            try:
                summary(fail, NoPageError("first"))
            except NoPageError as error:
                print(error)
            assert summary(give) == [NoPageError, fail.__wrapped__]
            print(summary(nested))
            assert_alone()
        """
    done = run(tmp_path, body, backend)
    assert (done.stdout, done.stderr) == ("B\nagain\nC\nalone\n", "")


@each_backend
def test_a_script_that_cannot_be_imported_is_an_error_that_says_why(tmp_path: Path, backend: str) -> None:
    body = """
        if __name__ != "__main__":
            sys.exit("no arguments")
        try:
            summary(page)
        finally:
            assert_alone()
        """
    done = run(tmp_path, body, backend)
    assert done.stdout == "alone\n"
    last = done.stderr.splitlines()[-1]
    assert "RemoteError: Cannot run task 'page' in a process: " in last
    assert last.endswith(
        "could not start (SystemExit: no arguments). "
        'What only the program itself should do belongs under if __name__ == "__main__":'
    )


@each_backend
def test_a_function_that_is_in_no_file_is_refused(backend: str) -> None:
    done = run_python(backend, "-c", WORKFLOW + "\nsummary(page)")
    assert "TransferError: Cannot run task 'page' in a process: its function 'page' cannot be imported" in done.stderr
    assert (
        "(ImportError: the program was typed in, or is a notebook, so there is no file to import it from)"
        in done.stderr
    )
    assert done.stderr.endswith("Move it to the top level of a module.\n")


@each_backend
def test_a_pool_whose_processes_find_no_guard_is_an_error_of_the_task(tmp_path: Path, backend: str) -> None:
    body = """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        async def run():
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                return await call_in_executor("page", pool, page.__wrapped__, ("b",))

        refuse_worker_import("summary")
        print(anyio.run(run, backend=os.environ["BACKEND"]))
        """
    done = run(tmp_path, body, backend)
    # The process says what is wrong, the program that the pool is broken.
    assert "MainGuardError: Cannot run workflow 'summary'" in done.stderr
    assert "WorkerLostError: Cannot finish task 'page' in its executor: the executor is broken" in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@each_backend
def test_a_function_in_a_process_may_fork(tmp_path: Path, backend: str) -> None:
    body = """
        @task
        def fork():
            child = os.fork()
            if child == 0:
                os._exit(3)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        if __name__ == "__main__":
            print(summary(fork))
        """
    done = run(tmp_path, body, backend)
    assert (done.stdout, done.stderr) == ("3\n", "")
