"""What is wrong with `when=` and `settled=` is found before a graph runs."""

from typing import Any

import pytest

from flowdeco import MissingDependencyError, Outcome, SettledError, UnusedTaskError, task, workflow
from tests.support.check_policies import messages, page, problems_of, words


def test_a_when_that_names_nothing_is_reported_with_the_nearest() -> None:
    def if_wrods(wrods: list[str]) -> bool:
        return bool(wrods)

    def if_nothing(xyz: int) -> bool:
        return bool(xyz)

    cases: list[tuple[Any, str, str]] = [
        (if_wrods, "wrods", "Did you mean 'words'?"),
        (if_nothing, "xyz", "Add a parameter 'xyz' to 'w' to make it an input, or say what it is with needs=."),
    ]
    for when, name, way_out in cases:
        guarded = task(lambda: 1, name="guarded", when=when)

        @workflow(needs={"given": guarded})
        def w(url: str, given: int) -> int:
            return given

        (problem,) = problems_of(w)
        needs = f"when= of task 'guarded' needs {name!r}, and no task or input has that name."
        assert str(problem) == f"Cannot build workflow 'w': {needs} {way_out}"
        assert type(problem) is MissingDependencyError
        assert problem.parameter == name


def test_needs_fill_what_a_when_names() -> None:
    def if_it(given: str) -> bool:
        return bool(given)

    guarded = task(lambda: 1, name="guarded", when=if_it, needs={"given": page})

    @workflow(needs={"result": guarded})
    def w(url: str, result: int) -> int:
        return result

    w.check()
    assert w("x") == 1


def test_a_when_of_the_defaults_that_names_nothing_is_reported_once() -> None:
    def if_wrods(wrods: list[str]) -> bool:
        return bool(wrods)

    @workflow(needs={"given": [words, page]}, defaults={"when": if_wrods})
    def w(url: str, given: Any) -> Any:
        return given

    (problem,) = problems_of(w)
    assert str(problem) == (
        "Cannot build workflow 'w': when= in the defaults of workflow 'w' needs 'wrods', and no task or input has that "
        "name. Did you mean 'words'?"
    )
    with pytest.raises(MissingDependencyError):
        w("x")


# settled=


def test_settled_that_is_the_result_of_no_task_is_reported() -> None:
    def read(url: str, page: str, depth: int = 1, run: Any = None) -> None: ...

    every = ["url", "page", "depth", "run"]
    reads = task(read, settled=every)

    @workflow(needs={"reads": reads}, settled="url")
    def w(url: str, reads: None) -> None: ...

    way_out = "Remove it from settled=, or give the parameter the name of a task."
    assert messages(w) == [
        f"Cannot build workflow 'w': {wants}. {way_out}"
        for wants in (
            "workflow 'w' has 'url' in settled=, and that is an input",
            "task 'read' has 'url' in settled=, and that is an input",
            "task 'read' has 'depth' in settled=, and that is no task",
            "task 'read' has 'run' in settled=, and that is no task",
        )
    ]
    assert {type(problem) for problem in problems_of(w)} == {SettledError}
    assert [(p.function, p.parameter) for p in problems_of(w) if isinstance(p, SettledError)] == [
        ("w", "url"),
        ("read", "url"),
        ("read", "depth"),
        ("read", "run"),
    ]


def test_settled_that_names_what_is_missing_anyway_is_reported_as_missing_too() -> None:
    @task(settled="pgae")
    def read(pgae: Outcome[str]) -> None: ...

    @workflow(tasks=[page])
    def w(url: str, read: None) -> None: ...

    assert [type(problem) for problem in problems_of(w)] == [MissingDependencyError, SettledError, UnusedTaskError]
