"""However a program is started, its tasks run in processes as they do in a spawned pool of the standard library."""

import os
import subprocess
import sys
import zipapp
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.run_in import LATE

# A package whose tasks import from beside themselves, and say what a process knows of the program.
HELP = "def shout(text):\n    return text.upper()\n"
TASKS = """
import sys

from flowdeco import task, workflow
from {dot}help import shout


@task(run_in="process")
def page(url):
    return shout(url), sys.argv[1:]


@workflow(backend="{backend}")
def summary(url, page):
    return page

"""
CALL = 'print(summary(url="a"))\n'
GUARDED = f'if __name__ == "__main__":\n    {CALL}'
SAYS = "('A', ['x', '--y'])\n"
# With the task in another module than the main one.
IMPORTED = f"from {{dot}}tasks import summary\n\n{CALL}"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")


def tasks(dot: str = ".", backend: str = "asyncio") -> str:
    return TASKS.format(dot=dot, backend=backend)


def start(folder: Path, *args: str, stdin: str | None = None) -> str:
    """Run Python there, and return what it prints; nothing else must be said."""
    command = [sys.executable, *args]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=env, input=stdin, capture_output=True, text=True, timeout=LATE, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_script(tmp_path: Path) -> None:
    write(tmp_path, {"help.py": HELP, "main.py": tasks("") + GUARDED})
    assert start(tmp_path, "main.py", "x", "--y") == SAYS


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_module_of_a_package_with_relative_imports(tmp_path: Path, backend: str) -> None:
    files = {"pkg/__init__.py": "", "pkg/help.py": HELP, "pkg/main.py": tasks(".", backend) + GUARDED}
    write(tmp_path, files)
    assert start(tmp_path, "-m", "pkg.main", "x", "--y") == SAYS


def test_a_module_of_a_package_without_an_init(tmp_path: Path) -> None:
    write(tmp_path, {"space/pkg/help.py": HELP, "space/pkg/main.py": tasks() + GUARDED})
    assert start(tmp_path, "-m", "space.pkg.main", "x", "--y") == SAYS


def test_a_package_whose_main_module_has_no_guard_and_no_tasks(tmp_path: Path) -> None:
    files = {"pkg/__init__.py": "", "pkg/help.py": HELP, "pkg/tasks.py": tasks()}
    write(tmp_path, {**files, "pkg/__main__.py": IMPORTED.format(dot=".")})
    assert start(tmp_path, "-m", "pkg", "x", "--y") == SAYS


def test_a_package_whose_main_module_has_the_tasks(tmp_path: Path) -> None:
    files = {"pkg/__init__.py": "import multiprocessing\n", "pkg/help.py": HELP}
    write(tmp_path, {**files, "pkg/__main__.py": tasks() + GUARDED})
    assert start(tmp_path, "-m", "pkg", "x", "--y") == SAYS


def test_a_package_whose_main_module_has_the_tasks_and_no_guard_is_told_so(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/__init__.py": "", "pkg/help.py": HELP, "pkg/__main__.py": tasks() + CALL})
    done = subprocess.run(
        [sys.executable, "-m", "pkg"], cwd=tmp_path, capture_output=True, text=True, timeout=LATE, check=False
    )
    assert done.returncode == 1
    assert "MainGuardError: Cannot run workflow 'summary': the main script calls it at its top level" in done.stderr


@pytest.mark.parametrize("way", [["-c", "import tasks"], ["main.py"]], ids=["typed in", "by the main script"])
def test_a_module_that_calls_a_workflow_of_processes_as_it_is_imported_is_told_so(
    tmp_path: Path, way: list[str]
) -> None:
    write(tmp_path, {"help.py": HELP, "tasks.py": tasks("") + CALL, "main.py": "import tasks\n"})
    command = [sys.executable, *way]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LATE, check=False)
    assert done.returncode == 1
    assert (
        "MainGuardError: Cannot run workflow 'summary': module 'tasks' calls it when it is imported, and each worker "
        "process imports it, too. Move the call into a function." in done.stderr
    )


@pytest.mark.parametrize(("where", "packed"), [("tasks", False), ("main", True)])
def test_a_folder_and_a_zip_file(tmp_path: Path, where: str, packed: bool) -> None:
    files = {"help.py": HELP, "tasks.py": tasks(""), "__main__.py": IMPORTED.format(dot="")}
    write(tmp_path / "app", files if where == "tasks" else {"help.py": HELP, "__main__.py": tasks("") + GUARDED})
    if packed:
        zipapp.create_archive(tmp_path / "app", tmp_path / "app.pyz")
    assert start(tmp_path, "app.pyz" if packed else "app", "x", "--y") == SAYS


@pytest.mark.parametrize(
    "how", ["run_path('main.py', run_name='__main__')", "run_module('pkg.main', None, '__main__')"]
)
def test_a_program_that_another_runs(tmp_path: Path, how: str) -> None:
    files = {"help.py": HELP, "main.py": tasks("") + GUARDED, "pkg/help.py": HELP}
    write(tmp_path, {**files, "pkg/main.py": tasks() + GUARDED})
    how = how.replace("'__main__')", "'__main__', alter_sys=True)") if "module" in how else how
    write(tmp_path, {"other.py": f"import runpy\n\nif __name__ == '__main__':\n    runpy.{how}\n"})
    assert start(tmp_path, "other.py", "x", "--y") == SAYS


@pytest.mark.parametrize("piped", [False, True])
def test_a_program_without_a_file_that_imports_its_tasks(tmp_path: Path, piped: bool) -> None:
    write(tmp_path, {"pkg/help.py": HELP, "pkg/tasks.py": tasks()})
    program = IMPORTED.format(dot="pkg.")
    out = start(tmp_path, "-", "x", "--y", stdin=program) if piped else start(tmp_path, "-c", program, "x", "--y")
    assert out == SAYS


def test_the_command(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/__init__.py": "", "pkg/help.py": HELP, "pkg/tasks.py": tasks(), "alone.py": tasks("pkg.")})
    assert "'A'" in start(tmp_path, "-m", "flowdeco", "run", "pkg.tasks:summary", "--url", "a")
    assert "'A'" in start(tmp_path, "-m", "flowdeco", "run", "alone.py:summary", "--url", "a")


def test_pytest(tmp_path: Path) -> None:
    test = '\n\ndef test_it():\n    assert summary(url="a")[0] == "A"\n'
    write(tmp_path, {"help.py": HELP, "test_alone.py": tasks("") + test})
    assert "1 passed" in start(
        tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_alone.py"
    )


def test_options_of_python_hold_in_the_processes_too(tmp_path: Path) -> None:
    program = """
    import sys

    from flowdeco import task, workflow


    @task(run_in="process")
    def flags():
        return sys.flags.optimize, sys.flags.utf8_mode, "ignore::DeprecationWarning" in sys.warnoptions


    @workflow
    def w(flags):
        return flags


    if __name__ == "__main__":
        print(w())
    """
    write(tmp_path, {"main.py": program})
    options = ["-O", "-X", "utf8", "-W", "ignore::DeprecationWarning"]
    assert start(tmp_path, *options, "main.py") == "(1, 1, True)\n"
