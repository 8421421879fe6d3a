"""What a graph consists of."""

from typing import Any

import pytest

from flowdeco import Edge, Graph, GraphError, MissingDependencyError, task, workflow
from tests.support.modules import chain, make_module, take


def names_of(graph: Graph) -> list[str]:
    return [node.name for node in graph]


@task
def page(url: str) -> str:
    return f"<{url}>"


@task
def words(page: str) -> list[str]:
    return [page]


@task
def links(page: str) -> list[str]:
    return [page]


@task
def unneeded(words: list[str]) -> None: ...


@workflow
def summary(url: Any, words: Any, links: Any) -> Any:
    return url, words, links


def test_a_graph_holds_what_the_workflow_needs_and_nothing_else() -> None:
    assert names_of(summary.graph) == ["page", "words", "links"]


def test_a_graph_s_nodes_come_after_those_they_need() -> None:
    for node in summary.graph:
        assert all(index < node.index for index in node.dependencies)


def test_a_node_tells_its_place_its_task_and_its_dependencies() -> None:
    first, second, third = summary.graph.nodes
    assert (first.index, first.name, first.step, first.dependencies, first.replaced) == (0, "page", page, (), False)
    assert (second.index, second.step, second.dependencies) == (1, words, (0,))
    assert (third.index, third.step, third.dependencies) == (2, links, (0,))


def test_an_edge_names_source_target_and_parameter() -> None:
    assert summary.graph.edges == [
        Edge("url", "page", "url"),
        Edge("page", "words", "page"),
        Edge("page", "links", "page"),
        Edge("url", "summary", "url"),
        Edge("words", "summary", "words"),
        Edge("links", "summary", "links"),
    ]
    assert Edge("url", "page", "url").parameter == "url"


def test_an_edge_that_only_orders_has_no_parameter() -> None:
    @task
    def first() -> None: ...

    @task(after=first)
    def second() -> None: ...

    @workflow(after="second")
    def ordered() -> None: ...

    assert ordered.graph.edges == [Edge("first", "second", None), Edge("second", "ordered", None)]
    assert ordered.graph.nodes[1].dependencies == (0,)


def test_a_list_or_dict_of_needs_gives_an_edge_for_each_entry() -> None:
    @task
    def north() -> None: ...

    @task
    def south() -> None: ...

    @task(needs={"regions": [north, "south"]})
    def total(regions: Any) -> None: ...

    @workflow(needs={"both": {"a": north, "b": total, "c": "url"}})
    def w(url: Any, both: Any) -> None: ...

    assert w.graph.edges == [
        Edge("north", "total", "regions"),
        Edge("south", "total", "regions"),
        Edge("url", "w", "url"),
        Edge("north", "w", "both"),
        Edge("total", "w", "both"),
        Edge("url", "w", "both"),
    ]


def test_a_task_needed_twice_by_one_task_counts_once_as_its_dependency() -> None:
    @task
    def one() -> None: ...

    @task(needs={"a": one, "b": one}, after=one)
    def two(a: Any, b: Any) -> None: ...

    @workflow
    def w(two: Any) -> None: ...

    assert w.graph.nodes[1].dependencies == (0,)


def test_a_graph_is_as_long_as_it_has_nodes() -> None:
    assert len(summary.graph) == 3
    assert list(summary.graph) == list(summary.graph.nodes)
    assert len(workflow(take, name="bare").graph) == 0


def test_a_graph_tells_the_name_and_the_inputs_of_its_workflow() -> None:
    assert summary.graph.name == "summary"
    assert summary.graph.inputs == ("url",)
    assert repr(summary.graph) == "<graph of workflow 'summary': 3 nodes>"
    assert repr(summary.graph.nodes[0]) == "<node 'page'>"


def test_a_node_is_found_by_its_name_and_by_its_task() -> None:
    graph = summary.graph
    assert graph.find("page") is graph.find(page) is graph.nodes[0]
    assert graph.find("unneeded") is None
    assert graph.find(unneeded) is None
    assert graph.find("url") is None


def test_a_node_is_found_by_the_task_that_another_stands_in_for() -> None:
    def fake() -> str:
        return ""

    by_function = summary.override(page=fake).graph
    assert by_function.find(page) is by_function.find("page") is not None
    by_value = summary.override(page="").graph
    assert by_value.find(page) is by_value.find("page") is not None


def test_a_graph_is_compiled_once_and_kept() -> None:
    assert summary.graph is summary.graph


def test_what_only_a_replaced_task_needed_is_not_in_the_graph() -> None:
    assert names_of(summary.override(page="<html>").graph) == ["page", "words", "links"]
    assert names_of(summary.override(words=[], links=[]).graph) == ["words", "links"]
    assert [node.replaced for node in summary.override(words=[], links=[]).graph] == [True, True]


def test_a_graph_that_cannot_be_built_raises_what_is_wrong() -> None:
    @task
    def broken(nowhere: Any) -> None: ...

    @workflow
    def w(broken: Any) -> None: ...

    with pytest.raises(MissingDependencyError, match="'nowhere'"):
        w.graph  # noqa: B018


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


@pytest.mark.parametrize("name", ["url", "run", "state"])
def test_after_an_input_or_the_run_names_no_task(name: str) -> None:
    @task(after=name)
    def late() -> None: ...

    @workflow
    def w(url: Any, late: Any) -> None: ...

    with pytest.raises(GraphError, match=f"after='{name}' of task 'late' names no task"):
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
