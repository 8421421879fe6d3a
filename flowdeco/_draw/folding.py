"""A diagram of very many boxes as one of few: those that are alike, or stand side by side, become one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from .._base.events import Status
from .diagram import Box, Diagram, Line, tell_status
from .layout import find_layers

__all__ = ["Folded", "fold_diagram", "stem_of"]

# Of boxes that stand differently, how the one for all of them stands.
_WORST = (
    Status.FAILED,
    Status.UPSTREAM_FAILED,
    Status.CANCELLED,
    Status.RETRYING,
    Status.RUNNING,
    Status.PENDING,
    Status.SKIPPED,
    Status.COMPLETED,
)
_TIMES = "\N{MULTIPLICATION SIGN}"
_DIGITS = re.compile(r"\d+")


class Folded(NamedTuple):
    """What came of folding.

    Attributes:
        diagram: the diagram of few boxes.
        groups: for each of its boxes the numbers of those that it stands for.
    """

    diagram: Diagram
    groups: list[list[int]]

    @property
    def group_of(self) -> dict[int, int]:
        """The number of the box that stands for each."""
        return {member: number for number, group in enumerate(self.groups) for member in group}


def stem_of(label: str) -> str:
    """Return what names that differ in numbers alone have in common."""
    return _DIGITS.sub("…", label.partition(" (")[0])


def fold_diagram(diagram: Diagram, keys: Sequence[Hashable], most: int) -> Folded:
    """Fold a diagram: by what its boxes are; if these are too many, by layer; else by bands of layers.

    Args:
        diagram: what to fold; its last box stays as it is.
        keys: what each box is; those with the same key are folded into one.
        most: how many boxes there may be.
    """
    edges = [(line.source, line.target) for line in diagram.lines]
    layers = find_layers(len(diagram.boxes), edges)
    groups: list[list[int]] = []
    for part in _list_parts(keys, layers, most):
        groups = _gather(_part_circles(part, edges, layers), edges)
        if len(groups) <= most:
            break
    return Folded(_contract(diagram, groups), groups)


def _list_parts(keys: Sequence[Hashable], layers: Sequence[int], most: int) -> Iterator[list[Hashable]]:
    """Yield ever coarser keys."""
    last = len(keys) - 1
    yield [*keys[:last], None]
    counts = Counter(keys)
    yield [*[("layer", layers[i]) if counts[key] == 1 else key for i, key in enumerate(keys[:last])], None]
    bands, height = most - 1, max(layers) + 1
    yield [*[("band", layers[i] * bands // max(height, bands)) for i in range(last)], None]


def _part_circles(part: list[Hashable], edges: Sequence[tuple[int, int]], layers: Sequence[int]) -> list[Hashable]:
    """Return the keys so that no two groups need one another: those in circles become a group a layer."""
    links = {(part[source], part[target]) for source, target in edges if part[source] != part[target]}
    circles = _peel(_peel(set(part), links, down=True), links, down=False)
    return [(key, layers[i]) if key in circles else key for i, key in enumerate(part)] if circles else part


def _peel(left: set[Hashable], links: set[tuple[Hashable, Hashable]], *, down: bool) -> set[Hashable]:
    """Return what is left when all that nothing left leads to is taken away, over and over."""
    after: defaultdict[Hashable, list[Hashable]] = defaultdict(list)
    waits: Counter[Hashable] = Counter()
    for link in links:
        first, then = link if down else link[::-1]
        if first in left and then in left:
            after[first].append(then)
            waits[then] += 1
    free = [key for key in left if not waits[key]]
    left = set(left)
    while free:
        key = free.pop()
        left.discard(key)
        for then in after[key]:
            waits[then] -= 1
            if not waits[then]:
                free.append(then)
    return left


def _gather(part: list[Hashable], edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the groups, each after those it needs."""
    members: dict[Hashable, list[int]] = {}
    for number, key in enumerate(part):
        members.setdefault(key, []).append(number)
    needs: dict[Hashable, set[Hashable]] = {key: set() for key in members}
    for source, target in edges:
        if part[source] != part[target]:
            needs[part[target]].add(part[source])
    order: dict[Hashable, None] = {}
    stack = list(reversed(members))
    while stack:
        missing = [key for key in needs[stack[-1]] if key not in order]
        if missing:
            stack += sorted(missing, key=lambda key: -members[key][0])
        else:
            order[stack.pop()] = None
    return [members[key] for key in order]


def _contract(diagram: Diagram, groups: list[list[int]]) -> Diagram:
    place = {member: number for number, group in enumerate(groups) for member in group}
    kinds: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for line in diagram.lines:
        ends = place[line.source], place[line.target]
        if ends[0] != ends[1]:
            kinds.setdefault(ends, set()).add((line.label, line.kind))
    lines = [Line(*ends, *_merge(found)) for ends, found in kinds.items()]
    boxes = [_make_box([diagram.boxes[number] for number in group]) for group in groups]
    return Diagram(diagram.title, boxes, lines)


def _merge(found: set[tuple[str, str]]) -> tuple[str, str]:
    labels, kinds = {label for label, _ in found}, {kind for _, kind in found}
    return labels.pop() if len(labels) == 1 else "", kinds.pop() if len(kinds) == 1 else "value"


def _make_box(boxes: list[Box]) -> Box:
    first = boxes[0]
    if len(boxes) == 1:
        return first
    stems = {stem_of(box.label) for box in boxes}
    status = next((status for status in _WORST if any(box.status is status for box in boxes)), None)
    kind = first.kind if len({box.kind for box in boxes}) == 1 else "task"
    name = stems.pop() if len(stems) == 1 else f"{first.label[:12]} … {boxes[-1].label[:12]}"
    hint = (
        f"{len(boxes):,} {kind}s, from {first.label} to {boxes[-1].label}{f': {tell_status(status)}' if status else ''}"
    )
    return Box(f"{name} {_TIMES} {len(boxes):,}", kind, first.replaced, status, hint)
