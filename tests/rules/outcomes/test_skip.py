"""How tasks end that do not simply give a result: skipped, recovered, told as an outcome, or with errors left over."""

import functools
import logging
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from anyio import Event, sleep_forever
from anyio.lowlevel import checkpoint

from flowdeco import (
    MissingDependencyError,
    Outcome,
    OutputError,
    Retry,
    Run,
    SettledError,
    Skip,
    Status,
    Task,
    TaskTimeoutError,
    task,
    workflow,
)
from tests.conftest import Backend
from tests.support.naming import edges_of, fail_to_build, make_module, mention, on

AGAIN = Retry(2, delay=0)


def make_task(way: str, name: str, act: Callable[[], Any], **options: Any) -> Task[..., Any]:
    """Return a task that does this: at once, after a moment, or in a thread."""

    async def quick() -> Any:
        return act()

    async def waits() -> Any:
        await checkpoint()
        return act()

    def plain() -> Any:
        return act()

    functions: dict[str, Callable[..., Any]] = {"async": quick, "waits": waits, "def": plain}
    return task(functions[way], name=name, **options)


def refuse() -> None:
    raise Skip("no news")


def fail() -> None:
    raise ValueError("no")


def plain(function: Callable[[Any], Any]) -> Any:
    """Return a lambda as it is: type checkers then know what it takes."""
    return function


def as_group(error: object) -> ExceptionGroup[Exception]:
    assert isinstance(error, ExceptionGroup)
    return cast("ExceptionGroup[Exception]", error)


def statuses_of(run: Run[Any]) -> dict[str, str]:
    return {name: record.status.value for name, record in run.tasks.items()}


each_way = pytest.mark.parametrize("way", ["async", "waits", "def"])


# Skip


