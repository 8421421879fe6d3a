"""The processes that share the tests test the package that is installed, and can tell what came of it."""

import os
import subprocess
import sys
from pathlib import Path

import flowdeco
from tests.conftest import spell_surrogates


def test_what_is_tested_is_what_is_installed(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", "import flowdeco; print(flowdeco.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert Path(flowdeco.__file__).samefile(done.stdout.strip())


def test_text_that_utf_8_has_no_word_for_is_spelled_out_in_a_report() -> None:
    report = {"sections": [("log", "a\ud800b")], "\udc80": None, "duration": 0.5}
    assert spell_surrogates(report) == {"sections": [("log", "a\\ud800b")], "\\udc80": None, "duration": 0.5}
