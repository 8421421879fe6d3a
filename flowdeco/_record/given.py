"""What a task of a run was given, for those who tell what has gone wrong with it."""

from __future__ import annotations

from .._graph.node import Node
from .._graph.source import FromResult, parts_of
from .journal import Journal

__all__ = ["list_givers"]


def list_givers(journal: Journal, task: str | None) -> list[Node]:
    """Return the nodes whose results a task receives, without what it is mapped over.

    Args:
        journal: what happened in the run.
        task: the name of the task; `None` for the workflow's own function. What is no node, as a call, has none.
    """
    graph = journal.graph
    node = None if task is None else graph.find(task)
    needed = graph.body if task is None else () if node is None else node.sources
    given = [part for source in needed for part in parts_of(source) if isinstance(part, FromResult)]
    return [graph.node_of(part.definition) for part in given]
