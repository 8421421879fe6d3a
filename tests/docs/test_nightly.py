"""What the page on nightly runs has cron, systemd and a container call is called, and does what the page says."""

import inspect
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import flowdeco
from tests.support.document import PAGES
from tests.support.run_in import LATE
from tests.support.schedules import read_crontab, read_entry_point, read_unit

PAGE = next(page for page in PAGES if page.path.name == "nightly.md")
BLOCKS = {block.code.splitlines()[0]: block.code for block in PAGE.blocks}
HOME = "/srv/nightly"
CRONTAB = next(block.code for block in PAGE.blocks if block.language == "cron")
SERVICE = BLOCKS["# /etc/systemd/system/nightly.service"]
DOCKERFILE = next(block.code for block in PAGE.blocks if block.language == "dockerfile")

needs_a_shell = pytest.mark.skipif(shutil.which("flock") is None, reason="there is no flock")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the page's program, with a flowdeco of this Python."""
    (tmp_path / "nightly.py").write_text(PAGE.own_files["nightly.py"], encoding="utf-8")
    command = tmp_path / ".venv" / "bin" / "flowdeco"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m flowdeco "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return tmp_path


def call(command: str | list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    package = Path(inspect.getfile(flowdeco)).parents[1]
    return subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=LATE,
        check=False,
    )


def on_a_friday(command: str) -> str:
    """Have it be another day than today, which may be one without prices."""
    assert "nightly.py:night" in command
    return command.replace("nightly.py:night", "nightly.py:night --on 2026-11-27")


@needs_a_shell
def test_the_line_of_the_crontab_writes_file_report_and_log(home: Path) -> None:
    (command,) = read_crontab(CRONTAB)
    done = call(on_a_friday(command).replace(HOME, str(home)), home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (home / "2026-11-27.json").is_file()
    (report,) = home.glob("*.html")
    assert str(date.fromisoformat(report.stem)) == report.stem
    assert "wrote 2026-11-27.json" in (home / "night.log").read_text(encoding="utf-8")


@needs_a_shell
def test_a_second_one_ends_at_once_with_a_code_of_its_own(home: Path) -> None:
    (command,) = read_crontab(CRONTAB)
    fcntl = pytest.importorskip("fcntl")
    with open(home / "night.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert call(command.replace(HOME, str(home)), home).returncode == 75
    assert not (home / "night.log").read_text(encoding="utf-8")
    assert list(home.glob("*.html")) == []


@pytest.mark.skipif(os.name != "posix", reason="systemd is for Linux")
def test_what_the_service_starts_runs_and_its_timer_has_its_name(home: Path) -> None:
    service = read_unit(SERVICE)["Service"]
    command = service["ExecStart"].replace(HOME, str(home))
    assert "%" not in command  # which systemd would replace
    done = call(on_a_friday(command).split(), Path(service["WorkingDirectory"].replace(HOME, str(home))))
    assert (done.returncode, done.stdout) == (0, "wrote 2026-11-27.json\n")
    assert (home / "night.html").is_file()
    assert "/etc/systemd/system/nightly.timer" in "\n".join(BLOCKS)


def test_what_the_container_starts_runs_with_the_inputs_behind_it(home: Path) -> None:
    command = [word.replace("/app/", f"{home}/") for word in read_entry_point(DOCKERFILE)]
    data = home / "data"
    data.mkdir()
    done = call([sys.executable, "-m", *command, "--on", "2026-11-27"], data)
    assert (done.returncode, done.stdout) == (0, "wrote 2026-11-27.json\n")
    assert {path.name for path in data.iterdir()} == {"2026-11-27.json", "night.html"}
