"""The page on notebooks is executed as a notebook: each cell gives what is shown below it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import flowdeco
from tests.support.document import GUIDE, QUICK_SHOP, Document
from tests.support.reading import unfold

PAGE = Document(GUIDE / "notebooks.md", QUICK_SHOP)
PICTURES = {"run", "bill.graph"}  # how cells end that show one


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The cells of the page, executed by a kernel of their own."""
    make: Any = nbformat.v4
    notebook = make.new_notebook(cells=[make.new_code_cell(block.code) for block in PAGE.python])
    folder = tmp_path_factory.mktemp("notebook")
    with unfold(PAGE, folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(inspect.getfile(flowdeco)).parents[1]))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        client = NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}})
        client.execute()
    return list(notebook.cells)


@pytest.mark.parametrize("at", range(len(PAGE.python)))
def test_each_cell_gives_what_is_shown(cells: list[Any], at: int) -> None:
    block = PAGE.python[at]
    [output] = cells[at].outputs
    if block.output is None:
        assert block.code.splitlines()[-1] in PICTURES
        assert "image/svg+xml" in output.data
    elif output.output_type == "error":
        assert f"{output.ename}: {output.evalue}\n" == block.output
    else:
        assert output.data["text/plain"] + "\n" == block.output


def test_a_cell_that_is_run_again_changes_what_a_workflow_of_another_cell_uses() -> None:
    first, again = [block for block in PAGE.python if "def discount" in block.code]
    assert "@workflow" in first.code
    assert "@workflow" not in again.code
    assert first.output != again.output
