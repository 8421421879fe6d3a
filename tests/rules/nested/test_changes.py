"""A workflow within may change."""

from typing import Any

import pytest

from flowdeco import MissingDependencyError, OptionTypeError, task, workflow
from tests.support.modules import make_module
from tests.support.nested import inner, nothing_else


@pytest.fixture
def steps() -> Any:
    """A module with a workflow within a workflow, and what it has run."""
    return make_module(
        "steps",
        """
        ran = []
        @task
        def step(): return 1
        @task
        def deeper(step): return step
        @task
        def first(): ran.append("first")
        @workflow
        async def within(deeper): return deeper
        @workflow
        async def w(within, first): return within
        """,
    )


async def test_a_name_within_that_changes_is_noticed_at_the_next_call_of_the_outer(steps: Any) -> None:
    assert await steps.w() == 1
    steps.step = task(lambda: 2)
    assert await steps.w() == 2
    steps.within = workflow(lambda: 3, name="within")
    assert await steps.w() == 3


async def test_a_graph_within_that_becomes_wrong_is_an_error_before_anything_runs(steps: Any) -> None:
    assert await steps.w() == 1
    steps.step = task(nothing_else)
    steps.ran.clear()
    with pytest.raises(MissingDependencyError, match="'inner'"):
        await steps.w()
    assert steps.ran == []


def test_a_workflow_cannot_be_made_a_task() -> None:
    with pytest.raises(OptionTypeError) as caught:
        task(inner)
    assert str(caught.value) == (
        "Cannot make a task of <workflow 'inner'>: a function is a task or a workflow. "
        "Remove @task: a workflow can be named where a task can."
    )
