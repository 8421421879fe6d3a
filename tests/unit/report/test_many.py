"""The report of very many tasks, changes and errors."""

import re
from functools import partial
from typing import Any

import pytest

from flowdeco import Retry, Run, State, task, workflow
from flowdeco._draw.svg import MOST_BOXES
from tests.support.picture import give, make_chain, make_wide, take_all
from tests.support.report import Page, boxes_of, page_of


@pytest.mark.parametrize("make", [make_wide, make_chain])
def test_a_thousand_tasks_make_a_page_of_less_than_one_and_a_half_megabytes_with_long_sections_folded(
    make: Any,
) -> None:
    run = make(1000).run("x")
    markup = run.to_html()
    page = Page(markup)
    assert len(markup.encode()) < 1_500_000
    assert len([bar for bar in page.of("i", "bar") if "title" in bar]) == 1000
    assert len(page.of("details")) == 4, "a group, the whole graph, the timeline, the tasks"
    assert not [attributes for attributes in page.of("details") if "open" in attributes]


def test_a_graph_of_too_many_tasks_is_drawn_folded_only_and_all_else_is_told() -> None:
    markup = make_wide(MOST_BOXES).run("x").to_html()
    assert boxes_of(markup) == ["url", f"✓ t… \N{MULTIPLICATION SIGN} {MOST_BOXES:,}", "✓ wide"]
    page = Page(markup)
    assert "is not drawn" in page.text["graph"]
    assert len([bar for bar in page.of("i", "bar") if "title" in bar]) == MOST_BOXES


def test_of_very_many_changes_the_first_and_the_last_are_told() -> None:
    @task
    def busy(state: State) -> None:
        for number in range(2500):
            state["n"] = f"<{number}>"

    @workflow
    def w(busy: Any) -> None: ...

    text = page_of(w.run()).text["state"]
    assert "2,500 changes" in text
    assert "1,500 more" in text
    assert "<2498>" in text
    assert "<499>" in text
    assert "<1200>" not in text


def test_of_very_many_errors_the_first_are_told() -> None:
    @task(retries=Retry(700, delay=0))
    def hopeless() -> None:
        raise ValueError("no")

    @workflow
    def w(hopeless: Any) -> None: ...

    errors = page_of(w.run()).text["errors"]
    assert errors.startswith("Errors✗ failed the run")
    assert "attempt 701: ValueError" in errors
    assert "attempt 499: ValueError" in errors
    assert "attempt 500: ValueError" not in errors
    assert "201 more are not shown" in errors


@pytest.mark.parametrize(("failing", "rest"), [(0, "15 more that did not fail the run"), (25, "15 more that failed")])
def test_of_many_errors_all_but_the_first_ten_are_in_a_fold(failing: int, rest: str) -> None:
    def shake(url: str, run: Run[Any], *, name: str) -> None:
        if failing or name not in {failure.task for failure in run.errors}:
            raise ValueError("no")

    names = [f"t{n}" for n in range(25)]
    nodes: Any = {name: task(partial(shake, name=name), name=name, retries=int(not failing)) for name in names}
    markup = workflow(take_all, name="w", needs={"nodes": nodes}, keep_going=True).run("x").to_html()
    errors = markup[markup.index('<section id="errors">') : markup.index('<section id="inputs">')]
    shown, fold, folded = errors.partition(f"<details><summary>{rest}</summary>")
    assert fold
    assert (shown.count('class="trouble'), folded.count('class="trouble')) == (10, 15)


def test_of_many_errors_of_hooks_all_but_the_first_ten_are_in_a_fold() -> None:
    def broken() -> None:
        raise OSError("the chat is down")

    nodes: Any = {f"t{n}": task(give, name=f"t{n}", on_success=broken) for n in range(25)}
    assert "15 more" in page_of(workflow(take_all, name="w", needs={"nodes": nodes}).run("x")).text["hook-errors"]


@pytest.mark.parametrize(("failing", "shown"), [(0, 0), (2, 2), (25, 20)])
def test_in_front_of_a_long_timeline_stand_the_tasks_that_failed(failing: int, shown: int) -> None:
    def load(url: str, *, number: int) -> None:
        if number % 3 == 0 and number < 3 * failing:
            raise ValueError("no")

    nodes: Any = {f"t{n}": task(partial(load, number=n), name=f"t{n}") for n in range(170)}
    markup = workflow(take_all, name="w", needs={"nodes": nodes}, keep_going=True).run("x").to_html()
    timeline = markup[markup.index('<section id="timeline">') : markup.index("</section>", markup.index("Critical"))]
    first, _, whole = timeline.partition("<details><summary>170 tasks</summary>")
    assert re.findall(r'class="who" title="(\w+)"', first) == [f"t{3 * n}" for n in range(shown)]
    assert (f"{failing} tasks failed:" in first) == bool(failing)
    assert ("5 more are not shown" in first) == (failing == 25)
    assert len(re.findall(r'class="who" title="(\w+)"', whole)) == 170


def test_statistics_of_many_tasks_leave_out_those_that_were_tried_once() -> None:
    tries: list[int] = []

    @task(retries=Retry(2, delay=0))
    def shaky() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise OSError
        return 1

    nodes: Any = {f"t{n}": task(give, name=f"t{n}", needs={"url": shaky}) for n in range(100)}
    run = workflow(take_all, name="w", needs={"nodes": nodes}).run("x")
    run.metrics.record("words", 12)
    statistics = page_of(run).text["statistics"]
    assert "2 rows" in statistics
    assert "shaky3" in statistics
    assert "words1" in statistics
