"""What `more=` is asked for each result, and by which key it is known what was there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._graph.node import Node
from .._graph.source import Constant, Default, FromInput, FromItem, FromValue, OfItem, Source
from .._item.frontier import Frontier
from .._runner.arguments import Arguments
from .._runner.program import Attempt, Attempted
from .taking_apart import take_apart

__all__ = ["growing", "make_frontier"]


def growing(attempt: Attempt, node: Node, arguments: Arguments) -> Attempt:
    """Return an attempt that adds the items which its result tells of.

    Args:
        attempt: the attempt itself.
        node: the node, which has a `more=`.
        arguments: what its function receives.
    """
    assert node.more is not None
    function, sources = node.more
    asked = [(p.name, s) for p, s in zip(function.params, sources, strict=True) if not isinstance(s, Default)]

    async def attempt_growing(life: Attempted) -> Any:
        result = await attempt(life)
        await life.come_to_loop()
        life.make_final()  # to try again would not help what goes wrong from here on
        assert life.index is not None
        _, entry = life.journal.places[life.index]
        named = {"result": result, "index": entry.index, **arguments.name(life.row)}
        given = {
            name: named[name] if name in named else _receive(source, entry.item, life.run.inputs)
            for name, source in asked
        }
        life.crew.add_items(life.index, function.function(**given))
        return result

    return attempt_growing


def _receive(source: Source, item: Any, inputs: Mapping[str, Any]) -> Any:
    """Return what a parameter of a `more=` or `key=` receives that the task's function has not."""
    if isinstance(source, OfItem):
        return item
    if isinstance(source, FromItem):
        return item if source.part is None else take_apart(item, source.part)
    if isinstance(source, FromInput):
        return inputs[source.name]
    assert isinstance(source, (FromValue, Constant))
    return source.value


def make_frontier(node: Node, inputs: Mapping[str, Any]) -> Frontier:
    """Return what knows the items of an axis, by the key of a node if it has one."""
    if node.key is None:
        return Frontier()
    function, sources = node.key
    asked = [(p.name, s) for p, s in zip(function.params, sources, strict=True) if not isinstance(s, Default)]
    return Frontier(lambda item: function.function(**{name: _receive(s, item, inputs) for name, s in asked}))
