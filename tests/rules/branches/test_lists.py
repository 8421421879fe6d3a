"""`needs=` a list or dict of branches: what ran of them, in order."""

from typing import Any

import pytest

from flowdeco import Skip, task, workflow
from tests.support.naming import mention
from tests.support.outcomes import each_way, fail, make_task, plain


def make_branches(way: str, taken: str) -> dict[str, Any]:
    def make(name: str) -> Any:
        return make_task(way, name, lambda: name, when=lambda: name in taken)

    return {name: make(name) for name in "abc"}


@pytest.mark.parametrize("taken", ["abc", "ac", "b", ""])
@pytest.mark.parametrize("kind", [list, dict])
@each_way
async def test_a_list_or_dict_of_branches_has_those_that_ran_in_order(way: str, kind: Any, taken: str) -> None:
    branches = make_branches(way, taken)
    needs: Any = list(branches.values()) if kind is list else branches

    @task(needs={"given": needs})
    def merged(given: Any) -> Any:
        return given

    @workflow(needs={"given": needs})
    async def w(merged: Any = "none", given: Any = "default") -> Any:
        return merged, given

    mention(merged)
    expected: Any = list(taken) if kind is list else {name: name for name in taken}
    run = await w.run()
    assert run.result == ((expected, expected) if taken else ("none", "default"))
    if not taken:
        assert str(run.tasks["merged"].reason).startswith("'a' was skipped: when=")


async def test_arguments_that_a_list_or_dict_fills_are_those_that_ran() -> None:
    branches = make_branches("async", "ac")

    @task(needs={"given": list(branches.values()), "named": branches})
    async def merged(*given: str, **named: str) -> Any:
        return given, named

    @workflow
    async def w(merged: Any) -> Any:
        return merged

    mention(merged)
    assert await w() == (("a", "c"), {"a": "a", "c": "c"})


async def test_what_is_there_in_any_case_stays_in_the_list() -> None:
    @task
    async def off() -> str:
        raise Skip

    @workflow(needs={"given": [off, "text"]})
    async def w(text: str, given: list[str]) -> Any:
        return given

    assert await w("here") == ["here"]


async def test_a_failed_branch_fails_what_receives_the_list() -> None:
    bad = task(fail, name="bad")
    off = make_task("async", "off", lambda: 1, when=lambda: False)

    @task(needs={"given": [off, bad]})
    async def merged(given: list[int]) -> None:
        raise AssertionError

    @workflow(settled=("merged", "bad"), tasks=[bad])
    async def w(merged: Any, bad: Any) -> Any:
        return merged.status, bad.status

    mention(merged)
    assert await w() == ("upstream_failed", "failed")


async def test_outcomes_of_a_list_are_those_of_all() -> None:
    branches = make_branches("async", "b")

    @workflow(needs={"given": list(branches.values())}, settled="given")
    async def w(given: list[Any]) -> Any:
        return [outcome.value for outcome in given], [outcome.skipped for outcome in given]

    assert await w() == ([None, "b", None], [True, False, True])


async def test_a_workflow_within_is_given_those_that_ran() -> None:
    branches = make_branches("async", "ab")

    @workflow
    async def inner(parts: list[str]) -> Any:
        return parts

    @workflow(needs={"inner": inner.with_options(needs={"parts": list(branches.values())})})
    async def w(inner: Any) -> Any:
        return inner

    assert await w() == ["a", "b"]


async def test_items_are_those_of_the_branches_that_ran() -> None:
    branches = make_branches("async", "ac")

    @task(each={"letter": list(branches.values())})
    async def upper(letter: str) -> str:
        return letter.upper()

    @workflow
    async def w(upper: list[str]) -> Any:
        return upper

    mention(upper)
    assert await w() == ["A", "C"]


async def test_what_only_the_branches_of_a_list_need_waits_for_them() -> None:
    ran: list[str] = []
    costly = make_task("async", "costly", lambda: ran.append("costly"))
    cheap = make_task("async", "cheap", lambda: ran.append("cheap") or "cheap")  # type: ignore[func-returns-value]

    @task(when=plain(lambda deep: deep), needs={"costly": costly})
    async def long_way(costly: Any) -> str:
        raise AssertionError

    @task(when=plain(lambda deep: not deep), needs={"cheap": cheap})
    async def short_way(cheap: str) -> str:
        return f"by {cheap}"

    @workflow(needs={"found": [long_way, short_way]})
    async def w(deep: bool, found: list[str]) -> str:
        return found[0]

    assert await w(deep=False) == "by cheap"
    assert ran == ["cheap"]
