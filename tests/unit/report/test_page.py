"""What the page of a report tells."""

import re
from os import sep
from typing import Any

from flowdeco import Attempt, State, Status, task, workflow
from flowdeco._report.row import Row
from flowdeco._report.timeline_chart import _draw_row
from tests.support.report import Page, morning, page_of

SECTIONS = [
    "Graph",
    "Timeline",
    "Errors",
    "Hook errors",
    "Inputs",
    "Result",
    "Tasks",
    "State",
    "Statistics",
    "Metadata",
]


# What it tells


def test_the_page_begins_with_the_workflow_its_status_id_times_and_counts() -> None:
    run = morning.run("x")
    head = page_of(run).text[""]
    assert run.started is not None
    assert run.finished is not None
    for shown in ("morning", "completed", run.id, f"{run.started:%Y-%m-%d %H:%M:%S}", "4 tasks", "UTC"):
        assert shown in head
    assert len(page_of(run).of("time")) >= 2
    assert re.search(r"<title>morning: completed</title>", run.to_html())


def test_every_section_that_has_something_to_tell_is_there_and_linked(told: Page) -> None:
    anchors = [name.lower().replace(" ", "-") for name in SECTIONS]
    assert [attributes["id"] for attributes in told.of("section")] == anchors
    assert {f"#{anchor}" for anchor in anchors} <= {attributes.get("href") for attributes in told.of("a")}


def test_every_link_leads_somewhere_on_the_page(told: Page) -> None:
    ids = [attributes["id"] for _, attributes in told.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in told.of("a"):
        assert str(attributes["href"]).removeprefix("#") in ids


def test_the_timeline_has_a_row_for_each_task_and_a_bar_for_each_attempt(told: Page) -> None:
    run = morning.run("x")
    page = page_of(run)
    bars = page.of("i", "bar")
    titled = [attributes for attributes in bars if "title" in attributes]
    assert len(titled) == sum(record.attempts for record in run.tasks.values()) == 6
    assert len([bar for bar in titled if "retrying" in str(bar["class"])]) == len(run.errors) == 3
    for name, record in run.tasks.items():
        for attempt in record.timeline:
            assert any(f"{name}: attempt {attempt.number}" in str(bar["title"]) for bar in titled)


def test_every_bar_lies_within_the_timeline(told: Page) -> None:
    for bar in told.of("i"):
        if "style" in bar:
            place = re.fullmatch(r"left:([\d.e+-]+)%;width:([\d.e+-]+)%", str(bar["style"]))
            assert place is not None
            assert 0 <= float(place[1]) <= float(place[1]) + float(place[2]) <= 100.001


def test_the_attempts_are_told_in_words_too(told: Page) -> None:
    assert re.search(r"attempt 1 failed, from .* to .*, took .*, ConnectionError: away, 4", told.text["timeline"])
    assert re.search(r"attempt 3 completed, from .* to .*, took ", told.text["timeline"])


def test_the_critical_path_is_told_and_marked(told: Page) -> None:
    run = morning.run("x")
    page = page_of(run)
    path = run.critical_path()
    assert f"Critical path: {' → '.join(path)}" in page.text["timeline"]
    assert len(page.of("tr", "critical")) == len(path)
    assert len(page.of("rect", "critical")) == len(path)


def test_waiting_is_shown_before_the_first_attempt_and_between_attempts() -> None:
    attempts = [Attempt(1, 2.0, 4.0, OSError()), Attempt(2, 7.0, None, None)]
    row = Row(0, "t", Status.RUNNING, attempts, 1.0, None, 1.0, "", {}, 0, False, False, False)
    shown = Page(_draw_row(row, 10.0)).of("i")
    assert [(each["class"], each["style"]) for each in shown] == [
        ("wait", "left:10%;width:10%"),
        ("wait", "left:40%;width:30%"),
        ("bar retrying", "left:20%;width:20%"),
        ("bar running", "left:70%;width:30%"),
    ]


def test_each_failed_attempt_is_told_with_its_traceback_and_only_the_user_s_frames(told: Page) -> None:
    errors = told.text["errors"]
    assert "shaky, attempt 1: ConnectionError: away, 4" in errors
    assert errors.count("Traceback (most recent call last)") == 3
    assert f"support{sep}report.py" in errors
    assert f"flowdeco{sep}_" not in errors
    assert 'raise ConnectionError(f"away, {state.tokens}")' in errors


def test_a_traceback_that_leads_through_another_workflow_has_no_frames_of_ours_in_the_middle() -> None:
    @task
    def bad() -> None:
        raise ValueError("deep")

    @workflow
    def within(bad: Any) -> None: ...

    @task
    def around() -> None:
        within()

    @workflow
    def w(around: Any) -> None: ...

    errors = page_of(w.run()).text["errors"]
    assert "in around" in errors
    assert "in bad" in errors
    assert f"flowdeco{sep}_" not in errors


def test_a_hook_s_error_is_told_with_the_hook(told: Page) -> None:
    assert "on_success" in told.text["hook-errors"]
    assert "broken_hook" in told.text["hook-errors"]
    assert "OSError: the chat is down" in told.text["hook-errors"]


def test_inputs_result_and_metadata_are_told(told: Page) -> None:
    assert "'https://example.org'" in told.text["inputs"]
    assert "depth" in told.text["inputs"]
    assert "['there', 'instead', 'none']" in told.text["result"]
    assert "'ops'" in told.text["metadata"]


def test_each_task_is_told_with_its_result_and_what_was_special(told: Page) -> None:
    tasks = told.text["tasks"]
    for shown in ("'first of https://example.org'", "recovered", "no news today", "skipped", "{'team': 'search'}"):
        assert shown in tasks


def test_the_state_is_told_with_every_change(told: Page) -> None:
    state = told.text["state"]
    assert "5 changes" in state
    for shown in ("tokens", "seen", "ABSENT", "'https://example.org'", "first", "shaky"):
        assert shown in state


def test_changes_that_an_earlier_run_made_to_a_shared_state_are_not_told() -> None:
    @task
    def write(url: str, state: State) -> None:
        state[url] = 1

    @workflow(state=State())
    def w(url: str, write: Any) -> None: ...

    w.run("one")
    assert "1 change" in page_of(w.run("two")).text["state"]


def test_statistics_have_a_row_for_each_task_and_each_number(told: Page) -> None:
    run = morning.run("x")
    run.metrics.record("words", 12.5)
    statistics = page_of(run).text["statistics"]
    for shown in ("shaky", "words", "12.5", "p95", "Std", "Attempts took", "times as long as the run"):
        assert shown in statistics


def test_a_state_that_nothing_is_in_and_nobody_has_changed_is_not_told() -> None:
    @task
    def look(state: State) -> int:
        return len(state)

    @workflow
    def w(look: Any) -> None: ...

    assert "state" not in page_of(w.run()).text
