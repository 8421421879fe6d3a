"""Outcomes beside stand-ins and predicates, what cannot be settled, and `unwrap()`."""

from typing import Any

import pytest

from flowdeco import Outcome, SettledError, Skip, Status, task, workflow
from tests.support.naming import fail_to_build, mention
from tests.support.outcomes import fail, make_ends, make_task, plain


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
        f"Cannot build workflow 'w': {who} in settled=, and that is an input. "
        "Remove it from settled=, or give the parameter the name of a task."
        for who in ("workflow 'w' has 'more'", "task 'page' has 'url'")
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