@each_way
async def test_a_task_that_raises_skip_is_skipped_and_that_is_no_error(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    def refuse_and_count() -> None:
        calls.append("call")
        raise Skip("no news")

    page = make_task(way, "page", refuse_and_count, retries=AGAIN, recover=calls.append)

    @task
    async def words(page: str) -> str:
        raise AssertionError

    @workflow(tasks=[page, words])
    async def w(words: str) -> str:
        raise AssertionError

    run = await w.run()
    assert calls == ["call"]
    assert statuses_of(run) == {"page": "skipped", "words": "skipped"}
    assert (run.status, run.result, run.error, run.errors) == (Status.SKIPPED, None, None, [])
    page_record, words_record = run.tasks["page"], run.tasks["words"]
    assert (page_record.reason, page_record.error, page_record.attempts) == ("no news", None, 1)
    assert (words_record.reason, words_record.error, words_record.attempts) == ("'page' was skipped: no news", None, 0)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@each_way
async def test_a_call_of_a_workflow_that_needs_a_skipped_task_raises_the_skip(way: str) -> None:
    page = make_task(way, "page", refuse)

    @workflow(tasks=[page])
    async def w(page: str) -> str:
        raise AssertionError

    with pytest.raises(Skip) as caught:
        await w()
    assert type(caught.value) is Skip
    assert caught.value.reason == str(caught.value) == "'page' was skipped: no news"


def test_a_plain_call_raises_the_skip_of_its_tasks_and_that_of_its_own_function(backend: Backend) -> None:
    @task
    async def page() -> None:
        raise Skip("no news")

    @workflow
    def needs_it(page: str) -> None:
        raise AssertionError

    @workflow
    def skips() -> None:
        raise Skip("not today")

    with pytest.raises(Skip, match=r"^'page' was skipped: no news$"):
        on(needs_it, backend)()
    with pytest.raises(Skip, match=r"^not today$"):
        on(skips, backend)()
    for w in (needs_it, skips):
        run = on(w, backend).run()
        assert (run.status, run.error, run.result) == (Status.SKIPPED, None, None)


async def test_an_async_workflow_that_raises_skip_is_skipped() -> None:
    skip = Skip("not today")

    @workflow
    async def w() -> None:
        await checkpoint()
        raise skip

    with pytest.raises(Skip) as caught:
        await w()
    assert caught.value is skip
    run = await w.run()
    assert (run.status, run.error, run.errors) == (Status.SKIPPED, None, [])


async def test_a_skip_without_a_reason_has_an_empty_one_everywhere() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def words(page: None) -> None: ...

    @workflow(settled=("page", "words"))
    async def w(page: Any, words: Any) -> Any:
        return page.reason, words.reason

    run = await w.run()
    assert run.result == ("", "'page' was skipped")
    assert (run.tasks["page"].reason, run.tasks["words"].reason) == ("", "'page' was skipped")


async def test_what_is_skipped_down_a_chain_names_the_task_that_began_it() -> None:
    @task
    async def page() -> None:
        raise Skip("no news")

    @task
    async def words(page: None) -> None: ...

    @task
    async def count(words: None) -> None: ...

    @workflow
    async def w(count: None) -> None: ...

    run = await w.run()
    assert {record.reason for record in run.tasks.values()} == {"no news", "'page' was skipped: no news"}
    with pytest.raises(Skip, match=r"^'page' was skipped: no news$"):
        await w()


@pytest.mark.parametrize("in_body", [False, True])
async def test_a_workflow_that_is_skipped_is_a_skipped_node_and_names_itself_to_those_that_need_it(
    in_body: bool,
) -> None:
    @task
    async def page() -> None:
        if not in_body:
            raise Skip("no news")

    @workflow
    async def inner(page: None) -> None:
        raise Skip("not today")

    @task
    async def words(inner: None) -> None: ...

    @workflow
    async def w(words: None) -> None: ...

    run = await w.run()
    why = "not today" if in_body else "'page' was skipped: no news"
    assert statuses_of(run) == {"inner": "skipped", "words": "skipped"}
    assert run.tasks["inner"].reason == why
    assert run.tasks["words"].reason == f"'inner' was skipped: {why}"


@each_way
async def test_a_parameter_with_a_default_takes_it_instead_of_a_skipped_result(way: str) -> None:
    page = make_task(way, "page", refuse)
    other = make_task(way, "other", lambda: "other")

    def give(other: str, page: str = "first", last: str = "last", *, more: str = "more", page_too: str = "kw") -> Any:
        return other, page, last, more, page_too

    async def give_async(
        other: str, page: str = "first", last: str = "last", *, more: str = "more", page_too: str = "kw"
    ) -> Any:
        return other, page, last, more, page_too

    given = task(give if way == "def" else give_async, name="given", needs={"last": other, "page_too": page})

    @workflow(tasks=[page, other, given])
    async def w(given: Any, page: str = "body", *, other: str) -> Any:
        return given, page, other

    assert await w() == (("other", "first", "other", "more", "kw"), "body", "other")
    assert statuses_of(await w.run()) == {"page": "skipped", "other": "completed", "given": "completed"}


@pytest.mark.parametrize("needs", [["one", "page"], {"a": "page", "b": "one"}, ["page", "page"]])
async def test_a_list_or_dict_of_which_a_part_is_skipped_is_the_whole_default(needs: Any) -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def one() -> int:
        return 1

    @task(needs={"given": needs, "others": ["one", "one"]})
    async def with_default(given: Any = "default", *, others: Any = None) -> Any:
        return given, others

    @task(needs={"given": needs})
    async def without(given: Any) -> Any: ...

    @workflow(needs={"given": needs})
    async def w(with_default: Any, without: Any = "skipped", given: Any = "default") -> Any:
        return with_default, without, given

    mention(page, one)
    assert await w() == (("default", [1, 1]), "skipped", "default")


async def test_args_and_kwargs_have_no_default_so_a_skipped_part_skips_their_task() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task(needs={"pages": [page]})
    async def by_position(*pages: Any) -> None: ...

    @task(needs={"pages": {"page": page}})
    async def by_name(**pages: Any) -> None: ...

    @workflow(after=[by_position, by_name])
    async def w() -> int:
        return 1

    run = await w.run()
    assert run.result == 1
    assert statuses_of(run) == {"page": "skipped", "by_position": "skipped", "by_name": "skipped"}


@workflow
async def only_page(page: str = "default") -> Any:
    return page


@workflow
async def page_between(first: str, page: str = "default", last: str = "") -> Any:
    return first, page, last


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize(
    ("inner", "result"), [(only_page, "default"), (page_between, ("first", "default", "last"))], ids=["one", "three"]
)
async def test_an_input_of_a_workflow_inside_takes_its_default_too(inner: Any, result: Any, watched: bool) -> None:
    @task
    async def page() -> None:
        raise Skip

    first = make_task("async", "first", lambda: "first")
    last = make_task("async", "last", lambda: "last")

    def watch() -> None: ...

    @workflow(tasks=[page, first, last], needs={"inner": inner}, on_state=watch if watched else None)
    async def w(inner: Any) -> Any:
        return inner

    assert await w() == result


async def test_a_failed_dependency_is_never_replaced_by_the_default_and_counts_for_more_than_a_skip() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def bad() -> None:
        raise ValueError("no")

    @task
    async def words(page: None, bad: str = "default") -> None:
        raise AssertionError

    @workflow(settled="words")
    async def w(words: Outcome[None]) -> Any:
        return words.status, words.error, words.reason

    run = await w.run()
    assert run.result == ("upstream_failed", run.tasks["bad"].error, None)
    assert run.tasks["words"].error is run.tasks["bad"].error


async def test_what_comes_after_a_skipped_task_runs_and_after_a_failed_one_does_not() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def bad() -> None:
        raise ValueError("no")

    @task(after=page)
    async def after_skipped() -> int:
        return 1

    @task(after=[page, bad])
    async def after_failed() -> None:
        raise AssertionError

    @workflow(settled=("after_skipped", "after_failed"), after=page)
    async def w(after_skipped: Any, after_failed: Any) -> Any:
        return after_skipped.value, after_failed.status

    assert await w() == (1, "upstream_failed")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_chain_of_ten_thousand_is_skipped_or_fails_upstream_without_recursion() -> None:
    @task
    async def first(fails: bool) -> None:
        if fails:
            raise ValueError("no")
        raise Skip("no news")

    async def follow(given: None) -> None:
        raise AssertionError

    step: Task[..., Any] = first
    for index in range(10_000):
        step = task(follow, name=f"n{index}", needs={"given": step})

    @workflow(needs={"last": step}, settled="last")
    async def w(fails: bool, last: Outcome[None]) -> Any:
        return last

    last = await w(False)
    assert (last.status, last.reason) == (Status.SKIPPED, "'first' was skipped: no news")
    last = await w(True)
    assert (last.status, str(last.error)) == (Status.UPSTREAM_FAILED, "no")


# when=


def is_long(page: str) -> bool:
    return len(page) > 3


async def is_long_async(page: str) -> bool:
    await checkpoint()
    return len(page) > 3


def is_longer(limit: int, page: str) -> bool:
    return len(page) > limit


class Judge:
    limit = 3

    def is_long(self, page: str) -> bool:
        return len(page) > self.limit

    def __call__(self, page: str) -> bool:
        return self.is_long(page)


PREDICATES: list[Any] = [
    is_long,
    is_long_async,
    plain(lambda page: page[3:]),
    functools.partial(is_longer, 3),
    Judge().is_long,
    Judge(),
    task(is_long, name="asked"),
    task(is_long_async, name="asked"),
    workflow(is_long, name="asked"),
]


@pytest.mark.parametrize("text", ["long enough", "no"])
@pytest.mark.parametrize(
    "when", PREDICATES, ids=["def", "async def", "lambda", "partial", "method", "instance", "task", "waits", "flow"]
)
@each_way
async def test_when_decides_whether_a_task_runs(way: str, when: Any, text: str) -> None:
    calls: list[str] = []
    page = make_task("async", "page", lambda: text)
    words = make_task(way, "words", lambda: calls.append("call"), when=when)

    @workflow(tasks=[page], needs={"words": words}, settled="words")
    async def w(words: Outcome[Any]) -> Any:
        return words

    run = await w.run()
    record = run.tasks["words"]
    if text == "no":
        assert (record.status, record.attempts, calls) == (Status.SKIPPED, 0, [])
        assert record.reason is not None
        assert record.reason.startswith("when=")
        assert record.reason.endswith(" gave false")
        assert run.result == Outcome("words", Status.SKIPPED, reason=record.reason)
    else:
        assert (record.status, record.attempts, calls) == (Status.COMPLETED, 1, ["call"])


async def test_a_predicate_s_names_are_found_where_it_is_defined() -> None:
    module = make_module(
        "weather",
        "from flowdeco import task\n@task\nasync def sky(): return 'grey'\ndef is_blue(sky): return sky == 'blue'\n",
    )

    @task
    async def sea() -> str:
        return "calm"

    @task(when=module.is_blue)
    async def walk() -> None:
        raise AssertionError

    @task(when=plain(lambda sea: sea == "calm"))
    async def swim(sea: str) -> str:
        return f"swim in a {sea} sea"

    @workflow(settled="walk")
    async def w(walk: Any, swim: str) -> Any:
        return walk.reason, swim

    mention(sea)
    assert await w() == ("when=is_blue gave false", "swim in a calm sea")
    assert w.graph.find(module.sky) is not None


async def test_needs_of_the_task_fill_the_predicate_s_parameters() -> None:
    @task(outputs=("odd", "even"))
    async def numbers() -> Any:
        return [1, 3], []

    def is_found(found: list[int], every: list[list[int]]) -> bool:
        return bool(found) and every == [[1, 3], []]

    @task(when=is_found, needs={"found": "odd", "every": ["odd", "even"]})
    async def counted(odd: list[int]) -> int:
        return len(odd)

    @task(when=plain(lambda odd: odd), needs={"odd": "even"})
    async def shared(odd: list[int]) -> int:
        return len(odd)

    @workflow
    async def w(counted: int, shared: int = -1) -> Any:
        return counted, shared

    mention(numbers)
    assert await w() == (2, -1)


async def test_a_predicate_gets_inputs_the_run_and_its_own_defaults() -> None:
    seen: list[Any] = []

    def ask(url: str, run: Any, state: Any, limit: int = 3, *, nothing: None = None) -> bool:
        seen.append((url, run.workflow, state is run.state, limit, nothing))
        return True

    @task(when=ask)
    async def page() -> int:
        return 1

    @workflow
    async def w(url: str, page: int) -> int:
        return page

    assert await w("here") == 1
    assert seen == [("here", "w", True, 3, None)]


def test_a_name_that_a_predicate_cannot_find_is_reported_with_the_task_it_belongs_to() -> None:
    @task
    async def weather() -> None: ...

    @task(when=plain(lambda wether: wether))
    async def walk() -> None: ...

    @workflow
    async def w(walk: None, weather: None) -> None: ...

    error = fail_to_build(w)
    assert isinstance(error, MissingDependencyError)
    assert (error.function, error.parameter) == ("walk", "wether")
    assert str(error).startswith("Cannot build workflow 'w': when= of task 'walk' needs 'wether', and no task or input")
    assert "Did you mean 'weather'?" in str(error)
    with pytest.raises(MissingDependencyError):
        w.check()


@pytest.mark.parametrize("ends", ["skipped", "failed"])
async def test_a_predicate_whose_dependency_gave_nothing_decides_as_the_task_s_own_would(ends: str) -> None:
    page = make_task("async", "page", refuse if ends == "skipped" else fail)

    def ask(page: str) -> bool:
        raise AssertionError

    def ask_with_default(page: str = "default") -> bool:
        return page == "default"

    async def act() -> int:
        return 1

    without = task(act, name="without", when=ask, needs={"page": page})
    with_default = task(act, name="with_default", when=ask_with_default, needs={"page": page})
    by_task = task(act, name="by_task", when=page)

    @workflow(tasks=[without, with_default, by_task], settled=("without", "with_default", "by_task"))
    async def w(without: Any, with_default: Any, by_task: Any) -> Any:
        return without.status, with_default.status, by_task.status

    if ends == "skipped":
        assert await w() == ("skipped", "completed", "skipped")
    else:
        assert await w() == ("upstream_failed",) * 3


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_predicate_that_raises_fails_its_task_before_any_attempt(is_async: bool) -> None:
    async def fail_async() -> None:
        fail()

    ask = fail_async if is_async else fail

    @task(when=ask, retries=AGAIN)
    async def page() -> None:
        raise AssertionError

    def save(error: Exception, attempt: int, x: int) -> Any:
        return str(error), attempt, x

    @task(when=ask, recover=save)
    async def saved(x: int = 5) -> Any:
        raise AssertionError

    @workflow(settled="page")
    async def w(page: Outcome[None], saved: Any) -> Any:
        return page.error, saved

    run = await w.run()
    assert [(f.task, f.attempt) for f in sorted(run.errors)] == [("page", 0), ("saved", 0)]
    assert run.result == (run.tasks["page"].error, ("no", 0, 5))
    assert (run.tasks["page"].attempts, run.tasks["saved"].attempts) == (0, 0)


@pytest.mark.parametrize("kind", ["def", "async def", "task", "workflow"])
async def test_the_reason_names_the_predicate_as_the_record_does(kind: str) -> None:
    def ask() -> bool:
        return False

    async def ask_async() -> bool:
        return False

    predicates: dict[str, Any] = {
        "def": ask,
        "async def": ask_async,
        "task": task(ask, name="asked"),
        "workflow": workflow(ask_async, name="asked"),
    }

    @task(when=predicates[kind])
    async def page() -> None:
        raise AssertionError

    outcome, _ = await outcome_of(page)
    named = {"def": "ask", "async def": "ask_async"}.get(kind, "asked")
    assert outcome.reason == f"when={named} gave false"


async def test_a_predicate_may_raise_skip_with_a_reason_of_its_own() -> None:
    @task(when=refuse)
    async def page() -> None:
        raise AssertionError

    @workflow
    async def w(page: None) -> None: ...

    assert (await w.run()).tasks["page"].reason == "no news"


async def test_a_predicate_is_asked_once_and_before_a_place_in_the_limit_is_taken() -> None:
    asked: list[str] = []
    free = Event()

    def ask() -> bool:
        asked.append("asked")
        free.set()
        return True

    @task(limit=1, when=ask, retries=AGAIN)
    async def second() -> int:
        if len(asked) < 3:
            asked.append("attempt")
            raise ValueError("no")
        return 1

    limited = second._policy.limit

    @task
    async def holds() -> None:
        assert limited is not None
        hold = await limited.acquire()
        await free.wait()
        hold.release()

    @workflow
    async def w(holds: None, second: int) -> int:
        return second

    assert await w() == 1
    assert asked == ["asked", "attempt", "attempt"]


async def test_hooks_of_a_task_with_a_predicate_are_told_the_defaults_of_its_arguments() -> None:
    seen: list[int] = []

    def see(x: int) -> None:
        seen.append(x)

    @task(when=lambda: True, on_start=see, on_success=see)
    async def page(x: int = 5) -> int:
        return x

    @workflow
    async def w(page: int) -> int:
        return page

    assert await w() == 5
    assert seen == [5, 5]


# settled=


def boil_down(outcome: Outcome[Any]) -> tuple[Any, ...]:
    assert outcome.completed is (outcome.status is Status.COMPLETED)
    assert outcome.skipped is (outcome.status is Status.SKIPPED)
    assert outcome.failed is (outcome.status in (Status.FAILED, Status.UPSTREAM_FAILED))
    error = None if outcome.error is None else str(outcome.error)
    return outcome.task, outcome.status.value, outcome.value, error, outcome.reason


GIVEN: dict[str, Any] = {"good": lambda: 1, "none": lambda: None, "bad": fail, "off": refuse}
ENDS = {
    "good": ("good", "completed", 1, None, None),
    "none": ("none", "completed", None, None, None),
    "bad": ("bad", "failed", None, "no", None),
    "off": ("off", "skipped", None, None, "no news"),
    "after_bad": ("after_bad", "upstream_failed", None, "no", None),
    "after_off": ("after_off", "skipped", None, None, "'off' was skipped: no news"),
}


def make_ends(way: str) -> list[Task[..., Any]]:
    """Return a task for each way to end."""
    made = {name: make_task(way, name, act) for name, act in GIVEN.items()}

    async def never(given: Any) -> None:
        raise AssertionError

    needing = [task(never, name=f"after_{name}", needs={"given": made[name]}) for name in ("bad", "off")]
    return [*made.values(), *needing]


def tell(good: Any, none: Any, bad: Any, off: Any = 5, after_bad: Any = 5, *, after_off: Any) -> Any:
    return {outcome.task: boil_down(outcome) for outcome in (good, none, bad, off, after_bad, after_off)}


async def tell_async(good: Any, none: Any, bad: Any, off: Any = 5, after_bad: Any = 5, *, after_off: Any) -> Any:
    return tell(good, none, bad, off, after_bad, after_off=after_off)


@each_way
async def test_a_settled_parameter_receives_an_outcome_however_its_task_ended(way: str) -> None:
    steps = make_ends(way)
    told = task(tell if way == "def" else tell_async, name="told", settled=[*ENDS])

    @workflow(tasks=steps, needs={"given": told})
    async def by_task(given: Any) -> Any:
        return given

    for w in (by_task, workflow(tell_async, name="by_itself", tasks=steps, settled=[*ENDS])):
        run = await w.run()
        assert run.result == ENDS
        assert (run.status, run.error) == (Status.COMPLETED, None)
        assert [(f.task, str(f.error)) for f in run.errors] == [("bad", "no")]
        assert await w() == ENDS


def test_a_def_workflow_receives_outcomes_too(backend: Backend) -> None:
    w = on(workflow(tell, name="w", tasks=make_ends("async"), settled=[*ENDS]), backend)
    assert w() == w.run().result == ENDS


@each_way
async def test_a_list_or_dict_of_tasks_settles_to_one_of_outcomes(way: str) -> None:
    steps = make_ends(way)

    @task(needs={"a": ["good", "bad", "off"], "b": {"x": "bad", "y": "none"}}, settled=("a", "b"))
    async def told(a: list[Outcome[Any]], b: dict[str, Outcome[Any]]) -> Any:
        return [boil_down(outcome) for outcome in a], {key: boil_down(outcome) for key, outcome in b.items()}

    @workflow(tasks=[*steps, told])
    async def w(told: Any) -> Any:
        return told

    assert await w() == ([ENDS["good"], ENDS["bad"], ENDS["off"]], {"x": ENDS["bad"], "y": ENDS["none"]})


@pytest.mark.parametrize("act", [lambda: {"left": 1, "right": 2}, fail, refuse, lambda: 5])
async def test_parts_of_a_result_are_settled_with_the_task_they_come_from(act: Callable[[], Any]) -> None:
    halves = make_task("waits", "halves", act, outputs=("left", "right"))

    @workflow(tasks=[halves], settled=("left", "right"))
    async def w(left: Outcome[int], right: Outcome[int]) -> Any:
        assert (left.task, left.status, left.error) == (right.task, right.status, right.error)
        return left, right

    left, right = await w()
    assert (left.task, left.value, right.value) == ("halves", *((1, 2) if left.completed else (None, None)))
    assert isinstance(left.error, OutputError) is (
        not left.skipped and act not in (fail, refuse) and not left.completed
    )


async def test_one_may_receive_the_outcome_of_what_another_needs_plainly() -> None:
    bad = make_task("waits", "bad", fail)
    good = make_task("waits", "good", lambda: 1)

    async def need(given: int) -> int:
        return given + 1

    plain_bad = task(need, name="plain_bad", needs={"given": bad})
    plain_good = task(need, name="plain_good", needs={"given": good})

    @workflow(tasks=[bad, good, plain_bad, plain_good], settled=("bad", "good", "plain_bad"))
    async def w(bad: Any, good: Any, plain_bad: Any, plain_good: int) -> Any:
        assert plain_bad.error is bad.error
        return bad.status, good.value, plain_bad.status, plain_good

    assert await w() == ("failed", 1, "upstream_failed", 2)


async def test_a_handled_error_does_not_stop_the_run_whether_received_at_once_or_down_a_chain() -> None:
    failed = Event()

    @task
    async def bad() -> None:
        failed.set()
        raise ValueError("no")

    @task
    async def needs_bad(bad: None) -> None:
        raise AssertionError

    @task(after=needs_bad)
    async def comes_after() -> None:
        raise AssertionError

    @task
    async def slow() -> int:
        await failed.wait()
        for _ in range(5):
            await checkpoint()
        return 1

    @workflow(settled="comes_after")
    async def w(comes_after: Outcome[None], slow: int) -> Any:
        return comes_after.status, slow

    mention(bad, needs_bad)
    assert await w() == ("upstream_failed", 1)


async def test_an_error_that_another_task_needs_plainly_is_raised_at_the_end_though_somebody_received_it() -> None:
    told: list[str] = []
    bad = make_task("waits", "bad", fail)

    @task(settled="bad")
    async def report(bad: Outcome[None]) -> None:
        told.append(str(bad.error))

    @workflow(tasks=[bad])
    async def w(bad: None, report: None) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="no") as caught:
        await w()
    assert told == ["no"]
    assert caught.value.__notes__ == ["Raised by task 'bad' of workflow 'w'."]
    assert Run.of(caught.value).error is caught.value


