"""`check(types=True)` compares the state of a workflow with what those who take it are annotated with."""

from typing import Any

import pytest

from flowdeco import State, task, workflow
from tests.support.types_of_edges import problems_of


class Budget(State):
    tokens: int = 5


class Small(Budget):
    """A budget, too."""


class Other(State):
    n: int = 0


@task
def draft(state: Budget) -> str:
    return str(state.tokens)


def take_any(state: Any) -> bool:
    return bool(state)


loose: Any = task(take_any, name="loose", when=take_any)


def test_a_workflow_without_the_state_that_a_task_takes_is_found() -> None:
    @workflow
    def article(draft: str) -> str:
        return draft

    (problem,) = problems_of(article)
    assert str(problem) == (
        "Cannot accept workflow 'article': task 'draft' takes 'state' as Budget, and workflow 'article' has none. "
        "Say @workflow(state=Budget), or change the annotation."
    )
    assert (problem.function, problem.parameter) == ("draft", "state")
    assert (problem.expected, problem.actual) == (Budget, State)
    for fitting in (Budget, Budget(), Small, Small()):
        assert not problems_of(article.with_options(state=fitting))
    (other,) = problems_of(article.with_options(state=Other()))
    assert "takes 'state' as Budget, and workflow 'article' has Other." in str(other)


def test_the_state_that_a_called_task_takes_is_looked_at() -> None:
    @workflow(calls=[draft])
    async def agent() -> str:
        return await draft.call()

    (problem,) = problems_of(agent)
    assert "task 'draft' takes 'state' as Budget, and workflow 'agent' has none. " in str(problem)
    assert not problems_of(agent.with_options(state=Budget))
    assert not problems_of(agent.override(draft="a text"))


@pytest.mark.parametrize(
    ("hint", "fits"),
    [
        (Any, True),
        (State, True),
        (object, True),
        (Budget | None, False),
        (Budget | State, True),
        (dict[str, Any], False),
        ("Unknown", True),
    ],
)
def test_what_an_empty_state_may_be_is_accepted(hint: Any, fits: bool) -> None:
    def read(state: Any) -> None: ...

    read.__annotations__["state"] = hint

    @workflow(needs={"x": task(read)})
    def w(x: None) -> None: ...

    assert (not problems_of(w)) is fits


def test_the_workflow_itself_and_a_predicate_are_compared() -> None:
    def enough(state: Budget) -> bool:
        return state.tokens > 0

    @workflow(needs={"x": task(lambda: 1, name="one", when=enough)})
    def w(state: Budget, x: int = 0) -> int:
        return x

    assert [(p.function, p.parameter) for p in problems_of(w)] == [("w", "state"), ("one", "state")]
    assert not problems_of(w.with_options(state=Budget))


def test_one_without_annotations_takes_any() -> None:
    @workflow
    def w(loose: int) -> int:
        return loose

    assert not problems_of(w)


def test_a_workflow_within_has_the_state_of_the_one_around_it() -> None:
    @workflow
    def inner(draft: str) -> str:
        return draft

    @workflow(state=Budget)
    def outer(inner: str) -> str:
        return inner

    assert not problems_of(outer)
    (problem,) = problems_of(outer.with_options(state=None))
    assert (
        "Cannot accept workflow 'inner': task 'draft' takes 'state' as Budget, and workflow 'outer' has none."
        in str(problem)
    )

    @workflow(state=Budget)
    def with_own(draft: str) -> str:
        return draft

    @workflow
    def around(with_own: str) -> str:
        return with_own

    assert not problems_of(around)
