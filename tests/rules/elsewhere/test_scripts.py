"""Scripts whose tasks run in processes."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.run_in import LATE

SCRIPT = """
import os
import sys

from flowdeco import task, workflow


@task(run_in="process")
def page(url):
    return url.upper()


@workflow(backend=os.environ["BACKEND"])
def summary(url, page):
    return page

"""


def run_script(path: Path, ending: str, backend: str) -> subprocess.CompletedProcess[str]:
    script = path / "script.py"
    script.write_text(SCRIPT + dedent(ending), encoding="utf-8")
    command, env = [sys.executable, "-W", "error", str(script)], os.environ | {"BACKEND": backend}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=LATE, check=False)


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_script_without_a_guard_gets_an_error_that_says_so(tmp_path: Path, name: str) -> None:
    done = run_script(tmp_path, "print(summary('a'))", name)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "MainGuardError: Cannot run workflow 'summary': the main script calls it at its top level" in done.stderr
    assert '    if __name__ == "__main__":\n        summary(...)\n' in done.stderr


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_script_with_a_guard_runs(tmp_path: Path, name: str) -> None:
    ending = """
        if __name__ == "__main__":
            print(summary("a"))
        """
    done = run_script(tmp_path, ending, name)
    assert (done.stdout, done.returncode) == ("A\n", 0)


# What is called as the main script is imported, by whomever

AT_IMPORT = """
import multiprocessing

import anyio


@task
def word(url):
    return url.title()


@workflow
def title(url, word):
    return word


WORD = title("tea")


def repeat(times):
    return WORD * times


@task(run_in="process")
def again(times):
    return repeat(times)


@workflow
def repeated(times, again):
    return again

"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_workflow_of_no_process_runs_where_a_pool_of_somebody_else_imports_the_main_script(
    tmp_path: Path, method: str
) -> None:
    ending = f"""
        if __name__ == "__main__":
            with multiprocessing.get_context("{method}").Pool(1) as pool:
                print(pool.map(repeat, [1, 2]))
        """
    done = run_script(tmp_path, AT_IMPORT + dedent(ending), "asyncio")
    assert (done.stdout, done.stderr) == ("['Tea', 'TeaTea']\n", "")


@pytest.mark.parametrize("name", ["asyncio", "trio"])
def test_a_workflow_of_no_process_runs_where_our_own_processes_import_the_main_script(
    tmp_path: Path, name: str
) -> None:
    ending = """
        if __name__ == "__main__":
            print(repeated(2))
        """
    done = run_script(tmp_path, AT_IMPORT + dedent(ending), name)
    assert (done.stdout, done.stderr) == ("TeaTea\n", "")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("raise repeated.run(2).error", "repeated"),
        ("anyio.run(repeated.call, 2)", "repeated"),
        ("workflow(lambda times, repeated: repeated, name='outer')(times=2)", "outer"),
        ("workflow(lambda url, word: word, name='outer', defaults={'run_in': 'process'})(url='a')", "outer"),
    ],
)
def test_a_workflow_that_starts_processes_is_refused_there_however_it_is_called(
    tmp_path: Path, call: str, name: str
) -> None:
    done = run_script(tmp_path, AT_IMPORT + call, "asyncio")
    assert done.returncode == 1
    assert f"MainGuardError: Cannot run workflow '{name}': the main script calls it at its top level" in done.stderr


def test_a_workflow_that_recovers_in_a_process_is_refused_there(tmp_path: Path) -> None:
    ending = """
        @task(recover=again)
        def fail(times):
            raise ValueError

        @workflow
        def risky(times, fail):
            return fail

        risky(2)
        """
    done = run_script(tmp_path, AT_IMPORT + dedent(ending), "asyncio")
    assert "MainGuardError: Cannot run workflow 'risky'" in done.stderr


def test_a_thread_that_the_main_script_starts_is_refused_there_too(tmp_path: Path) -> None:
    ending = """
        import threading

        said = []

        def call():
            try:
                print(repeated(2))
            except Exception as error:
                said.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        if said:
            raise said[0]
        """
    done = run_script(tmp_path, AT_IMPORT + dedent(ending), "asyncio")
    assert "MainGuardError: Cannot run workflow 'repeated'" in done.stderr
