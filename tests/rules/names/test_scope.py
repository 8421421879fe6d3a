"""Where a function is defined: the scope its decorator runs in."""

import functools
from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, on


@task
def source() -> str:
    return "the module's"


@task
def shared() -> str:
    return "the module's shared"


# Local scopes


def make_pair(number: int) -> Any:
    @workflow
    def w(last: Any) -> Any:
        return last

    @task
    def last(first: Any) -> Any:
        return first, number

    @task
    def first(source: str) -> Any:
        return source, number

    return w


def test_tasks_of_a_local_scope_are_found_in_any_order_of_definition_after_it_is_over(backend: Backend) -> None:
    assert on(make_pair(1), backend)() == (("the module's", 1), 1)


def test_each_execution_of_a_function_has_names_of_its_own(backend: Backend) -> None:
    workflows = [on(make_pair(number), backend) for number in range(5)]
    assert [w() for w in workflows] == [(("the module's", number), number) for number in range(5)]


def test_each_execution_has_names_of_its_own_when_it_is_given_tasks_of_another(backend: Backend) -> None:
    def make(number: int, before: Any) -> Any:
        @task
        def own() -> Any:
            return number

        @workflow
        def w(own: Any, before: Any) -> Any:
            return own, before

        return w

    first = make(1, task(lambda: "none"))
    second = make(2, first)
    third = make(3, second)
    assert on(third, backend)() == (3, (2, (1, "none")))
    assert on(first, backend)() == (1, "none")


def test_a_recursive_function_has_names_of_its_own_at_each_level(backend: Backend) -> None:
    made: list[Any] = []

    def make(depth: int) -> None:
        @task
        def own() -> int:
            return depth

        if depth:
            make(depth - 1)

        @workflow
        def w(own: int, late: int) -> Any:
            return own, late

        @task
        def late() -> int:
            return -depth

        made.append(w)

    make(3)
    assert [on(w, backend)() for w in made] == [(0, 0), (1, -1), (2, -2), (3, -3)]


def test_a_task_made_by_a_call_is_found_under_its_variable(backend: Backend) -> None:
    def make() -> Any:
        x = task(lambda: 1)

        @workflow
        def w(x: int, y: int, z: int, u: int) -> Any:
            return x, y, z, u

        y = task(functools.partial(pow, 2, 1))
        del x
        x = task(lambda: 10)
        three = task(lambda: "three")
        z = u = task(len, needs={"obj": three})
        return w, y, z, u, x

    assert on(make()[0], backend)() == (10, 2, 5, 5)


def test_the_variables_of_a_task_are_not_guessed() -> None:
    def make_map() -> Any:
        @workflow
        def w(a: int, b: int) -> Any:
            return a, b

        a, b = map(task, (lambda: 1, lambda: 2))
        return w, a, b

    def make_pair() -> Any:
        @workflow
        def w(a: int, b: int) -> Any:
            return a, b

        a, b = task(lambda: 1), task(lambda: 2)
        return w, a, b

    # What binds them at the very end of a body is too involved: they are inputs rather than somebody else's tasks.
    for make in (make_map, make_pair):
        w = make()[0]
        for node in w.graph:
            assert node.step() == {"a": 1, "b": 2}[node.name]


def test_a_task_made_by_a_call_is_found_under_a_variable_that_is_closed_over(backend: Backend) -> None:
    def make() -> Any:
        def look() -> Any:
            return x

        @workflow
        def w(x: int) -> Any:
            return x

        x = task(lambda: 1)
        return w, look

    assert on(make()[0], backend)() == 1


def test_a_task_that_is_put_elsewhere_is_not_bound_to_the_function_s_name(backend: Backend) -> None:
    def make() -> Any:
        @workflow
        def w(double: Any = None, made: Any = None) -> Any:
            return double, made

        def double() -> int:
            return 2

        made = [task(double)]
        made.append(task(double))
        assert made == [task(f) for f in [double]] or made
        return w

    assert on(make(), backend)(double="an input") == ("an input", None)


def test_other_names_of_a_local_task_are_found(backend: Backend) -> None:
    def make() -> Any:
        @task
        def first() -> str:
            return "first"

        alias = first
        from tests.support.steps.web import load as loaded

        @workflow
        def w(alias: str, loaded: str) -> Any:
            return alias, loaded

        return w, alias, loaded

    assert on(make()[0], backend)() == ("first", "from the web")


def test_a_redefinition_in_a_local_scope_counts_and_a_variable_of_anything_else_does_not(backend: Backend) -> None:
    text = """
def make():
    @task
    def x(): return 1
    @task
    def source(): return "local"
    @task
    def shared(): return "local"
    source = "no task"
    del shared
    @task
    def x(): return 2
    @workflow
    def w(x, source, shared): return x, source, shared
    return w
"""
    module = make_module("redefined", text, task=task, workflow=workflow, source=source, shared=shared)
    assert on(module.make(), backend)() == (2, "the module's", "the module's shared")


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
    text += "    @workflow\n    def w(n0, x): return n0 + x\n    x = task(lambda: 1000)\n    return w\n"
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
