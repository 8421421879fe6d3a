"""What the models of random programs share: how a function ends on what it receives, and what it receives.

What a function gives is a text of what it has received, and whether it fails or is skipped lies in that text, too. So
a model need not be told anything, and every mistake in what is handed to whom shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

__all__ = ["Each", "Outcome", "digest", "find_blocked", "give", "plain", "take_items", "take_wholes"]

# How something has ended: its status, and its value if it is completed.
Outcome: TypeAlias = tuple[str, Any]

_BROKEN = ("failed", "upstream_failed")


class Each(NamedTuple):
    """A parameter that receives one item at a time: of which node, if it has a default, if it receives an outcome."""

    of: int
    has_default: bool
    is_settled: bool


def digest(name: str, arguments: Sequence[Any]) -> str:
    """A short text of what a function receives."""
    text = ", ".join(map(str, arguments))
    return f"{crc32(f'{name}({text})'.encode()):x}"


def give(name: str, arguments: Sequence[Any]) -> Outcome:
    """How a function with a name ends on what it receives."""
    text = digest(name, arguments)
    chance = crc32(text.encode()) % 12
    if chance == 0:
        return "failed", None
    return ("skipped", None) if chance == 1 else ("completed", f"{name}:{text}")


def plain(value: Any) -> Any:
    """An outcome as the models have it."""
    if issubclass(type(value), list):
        return [plain(one) for one in value]
    return (str(value.status), value.value) if hasattr(value, "unwrap") else value


def find_blocked(inputs: Sequence[Outcome]) -> str | None:
    """How something ends that does not run, as it does not have what it needs; `None` if it runs."""
    if any(status in _BROKEN for status, _ in inputs):
        return "upstream_failed"
    return "skipped" if any(status == "skipped" for status, _ in inputs) else None


def take_items(each: Sequence[Each], items: Mapping[int, Sequence[Outcome]], index: int) -> list[Outcome]:
    """What something receives that is mapped.

    Args:
        each: the parameters that receive an item.
        items: how each node that is mapped, or gives items, has ended for each of them.
        index: the number of the item.
    """
    found: list[Outcome] = []
    for one in each:
        status, value = items[one.of][index]
        if one.is_settled:
            found.append(("completed", (status, value)))
        elif status == "skipped" and one.has_default:
            found.append(("completed", "default"))
        else:
            found.append((status, value))
    return found


def take_wholes(
    wholes: Sequence[tuple[int, bool]],
    items: Mapping[int, Sequence[Outcome]],
    ends: Mapping[int, Outcome],
    axes: Mapping[int, int],
) -> list[Outcome]:
    """What something receives of others as a whole.

    Args:
        wholes: the numbers of these, and whether as an outcome.
        items: how each node that is mapped, or gives items, has ended for each of them.
        ends: how each node has ended that is not mapped.
        axes: which axis each node of `items` is of.
    """
    found: list[Outcome] = []
    for of, is_settled in wholes:
        if of not in items or (is_settled and of in ends):
            status, value = ends[of]
            found.append(("completed", (status, value)) if is_settled else (status, value))
        elif is_settled:
            found.append(("completed", [*items[of]]))
        else:
            statuses = {status for status, _ in items[of]}
            broken = next((status for status in _BROKEN if status in statuses), None)
            together = [n for n, settled in wholes if not settled and axes.get(n) == axes[of]]
            indices = range(len(items[of]))
            common = [i for i in indices if all(items[n][i][0] == "completed" for n in together)]
            found.append((broken, None) if broken else ("completed", [items[of][i][1] for i in common]))
    return found
