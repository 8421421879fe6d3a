"""What the page on pytest says of anyio's plugin and pytest-asyncio, in projects that have both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.document import GUIDE, QUICK_SHOP, Document
from tests.support.reading import start_pytest, unfold

PAGE = Document(GUIDE / "pytest.md", QUICK_SHOP)
# Each test adds a line: its mark, and the event loop that it runs on.
PROBE = """\
from pathlib import Path

import pytest
from anyio.lowlevel import current_token

from flowdeco import Workflow


async def note(mark: str, quick_offer: Workflow[str, str]) -> None:
    assert await quick_offer.call(item="tea", currency="JPY") == "tea for 6.00 JPY"
    with Path("loops.txt").open("a") as file:
        file.write(f"{mark} {type(current_token().native_token).__module__.partition('.')[0]}\\n")


@pytest.mark.anyio
async def test_anyio(quick_offer):
    await note("anyio", quick_offer)


@pytest.mark.asyncio
async def test_asyncio(quick_offer):
    await note("asyncio", quick_offer)


async def test_bare(quick_offer):
    await note("bare", quick_offer)
"""


@pytest.fixture(autouse=True)
def no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run_project(page: Document, folder: Path, asyncio_mode: str, anyio_mode: str = "strict") -> tuple[int, str]:
    """Run all tests of the page and the probe, and return the exit code and what pytest says."""
    settings = ["[pytest]", f"asyncio_mode = {asyncio_mode}", f"anyio_mode = {anyio_mode}"]
    settings.append("asyncio_default_fixture_loop_scope = function")  # not to say it is a warning
    (folder / "pytest.ini").write_text("\n".join(settings))
    (folder / "test_probe.py").write_text(PROBE)
    with unfold(page, folder):
        return start_pytest(["-p", "anyio.pytest_plugin", "-p", "pytest_asyncio.plugin"], folder)


def read_loops(folder: Path, mark: str) -> list[str]:
    """Return the event loops that the probe with this mark has run on."""
    lines = (folder / "loops.txt").read_text().splitlines()
    return sorted(loop for each, _, loop in (line.partition(" ") for line in lines) if each == mark)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_a_project_with_both_plugins_runs_as_the_page_says(mode: str, tmp_path: Path) -> None:
    row = re.search(rf"^\| `{mode}` \| (.*) \| (.*) \| (.*) \|$", PAGE.text, re.MULTILINE)
    assert row is not None
    code, said = run_project(PAGE, tmp_path, mode)
    told = {mark: read_loops(tmp_path, mark) for mark in ("anyio", "asyncio", "bare")}
    shown = dict(zip(told, row.groups(), strict=True))
    assert {mark: ", ".join(loops) or "an error" for mark, loops in told.items()} == shown
    failed = re.findall(r"^FAILED (\S+)", said, re.MULTILINE)
    assert failed == (["test_probe.py::test_bare"] if mode == "strict" else []), said
    assert code == (1 if failed else 0)


def test_anyio_s_own_mode_goes_with_strict(tmp_path: Path) -> None:
    code, said = run_project(PAGE, tmp_path, "strict", "auto")
    assert code == 0, said
    assert read_loops(tmp_path, "bare") == ["asyncio", "trio"]