async def test_of_several_errors_that_keep_the_workflow_s_function_from_running_the_earliest_is_raised() -> None:
    second_failed = Event()

    @task
    async def first() -> None:
        await second_failed.wait()
        raise ValueError("first")

    @task
    async def second() -> None:
        second_failed.set()
        raise KeyError("second")

    @task(settled=("first", "second"))
    async def report(first: Any, second: Any) -> None: ...

    @workflow
    async def w(first: None, second: None, report: None) -> None: ...

    with pytest.raises(KeyError) as caught:
        await w()
    assert caught.value.__notes__ == [
        "Raised by task 'second' of workflow 'w'.",
        "Also failed: task 'first' with ValueError('first').",
    ]


@pytest.mark.parametrize("keep_going", [False, True])
async def test_the_outcome_of_a_workflow_inside_has_its_error_or_its_skip(keep_going: bool) -> None:
    @task
    async def bad(ends: str) -> int:
        if ends == "failed":
            raise ValueError("no")
        if ends == "skipped":
            raise Skip("no news")
        return 1

    @workflow(keep_going=keep_going)
    async def inner(ends: str, bad: int) -> int:
        return bad

    @workflow(settled="inner")
    async def w(ends: str, inner: Outcome[int]) -> Any:
        return inner

    mention(bad)
    assert await w("completed") == Outcome("inner", Status.COMPLETED, 1)
    assert await w("skipped") == Outcome("inner", Status.SKIPPED, reason="'bad' was skipped: no news")
    failed = await w("failed")
    assert failed.status == "failed"
    assert isinstance(failed.error, ExceptionGroup if keep_going else ValueError)


