"""Overrides again and again, beside `with_options` and changes of names."""

import threading
from typing import Any

import pytest

from flowdeco import StaleNameError, UnknownTaskError, task
from tests.support.modules import make_module
from tests.support.override import fake_words, page, summary


def test_an_override_of_an_override_replaces_what_the_first_put_there() -> None:
    def fake() -> str:
        return "fake"

    @task
    def other() -> str:
        return "other"

    for first in ("value", fake, other):
        w = summary.override(page=first)
        assert w.override(page="second")("x")[1] == ["second"]
        assert w.override({page: "second"})("x")[1] == ["second"]
        assert w.override(page=lambda: "function")("x")[1] == ["function"]
    assert summary.override({page: other}).override({other: "third"})("x")[1] == ["third"]


def test_an_override_of_another_task_keeps_the_first() -> None:
    w = summary.override(page="P").override(words=fake_words)
    assert w("x") == ("x", ["W", "P"])


def test_an_overridden_workflow_with_other_options_stays_overridden() -> None:
    w = summary.override(page="P").with_options(name="other", timeout=5)
    assert (w.name, w.timeout) == ("other", 5)
    assert w("x") == ("x", ["P"])


def test_a_workflow_with_other_options_can_be_overridden() -> None:
    assert summary.with_options(name="other").override(page="P")("x") == ("x", ["P"])


def test_an_override_by_name_holds_when_the_options_give_the_name_to_another_task() -> None:
    @task
    def other() -> str:
        return "other"

    w = summary.override(page="P").with_options(tasks={"page": other})
    assert w("x") == ("x", ["P"])


def test_an_override_by_name_holds_when_the_name_refers_to_another_task_later() -> None:
    module = make_module(
        "steps",
        """
        @task
        def page(): return "first"
        @workflow
        def w(page): return page
        """,
    )
    w = module.w.override(page="P")
    module.page = task(lambda: "second", name="page")
    assert module.w() == "second"
    assert w() == "P"


def test_an_override_that_has_nothing_to_replace_any_more_is_an_error_at_the_call() -> None:
    module = make_module(
        "steps",
        """
        @task
        def page(): return "first"
        @task
        def words(page): return page
        @workflow
        def w(words): return words
        """,
    )
    w = module.w.override(page="P")
    assert w() == "P"
    module.words = task(lambda: "alone", name="words")
    with pytest.raises(UnknownTaskError) as caught:
        w()
    assert str(caught.value) == "Cannot override workflow 'w': it has no task 'page'. It has 'words'."


def test_an_override_of_a_name_that_is_no_task_any_more_is_an_error_at_the_call() -> None:
    module = make_module("steps", "@task\ndef page(): ...\n@workflow\ndef w(page): return page")
    w = module.w.override(page="P")
    assert w() == "P"
    module.page = None
    with pytest.raises(StaleNameError, match="'page' was a task"):
        w()


def test_many_threads_overriding_and_calling_at_once_get_what_they_gave() -> None:
    barrier = threading.Barrier(8, timeout=60)
    results: dict[int, Any] = {}

    def call(number: int) -> None:
        barrier.wait()
        results[number] = summary.override(page=lambda: number)("x")[1]

    threads = [threading.Thread(target=call, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [number] for number in range(8)}
