"""A frequent slip: what comes by `stream=` is read with the loop of the other kind of function, or taken for a list.

Python then speaks of an object that cannot be iterated, and of a type of ours that nobody has heard of.
"""

from __future__ import annotations

from typing import Any

from .._graph.source import FromStream
from .journal import Journal

__all__ = ["hint_at_loop"]

# What a task is given for a stream, by whether it runs on the event loop.
_NAMES = {True: "AsyncItems", False: "Items"}


def hint_at_loop(journal: Journal, error: BaseException, task: str | None) -> str | None:
    """Return a note on an error that comes of such a slip; `None` if it does not.

    Args:
        journal: what happened in the run.
        error: the error.
        task: the name of the task that raised it; `None` for the workflow's own function.
    """
    node = None if task is None else journal.graph.find(task)
    if node is None or not isinstance(error, (AttributeError, TypeError)):
        return None
    names = [p.name for p, s in zip(node.params, node.sources, strict=True) if isinstance(s, FromStream)]
    is_async = node.definition.signature.kind.startswith("async")
    if not names or not _is_of(error, _NAMES[is_async]):
        return None
    kind, iterator, loop = ("an async def", "AsyncIterator", "async for") if is_async else ("a def", "Iterator", "for")
    name, what = names[0], "The items" if len(names) > 1 else f"The items of {names[0]!r}"
    return (
        f"{what} come one by one, as stream= says: {kind} receives an {iterator}, and reads it once, with "
        f"'{loop} item in {name}'. Without stream=, it is a list."
    )


def _is_of(error: AttributeError | TypeError, name: str) -> bool:
    """Whether an error speaks of an object of a class of ours, as Python does in many words."""
    if isinstance(error, AttributeError):
        asked: Any = error.obj
        return type(asked).__name__ == name
    words = str(error).replace("'", " ").replace(".", " ").replace("(", " ").split()
    return name in words
