"""What is said of a workflow that needs a shared resource which is not open."""

from __future__ import annotations

from .._base.errors import ResourceError
from .._graph.graph import Graph
from .._graph.shared_graph import find_shared

__all__ = ["not_opened_error"]


def not_opened_error(graph: Graph) -> ResourceError:
    """Return what to raise for a workflow that was called outside of every block in which it is open."""
    name, shared = graph.name, find_shared([graph])[0].name
    message = f"Cannot call workflow {name!r}: its resource {shared!r} is shared, and was not opened. "
    message += f"Call what this gives: with {name}.opened() as ..., or call it in: with opened({name}). "
    message += f'In async code, that is: async with. Or say scope="run" of {shared!r}.'
    return ResourceError(message, resource=shared)
