"""Commands as the pages show them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from flowdeco.cli import main as cli
from tests.support.document import Session


def check_session(session: Session, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a command of `flowdeco`: it must succeed, print what is shown, and write the report that it names."""
    words = shlex.split(session.command)
    assert words[0] == "flowdeco"
    assert cli.main(words[1:]) == 0
    printed = capsys.readouterr().out
    if session.output:
        assert printed == session.output
    if "--report" in words:
        assert (folder / words[words.index("--report") + 1]).is_file()