async def test_a_value_that_stands_in_for_a_task_is_settled_as_its_result() -> None:
    @task(outputs=("left", "right"))
    async def halves() -> Any:
        raise AssertionError

    @task
    async def bad() -> None:
        raise ValueError("no")

    @workflow(settled=("left", "bad", "all"), needs={"all": ["bad", "right"]})
    async def w(left: Any, bad: Any, all: Any) -> Any:  # noqa: A002
        return left, bad, all

    mention(halves)
    left, bad_outcome, both = await w.override(halves=(1, 2), bad=3)()
    assert left == Outcome("halves", Status.COMPLETED, 1)
    assert bad_outcome == Outcome("bad", Status.COMPLETED, 3)
    assert both == [Outcome("bad", Status.COMPLETED, 3), Outcome("halves", Status.COMPLETED, 2)]


async def test_what_stands_in_for_a_task_with_settled_parameters_receives_outcomes_too() -> None:
    bad = make_task("waits", "bad", fail)

    @task(settled="bad")
    async def report(bad: Any) -> str:
        raise AssertionError

    @workflow(tasks=[bad])
    async def w(report: str) -> str:
        return report

    def other(bad: Outcome[None]) -> str:
        return f"other: {bad.error}"

    def without() -> str:
        return "nothing"

    assert await w.override(report=other)() == "other: no"
    assert await w.override(report=without)() == "nothing"


