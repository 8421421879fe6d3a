"""The last two rules of names: defaults, and what is said of a name that means nothing."""

import functools
import inspect
from typing import Any

import pytest

from flowdeco import GraphError, MethodError, MissingDependencyError, UnmatchedParameterError, task, workflow
from tests.conftest import Backend
from tests.support.names_rules import inner, other, page
from tests.support.naming import fail_to_build, make_module, mention, on, take
from tests.support.steps import library, web

mention(page, other, inner)


# Rules 7 and 8: the default, and nothing


def test_a_default_is_for_names_that_mean_nothing(backend: Backend) -> None:
    @task
    def read(page: str = "default", url: str = "default", nothing: str = "default") -> Any:
        return page, url, nothing

    @workflow
    def w(url: str, read: Any) -> Any:
        return read

    assert on(w, backend)(url="u") == ("page", "u", "default")


def test_an_input_keeps_its_default(backend: Backend) -> None:
    @workflow(tasks=[web])
    def w(fetch: str, url: str = "example.org") -> str:
        return fetch

    assert on(w, backend)() == "page of example.org"
    assert on(w, backend)(url="u") == "page of u"
    assert str(inspect.signature(w)) == "(url: str = 'example.org') -> str"


def test_a_missing_dependency_is_an_error_that_says_what_to_do() -> None:
    @workflow(tasks=[library.report])
    def w(report: str) -> str:
        return report

    error = fail_to_build(w)
    assert str(error) == (
        "Cannot build workflow 'w': task 'report' needs 'source', and no task or input has that name. "
        "Add a parameter 'source' to 'w' to make it an input, or say what it is with needs=."
    )
    assert isinstance(error, MissingDependencyError)
    assert (error.workflow, error.function, error.parameter) == ("w", "report", "source")
    assert error.problems == (error,)


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("pag", "page"), ("ulr", "url"), ("lsting", "listing"), ("trian", "train"), ("libray_task", "library_task")],
)
def test_a_missing_dependency_names_the_nearest_name_in_reach(wrong: str, near: str) -> None:
    reader: Any = make_module("reader", f"def read({wrong}): ...").read
    split = task(lambda: 1, outputs=["train"])

    def body(url: str, reading: Any) -> Any: ...

    w = workflow(body, name="w", needs={"reading": task(reader)}, tasks=[library, task(lambda: 1, name="library_task")])
    assert split.name is None
    assert str(fail_to_build(w)) == (
        f"Cannot build workflow 'w': task 'read' needs {wrong!r}, and no task or input has that name. "
        f"Did you mean {near!r}?"
    )


def test_a_task_without_a_name_is_called_by_its_variable() -> None:
    def make(function: Any) -> Any:
        return task(functools.partial(function, depth=1))

    def read(nope: int, depth: int) -> Any: ...

    reader = make(read)
    mention(reader)

    @workflow(needs={"by_hand": make(read)})
    def w(reader: Any, by_hand: Any) -> Any: ...

    assert sorted(str(problem).partition(", and")[0] for problem in fail_to_build(w).problems) == [
        "Cannot build workflow 'w': task 'by_hand' needs 'nope'",
        "Cannot build workflow 'w': task 'reader' needs 'nope'",
    ]


def test_a_workflow_without_a_name_is_called_a_workflow() -> None:
    def read(nope: int, never: int) -> Any: ...

    w = workflow(functools.partial(take), needs={"given": task(read)})
    assert w.name is None
    error = fail_to_build(w)
    assert str(error).startswith(
        "Cannot build workflow 'workflow': 2 problems.\n  - Cannot build workflow 'workflow': "
    )
    assert (error.workflow, error.problems[0].workflow) == ("workflow", "workflow")


def test_args_and_kwargs_without_needs_are_errors() -> None:
    @task
    def read(*args: Any, **more: Any) -> Any: ...

    @workflow
    def w(read: Any, *rest: Any) -> Any: ...

    error = fail_to_build(w)
    first = "workflow 'w' needs 'rest', and *rest has no name to match. Fill it with needs={'rest': ...}."
    second = "task 'read' needs 'args', and *args has no name to match. Fill it with needs={'args': ...}."
    third = "task 'read' needs 'more', and **more has no name to match. Fill it with needs={'more': ...}."
    assert [str(problem) for problem in error.problems] == [
        f"Cannot build workflow 'w': {text}" for text in (first, second, third)
    ]
    assert str(error) == "Cannot build workflow 'w': 3 problems.\n" + "\n".join(f"  - {p}" for p in error.problems)
    assert type(error) is GraphError
    for problem in error.problems:
        assert isinstance(problem, UnmatchedParameterError)
    assert isinstance(error.problems[1], UnmatchedParameterError)
    assert (error.problems[1].function, error.problems[1].parameter) == ("read", "args")


class Machine:
    """Has a method that was decorated where it is defined."""

    @task
    def step(self, page: str) -> str:
        return f"{page} in {type(self).__name__}"


def test_a_method_that_is_no_bound_one_is_an_error() -> None:
    @workflow(needs={"x": Machine.step})
    def w(x: Any) -> Any: ...

    error = fail_to_build(w)
    assert str(error) == (
        "Cannot build workflow 'w': task 'step' needs 'self', and no task or input has that name: it is a method "
        "without its instance. Make a task of the bound method: task(instance.method)."
    )
    assert isinstance(error, MethodError)


def test_a_bound_method_of_a_decorated_one_is_a_task_like_any_other(backend: Backend) -> None:
    step = task(Machine().step)
    mention(step)

    @workflow
    def w(step: Any) -> Any:
        return step

    assert on(w, backend)() == "page in Machine"
