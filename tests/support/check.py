"""What the tests of check share."""

from typing import Any

import pytest

from flowdeco import GraphError, Workflow


def find_problem(w: Workflow[Any, Any]) -> GraphError:
    """Return what `check` raises."""
    with pytest.raises(GraphError) as caught:
        w.check()
    return caught.value


def messages(error: GraphError) -> list[str]:
    return [str(problem) for problem in error.problems]
