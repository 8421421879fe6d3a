"""The page shows what happened within the nodes that are workflows."""

import re
from typing import Any

import pytest

from flowdeco import Run, task, workflow
from tests.support.failing import fail_within, nightly
from tests.support.naming import mention
from tests.support.report import Page, page_of


@pytest.fixture(scope="module")
def page() -> Page:
    return page_of(fail_within())


@pytest.fixture(scope="module")
def shared() -> str:
    @task
    def rate() -> float:
        return 160.0

    @workflow
    def within(rate: float) -> float:
        return rate

    @workflow
    def w(rate: float, within: float) -> float:
        return within

    return w.run().to_html()


def test_each_level_has_its_graph_timeline_and_tasks_in_a_fold_of_its_own(page: Page) -> None:
    assert {each["id"] for each in page.of("div") if str(each.get("id")).startswith("run-")} == {"run-0", "run-0-0"}
    assert len(page.of("div", "nested")) == 2
    assert {str(each["aria-label"]) for each in page.of("div", "graph")} == {
        "Graph of nightly",
        "Graph of imported",
        "Graph of reading",
    }
    assert len(page.of("table", "time")) == 3
    nested = page.text["nested-runs"]
    for shown in ("imported ✗ failed 3 tasks", "imported / reading ✓ completed 1 task", "stored", "a row is short"):
        assert shown in nested


def test_a_run_that_failed_is_unfolded_and_one_that_did_not_is_folded() -> None:
    markup = fail_within().to_html()
    assert '<div class="nested"><details open><summary><b>imported</b>' in markup
    assert '<div class="nested"><details><summary><b>imported / reading</b>' in markup


def test_box_row_and_task_of_a_nested_run_lead_to_it(page: Page) -> None:
    links = [each["href"] for each in page.of("a")]
    assert links.count("#run-0") == 2
    assert links.count("#run-0-0") == 2


def test_ids_and_links_are_in_order_however_many_runs_there_are(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(each["href"])[1:] for each in page.of("a")} <= set(ids)


def test_a_task_that_ran_around_a_nested_run_is_told_to_be_shared(shared: str) -> None:
    nested = Page(shared).text["nested-runs"]
    assert re.search(r"✓ rate\s*shared", nested[nested.index("Timeline") : nested.index("Tasks")])
    assert re.search(r"rate\s*✓ completedshared", nested[nested.index("Tasks") :])
    assert "shared" not in Page(shared).text["timeline"]


def test_a_traceback_is_told_once_and_linked_elsewhere(page: Page) -> None:
    assert "raise OSError" in page.text["errors"]
    assert "raise OSError" not in page.text["nested-runs"]
    assert "Its traceback" in page.text["nested-runs"]
    assert 'raise ValueError("a row is short")' in page.text["nested-runs"]


def test_the_inputs_of_a_nested_run_are_told(page: Page) -> None:
    assert "'https://example.org'" in page.text["nested-runs"]


def test_a_run_without_nested_ones_has_no_section_for_them() -> None:
    @workflow
    def w() -> None: ...

    assert "nested-runs" not in page_of(w.run()).text


def test_very_deep_runs_are_shown_down_to_a_level_and_the_rest_counted() -> None:
    def hand_on(inner: Any) -> Any:
        return inner

    @workflow
    async def innermost() -> int:
        return 1

    last: Any = innermost
    for number in range(30):
        last = workflow(hand_on, name=f"level{number}", needs={"inner": last})
    page = page_of(last.run())
    assert len(page.of("div", "nested")) == 10
    assert "1 more is not shown" in page.text["nested-runs"]


def test_of_very_many_runs_those_that_failed_are_shown_and_the_rest_counted() -> None:
    def give() -> int:
        return 1

    def fail() -> int:
        raise ValueError("the last one")

    def take(given: Any) -> Any:
        return given

    nodes: dict[str, Any] = {}
    for number in range(400):
        step = task(fail if number == 399 else give, name="step")
        nodes[f"w{number}"] = workflow(take, name=f"w{number}", needs={"given": step})

    @workflow(keep_going=True, needs={"nodes": nodes})
    def w(nodes: Any) -> None: ...

    run: Run[Any] = w.run()
    page = page_of(run)
    shown = len(page.of("div", "nested"))
    assert 100 < shown < 400
    assert f"{400 - shown} more are not shown" in page.text["nested-runs"]
    assert page.text["nested-runs"].startswith("Nested runsw399 ✗ failed")
    assert f"{shown - 1} more that completed" in page.text["nested-runs"]
    assert "w399 / step ValueError: the last one" in page.text[""]
    assert len(run.to_html()) < 3_000_000


def test_a_plain_call_that_failed_shows_what_failed_within() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        nightly(url="x")
    page = page_of(Run.of(caught.value))
    assert "imported / stored OSError" in page.text[""]
    assert len(page.of("div", "nested")) == 1, "what completed within is let go as results are"


def test_the_run_of_a_called_workflow_is_shown_and_its_call_leads_to_it() -> None:
    @task
    def stock(item: str) -> int:
        return len(item)

    @workflow
    def offer(item: str, stock: int) -> int:
        return stock

    @task
    def agent() -> int:
        return offer.call_sync("tea")

    @workflow
    async def w(agent: int) -> int:
        return agent + await offer.call("cake")

    mention(stock, agent)
    page = page_of(w.run_sync())
    nested = page.text["nested-runs"]
    for shown in ("agent/offer#1 ✓ completed 1 task", "offer#1 ✓ completed 1 task", "stock"):
        assert shown in nested
    links = [each["href"] for each in page.of("a")]
    ids = {str(each["id"]) for each in page.of("div") if str(each.get("id")).startswith("run-")}
    assert ids == {"run-0c0", "run-wc0"}
    assert {f"#{each}" for each in ids} <= set(links)


def test_calls_of_items_stand_below_the_mapped_task() -> None:
    @task
    async def search(query: str) -> str:
        if query == "b":
            raise ValueError(query)
        return query

    @workflow
    async def ask(query: str, search: str) -> str:
        return search

    @task(each={"word": "words"})
    async def look_up(word: str) -> str:
        return await search.call(word) + await ask.call(word)

    @workflow(keep_going=True)
    async def w(words: list[str], look_up: list[str]) -> None: ...

    mention(look_up)
    page = page_of(w.run_sync(["a", "b"]))
    for shown in ("look_up[0]/search#1", "look_up[0]/ask#1", "look_up[1]/search#1✗ failed"):
        assert shown in page.text["tasks"]
    assert "look_up[0]/ask#1 ✓ completed 1 task" in page.text["nested-runs"]
    tasks = page_of(w.run_sync(["b", *"c" * 60])).text["tasks"]
    assert 20 <= len(re.findall(r"look_up\[\d+\]/search#1", tasks)) <= 41
    assert "more are not shown" in tasks
