"""A frequent slip: a connection of SQLite is used in another thread than that which has opened it.

SQLite says so, but not that `run_in=` is there for it.
"""

from __future__ import annotations

from .._base.text import listed
from .._graph.node import Node
from .given import list_givers
from .journal import Journal

__all__ = ["hint_at_thread"]

_OWN = "which is opened in a thread of its own"
_OF_SQLITE = "SQLite objects created in a thread can only be used in that same thread"


def hint_at_thread(journal: Journal, error: BaseException, task: str | None) -> str | None:
    """Return a note on an error that comes of such a slip; `None` if it does not.

    Args:
        journal: what happened in the run.
        error: the error.
        task: the name of the task that raised it; `None` for the workflow's own function.
    """
    if type(error).__name__ != "ProgrammingError" or not str(error).startswith(_OF_SQLITE):
        return None
    user = None if task is None else journal.graph.find(task)
    nodes = list_givers(journal, task)
    resources = [node for node in nodes if node.definition.is_resource]
    opened = [node for node in resources if not _is_async(node)] or resources
    if not opened and len(nodes) != 1:
        return None
    return f"{_tell_thread(opened, nodes)} {_tell_way_out(user, (opened or nodes)[0].name)}"


def _tell_thread(opened: list[Node], nodes: list[Node]) -> str:
    if not opened:
        name = nodes[0].name
        return (
            f"If task {name!r} has made it, decorate {name!r} with @resource, which is opened in a thread of its own."
        )
    if len(opened) > 1:
        return f"A resource that is a def is opened in a thread of its own: {listed([node.name for node in opened])}."
    name = opened[0].name
    if _is_async(opened[0]):
        return f"Resource {name!r} is opened on the event loop. Make {name!r} a def, {_OWN}."
    return f"Resource {name!r} is opened in a thread of its own."


def _tell_way_out(user: Node | None, name: str) -> str:
    if user is None:
        return f"Use it in a task that is a def and has run_in={name}: that runs there."
    if _is_async(user):
        return f"Make {user.name!r} a def with run_in={name}, which runs there."
    return f"With run_in={name}, {user.definition.kind} {user.name!r} runs there, too."


def _is_async(node: Node) -> bool:
    return node.definition.signature.kind.startswith("async")