async def test_a_predicate_gets_the_plain_result_of_what_the_task_has_settled() -> None:
    good = make_task("async", "good", lambda: 1)

    @task(when=plain(lambda good: good == 1), settled="good")
    async def report(good: Outcome[int]) -> int:
        return good.unwrap() + 1

    @workflow(tasks=[good])
    async def w(report: int) -> int:
        return report

    assert await w() == 2


def test_what_is_settled_must_be_the_result_of_a_task() -> None:
    @task(settled="url")
    async def page(url: Any) -> None: ...

    @workflow(settled=("more", "page"))
    async def w(url: str, page: Any, more: Any = None) -> None: ...

    @workflow(settled="state")
    async def alone(state: Any) -> None: ...

    error = fail_to_build(w)
    assert all(isinstance(problem, SettledError) for problem in error.problems)
    assert [str(problem) for problem in error.problems] == [
        f"Cannot build workflow 'w': {who} settled, and that is an input. Take it out of settled=, or name a task."
        for who in ("workflow 'w' wants 'more'", "task 'page' wants 'url'")
    ]
    other = fail_to_build(alone)
    assert isinstance(other, SettledError)
    assert (other.function, other.parameter) == ("alone", "state")
    assert "that is no task." in str(other)
    with pytest.raises(SettledError):
        alone.check()


