"""Scopes of unusual code."""

from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, on


def test_what_is_bound_without_a_decorator_is_found_while_the_scope_is_being_executed(backend: Backend) -> None:
    @workflow
    def w(x: Any, y: Any) -> Any:
        return x, y

    made = [task(lambda: 1), task(lambda: 2)]
    x, y = made
    assert on(w, backend)() == (1, 2)
    assert w.graph.find("x") is not None
    x = y
    assert on(w, backend)() == (2, 2)
    assert x is y


def test_a_local_scope_of_very_many_names_is_looked_through() -> None:
    count = 500
    text = "def make():\n"
    text += "".join(f"    @task\n    def n{i}(n{i + 1}): return n{i + 1} + 1\n" for i in range(count))
    text += f"    made = task(lambda: 1)\n    n{count} = made\n"
    text += "    @workflow\n    def w(n0, x): return n0 + x\n    @task\n    def x(): return 1000\n    return w\n"
    module = make_module("large", text, task=task, workflow=workflow)
    assert len(module.make().graph) == count + 2


def test_code_with_two_namespaces_sees_both(backend: Backend) -> None:
    around: dict[str, Any] = {"task": task, "workflow": workflow, "__name__": "around", "outer": task(lambda: "outer")}
    inside: dict[str, Any] = {}
    exec("@workflow\ndef w(inner, outer): return inner, outer\ninner = task(lambda: 'inner')", around, inside)
    assert on(inside["w"], backend)() == ("inner", "outer")
    exec("inner = task(lambda: 'again')", around, inside)
    assert on(inside["w"], backend)() == ("again", "outer")


def test_a_decorator_in_a_comprehension_stands_where_the_comprehension_does(backend: Backend) -> None:
    text = """
@task
def base(): return 10
def make():
    local = task(lambda: 5)
    made = [task(lambda base, local, i=i: base + local + i) for i in range(3)]
    more = list(task(lambda base, i=i: base + i) for i in range(2))
    @workflow(needs={"xs": [*made, *more]})
    def w(xs, more="no task"): return xs, more
    return w
"""
    module = make_module("comprehensions", text, task=task, workflow=workflow)
    assert on(module.make(), backend)() == ([15, 16, 17, 10, 11], "no task")


def test_a_list_of_tasks_is_no_task() -> None:
    def make() -> Any:
        @workflow
        def w(made: Any) -> Any:
            return made

        made = [task(f) for f in (id, repr)]
        return w, made

    assert make()[0].graph.inputs == ("made",)


async def test_tasks_of_a_coroutine_are_found_wherever_it_is_run() -> None:
    @workflow
    def w(late: str) -> str:
        return late

    assert await w.call(late="an input") == "an input"
    late = task(lambda: "late")
    assert await w.call() == "late"
    assert late() == "late"


def test_a_task_under_another_decorator_is_found_if_that_gives_a_task(backend: Backend) -> None:
    def same(made: Any) -> Any:
        return made

    def called(made: Any) -> Any:
        return made()

    def make() -> Any:
        @workflow
        def w(one: Any, two: Any = None, three: Any = None) -> Any:
            return one, two, three

        @same
        @same
        @task
        def one() -> int:
            return 1

        @called
        @task
        def two() -> int:
            return 2

        three = task(lambda: 3)()
        return w, one, two, three

    w, _, two, three = make()
    assert (two, three) == (2, 3)
    assert w.graph.inputs == ("two", "three")
    assert on(w, backend)(three="an input") == (1, None, "an input")
