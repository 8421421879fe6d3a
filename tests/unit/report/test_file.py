"""The report as a text or a file."""

import re
from pathlib import Path

import pytest

from tests.support.report import Page, morning


def test_without_a_path_the_text_is_returned_and_with_one_it_is_written(tmp_path: Path) -> None:
    run = morning.run("dé日🙂")
    path = run.to_html(tmp_path / "report.html")
    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8") == run.to_html()
    assert "dé日🙂" in path.read_text(encoding="utf-8")
    assert run.to_html(str(path)) == path


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        morning.run("x").to_html(tmp_path / "nowhere" / "report.html")


def test_the_page_loads_nothing_and_runs_nothing(told: Page) -> None:
    names = {tag for tag, _ in told.tags}
    assert not names & {"script", "img", "iframe", "object", "embed", "form"}
    for tag, attributes in told.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "action"):
            assert re.match(r"#|data:,$", attributes.get(name) or "#"), (tag, attributes)
    markup = morning.run("x").to_html()
    [style] = re.findall(r"<style>(.*?)</style>", markup, re.DOTALL)
    assert not re.search(r"@import|@font-face|url\((?!#)", style)
    assert "default-src 'none'" in markup
