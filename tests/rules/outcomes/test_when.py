"""`when=` decides whether a task runs, by names as a task has them."""

import functools
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import MissingDependencyError, Outcome, Status, task, workflow
from tests.support.naming import fail_to_build, make_module, mention
from tests.support.outcomes import each_way, fail, make_task, plain, refuse


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
