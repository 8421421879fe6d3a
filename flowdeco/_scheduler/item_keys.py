"""What `key=` calls an item: found out when its first attempt begins, of what the task is about to receive."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from .._base.item_errors import ItemKeyError
from .._base.text import shorten
from .._graph.node import Node
from .._graph.source import Constant, FromInput, FromItem, FromValue, OfItem, Source
from .._record.item_log import ItemEntry
from .._record.journal import Journal
from .._runner.arguments import Arguments
from .._runner.program import Attempt, Attempted
from .growing import list_asked, list_defaults
from .taking_apart import take_apart

__all__ = ["naming"]


def naming(attempt: Attempt, node: Node, arguments: Arguments, heirs: Sequence[int] = ()) -> Attempt:
    """Return an attempt that first finds out the key of its item.

    Args:
        attempt: the attempt itself.
        node: the node, which has a `key=`.
        arguments: what its function receives.
        heirs: the stages whose items go by that key, too.
    """
    assert node.key is not None
    function, defaults = node.key[0], list_defaults(node)
    asked = list_asked(node.key, defaults)

    def attempt_named(life: Attempted) -> Awaitable[Any]:
        assert life.index is not None
        log, entry = life.journal.places[life.index]
        if entry.key is None:
            named = {**defaults, **arguments.name(life.row)}
            given = {name: _find(name, source, named, entry, life) for name, source in asked}
            entry.key = key = function.function(**given)
            from .._base.digest import digest_key  # few runs need it

            other = log.claim(digest_key(key, f"{node.definition.kind} {node.name!r}"), entry.index)
            if other is not None:
                text = f"Cannot run {node.definition.kind} {node.name!r} for item {entry.index}: its key= gives "
                text += f"{shorten(key)}, as for item {other}. Give each item a key of its own."
                raise ItemKeyError(text, task=node.name, key=key, indices=(other, entry.index))
            _hand_on(life.journal, entry, heirs)
        return attempt(life)

    return attempt_named


def _hand_on(journal: Journal, entry: ItemEntry, heirs: Sequence[int]) -> None:
    """Name the same item of later stages; those of another segment that have not begun it ask when they do."""
    for heir in heirs:
        log = journal.items.get(heir)
        later = None if log is None else log.entries.get(entry.index)
        if later is not None:
            later.key = entry.key


def _find(name: str, source: Source, named: Mapping[str, Any], entry: ItemEntry, life: Attempted) -> Any:
    """Return what a parameter of a `key=` receives."""
    if isinstance(source, OfItem):
        return entry.index if source.name == "index" else entry.item
    if name in named:
        return named[name]
    if isinstance(source, FromItem):
        item = entry.item[source.position] if life.journal.graph.axes[source.axis].sources[1:] else entry.item
        return item if source.part is None else take_apart(item, source.part)
    if isinstance(source, FromInput):
        return life.run.inputs[source.name]
    assert isinstance(source, (FromValue, Constant))
    return source.value