def test_unwrap_gives_what_the_parameter_would_have_been() -> None:
    error = ValueError("no")
    assert Outcome("page", Status.COMPLETED, 1).unwrap() == 1
    assert Outcome("page", Status.COMPLETED).unwrap() is None
    for status in (Status.FAILED, Status.UPSTREAM_FAILED):
        with pytest.raises(ValueError) as caught:
            Outcome("page", status, None, error).unwrap()
        assert caught.value is error
    with pytest.raises(Skip, match=r"^no news$"):
        Outcome("page", Status.SKIPPED, reason="no news").unwrap()


@pytest.mark.parametrize("name", ["bad", "off", "after_bad"])
async def test_an_outcome_that_is_unwrapped_in_a_task_ends_it_as_its_own(name: str) -> None:
    @task(needs={"given": name}, settled="given")
    async def report(given: Outcome[Any]) -> Any:
        return given.unwrap()

    @workflow(tasks=make_ends("async"), settled="report")
    async def w(report: Outcome[Any]) -> Any:
        return report

    report_outcome = await w()
    assert report_outcome.status == ("skipped" if name == "off" else "failed")
    assert (report_outcome.reason, str(report_outcome.error)) == (
        ("no news", "None") if name == "off" else (None, "no")
    )


# keep_going=


@each_way
async def test_keep_going_runs_all_that_does_not_need_a_failed_task_and_then_raises_a_group(way: str) -> None:
    async def need(given: Any) -> Any:
        return given

    def fail_otherwise() -> None:
        raise KeyError("other")

    bad, worse = make_task(way, "bad", fail), make_task(way, "worse", fail_otherwise, after="bad_was_first")
    good = make_task(way, "good", lambda: 1)
    after_bad = task(need, name="after_bad", needs={"given": bad})
    after_good = task(need, name="after_good", needs={"given": good})
    watch = task(need, name="bad_was_first", needs={"given": bad}, settled="given")

    @workflow(tasks=[bad, watch], keep_going=True, needs={"all": [after_bad, after_good, worse]})
    async def w(all: Any) -> None:  # noqa: A002
        raise AssertionError

    run = await w.run()
    assert statuses_of(run) == {
        "bad": "failed",
        "worse": "failed",
        "good": "completed",
        "after_bad": "upstream_failed",
        "after_good": "completed",
        "bad_was_first": "completed",
    }
    group = as_group(run.error)
    assert group.message == "2 tasks of workflow 'w' failed"
    assert [repr(error) for error in group.exceptions] == ["ValueError('no')", "KeyError('other')"]
    assert group.__notes__ == ["Raised by workflow 'w'."]
    assert [error.__notes__ for error in group.exceptions] == [
        ["Raised by task 'bad' of workflow 'w'."],
        ["Raised by task 'worse' of workflow 'w'."],
    ]
    assert Run.of(group) is Run.of(group.exceptions[0]) is Run.of(group.exceptions[1]) is run
    assert run.tasks["after_bad"].error is run.tasks["bad"].error is group.exceptions[0]
    with pytest.raises(ExceptionGroup) as caught:
        await w()
    assert [type(error) for error in caught.value.exceptions] == [ValueError, KeyError]


def test_with_keep_going_a_single_error_is_a_group_too_also_out_of_a_plain_call(backend: Backend) -> None:
    @task(retries=AGAIN)
    async def bad() -> None:
        raise ValueError("no")

    @workflow(keep_going=True)
    def w(bad: None) -> None:
        raise AssertionError

    with pytest.raises(ExceptionGroup) as caught:
        on(w, backend)()
    assert caught.value.message == "1 task of workflow 'w' failed"
    (error,) = caught.value.exceptions
    assert error.__notes__ == ["Raised by task 'bad' of workflow 'w', attempt 3."]


async def test_with_keep_going_a_handled_error_is_in_the_notes_and_not_in_the_group() -> None:
    @task
    async def handled() -> None:
        raise KeyError("handled")

    @task(after="handled_too")
    async def bad() -> None:
        raise ValueError("no")

    @task(settled="handled")
    async def handled_too(handled: Any) -> None: ...

    @workflow(keep_going=True)
    async def w(bad: None) -> None: ...

    mention(handled, handled_too)
    run = await w.run()
    group = as_group(run.error)
    assert [repr(error) for error in group.exceptions] == ["ValueError('no')"]
    assert group.__notes__ == [
        "Raised by workflow 'w'.",
        "Also failed: task 'handled' with KeyError('handled').",
    ]


async def test_with_keep_going_and_all_errors_handled_or_recovered_there_is_a_result() -> None:
    @task
    async def bad() -> None:
        raise ValueError("no")

    @task(recover=lambda: 1)
    async def saved() -> int:
        raise ValueError("no")

    @workflow(keep_going=True, settled="bad")
    async def w(bad: Outcome[None], saved: int) -> Any:
        return bad.status, saved

    assert await w() == ("failed", 1)


