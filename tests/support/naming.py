"""What the tests of names share."""

from types import ModuleType
from typing import Any

import pytest

from flowdeco import GraphError, Workflow
from tests.conftest import Backend


def on(workflow: Workflow[Any, Any], backend: Backend) -> Any:
    """Return the workflow for one event loop. The original is left for tests that look at its graph."""
    name, options = backend
    return workflow.with_options(backend=name, backend_options=options)


def make_module(name: str, text: str, **names: Any) -> Any:
    """Return a module of that text, as if it had been imported."""
    module = ModuleType(name)
    vars(module).update(names)
    exec(compile(text, f"{name}.py", "exec"), vars(module))
    return module


def fail_to_build(workflow: Workflow[Any, Any]) -> GraphError:
    """Return the error that says why there is no graph."""
    with pytest.raises(GraphError) as caught:
        _ = workflow.graph
    return caught.value


def edges_of(workflow: Workflow[Any, Any]) -> set[tuple[str, str, str | None]]:
    """Return the edges as plain tuples."""
    return {(edge.source, edge.target, edge.parameter) for edge in workflow.graph.edges}


def take(given: Any) -> Any:
    """Return what is given: the body of a workflow that only looks at one result."""
    return given


def mention(*_: object) -> None:
    """Use local variables that are found by their names alone, which a linter cannot know."""
