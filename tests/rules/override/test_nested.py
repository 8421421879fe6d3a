"""Overrides reach the workflows that a workflow runs."""

from typing import Any

import pytest

from flowdeco import UnknownTaskError, workflow
from tests.support.naming import mention
from tests.support.override import fake_words, page, ran, words

mention(page, words)


@workflow
def inner(url: Any, words: Any) -> Any:
    return words


@workflow
def middle(url: Any, inner: Any) -> Any:
    return inner


@workflow
def outer(url: Any, middle: Any, page: Any) -> Any:
    return middle, page


def test_tasks_of_workflows_within_are_reached() -> None:
    assert outer.override(words=["W"])("x") == (["W"], "<x>")
    assert outer.override(page="P")("x") == (["P"], "P")
    assert outer.override({words: fake_words})("x") == (["W", "<x>"], "<x>")


def test_workflows_within_are_left_as_they_are() -> None:
    outer.override(words=["W"])("x")
    assert inner("x") == ["<x>"]
    assert outer("x") == (["<x>"], "<x>")


def test_a_workflow_within_is_replaced_by_a_value() -> None:
    w = outer.override(inner="I")
    assert w("x") == ("I", "<x>")
    assert ran == ["page"]


def test_a_workflow_within_is_replaced_by_a_function() -> None:
    def fake(url: str) -> str:
        return f"fake {url}"

    assert outer.override(middle=fake)("x") == ("fake x", "<x>")
    assert outer.override({inner: fake})("x") == ("fake x", "<x>")


def test_a_workflow_within_is_replaced_by_a_workflow() -> None:
    @workflow
    def other(url: Any) -> Any:
        return f"other {url}"

    assert outer.override(inner=other)("x") == ("other x", "<x>")
    assert outer.override({inner: inner.override(words=["W"])})("x") == (["W"], "<x>")


def test_a_function_for_a_workflow_does_not_wait_for_what_the_workflow_s_own_came_after() -> None:
    @workflow(after=words)
    def ordered(url: Any) -> Any:
        return "ordered"

    @workflow
    def w(url: Any, ordered: Any) -> Any:
        return ordered

    assert w("x") == "ordered"
    ran.clear()
    assert w.override(ordered=lambda: "fake")("x") == "fake"
    assert ran == []


def test_overrides_of_overrides_reach_workflows_within() -> None:
    def fake() -> list[str]:
        return ["fake"]

    w = outer.override(words=fake)
    assert w("x") == (["fake"], "<x>")
    assert w.override(words=["second"])("x") == (["second"], "<x>")
    assert w.override(inner="I")("x") == ("I", "<x>")
    assert w.override({inner: "I"}).override(inner="J")("x") == ("J", "<x>")


def test_the_outer_override_goes_before_that_of_a_workflow_within() -> None:
    fixed = inner.override(words=["inner"])

    @workflow(needs={"answer": fixed})
    def w(url: Any, answer: Any) -> Any:
        return answer

    assert w("x") == ["inner"]
    assert w.override(words=["outer"])("x") == ["outer"]


def test_an_unknown_name_is_looked_for_in_workflows_within_too() -> None:
    with pytest.raises(UnknownTaskError) as caught:
        outer.override(wrods=1)
    assert "Did you mean 'words'?" in str(caught.value)


def test_what_there_is_is_told_with_each_name_once() -> None:
    with pytest.raises(UnknownTaskError) as caught:
        outer.override(nothing=1)
    assert str(caught.value).endswith("It has 'middle', 'page', 'inner' and 'words'.")
