"""The report of a run: what the page tells, and that nothing breaks it."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from os import sep
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Attempt, Retry, Run, Skip, State, Status, Task, Workflow, task, workflow
from flowdeco._definition.definition import Step
from flowdeco._draw.diagram import MARKS
from flowdeco._draw.html import clean, describe, describe_error, escape, tell_seconds
from flowdeco._draw.svg import DARK, LIGHT, MOST_BOXES, Palette
from flowdeco._report.section import tell_traceback
from flowdeco._report.snapshot import Row
from flowdeco._report.timeline_chart import _draw_row
from tests.unit.draw.test_mermaid import make_chain, make_wide, take_all

EVIL = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\x00\x1b[31m\ud800\u202e"
VOID = {"meta", "link", "path", "rect", "polygon", "circle"}
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


class Page(HTMLParser):
    """A page as a browser takes it: its tags, its text, the text of each section, and whether all tags are closed."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: dict[str, str] = {}
        self.section = ""
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"an attribute of {tag} is there twice"
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.section = str(attributes["id"])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text[self.section] = self.text.get(self.section, "") + data

    @property
    def whole(self) -> str:
        return "".join(self.text.values())

    def of(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        """The attributes of all tags of that name and class."""
        found = [attributes for name, attributes in self.tags if name == tag]
        return [attributes for attributes in found if kind in str(attributes.get("class", "")).split() or not kind]


def page_of(run: Run[Any]) -> Page:
    markup = run.to_html()
    markup.encode()
    return Page(markup)


class Budget(State):
    tokens: int = 0


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message")


@task
def first(url: str, state: Budget) -> str:
    state.tokens += 3
    state["seen"] = url
    return f"first of {url}"


@task(retries=Retry(2, delay=0))
def shaky(url: str, first: str, state: Budget) -> str:
    state.tokens += 1
    if state.tokens < 6:
        raise ConnectionError(f"away, {state.tokens}")
    return "there"


def instead(error: Exception) -> str:
    return "instead"


@task(recover=instead, metadata={"team": "search"})
def weak(first: str) -> str:
    raise ValueError("weak")


@task
def pause(first: str) -> str:
    raise Skip("no news today")


def broken_hook(task: str) -> None:
    raise OSError("the chat is down")


@workflow(state=Budget, on_success=broken_hook, metadata={"owner": "ops"})
def morning(url: str, shaky: str, weak: str, pause: str = "none", depth: int = 2) -> list[str]:
    return [shaky, weak, pause]


@pytest.fixture(scope="module")
def told() -> Page:
    return page_of(morning.run("https://example.org"))


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
    assert len([bar for bar in titled if "failed" in str(bar["class"])]) == len(run.errors) == 3
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
        ("bar failed", "left:20%;width:20%"),
        ("bar running", "left:70%;width:30%"),
    ]


def test_each_failed_attempt_is_told_with_its_traceback_and_only_the_user_s_frames(told: Page) -> None:
    errors = told.text["errors"]
    assert "shaky, attempt 1: ConnectionError: away, 4" in errors
    assert errors.count("Traceback (most recent call last)") == 3
    assert "test_page.py" in errors
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


# Every status


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

    with anyio.fail_after(20):
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

    with anyio.fail_after(20):
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
    assert "ValueError: it is wrong\nin two lines" in page.text[""]
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


def test_what_a_value_stands_in_for_is_told() -> None:
    page = page_of(morning.override({first: "fake"}).run("x"))
    assert "replaced by a value" in page.text["tasks"]
    assert "'fake'" in page.text["tasks"]


# Text or file


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


# Nothing breaks it


def spoil(state: State) -> Any:
    state[EVIL] = EVIL
    state[("a", EVIL)] = Broken()
    raise ValueError(EVIL)


def mend(error: Exception) -> Broken:
    return Broken()


def say(url: Any) -> str:
    return EVIL


def fail(url: Any) -> None:
    raise Mute


def skip(url: Any) -> None:
    raise Skip(EVIL)


def fail_hook(task: str) -> None:
    raise OSError(EVIL)


def hostile() -> Workflow[Any, Any]:
    """A workflow in which everything that a user can name or say is hostile."""
    spoilt: Task[..., Any] = task(spoil, name=EVIL, metadata={EVIL: EVIL}, recover=mend, on_success=fail_hook)
    nodes: dict[str, Step | str] = {"spoilt": spoilt}
    for function in (say, fail, skip):
        nodes[function.__name__] = task(function, name=f"{EVIL}{function.__name__}", needs={"url": spoilt})
    return workflow(take_all, name=EVIL, needs={"nodes": nodes}, keep_going=True, metadata={"x": EVIL})


