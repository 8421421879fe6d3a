"""Everything wrong with a graph is found before it runs, and said at once."""

from typing import Any

import pytest

from flowdeco import (
    CycleError,
    GraphError,
    MissingDependencyError,
    UnmatchedParameterError,
    UnusedTaskError,
    task,
    workflow,
)
from tests.support.check import find_problem, messages


def test_a_sound_graph_has_no_problems() -> None:
    @task
    def page(url: Any) -> None: ...

    @workflow(tasks=[page])
    def w(url: Any, page: Any) -> None: ...

    w.check()


def test_a_single_problem_is_raised_itself_and_is_its_own_only_entry() -> None:
    @task
    def words(nowhere: Any) -> None: ...

    @workflow
    def w(words: Any) -> None: ...

    error = find_problem(w)
    assert type(error) is MissingDependencyError
    assert error.problems == (error,)
    assert (error.workflow, error.function, error.parameter) == ("w", "words", "nowhere")
    assert str(error) == (
        "Cannot build workflow 'w': task 'words' needs 'nowhere', and no task or input has that name. "
        "Add a parameter 'nowhere' to 'w' to make it an input, or say what it is with needs=."
    )


def test_every_problem_is_reported_at_once() -> None:
    @task
    def missing(pgae: Any) -> None: ...

    @task
    def page() -> None: ...

    @task
    def itself(itself: Any) -> None: ...

    @task
    def ping(pong: Any) -> None: ...

    @task
    def pong(ping: Any) -> None: ...

    @task
    def stars(*args: Any, **kwargs: Any) -> None: ...

    @task
    def unused() -> None: ...

    @workflow(tasks=[unused])
    def w(missing: Any, itself: Any, ping: Any, stars: Any) -> None: ...

    error = find_problem(w)
    assert type(error) is GraphError
    assert error.workflow == "w"
    assert {type(problem) for problem in error.problems} == {
        CycleError,
        MissingDependencyError,
        UnmatchedParameterError,
        UnusedTaskError,
    }
    assert str(error) == (
        "Cannot build workflow 'w': 6 problems.\n"
        "  - Cannot build workflow 'w': task 'missing' needs 'pgae', and no task or input has that name. "
        "Did you mean 'page'?\n"
        "  - Cannot build workflow 'w': task 'stars' needs 'args', and *args has no name to match. "
        "Fill it with needs={'args': ...}.\n"
        "  - Cannot build workflow 'w': task 'stars' needs 'kwargs', and **kwargs has no name to match. "
        "Fill it with needs={'kwargs': ...}.\n"
        "  - Cannot build workflow 'w': task 'itself' needs itself. "
        "Rename its parameter, or say with needs= what it receives.\n"
        "  - Cannot build workflow 'w': its tasks need each other in a circle: ping -> pong -> ping. "
        "Rename a parameter, or say with needs= what it receives.\n"
        "  - Cannot accept workflow 'w': tasks= names task 'unused', which nothing needs. Remove it."
    )
    assert messages(error) == [line.removeprefix("  - ") for line in str(error).split("\n")[1:]]


def test_a_call_raises_only_what_keeps_it_from_running() -> None:
    @task
    def unused() -> None: ...

    @workflow(tasks=[unused])
    def w() -> int:
        return 1

    assert w() == 1
    assert type(find_problem(w)) is UnusedTaskError


def test_a_call_raises_every_problem_before_anything_runs() -> None:
    ran: list[str] = []

    @task
    def fine() -> None:
        ran.append("fine")

    @task
    def words(pgae: Any, lnks: Any) -> None: ...

    @workflow
    def w(fine: Any, words: Any) -> None: ...

    with pytest.raises(GraphError) as caught:
        w()
    assert [type(problem) for problem in caught.value.problems] == [MissingDependencyError] * 2
    assert ran == []
