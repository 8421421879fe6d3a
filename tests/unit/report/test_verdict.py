"""The page says first what failed, why and where, and what it took down."""

import json
import re
from typing import Any

import anyio
import pytest

from flowdeco import Outcome, TaskTimeoutError, task, workflow
from flowdeco._report.place import place_of_error, place_of_function
from tests.support.clock import AT_ONCE
from tests.support.failing import fail_in_many_ways, fail_within, nightly
from tests.support.report import Page, morning, page_of

WAYS = fail_in_many_ways().to_html()


@pytest.fixture(scope="module")
def failed() -> Page:
    return Page(WAYS)


def line_of(function: Any) -> int:
    return int(function.__wrapped__.__code__.co_firstlineno)


def test_each_task_that_failed_is_told_in_one_line_with_its_place_attempts_and_victims(failed: Page) -> None:
    head = failed.text[""]
    assert "2 tasks failed" in head
    assert re.search(
        r"stock ConnectionError: warehouse\.example\.org:5432 refused the connection …"
        r"failing\.py, line \d+, in stock · 3 attempts · took down weekly, monthly \(2 upstream failed\)",
        head,
    )
    assert re.search(
        r"refunds LookupError: no refund has this number: [0-9]+ …failing\.py, line \d+, in refunds · 1 attempt · "
        r"took down ledger \(1 upstream failed\)",
        head,
    )


def test_it_stands_before_all_else_and_leads_to_the_traceback(failed: Page) -> None:
    head = failed.text[""]
    assert head.index("2 tasks failed") < head.index("Started")
    links = [str(each["href"]) for each in failed.of("a")][:2]
    assert all(link.startswith("#error-") for link in links)
    assert set(links) <= {f"#{attributes['id']}" for attributes in failed.of("div") if "id" in attributes}


def test_without_keep_going_it_says_what_was_cancelled() -> None:
    @task
    def bad() -> int:
        raise ValueError("no")

    @task
    def after(bad: int) -> int:
        return bad

    @task
    def later(after: int) -> int:
        return after

    @workflow
    def w(later: int) -> None: ...

    assert "1 attempt · took down after, later (2 cancelled)" in page_of(w.run()).text[""]


def test_a_failure_in_a_nested_run_is_told_with_the_way_to_it() -> None:
    page = page_of(fail_within())
    assert "1 task failed" in page.text[""]
    assert "imported / stored OSError: No space left on device" in page.text[""]
    assert "in stored · 1 attempt · took down letter, indexed (1 upstream failed, 1 cancelled)" in page.text[""]


def test_a_workflow_whose_own_function_failed_is_told() -> None:
    @workflow
    def w() -> None:
        raise RuntimeError("at the end")

    head = page_of(w.run()).text[""]
    assert "The workflow itself failed: w" in head
    assert re.search(r"w RuntimeError: at the endtest_verdict\.py, line \d+, in w", head)


def test_what_came_through_none_of_the_user_s_lines_is_placed_at_the_function() -> None:
    @workflow(timeout=AT_ONCE)
    async def w() -> None:
        await anyio.sleep_forever()

    assert f"test_verdict.py, line {line_of(w)}, in w" in page_of(anyio.run(w.run)).text[""]


def test_of_very_many_failures_the_first_are_told_and_the_rest_counted() -> None:
    def fail() -> None:
        raise ValueError("no")

    nodes: Any = {f"t{n}": task(fail, name=f"t{n}") for n in range(25)}

    @workflow(keep_going=True, needs={"nodes": nodes})
    def w(nodes: Any) -> None: ...

    page = page_of(w.run())
    assert "25 tasks failed" in page.text[""]
    assert len(page.of("li")) > 10
    assert "15 more" in page.text[""]


def test_success_is_told_in_a_quiet_line_where_something_was_made_good_and_in_none_otherwise() -> None:
    @workflow
    def plain() -> int:
        return 1

    page = page_of(morning.run("x"))
    told = "No error failed the run: 2 failed attempts made good by another; 1 error recovered from."
    assert told in page.text[""]
    assert page.of("p", "quiet")
    assert not page.of("h2", "failed")
    assert "No error" not in page_of(plain.run()).text[""]


def test_a_nested_run_that_succeeds_is_no_failure() -> None:
    run = nightly.override(stored=1).run(url="x")
    page = page_of(run)
    assert "failed" not in page.text[""]


# What became of each error


