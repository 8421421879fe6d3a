"""What `override` and `with_options` put in the place of tasks and options."""

import threading
from typing import Any

import pytest

from flowdeco import (
    InputError,
    MissingDependencyError,
    StaleNameError,
    UnknownTaskError,
    task,
    workflow,
)
from tests.support.modules import make_module

ran: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@task
def page(url: str) -> str:
    ran.append("page")
    return f"<{url}>"


@task(timeout=60)
def words(page: str) -> list[str]:
    ran.append("words")
    return [page]


@workflow
def summary(url: Any, words: Any) -> Any:
    return url, words


def fake_words(page: str) -> list[str]:
    return ["W", page]


# What is replaced.


def test_a_task_is_replaced_by_name() -> None:
    assert summary.override(page="P")(url="x") == ("x", ["P"])
    assert ran == ["words"]


def test_a_task_is_replaced_by_the_task_itself() -> None:
    assert summary.override({page: "P"})(url="x") == ("x", ["P"])
    assert summary.override({"page": "P"})(url="x") == ("x", ["P"])


def test_several_tasks_are_replaced_at_once() -> None:
    assert summary.override({page: "P"}, words=["W"])(url="x") == ("x", ["W"])
    assert ran == []


def test_a_task_is_replaced_by_the_name_of_the_parameter_that_receives_it() -> None:
    @workflow(needs={"text": page})
    def w(url: Any, text: Any) -> Any:
        return text

    assert w.override(text="P")(url="x") == "P"


def test_a_name_of_a_task_goes_before_the_name_of_a_parameter() -> None:
    @task
    def text() -> str:
        return "text"

    @task(needs={"text": page})
    def reader(text: str) -> str:
        return text

    @workflow
    def w(url: Any, reader: Any, text: Any) -> Any:
        return reader, text

    assert w.override(text="T")(url="x") == ("<x>", "T")


def test_a_task_is_replaced_by_its_qualified_name() -> None:
    one = make_module("one", "@task\ndef load(): return 1")
    two = make_module("two", "@task\ndef load(): return 2")

    @workflow(needs={"a": one.load, "b": two.load})
    def w(a: Any, b: Any) -> Any:
        return a, b

    assert w.override({"two.load": 3})() == (1, 3)
    with pytest.raises(UnknownTaskError, match=r"Did you mean '(one|two)\.load'\?"):
        w.override(load=3)


def test_w_itself_never_changes() -> None:
    graph = summary.graph
    summary.override(page="P")(url="x")
    assert summary.graph is graph
    assert summary(url="x") == ("x", ["<x>"])
    assert page("x") == "<x>"


def test_an_unknown_name_is_an_error_with_the_nearest() -> None:
    with pytest.raises(UnknownTaskError) as caught:
        summary.override(wrods=1)
    assert (caught.value.workflow, caught.value.task) == ("summary", "wrods")
    assert str(caught.value) == (
        "Cannot override workflow 'summary': it has no task 'wrods'. Did you mean 'words'? It has 'page' and 'words'."
    )


def test_a_task_that_the_workflow_does_not_run_is_an_error() -> None:
    other = task(lambda: 1, name="other")
    with pytest.raises(UnknownTaskError) as caught:
        summary.override({other: 1})
    assert str(caught.value) == (
        "Cannot override workflow 'summary': it has no task <task 'other'>. It has 'page' and 'words'."
    )


def test_an_input_s_name_is_an_error_that_says_to_give_it_in_the_call() -> None:
    with pytest.raises(UnknownTaskError) as caught:
        summary.override(url="x")
    assert str(caught.value) == ("Cannot override workflow 'summary': 'url' is an input. Give it in the call.")


def test_callers_cannot_replace_tasks() -> None:
    with pytest.raises(InputError, match=r"summary\.override\(page=\.\.\.\) replaces it"):
        summary(url="x", page="P")


def test_a_workflow_whose_graph_is_wrong_cannot_be_overridden() -> None:
    @task
    def broken(nowhere: Any) -> None: ...

    @workflow
    def w(broken: Any) -> None: ...

    with pytest.raises(MissingDependencyError):
        w.override(broken=1)


# Again and again.


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
    barrier = threading.Barrier(8, timeout=30)
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
