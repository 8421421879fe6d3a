"""What `more=` is asked for each result, and by which key it is known what was there already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .._base.signature import MISSING
from .._graph.node import Asked, Node
from .._graph.source import Constant, Default, FromInput, FromItem, FromValue, OfItem, Source
from .._item.frontier import Frontier
from .._runner.arguments import Arguments
from .._runner.program import Attempt, Attempted
from .taking_apart import take_apart

__all__ = ["growing", "list_asked", "list_defaults", "make_frontier"]


def growing(attempt: Attempt, node: Node, arguments: Arguments) -> Attempt:
    """Return an attempt that adds the items which its result tells of.

    Args:
        attempt: the attempt itself.
        node: the node, which has a `more=`.
        arguments: what its function receives.
    """
    assert node.more is not None
    function, defaults = node.more[0], list_defaults(node)
    asked = list_asked(node.more, defaults)

    async def attempt_growing(life: Attempted) -> Any:
        result = await attempt(life)
        await life.come_to_loop()
        life.make_final()  # to try again would not help what goes wrong from here on
        assert life.index is not None
        _, entry = life.journal.places[life.index]
        named = {"result": result, "index": entry.index, **defaults, **arguments.name(life.row)}
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
    function, defaults = node.key[0], list_defaults(node)
    asked = list_asked(node.key, defaults)

    def name_item(item: Any) -> Any:
        given = {
            name: defaults[name] if isinstance(source, Default) else _receive(source, item, inputs)
            for name, source in asked
        }
        return function.function(**given)

    return Frontier(name_item, f"{node.definition.kind} {node.name!r}")


def list_defaults(node: Node) -> dict[str, Any]:
    """Return what a task has for the parameters that receive nothing, which its `more=` or `key=` may ask for, too."""
    return {param.name: param.default for param in node.params if param.default is not MISSING}


def list_asked(asked: Asked, defaults: Collection[str]) -> list[tuple[str, Source]]:
    """Return the parameters that a `more=` or `key=` is called with, and what each receives.

    Args:
        asked: the function, and where its parameters come from.
        defaults: the parameters for which the task itself has a default.
    """
    function, sources = asked
    pairs = [(param.name, source) for param, source in zip(function.params, sources, strict=True)]
    return [(name, source) for name, source in pairs if name in defaults or not isinstance(source, Default)]
