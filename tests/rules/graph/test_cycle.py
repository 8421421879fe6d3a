"""A circle is found before anything runs, and reported with its path."""

from typing import Any

import pytest

from flowdeco import CycleError, task, workflow
from tests.support.check import find_problem
from tests.support.modules import make_module


def test_a_self_dependency_is_a_circle_of_one() -> None:
    @task
    def page(page: Any) -> None: ...

    @workflow
    def w(page: Any) -> None: ...

    error = find_problem(w)
    assert isinstance(error, CycleError)
    assert error.path == ("page", "page")
    assert str(error) == (
        "Cannot build workflow 'w': task 'page' needs itself. Rename its parameter, or say with needs= what it "
        "receives."
    )


def test_a_circle_is_reported_with_its_path_each_needing_the_next() -> None:
    @task
    def b(c: Any) -> None: ...

    @task
    def c(a: Any) -> None: ...

    @task
    def a(b: Any) -> None: ...

    @task
    def behind(a: Any) -> None: ...

    @workflow
    def w(behind: Any) -> None: ...

    error = find_problem(w)
    assert isinstance(error, CycleError)
    assert error.path == ("a", "b", "c", "a")
    assert str(error) == (
        "Cannot build workflow 'w': its tasks need each other in a circle: a -> b -> c -> a. "
        "Rename a parameter, or say with needs= what it receives."
    )


def test_a_circle_through_after_is_a_circle() -> None:
    @task(after="b")
    def a() -> None: ...

    @task
    def b(a: Any) -> None: ...

    @workflow
    def w(b: Any) -> None: ...

    error = find_problem(w)
    assert isinstance(error, CycleError)
    assert error.path == ("a", "b", "a")


def test_several_circles_are_reported_each_with_its_path() -> None:
    module = make_module(
        "circles",
        """
        @task
        def a(b): ...
        @task
        def b(a, c): ...
        @task
        def c(b): ...
        @task
        def x(y): ...
        @task
        def y(x): ...
        """,
    )

    @workflow(tasks=[module])
    def w(a: Any, x: Any) -> None: ...

    paths = {problem.path for problem in find_problem(w).problems if isinstance(problem, CycleError)}
    assert paths == {("a", "b", "a"), ("b", "c", "b"), ("x", "y", "x")}


def test_a_circle_of_10_000_is_reported_with_its_whole_path_and_a_short_message() -> None:
    source = "\n".join(f"@task\ndef t{number}(t{(number + 1) % 10_000}): ..." for number in range(10_000))

    @workflow(needs={"t5": make_module("circle", source).t5})
    def w(t5: Any) -> None: ...

    error = find_problem(w)
    assert isinstance(error, CycleError)
    assert error.path == (*(f"t{number}" for number in range(10_000)), "t0")
    assert str(error) == (
        "Cannot build workflow 'w': its tasks need each other in a circle: "
        "t0 -> t1 -> t2 -> t3 -> t4 -> t5 -> t6 -> t7 -> t8 -> (9990 more) -> t9999 -> t0. "
        "Rename a parameter, or say with needs= what it receives."
    )


def test_workflows_that_run_each_other_are_a_circle() -> None:
    @workflow
    def p(q: Any) -> None: ...

    @workflow
    def q(r: Any) -> None: ...

    @workflow
    def r(p: Any) -> None: ...

    error = find_problem(p)
    assert isinstance(error, CycleError)
    assert error.path == ("p", "q", "r", "p")
    assert str(error) == (
        "Cannot build workflow 'p': workflows run each other in a circle: p -> q -> r -> p. "
        "Rename a parameter, or say with needs= what it receives."
    )
    with pytest.raises(CycleError):
        p()
    with pytest.raises(CycleError):
        r()


def test_a_workflow_that_runs_itself_is_a_circle() -> None:
    @workflow
    def again(again: Any) -> None: ...

    error = find_problem(again)
    assert isinstance(error, CycleError)
    assert error.path == ("again", "again")
    assert str(error) == (
        "Cannot build workflow 'again': it runs itself. Rename a parameter, or say with needs= what it receives."
    )