@pytest.mark.parametrize(
    ("task", "word", "kind"),
    [
        ("stock, attempt 3", "✗ failed the run", "failed"),
        ("stock, attempt 1", "↻ tried again", "retrying quiet"),
        ("orders, attempt 1", "✓ made good by attempt 3", "completed quiet"),
        ("quick, attempt 1", "✓ recovered", "completed quiet"),
        ("odd, attempt 1", "↷ handled", "skipped quiet"),
    ],
)
def test_an_error_says_what_became_of_it_by_a_word_a_sign_and_a_colour(task: str, word: str, kind: str) -> None:
    who, _, attempt = task.partition(",")
    troubles = re.findall(r'<div class="trouble ([\w ]+)"><details[^>]*><summary>(.*?)</summary>', WAYS)
    [found] = [each for each in troubles if f"<b>{who}</b>,{attempt}:" in each[1]]
    assert found[0] == kind
    assert re.sub("<[^>]*>", "", found[1]).startswith(f"{word} ")


def test_what_failed_the_run_comes_first_and_unfolded_and_the_rest_folded() -> None:
    errors = WAYS[WAYS.index('<section id="errors">') : WAYS.index("What the run failed with")]
    kinds = re.findall(r'<div class="trouble (\w+)[\w ]*"><details( open)?>', errors)
    assert kinds[:2] == [("failed", " open")] * 2
    assert {kind for kind, _ in kinds[2:]} == {"skipped", "retrying", "completed"}
    assert not any(is_open for _, is_open in kinds[2:])


def test_the_bar_of_an_attempt_that_was_made_good_looks_different_from_a_failure(failed: Page) -> None:
    def kind_of(start: str) -> str:
        [bar] = [bar for bar in failed.of("i", "bar") if str(bar.get("title")).startswith(start)]
        return str(bar["class"])

    assert "failed" in kind_of("stock: attempt 3 failed")
    assert "retrying" in kind_of("stock: attempt 1 failed")
    assert "retrying" in kind_of("orders: attempt 2 failed")
    assert "retrying" in kind_of("quick: attempt 1 failed")
    assert "✗3" in failed.text["timeline"]
    assert "↻1" in failed.text["timeline"]


# Places


def test_a_place_is_the_innermost_line_of_the_user_s_own_code() -> None:
    def read() -> None:
        json.loads("{")

    with pytest.raises(ValueError, match="Expecting") as caught:
        read()
    place = place_of_error(caught.value)
    assert place is not None
    assert (place.function, str(place)) == ("read", f"test_verdict.py, line {place.line}, in read")


def test_an_error_without_a_traceback_has_no_place_and_neither_has_what_is_not_python() -> None:
    assert place_of_error(TaskTimeoutError("late")) is None
    assert place_of_function(len) is None


def test_an_error_that_a_task_received_as_an_outcome_is_no_reason_why_the_run_failed() -> None:
    @task
    def odd() -> int:
        raise ArithmeticError("odd")

    @task(settled="odd")
    def told(odd: Outcome[int]) -> str:
        return odd.status

    @task
    def worse(told: str) -> int:
        raise ValueError("worse")

    @workflow
    def w(worse: int) -> None: ...

    page = page_of(w.run())
    assert "1 task failed" in page.text[""]
    assert "worse ValueError: worse" in page.text[""]
    assert "odd" not in page.text[""]
    assert page.text["errors"].index("✗ failed the run") < page.text["errors"].index("↷ handled")


def test_a_nested_workflow_whose_own_function_failed_is_named_once() -> None:
    @workflow
    def within() -> int:
        raise RuntimeError("at its end")

    @workflow
    def w(within: int) -> None: ...

    assert "1 task failedwithin RuntimeError: at its end" in page_of(w.run()).text[""]


async def test_a_run_under_way_says_what_has_failed_so_far() -> None:
    failed, go_on = anyio.Event(), anyio.Event()

    @task(on_error=lambda: failed.set())
    async def bad() -> int:
        raise ValueError("no")

    @task
    async def slow() -> int:
        await go_on.wait()
        return 1

    @workflow(keep_going=True)
    async def w(bad: int, slow: int) -> None: ...

    heads: list[str] = []
    with anyio.fail_after(60), pytest.raises(ExceptionGroup):
        async with w.start() as run:
            await failed.wait()
            heads.append(page_of(run).text[""])
            go_on.set()
    assert "1 task failed so far" in heads[0]
    assert "bad ValueError: no" in heads[0]
