"""What the record says of every node alike, be it a task, a workflow that is one, or a resource."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .._graph.node import Node
from .journal import Journal

__all__ = ["NodeRecord"]


class NodeRecord:
    """How one node of a run stands. It is a view: it changes while the run goes on."""

    __slots__ = ("_journal", "_node")

    def __init__(self, journal: Journal, node: Node) -> None:
        self._journal = journal
        self._node = node

    @property
    def name(self) -> str:
        """Its name in the record."""
        return self._node.name

    @property
    def attempts(self) -> int:
        """How many attempts were begun, of a resource at opening it; 0 if none was."""
        return self._journal.attempts_of(self._node.index)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What `metadata=` says; of a task, that in the workflow's `defaults=`, too."""
        return MappingProxyType(dict(self._journal.graph.metadata_of(self._node)))
