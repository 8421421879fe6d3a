"""What is wrong in workflows within, and very much that is wrong."""

from typing import Any

from flowdeco import task, workflow
from tests.support.check import find_problem, messages
from tests.support.modules import make_module
from tests.support.naming import take


def test_problems_of_workflows_within_are_reported_too_each_once() -> None:
    library = make_module("library", "@task\ndef url(): ...\n@task\ndef fetch(url): ...")

    @task
    def bad(nope: Any) -> None: ...

    @workflow(needs={"page": library.fetch})
    def inner(url: Any, page: Any, bad: Any) -> None: ...

    @workflow
    def middle(url: Any, inner: Any) -> None: ...

    @workflow
    def outer(url: Any, inner: Any, middle: Any) -> None: ...

    assert messages(find_problem(outer)) == [
        (
            "Cannot build workflow 'inner': task 'bad' needs 'nope', and no task or input has that name. "
            "Add a parameter 'nope' to 'inner' to make it an input, or say what it is with needs=."
        ),
        (
            "Cannot accept workflow 'inner': task 'fetch' receives the task 'url' that is in reach where it is "
            "defined, not the input of that name. Rename the input, or say which with needs=."
        ),
    ]


def test_an_input_of_a_workflow_within_that_nothing_fills_is_a_missing_dependency() -> None:
    @workflow
    def inner(url: Any) -> None: ...

    @workflow
    def outer(inner: Any) -> None: ...

    assert messages(find_problem(outer)) == [
        (
            "Cannot build workflow 'outer': workflow 'inner' needs 'url', and no task or input has that name. "
            "Add a parameter 'url' to 'outer' to make it an input, or say what it is with needs=."
        )
    ]


# Many.


def test_5_000_missing_names_are_all_reported() -> None:
    names = [f"missing_{number}" for number in range(5_000)]
    known = "\n".join(f"@task\ndef known_{number}(): ..." for number in range(2_000))
    module = make_module("wide", f"{known}\n@task\ndef total({', '.join(names)}): ...")
    error = find_problem(workflow(take, name="w", needs={"given": module.total}))
    assert [getattr(problem, "parameter", None) for problem in error.problems] == names
