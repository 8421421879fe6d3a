"""What `override` puts in the place of tasks."""

from typing import Any

import pytest

from flowdeco import InputError, MissingDependencyError, UnknownTaskError, task, workflow
from tests.support.modules import make_module
from tests.support.override import page, ran, summary


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
        "Cannot override workflow 'summary': it has no task <task 'other'>. "
        "If a task calls it, say so there: calls=[other]. It has 'page' and 'words'."
    )


def test_an_input_s_name_is_an_error_that_says_to_give_it_in_the_call() -> None:
    with pytest.raises(UnknownTaskError) as caught:
        summary.override(url="x")
    assert str(caught.value) == ("Cannot override workflow 'summary': 'url' is an input. Give it in the call.")


class Shop:
    @task
    def rate(self) -> float:
        return 1.0

    @workflow
    def offer(self, rate: float) -> float:
        return rate


@pytest.mark.parametrize(("made", "name"), [(summary, "summary"), (Shop.offer, "offer"), (Shop().offer, "offer")])
def test_the_workflow_itself_is_no_task_of_its_own(made: Any, name: str) -> None:
    with pytest.raises(UnknownTaskError) as caught:
        made.override({name: 1})
    assert str(caught.value) == (
        f"Cannot override workflow {name!r}: that is the workflow itself. Override the tasks in it."
    )
    with pytest.raises(UnknownTaskError, match="that is the workflow itself"):
        made.override({made: 1})


def test_a_workflow_beside_it_is_not_taken_for_a_plain_function() -> None:
    class Two(Shop):
        @workflow
        def other(self) -> int:
            return 1

        @workflow
        def offer(self, rate: float) -> float:
            return rate

    with pytest.raises(UnknownTaskError) as caught:
        Two.offer.override(other=1)
    assert str(caught.value) == "Cannot override workflow 'offer': it has no task 'other'. It has none."


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
