"""The report of a run of every status."""

import re
from typing import Any

import anyio

from flowdeco import Run, Skip, Status, task, workflow
from tests.support.failing import fail_in_many_ways
from tests.support.report import first, morning, page_of


async def test_a_run_under_way_is_told_as_far_as_it_is() -> None:
    begun, go_on = anyio.Event(), anyio.Event()

    @task
    async def slow() -> int:
        begun.set()
        await go_on.wait()
        return 1

    @task
    def later(slow: int) -> int:
        return slow

    @workflow
    async def w(later: int) -> int:
        return later

    with anyio.fail_after(60):
        async with w.start() as run:
            early = page_of(run)
            await begun.wait()
            page = page_of(run)
            go_on.set()
    assert "not yet" in early.text[""] or "still under way" in early.text[""]
    assert "still under way" in page.text[""]
    assert "so far" in page.text[""]
    assert page.of("i", "running")
    assert "pending" in page.text["tasks"]
    assert "result" not in page.text
    assert "completed" in page_of(run).text[""]


async def test_a_cancelled_run_is_told() -> None:
    begun = anyio.Event()

    @task
    async def slow() -> None:
        begun.set()
        await anyio.sleep_forever()

    @workflow
    async def w(slow: Any) -> None: ...

    with anyio.fail_after(60):
        async with w.start() as run:
            await begun.wait()
            run.cancel()
    page = page_of(run)
    assert "cancelled" in page.text[""]
    assert page.of("i", "cancelled")


def test_a_run_that_has_not_begun_is_told() -> None:
    run: Run[Any] = morning._new_run(("x",), {}, keep=True)
    assert run.status is Status.PENDING
    assert "not yet" in page_of(run).text[""]


def test_a_failed_run_is_told_with_its_error_at_the_top() -> None:
    @task
    def bad() -> None:
        raise ValueError("it is wrong\nin two lines")

    @workflow
    def w(bad: Any) -> None: ...

    page = page_of(w.run())
    assert "ValueError: it is wrong …" in page.text[""]
    assert "ValueError: it is wrong\nin two lines" in page.text["errors"]
    assert "result" not in page.text


def test_a_group_of_errors_is_told_whole_beside_its_parts() -> None:
    @task
    def bad() -> None:
        raise ValueError("one")

    @task
    def worse() -> None:
        raise OSError("two")

    @workflow(keep_going=True)
    def w(bad: Any, worse: Any) -> None: ...

    errors = page_of(w.run()).text["errors"]
    assert "What the run failed with" in errors
    assert "ExceptionGroup: 2 tasks of workflow 'w' failed" in errors


def test_a_skipped_run_is_told_with_the_reason() -> None:
    @task
    def bare() -> None:
        raise Skip("nothing to do")

    @workflow
    def w(bare: Any) -> None: ...

    page = page_of(w.run())
    assert "skipped" in page.text[""]
    assert "Skipped: " in page.text[""]
    assert "nothing to do" in page.text[""]


def test_a_plain_call_s_results_are_told_to_be_let_go() -> None:
    runs: list[Run[Any]] = []

    def keep(run: Run[Any]) -> None:
        runs.append(run)

    morning.with_options(on_success=keep)("x")
    page = page_of(runs[0])
    assert page.text["tasks"].count("not kept") == 3
    assert "first of x" not in page.text["tasks"]


def test_a_result_of_none_is_not_told_to_be_let_go() -> None:
    @task
    def nothing() -> None: ...

    @workflow
    def w(nothing: Any) -> None: ...

    page = page_of(w.run())
    assert "None" in page.text["tasks"]
    assert "not kept" not in page.text["tasks"]


def test_a_workflow_of_no_tasks_is_told() -> None:
    @workflow
    def w() -> int:
        return 1

    page = page_of(w.run())
    assert [attributes["id"] for attributes in page.of("section")] == ["graph", "result"]


def test_a_count_of_tasks_stands_in_the_pill_of_their_status() -> None:
    head = fail_in_many_ways().to_html().partition("10 tasks</dt>")[2].partition("</dl>")[0]
    pills = re.findall(r'<span class="badge (\w+)"><span aria-hidden="true">. </span>(.*?)</span>', head)
    assert pills == [("completed", "4 completed"), ("failed", "3 failed"), ("upstream_failed", "3 upstream failed")]
    assert not re.search(r"</span> +[\d,]", head)


def test_a_status_is_told_in_words() -> None:
    page = page_of(fail_in_many_ways())
    assert "upstream failed" in page.text["timeline"]
    assert "upstream failed" in page.text["tasks"]
    assert "monthly: upstream failed" in page.text["graph"]
    assert "upstream_failed" not in page.whole


def test_a_row_of_the_timeline_without_a_bar_says_why() -> None:
    timeline = page_of(fail_in_many_ways()).text["timeline"]
    assert "⇡ monthlyupstream failed" in timeline
    assert "✓ firstreplaced by a value" in page_of(morning.override({first: "fake"}).run("x")).text["timeline"]


def test_what_a_value_stands_in_for_is_told() -> None:
    page = page_of(morning.override({first: "fake"}).run("x"))
    assert "replaced by a value" in page.text["tasks"]
    assert "'fake'" in page.text["tasks"]
