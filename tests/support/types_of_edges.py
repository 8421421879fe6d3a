"""What the tests of types of edges share."""

from collections.abc import Callable
from typing import Any

from flowdeco import GraphError, TypeMismatchError, Workflow, task, workflow


@task
def number() -> int:
    return 1


@task
def text() -> str:
    return "text"


untyped = task(lambda: 1)


def problems_of(w: Workflow[Any, Any]) -> list[TypeMismatchError]:
    """Return what `check(types=True)` finds."""
    w.check()
    problems: tuple[GraphError, ...] = ()
    try:
        w.check(types=True)
    except GraphError as error:
        problems = error.problems
    found = [problem for problem in problems if isinstance(problem, TypeMismatchError)]
    assert len(found) == len(problems)
    return found


def fits(consumer: Callable[..., Any], **needs: Any) -> bool:
    """Whether a task of that function goes with what it is given."""

    @workflow(needs={"x": task(consumer, name="consumer", needs=needs)})
    def w(x: Any) -> None: ...

    return not problems_of(w)