async def test_with_keep_going_an_error_of_the_workflow_s_own_function_is_raised_as_it_is() -> None:
    error = ValueError("own")

    @workflow(keep_going=True)
    async def w() -> None:
        raise error

    with pytest.raises(ValueError) as caught:
        await w()
    assert caught.value is error


async def test_with_keep_going_inside_the_group_is_the_node_s_error() -> None:
    @task
    async def bad() -> None:
        raise ValueError("no")

    @workflow(keep_going=True)
    async def inner(bad: None) -> None: ...

    @workflow
    async def w(inner: None) -> None: ...

    mention(bad)
    run = await w.run()
    group = as_group(run.error)
    assert group is run.tasks["inner"].error
    assert group.__notes__ == ["Raised by workflow 'inner'.", "Raised by task 'inner' of workflow 'w'."]
    assert Run.of(group) is run


async def test_with_keep_going_the_error_of_a_hook_that_fails_its_task_is_in_the_group_too() -> None:
    @task(on_success=fail)
    async def page() -> int:
        return 1

    @workflow(keep_going=True, hook_errors="raise")
    async def w(page: int) -> None: ...

    run = await w.run()
    assert as_group(run.error).exceptions == (run.tasks["page"].error,)
    assert str(run.tasks["page"].error) == "no"


async def test_an_attempt_that_fails_in_a_thread_when_the_run_has_been_stopped_is_in_the_record() -> None:
    started, stopped = threading.Event(), threading.Event()

    @task(retries=AGAIN)
    def page() -> None:
        started.set()
        assert stopped.wait(10)
        raise ValueError("late")

    @task
    async def watch() -> None:
        try:
            await sleep_forever()
        finally:
            stopped.set()

    @task(run_in="thread")
    def bad() -> None:
        assert started.wait(10)
        raise KeyError("first")

    @workflow
    async def w(page: None, watch: None, bad: None) -> None: ...

    run = await w.run()
    assert isinstance(run.error, KeyError)
    assert [(f.task, f.attempt, repr(f.error)) for f in run.errors] == [
        ("bad", 1, "KeyError('first')"),
        ("page", 1, "ValueError('late')"),
    ]
    assert run.tasks["page"].status == "cancelled"


# recover=


def raising(*errors: BaseException | None) -> Callable[[], str]:
    """Return what raises these errors, one at each call; for `None` it returns."""
    left = list(errors)

    def act() -> str:
        error = left.pop(0)
        if error is not None:
            raise error
        return "page"

    return act


async def outcome_of(step: Task[..., Any]) -> tuple[Outcome[Any], Run[Any]]:
    """Return how a task ends, and the run."""

    @workflow(needs={"outcome": step}, settled="outcome")
    async def w(outcome: Any) -> Any:
        return outcome

    run = await w.run()
    assert run.error is None
    assert run.result is not None
    return run.result, run


def say(error: Exception, attempt: int) -> str:
    return f"{error} at {attempt}"


async def say_async(error: Exception, attempt: int) -> str:
    await checkpoint()
    return f"{error} at {attempt}"


@pytest.mark.parametrize("recover", [say, say_async, task(say), task(say_async)], ids=["def", "async", "task", "waits"])
@each_way
async def test_recover_turns_the_final_error_into_the_result(way: str, recover: Any) -> None:
    page = make_task(way, "page", raising(ValueError("a"), ValueError("b")), retries=Retry(1, delay=0), recover=recover)
    outcome, run = await outcome_of(page)
    assert outcome == Outcome("page", Status.COMPLETED, "b at 2")
    assert [(f.task, f.attempt, str(f.error)) for f in run.errors] == [("page", 1, "a"), ("page", 2, "b")]
    record = run.tasks["page"]
    assert (record.status, record.attempts, record.error, record.result) == ("completed", 2, None, "b at 2")


@each_way
async def test_recover_is_not_called_when_an_attempt_succeeds_or_skips(way: str) -> None:
    def recover() -> None:
        raise AssertionError

    page = make_task(way, "page", raising(ValueError("a"), None), retries=AGAIN, recover=recover)
    assert (await outcome_of(page))[0].value == "page"
    page = make_task(way, "page", raising(ValueError("a"), Skip("off")), retries=AGAIN, recover=recover)
    assert (await outcome_of(page))[0].reason == "off"


async def test_recover_gets_the_task_s_own_arguments_and_what_hooks_get() -> None:
    seen: dict[str, Any] = {}

    def save(url: str, sizes: list[int], limit: int, task: str, workflow: str, inputs: Any, errors: Any) -> int:
        seen.update(url=url, sizes=sizes, limit=limit, task=task, workflow=workflow, inputs=dict(inputs))
        assert [str(failure.error) for failure in errors] == ["no"]
        return 1

    @task
    async def size() -> int:
        return 5

    @task(recover=save, needs={"sizes": ["size", "size"]})
    async def page(url: str, *, sizes: list[int], limit: int = 3) -> int:
        raise ValueError("no")

    @workflow
    async def w(url: str, page: int) -> int:
        return page

    mention(size)
    assert await w("here") == 1
    arguments = {"url": "here", "sizes": [5, 5], "limit": 3}
    assert seen == {**arguments, "task": "page", "workflow": "w", "inputs": arguments}


@pytest.mark.parametrize(
    ("error", "value"),
    [
        (ConnectionResetError("x"), "connection"),
        (FileNotFoundError("x"), "os"),
        (ValueError("x"), None),
    ],
)
async def test_a_mapping_recovers_by_the_first_type_that_fits_and_not_from_others(error: Exception, value: Any) -> None:
    ways: dict[type[Exception], Callable[..., Any]] = {
        ConnectionError: lambda: "connection",
        OSError: lambda: "os",
        FileNotFoundError: lambda: "never",
    }
    outcome, run = await outcome_of(make_task("waits", "page", raising(error), recover=ways))
    assert outcome.value == value
    assert outcome.error is (error if value is None else None)
    assert [f.error for f in run.errors] == [error]


