"""What the record says of one resource: how its opening went, and its closing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from .._base.errors import UnknownTaskError
from .._base.events import Skip, Status
from .._base.text import nearest, shorten
from .journal import Journal
from .node_record import NodeRecord
from .resource_life import ResourceLife
from .task_record import Calls

__all__ = ["ResourceRecord", "Resources"]

_NEVER = ResourceLife()


class ResourceRecord(NodeRecord):
    """How one resource of a run stands. It is a view: it changes while the run goes on."""

    __slots__ = ()

    @property
    def scope(self) -> str:
        """How long it stays open: `"run"`, `"shared"` or `"process"`."""
        return str(self._node.origin.options["scope"])

    @property
    def status(self) -> Status:
        """How its opening stands: `completed` if it was opened, or a value stands in for it.

        It is `failed` also if its closing, or its own background work, has failed.
        """
        return Status.FAILED if self._life.error is not None else self._journal.status_of(self._node)

    @property
    def opened(self) -> datetime | None:
        """When it was open, in UTC; `None` if it was not."""
        return self._journal.moment(self._life.opened)

    @property
    def closed(self) -> datetime | None:
        """When it was closed, in UTC; `None` if it is open, or never was."""
        return self._journal.moment(self._life.closed)

    @property
    def duration(self) -> float | None:
        """Seconds for which it was open; `None` if it is, or never was."""
        life = self._life
        return life.closed - life.opened if life.closed else None

    @property
    def error(self) -> BaseException | None:
        """What its opening, its closing or its own background work has failed with; `None` if nothing has."""
        if self._life.error is not None:
            return self._life.error
        error = self._journal.error_of(self._node.index)
        return None if isinstance(error, Skip) else error

    @property
    def calls(self) -> Calls:
        """What its function has called while it opened and closed, in the order in which the calls began."""
        return Calls(self._journal, self._node.index)

    def __repr__(self) -> str:
        return f"<record of resource {self.name!r}: {self.status}>"

    @property
    def _life(self) -> ResourceLife:
        return self._journal.lives.get(self._node.index, _NEVER)


class Resources(Mapping[Any, ResourceRecord]):
    """The records of a run's resources, in an order of opening; keys are names, and resources are taken as keys too."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getitem__(self, key: Any) -> ResourceRecord:
        node = self._journal.graph.find(key)
        if node is None or not node.origin.is_resource:
            hint = nearest(str(key), list(self))
            message = f"Cannot find resource {shorten(key)} in the run of workflow {self._journal.name!r}.{hint}"
            raise UnknownTaskError(message, workflow=self._journal.name, task=key)
        return ResourceRecord(self._journal, node)

    def __iter__(self) -> Iterator[str]:
        return (node.name for node in self._journal.graph.nodes if node.origin.is_resource)

    def __len__(self) -> int:
        return sum(node.origin.is_resource for node in self._journal.graph.nodes)

    def __repr__(self) -> str:
        shown = [f"{record.name!r} {record.status}" for record in self.values()]
        return f"<records of resources: {', '.join(shown) or 'none'}>"
