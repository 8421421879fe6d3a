"""What the tests of run share."""

from typing import Any

from flowdeco import Workflow, task, workflow
from tests.conftest import Backend


@task
async def page(url: str) -> str:
    return f"<{url}>"


@task
def words(page: str) -> list[str]:
    return [page]


@workflow
def summary(url: Any, words: Any, page: Any) -> int:
    return len(words)


def on(backend: Backend, w: Workflow[Any, Any]) -> Workflow[Any, Any]:
    """Return the workflow with an event loop for its blocking calls."""
    name, options = backend
    return w.with_options(backend=name, backend_options=options)
