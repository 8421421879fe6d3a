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
