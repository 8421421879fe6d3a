"""What the tests of check policies share."""

from typing import Any

import pytest

from flowdeco import GraphError, Workflow, task


def problems_of(w: Workflow[Any, Any], **how: Any) -> list[GraphError]:
    """Return what `check` finds; what keeps the workflow from running, a call raises as well."""
    with pytest.raises(GraphError) as caught:
        w.check(**how)
    return list(caught.value.problems)


def messages(w: Workflow[Any, Any], **how: Any) -> list[str]:
    return [str(problem) for problem in problems_of(w, **how)]


def ask_url(url: str) -> None: ...


@task
def page(url: str) -> str:
    return url


@task
def words(page: str) -> list[str]:
    return page.split()