async def test_a_task_that_recovers_runs_under_its_own_policy_and_is_no_node() -> None:
    calls: list[str] = []

    @task(retries=AGAIN, timeout=60, on_success=lambda: calls.append("hook"))
    async def smaller(url: str, error: Exception, extra: int = 5) -> Any:
        calls.append("call")
        if calls.count("call") < 3:
            raise KeyError("busy")
        return url, str(error), extra

    @task(recover=smaller)
    async def page(url: str) -> Any:
        raise ValueError("no")

    @workflow
    async def w(url: str, page: Any) -> Any:
        return page

    run = await w.run("here")
    assert run.result == ("here", "no", 5)
    assert calls == ["call", "call", "call", "hook"]
    assert [node.name for node in w.graph] == ["page"]
    assert [(f.task, f.attempt) for f in run.errors] == [("page", 1), ("smaller", 1), ("smaller", 2)]
    assert run.tasks["page"].attempts == 1


async def test_an_error_of_the_recovery_is_the_task_s_with_the_original_as_its_context() -> None:
    first, second = ValueError("first"), KeyError("second")

    def recover() -> None:
        raise second

    outcome, run = await outcome_of(make_task("waits", "page", raising(first), recover=recover))
    assert outcome.error is second
    assert second.__context__ is first
    assert [(f.task, f.attempt, f.error) for f in run.errors] == [("page", 1, first), ("page", 1, second)]


async def test_what_fails_besides_is_told_once_though_a_recovery_failed_with_it_first() -> None:
    @task(retries=AGAIN, run_in="loop")
    def smaller() -> None:
        raise second

    @task(recover=smaller)
    async def page() -> None:
        raise ValueError("first")

    @task(after="report")
    async def bad() -> None:
        raise KeyError("bad")

    @task(settled="page")
    async def report(page: Any) -> None: ...

    @workflow
    async def w(bad: None) -> None: ...

    second = OSError("second")
    mention(page, report)
    run = await w.run()
    assert [(f.task, f.attempt) for f in run.errors if f.error is second] == [
        ("smaller", 1),
        ("smaller", 2),
        ("smaller", 3),
        ("page", 1),
    ]
    assert run.error is not None
    assert run.error.__notes__ == [
        "Raised by task 'bad' of workflow 'w'.",
        "Also failed: task 'page' with OSError('second').",
    ]


@pytest.mark.parametrize("is_task", [False, True])
async def test_a_recovery_that_raises_the_same_error_leaves_it_as_it_is(is_task: bool) -> None:
    original = ValueError("no")

    def recover(error: Exception) -> None:
        raise error

    chosen = task(recover, run_in="loop") if is_task else recover
    outcome, run = await outcome_of(make_task("waits", "page", raising(original), recover=chosen))
    assert outcome.error is original
    assert original.__context__ is None
    assert [f.error for f in run.errors if f.task == "page"] == [original]


@pytest.mark.parametrize("is_task", [False, True])
async def test_a_recovery_may_skip_the_task(is_task: bool) -> None:
    chosen = task(refuse, run_in="loop") if is_task else refuse
    outcome, run = await outcome_of(make_task("waits", "page", fail, recover=chosen))
    assert outcome == Outcome("page", Status.SKIPPED, reason="no news")
    assert [str(f.error) for f in run.errors] == ["no"]


@each_way
@pytest.mark.parametrize("result", [(1, 2), 5])
async def test_a_recovered_result_must_have_the_outputs_that_were_promised(way: str, result: Any) -> None:
    halves = make_task(way, "halves", fail, outputs=("left", "right"), recover=lambda: result)
    outcome, run = await outcome_of(halves)
    if result == (1, 2):
        assert outcome.value == (1, 2)
    else:
        assert isinstance(outcome.error, OutputError)
        assert isinstance(outcome.error.__context__, ValueError)
        assert [type(f.error) for f in run.errors] == [ValueError, OutputError]


async def test_a_timeout_can_be_recovered_from() -> None:
    def save(error: TaskTimeoutError) -> Any:
        return error.task, error.timeout

    @task(timeout=0.01, recover={TaskTimeoutError: save})
    async def page() -> None:
        await sleep_forever()

    outcome, _ = await outcome_of(page)
    assert outcome.value == ("page", 0.01)


# check() and graph


def test_the_graph_has_an_edge_for_what_a_predicate_needs_and_check_finds_nothing_wrong() -> None:
    @task
    async def weather() -> str:
        return "fine"

    @task
    async def answer() -> str:
        return "yes"

    @task
    async def asked() -> bool:
        return True

    def ask(weather: str, answer: str, day: str) -> bool:
        return True

    @task(when=ask, settled="weather")
    async def walk(weather: Any) -> None: ...

    @task(when=asked)
    async def swim() -> None: ...

    @workflow(settled="walk", keep_going=True)
    async def w(day: str, walk: Any, swim: None) -> None: ...

    w.check()
    w.check(types=True)
    assert edges_of(w) == {
        ("weather", "walk", "weather"),
        ("answer", "walk", "answer"),
        ("day", "walk", "day"),
        ("asked", "swim", None),
        ("day", "w", "day"),
        ("walk", "w", "walk"),
        ("swim", "w", "swim"),
    }
    assert str(w.graph).splitlines() == [
        "w(day)",
        "├── day (input)",
        "├── walk",
        "│   ├── weather",
        "│   ├── weather (when)",
        "│   ├── answer (when)",
        "│   └── day (input) (when)",
        "└── swim",
        "    └── asked (when)",
    ]
