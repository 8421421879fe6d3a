"""What a node is, and what it is called."""

import functools
from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, mention, on
from tests.support.steps import disk, web


def names_of(w: Any) -> list[str]:
    return [node.name for node in w.graph]


def test_however_many_names_lead_to_a_task_it_runs_once(backend: Backend) -> None:
    ran: list[int] = []

    @task
    def page() -> int:
        ran.append(1)
        return 1

    also = page

    @task(needs={"x": page})
    def read(x: int, also: int) -> Any:
        return x, also

    @workflow(needs={"more": ["also", page, "page"]}, tasks={"given": page}, after=[also, "page"])
    def w(page: int, also: int, read: Any, more: Any, given: int) -> Any:
        return page, also, read, more, given

    assert on(w, backend)() == (1, 1, (1, 1), [1, 1, 1], 1)
    assert also is page
    assert ran == [1]


def test_a_task_of_the_same_function_with_other_options_is_another_node(backend: Backend) -> None:
    @task
    def number() -> object:
        return object()

    again = number.with_options(timeout=5)
    renamed = task(number.__wrapped__, name="renamed")
    mention(again, renamed)

    @workflow
    def w(number: object, again: object, renamed: object) -> Any:
        return len({number, again, renamed})

    assert on(w, backend)() == 3
    assert len(set(names_of(w))) == 3
    assert "renamed" in names_of(w)


def test_a_node_is_called_by_its_name_or_else_as_its_function() -> None:
    @task(name="the page")
    def page() -> Any: ...

    @task
    def text() -> Any: ...

    @workflow(needs={"x": text})
    def w(page: int, x: int) -> Any: ...

    assert names_of(w) == ["the page", "text"]
    assert (page.name, text.name, w.name) == ("the page", "text", "w")
    assert repr(w.graph.nodes[0]) == "<node 'the page'>"


def test_a_task_without_a_name_is_called_by_the_first_name_that_reached_it() -> None:
    class Adder:
        def __call__(self) -> Any: ...

    first = second = task(lambda: 1)
    partial = task(functools.partial(pow, 2, 3))
    instance = task(Adder())

    @workflow(needs={"a": partial, "b": {"key": instance}})
    def w(second: int, first: int, a: int, b: int) -> Any: ...

    made = w.with_options(needs={"a": instance, "b": {"key": first}})
    assert [t.name for t in (first, second, partial, instance)] == [None, None, None, None]
    assert names_of(made) == ["second", "a"]


def test_equal_names_are_qualified_by_their_module() -> None:
    @workflow(needs={"one": web.load, "two": disk.load, "three": web.fetch})
    def w(url: str, one: str, two: str, three: str) -> Any: ...

    assert names_of(w) == ["web.load", "disk.load", "fetch"]
    assert w.graph.find("web.load") is w.graph.find(web.load)
    assert w.graph.find("load") is None


def test_equal_names_of_modules_of_equal_names_are_qualified_by_their_whole_path() -> None:
    one = make_module("first.steps", "@task\ndef load(): return 1", task=task)
    two = make_module("second.steps", "@task\ndef load(): return 2", task=task)

    @workflow(needs={"one": one.load, "two": two.load})
    def w(one: int, two: int) -> Any: ...

    assert names_of(w) == ["first.steps.load", "second.steps.load"]


def test_equal_names_in_one_module_are_numbered(backend: Backend) -> None:
    made = [task(functools.partial(int.__add__, i, 0), name="leaf") for i in range(3)]

    @workflow(needs={"leaves": made})
    def w(leaves: list[int]) -> Any:
        return leaves

    assert on(w, backend)() == [0, 1, 2]
    first, second, third = names_of(w)
    assert (second, third) == (f"{first} (2)", f"{first} (3)")
