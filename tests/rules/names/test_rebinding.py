"""A name is read when the workflow runs: forward references, cells that are run again, replaced tasks."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from flowdeco import StaleNameError, task, workflow
from tests.conftest import Backend
from tests.support.naming import fail_to_build, make_module, on


def test_a_task_may_be_defined_after_what_needs_it(backend: Backend) -> None:
    module = make_module(
        "forward",
        """
@workflow
def w(last): return last
@task
def last(first): return first + 1
@task
def first(): return 1
""",
        task=task,
        workflow=workflow,
    )
    assert on(module.w, backend)() == 2


def test_a_cell_that_is_run_again_replaces_its_task(backend: Backend) -> None:
    notebook: dict[str, Any] = {"task": task, "workflow": workflow, "__name__": "__main__"}
    exec("@task\ndef number(): return 1", notebook)
    exec("@task\ndef double(number): return 2 * number\n@workflow\ndef w(double): return double", notebook)
    w = on(notebook["w"], backend)
    assert w() == 2
    exec("@task\ndef number(): return 10", notebook)
    assert w() == 20
    assert w.graph.find("number").step is notebook["number"]


def test_a_cell_that_gives_a_part_of_its_result_is_replaced_too(backend: Backend) -> None:
    notebook: dict[str, Any] = {"task": task, "workflow": workflow, "__name__": "__main__"}
    cell = "@task(outputs=('train', 'test'))\ndef split(): return {}, 0"
    exec(cell.format(1), notebook)
    exec("@workflow\ndef w(train, seed=0): return train, seed", notebook)
    w = on(notebook["w"], backend)
    assert w() == (1, 0)
    exec(cell.format(2), notebook)
    assert w() == (2, 0)
    notebook["unrelated"] = 5
    graph = w.graph
    assert graph is w.graph
    exec("@task(outputs=('seed',))\ndef sow(): return [7]", notebook)
    assert w() == (2, 7)


@pytest.fixture
def steps() -> Iterator[Any]:
    module = make_module(
        "some_steps",
        """
@task
def fetch(url): return "real " + url
@task
def read(fetch): return fetch
kind = "a constant"
@workflow
def w(url, read, kind="default"): return read, kind
""",
        task=task,
        workflow=workflow,
    )
    sys.modules["some_steps"] = module
    yield module
    del sys.modules["some_steps"]


def test_a_task_that_is_replaced_in_its_module_is_replaced_in_the_workflow(
    steps: Any, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake() -> str:
        return "fake"

    w = on(steps.w, backend)
    assert w("u") == ("real u", "default")
    with monkeypatch.context() as patch:
        patch.setattr(steps, "fetch", task(fake))
        assert w("u") == ("fake", "default")
    assert w("u") == ("real u", "default")


def test_a_name_that_becomes_a_task_for_a_while_is_what_it_was_before_afterwards(
    steps: Any, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake() -> str:
        return "fake"

    w = on(steps.w, backend)
    assert w("u") == ("real u", "default")
    with monkeypatch.context() as patch:
        patch.setattr(steps, "kind", task(fake))
        patch.setattr(steps, "url", task(fake), raising=False)
        assert w() == ("real fake", "fake")
    assert w("u") == ("real u", "default")


def test_a_name_that_was_a_task_and_now_is_something_else_is_an_error(steps: Any, monkeypatch: Any) -> None:
    assert steps.w("u") == ("real u", "default")
    monkeypatch.setattr(steps, "fetch", "a string")
    with pytest.raises(StaleNameError) as caught:
        steps.w("u")
    assert str(caught.value) == (
        "Cannot build workflow 'w': 'fetch' was a task when its graph was last built, and is 'a string' now. "
        "Assign a task to it again."
    )
    assert (caught.value.name, caught.value.value, caught.value.workflow) == ("fetch", "a string", "w")
    with pytest.raises(StaleNameError):
        steps.w("u")
    monkeypatch.undo()
    assert steps.w("u") == ("real u", "default")


def test_a_name_that_was_a_task_and_is_gone_is_an_error(steps: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert steps.w.graph.inputs == ("url", "kind")
    monkeypatch.delattr(steps, "read")
    error = fail_to_build(steps.w)
    assert type(error) is StaleNameError
    assert str(error) == (
        "Cannot build workflow 'w': 'read' was a task when its graph was last built, and is not one any more. "
        "Assign a task to it again."
    )


def test_a_local_variable_that_was_a_task_and_now_is_something_else_is_an_error(backend: Backend) -> None:
    page: Any = task(lambda: 1)

    @workflow
    def w(page: int) -> int:
        return page

    made = on(w, backend)
    assert made() == 1
    page = task(lambda: 2)
    assert made() == 2
    page = "a string"
    with pytest.raises(StaleNameError) as caught:
        made()
    # What else a local variable is bound to is nobody's business, so it is not told either.
    assert str(caught.value) == (
        "Cannot build workflow 'w': 'page' was a task when its graph was last built, and is not one any more. "
        "Assign a task to it again."
    )
    assert caught.value.value is None
    assert page == "a string"
    page = task(lambda: 3)
    assert made() == 3


def test_a_task_that_is_replaced_in_a_listed_module_is_replaced_in_the_workflow(
    steps: Any, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake() -> str:
        return "fake"

    @workflow(tasks=[steps])
    def w(url: str, read: str) -> str:
        return read

    made = on(w, backend)
    assert made("u") == "real u"
    monkeypatch.setattr(steps, "read", task(fake))
    assert made("u") == "fake"


def test_a_name_that_was_never_a_task_is_not_stale() -> None:
    module = make_module("m", "fetch = 5\n@workflow\ndef w(fetch): return fetch", workflow=workflow)
    assert module.w(1) == 1
    module.fetch = 6
    assert module.w(1) == 1


def test_the_plan_is_kept_while_the_names_refer_to_the_same_tasks(steps: Any) -> None:
    graph = steps.w.graph
    assert steps.w.graph is graph
    steps.unrelated = 1
    steps.kind = 2
    assert steps.w.graph is graph
    steps.fetch = steps.fetch.with_options(timeout=5)
    assert steps.w.graph is not graph
    assert steps.w.graph is steps.w.graph
