"""Who calls: code anywhere below a task, or below a workflow's own function, knows the run and the node that it is in.

A context variable says so, as it goes where the code goes: into helpers, child tasks, threads. It is set for each node
that can wait or has a thread, as the others have no way to call anything. It leads to the engine without holding it: a
context lives as long as whatever was started in it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TypeAlias
from weakref import ref

from .settlement import Settlement

__all__ = ["CALLER", "Place", "Within"]

# Leads to an engine as long as its run is under way.
Within: TypeAlias = "ref[Settlement]"
# In which engine code runs, and as which of its nodes, or as `RUN`.
Place: TypeAlias = tuple[Within, int]

CALLER: ContextVar[Place | None] = ContextVar("flowdeco_caller", default=None)
