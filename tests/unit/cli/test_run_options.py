"""The other options of `flowdeco run`: the report and the progress."""

import re
from pathlib import Path

import pytest

from flowdeco import Run
from tests.support.cli import SHOP, Command, write


@pytest.mark.parametrize(("item", "code"), [("tea", 0), ("milk", 1)])
def test_report_writes_a_page_however_the_run_ends(flowdeco: Command, item: str, code: int) -> None:
    write("shop.py", SHOP)
    assert flowdeco("run", "--report", "page.html", "shop.py", "--item", item).code == code
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "4.0" in page or "KeyError" in page


def test_a_report_that_cannot_be_written_is_a_failure_but_the_result_is_there(
    flowdeco: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_html(self: Run[str], path: Path) -> None:
        assert self.tasks["price"].result == 4.0  # it is there for the report
        raise OSError("no space left")

    write("shop.py", SHOP)
    monkeypatch.setattr("flowdeco.Run.to_html", to_html)
    assert [*flowdeco("run", "--report", "page.html", "shop.py", "--item", "tea")] == [
        1,
        "1 tea for 4.00\n",
        "flowdeco run: error: Cannot write the report: no space left\n",
    ]


def test_progress_is_shown_on_stderr_once_and_beside_the_hooks_that_are_there(flowdeco: Command) -> None:
    text = """
        from flowdeco import workflow
        from flowdeco.progress import Progress
        seen = []
        @workflow(on_state=seen.append)
        def one(): return len(seen)
        @workflow(on_state=Progress())
        def two(): return 2
        """
    write("one.py", text)
    for name, result in (("one", 1), ("two", 2)):
        code, out, err = flowdeco("run", "--progress", f"one.py:{name}")
        assert (code, out) == (0, f"{result}\n")
        assert [re.sub(r"[\d.]+ s", "N s", line) for line in str(err).splitlines()] == [
            f"{name}: started, 0 tasks",
            f"{name}: completed in N s",
        ]


@pytest.mark.parametrize("where", ["import", "task"])
def test_a_report_is_written_in_the_folder_that_was_current_before_the_program_changed_it(
    flowdeco: Command, where: str
) -> None:
    before = Path.cwd()
    Path("other").mkdir()
    program = f"""
        import os
        from flowdeco import task, workflow

        def change(where):
            if where == {where!r}: os.chdir("other")

        @task(run_in="loop")
        def one(): change("task")

        @workflow
        def w(one): ...

        change("import")
        """
    write("w.py", program)
    assert [*flowdeco("run", "--report", "page.html", "w.py")] == [0, "", ""]
    assert Path.cwd() == before / "other"
    assert (before / "page.html").exists()
    assert not Path("page.html").exists()


def test_progress_and_failures_name_items(flowdeco: Command) -> None:
    text = """
        from flowdeco import task, workflow

        @task
        def pages(): return [0, 1, 2, 3]

        @task(each={"page": pages})
        async def text(page):
            if page % 2: raise ValueError(f"no page {page}")
            return page

        @workflow(keep_going=True)
        def read(text): return text
        """
    write("read.py", text)
    code, out, err = flowdeco("run", "--progress", "read.py")
    assert (code, out) == (1, "")
    lines = str(err).splitlines()
    assert any(line.startswith("read: text[3] failed (4/4, 2 failed in ") for line in lines)
    told = [line for line in lines if line.startswith("Task ")]
    assert told == [f"Task 'text', item {n}, of workflow 'read' failed: ValueError: no page {n}" for n in (1, 3)]
    assert sum(" in text: if page % 2: raise" in line for line in lines) == 2
