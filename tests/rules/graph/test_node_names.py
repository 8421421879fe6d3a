"""What the nodes of a graph are called; `after=`; and very large graphs."""

from typing import Any

import pytest

from flowdeco import GraphError, MissingDependencyError, task, workflow
from tests.support.graph import names_of, page
from tests.support.modules import chain, make_module
from tests.support.naming import take


def test_equal_names_are_qualified_by_the_module() -> None:
    steps = make_module("shop.steps", "@task\ndef load(): ...")
    other = make_module("shop.other", "@task\ndef load(): ...")

    @workflow(needs={"a": steps.load, "b": other.load})
    def w(a: Any, b: Any) -> None: ...

    assert names_of(w.graph) == ["steps.load", "other.load"]
    found = w.graph.find("other.load")
    assert found is not None
    assert found.step is other.load
    assert w.graph.find("load") is None


def test_equal_names_in_modules_of_equal_name_are_qualified_by_the_whole_module() -> None:
    steps = make_module("shop.steps", "@task\ndef load(): ...")
    other = make_module("bank.steps", "@task\ndef load(): ...")

    @workflow(needs={"a": steps.load, "b": other.load})
    def w(a: Any, b: Any) -> None: ...

    assert names_of(w.graph) == ["shop.steps.load", "bank.steps.load"]


def test_equal_names_in_one_module_are_numbered() -> None:
    def make(name: str) -> Any:
        return task(lambda: None, name=name)

    tasks = [make("load"), make("load"), make("load (2)"), make("load"), make("save")]
    w = workflow(take, name="w", needs={"given": tasks})
    assert names_of(w.graph) == ["load", "load (3)", "load (2)", "load (4)", "save"]


def test_equal_names_are_qualified_even_where_the_name_has_a_dot() -> None:
    steps = make_module("shop.steps", "@task(name='v1.load')\ndef load(): ...")
    other = make_module("bank.steps", "@task(name='v1.load')\ndef load(): ...")
    w = workflow(take, name="w", needs={"given": [steps.load, other.load]})
    assert names_of(w.graph) == ["shop.steps.v1.load", "bank.steps.v1.load"]


def test_a_task_without_a_name_is_called_by_the_first_name_that_reached_it() -> None:
    anonymous = task(lambda: 1)

    @task
    def other(anonymous: Any) -> None: ...

    @workflow(needs={"first": anonymous})
    def w(first: Any, other: Any) -> None: ...

    assert names_of(w.graph) == ["first", "other"]


def test_a_task_reached_by_several_names_is_one_node() -> None:
    alias = page

    @task
    def reader(alias: Any, page: Any) -> None: ...

    @workflow
    def w(url: Any, reader: Any, page: Any) -> None: ...

    assert alias is page
    assert names_of(w.graph) == ["page", "reader"]


def test_after_that_names_no_task_is_an_error_that_says_so() -> None:
    @task(after="pgae")
    def late() -> None: ...

    @workflow
    def w(late: Any) -> None: ...

    with pytest.raises(MissingDependencyError) as caught:
        w.check()
    assert str(caught.value) == (
        "Cannot build workflow 'w': after='pgae' of task 'late' names no task. Did you mean 'page'?"
    )
    assert (caught.value.function, caught.value.parameter) == ("late", "pgae")


@pytest.mark.parametrize(("name", "what"), [("url", "an input"), ("run", "no task"), ("state", "no task")])
def test_after_an_input_or_the_run_names_no_task(name: str, what: str) -> None:
    @task(after=name)
    def late() -> None: ...

    @workflow
    def w(url: Any, late: Any) -> None: ...

    with pytest.raises(GraphError, match=f"after='{name}' of task 'late' names {what}"):
        w.check()


def test_a_workflow_of_20_000_tasks_compiles_without_recursion() -> None:
    graph = chain(20_000)
    assert len(graph) == 20_000
    assert [node.name for node in graph] == [f"t{number}" for number in range(20_000)]


def test_a_task_with_5_000_parameters_gets_them_all() -> None:
    tasks = {f"t{number}": task(lambda: 0, name=f"t{number}") for number in range(5_000)}
    module = make_module("wide", f"@task\ndef total({', '.join(tasks)}): ...")

    @workflow(tasks={**tasks, "total": module.total})
    def w(total: Any) -> None: ...

    assert w.graph.nodes[-1].dependencies == tuple(range(5_000))