def test_nothing_that_comes_from_the_user_becomes_markup() -> None:
    run = hostile().run(EVIL)
    page = page_of(run)
    assert not page.of("script")
    assert not page.of("img")
    assert (
        page.whole.count("</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\\x00\\x1b[31m") > 10
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\u202e]", run.to_html())
    assert "<Broken" in page.text["tasks"]
    assert "Mute, which cannot say more" in page.text["errors"]


@given(st.text(st.characters(codec=None)))
def test_any_text_is_shown_as_it_is_or_spelled_out(text: str) -> None:
    shown = escape(text)
    shown.encode()
    assert not set(shown) & set("<>\"'")
    assert unescape(shown) == clean(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown)
    if text.isprintable():
        assert clean(text) == text


@pytest.mark.parametrize(
    "value",
    [Broken(), [Broken()], {1: Broken()}, "x" * 10**6, b"x" * 10**6, list(range(10**6)), {n: n for n in range(10**4)}],
    ids=["broken", "in a list", "in a dict", "str", "bytes", "list", "dict"],
)
def test_a_value_is_described_in_short_whatever_it_is(value: object) -> None:
    assert 0 < len(describe(value)) <= 300


def test_a_class_named_like_a_builtin_is_described() -> None:
    assert "list" in describe(type("list", (), {})())


def test_no_more_of_a_value_is_looked_at_than_is_shown() -> None:
    class Counting:
        looked = 0

        def __repr__(self) -> str:
            Counting.looked += 1
            return "x"

    describe([Counting() for _ in range(1000)])
    assert Counting.looked < 20


def test_an_error_that_contains_itself_is_told() -> None:
    error = ValueError("round")
    other = OSError("and round")
    error.__cause__, other.__cause__ = other, error
    assert "ValueError: round" in tell_traceback(error)


def test_a_very_long_chain_of_errors_is_told_in_short() -> None:
    error: BaseException = ValueError("first")
    for number in range(3000):
        later = ValueError(f"then {number}")
        later.__context__ = error
        error = later
    text = tell_traceback(error)
    assert "then 2999" in text
    assert len(text) < 30_000


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no"), "ValueError: no"),
        (ValueError(), "ValueError"),
        (Mute(), "Mute, which cannot say more"),
        (KeyError("k"), "KeyError: 'k'"),
    ],
)
def test_an_error_is_described_by_type_and_message(error: BaseException, text: str) -> None:
    assert describe_error(error) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0, "0 s"),
        (4.2e-6, "4 µs"),
        (0.000_999_6, "1 ms"),
        (0.0123, "12.3 ms"),
        (0.9996, "1 s"),
        (2.345, "2.35 s"),
        (99.96, "1 min 40 s"),
        (3725.0, "1 h 2 min 5 s"),
    ],
)
def test_a_span_of_time_is_told_as_one_reads_it(seconds: float | None, text: str) -> None:
    assert tell_seconds(seconds) == text


# Many


@pytest.mark.parametrize("make", [make_wide, make_chain])
def test_a_thousand_tasks_make_a_page_of_less_than_two_megabytes_with_long_sections_folded(make: Any) -> None:
    run = make(1000).run("x")
    markup = run.to_html()
    page = Page(markup)
    assert len(markup) < 2_000_000
    assert len([bar for bar in page.of("i", "bar") if "title" in bar]) == 1000
    assert len(page.of("details")) == 3
    assert not [attributes for attributes in page.of("details") if "open" in attributes]


def test_a_graph_of_too_many_tasks_is_not_drawn_but_all_else_is_told() -> None:
    page = page_of(make_wide(MOST_BOXES).run("x"))
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
    assert "attempt 500" in errors
    assert "attempt 501" not in errors
    assert "201 more are not shown" in errors


# Colours


def brightness(colour: str) -> float:
    """The relative luminance of WCAG."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted([brightness(one), brightness(other)])
    return (high + 0.05) / (low + 0.05)


def pairs(palette: Palette) -> Iterator[tuple[str, str, float]]:
    """What stands on what, and how much contrast it must have: 4.5 for text, 3 for shapes."""
    yield palette.ink, palette.paper, 4.5
    yield palette.faint, palette.paper, 4.5
    yield palette.line, palette.paper, 3
    for fill, border in palette.statuses.values():
        yield palette.ink, fill, 4.5
        yield border, palette.paper, 3
        yield border, fill, 3


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_all_colours_have_enough_contrast(palette: Palette) -> None:
    for front, back, least in pairs(palette):
        assert contrast(front, back) >= least, (front, back)


def test_colour_alone_tells_nothing(told: Page) -> None:
    for status in (Status.COMPLETED, Status.SKIPPED):
        assert MARKS[status] in told.text["graph"]
        assert MARKS[status] in told.text["timeline"]
        assert status in told.text["tasks"]
