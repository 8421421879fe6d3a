"""What follows from the rules of names: None, diamonds, circles, workflows as tasks."""

from typing import Any

from flowdeco import CycleError, MissingDependencyError, task, workflow
from tests.conftest import Backend
from tests.support.naming import edges_of, fail_to_build, make_module, on
from tests.support.steps import library


def test_none_is_a_result(backend: Backend) -> None:
    seen: list[Any] = []

    @task
    def nothing() -> None: ...

    @task
    def read(nothing: None, url: Any, more: Any = "default") -> None:
        seen.append((nothing, url, more))

    @workflow
    def w(read: None, nothing: Any = "default", url: Any = None) -> Any:
        return read, nothing, url

    assert on(w, backend)() == (None, None, None)
    assert seen == [(None, None, "default")]


def test_the_shared_task_of_a_diamond_runs_once(backend: Backend) -> None:
    ran: list[str] = []

    @task
    def top() -> str:
        ran.append("top")
        return "top"

    @task
    def left(top: str) -> str:
        return f"left of {top}"

    @task
    async def right(top: str) -> str:
        return f"right of {top}"

    @workflow
    def w(left: str, right: str, top: str) -> Any:
        return left, right, top

    assert on(w, backend)() == ("left of top", "right of top", "top")
    assert ran == ["top"]


def test_a_cycle_is_reported_with_its_path_when_the_graph_is_built() -> None:
    @task
    def a(b: int) -> Any: ...

    @task
    def b(c: int) -> Any: ...

    @task(needs={"x": a})
    def c(x: int) -> Any: ...

    @task
    def d(a: int, d: int) -> Any: ...

    @workflow
    def w(d: int) -> Any: ...

    error = fail_to_build(w)
    assert {str(problem) for problem in error.problems} == {
        "Cannot build workflow 'w': task 'd' needs itself. Rename its parameter, or say with needs= what it receives.",
        (
            "Cannot build workflow 'w': its tasks need each other in a circle: a -> b -> c -> a. "
            "Rename a parameter, or say with needs= what it receives."
        ),
    }
    assert {problem.path for problem in error.problems if isinstance(problem, CycleError)} == {
        ("d", "d"),
        ("a", "b", "c", "a"),
    }


def test_a_workflow_is_named_as_a_task_is_and_its_inputs_are_found_by_name(backend: Backend) -> None:
    @task
    def source() -> str:
        return "my source"

    @task
    def report() -> str:
        return "a report that the inner workflow knows nothing of"

    @workflow(tasks=[library.overview])
    def w(overview: str, deep: bool) -> str:
        return overview

    assert on(w, backend)(deep=True) == "report on my source (deep)"
    assert edges_of(w) == {
        ("source", "overview", "source"),
        ("deep", "overview", "deep"),
        ("overview", "w", "overview"),
        ("deep", "w", "deep"),
    }


def test_a_workflow_within_a_workflow_is_built_by_its_own_names() -> None:
    @workflow
    def inside(report: str) -> str:
        return report

    @workflow(needs={"report": library.report})
    def unfilled(report: str) -> str:
        return report

    @workflow(needs={"unfilled": unfilled})
    def w(source: str, unfilled: str) -> str:
        return unfilled

    assert inside.graph.inputs == ("report",)
    error = fail_to_build(w)
    assert isinstance(error, MissingDependencyError)
    assert (error.workflow, error.function, error.parameter) == ("unfilled", "report", "source")


def test_a_workflow_within_a_workflow_gets_the_inputs_that_only_it_asks_for(backend: Backend) -> None:
    @task
    def place() -> str:
        return "a task's place"

    @workflow
    def inside(place: str, number: int = 1) -> Any:
        return place, number

    inside_elsewhere: Any = make_module(
        "m", "@workflow\ndef inside(place, number=1): return place, number", workflow=workflow
    )

    @workflow
    def w(inside: Any, other: Any) -> Any:
        return inside, other

    # Where `inside` is, `place` is a task: no input of either. In the other module it is an input, filled by name.
    found = w.with_options(needs={"other": inside_elsewhere.inside})
    assert inside.graph.inputs == ("number",)
    assert on(found, backend)() == (("a task's place", 1), ("a task's place", 1))


def test_the_inputs_of_a_workflow_within_a_workflow_change_with_its_names(backend: Backend) -> None:
    module = make_module("m", "@workflow\ndef inside(place): return place", task=task, workflow=workflow)

    @workflow(needs={"x": module.inside})
    def w(x: str, place: str) -> str:
        return x

    made = on(w, backend)
    assert made(place="an input") == "an input"
    module.place = task(lambda: "a task")
    assert made(place="an input") == "a task"


def test_workflows_that_need_each_other_are_a_cycle() -> None:
    module = make_module(
        "m",
        "@workflow\ndef a(b): return b\n@workflow\ndef b(c): return c\n@workflow\ndef c(a): return a",
        workflow=workflow,
    )
    error = fail_to_build(module.a)
    assert isinstance(error, CycleError)
    assert error.path == ("a", "b", "c", "a")
