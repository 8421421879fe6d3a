"""A frequent slip: a task that yields a connection, to close it afterwards, where a resource is meant.

What a task yields is gathered, and so what needs it gets a list with the connection in it, closed. The error that comes
of it, `'list' object has no attribute 'execute'`, does not say so.
"""

from __future__ import annotations

from typing import Any, cast

from .._graph.node import Node
from .given import list_givers
from .journal import Journal

__all__ = ["hint_at_resource"]

_OF_WITH = "'list' object does not support the"


def hint_at_resource(journal: Journal, error: BaseException, task: str | None) -> str | None:
    """Return a note on an error that comes of such a slip; `None` if it does not.

    Args:
        journal: what happened in the run.
        error: the error.
        task: the name of the task that raised it; `None` for the workflow's own function.
    """
    if not _is_of_list(error):
        return None
    names = [node.name for node in list_givers(journal, task) if _yields(node)]
    if len(names) != 1:
        return None
    name = names[0]
    return (
        f"What task {name!r} yields is gathered in a list, which this is. To open something for others and close it "
        f"afterwards, decorate {name!r} with @resource."
    )


def _is_of_list(error: BaseException) -> bool:
    """Whether something was asked of a list that the one thing in it could do."""
    if isinstance(error, AttributeError):
        asked: Any = error.obj
        kind = type(cast("object", asked))
        return kind is list and len(asked) == 1 and hasattr(asked[0], str(error.name))
    return isinstance(error, TypeError) and str(error).startswith(_OF_WITH) and "context manager" in str(error)


def _yields(node: Node) -> bool:
    return node.definition.kind == "task" and node.definition.signature.gives.endswith("generator")
