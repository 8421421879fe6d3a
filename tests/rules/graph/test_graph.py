"""What a graph consists of."""

from typing import Any

import pytest

from flowdeco import Edge, MissingDependencyError, task, workflow
from tests.support.graph import names_of, page
from tests.support.naming import take


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
