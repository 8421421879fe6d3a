"""Where the boxes of a diagram stand: in layers from the top down, with few crossings and short lines."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["HEIGHT", "Layout", "Point", "find_layers", "lay_out"]

HEIGHT = 30.0
_MARGIN = 12.0
_GAP = 18.0
_ROW_GAP = 12.0
_LAYER_GAP = 46.0
# A layer wider than this goes on in another row.
_MOST_WIDTH = 1150.0
# A line that passes a layer has a place there, as a box has; past so many places, long lines go straight.
_MOST_JOINTS = 3000
_JOINT_WIDTH = 6.0
_SWEEPS = 8


class Point(NamedTuple):
    """A place, in pixels from the upper left corner."""

    x: float
    y: float


class Layout(NamedTuple):
    """Where everything is.

    Attributes:
        width: of the whole.
        height: of the whole.
        boxes: the middle of each box.
        bends: the points that each line passes on its way, from the upper box down.
    """

    width: float
    height: float
    boxes: list[Point]
    bends: list[list[Point]]


class _Plane:
    """Boxes and joints in layers.

    Attributes:
        layer: the layer of each item: first the boxes, then the joints.
        paths: the items that each line passes, the boxes at its ends included.
        above: for each item those in the layer above that it is linked with.
        below: the same, below.
        layers: the items of each layer, from left to right.
    """

    def __init__(self, widths: Sequence[float], lines: Sequence[tuple[int, int]]) -> None:
        self.widths = list(widths)
        self.layer = find_layers(len(widths), lines)
        self.paths = self._make_paths(lines)
        count = len(self.layer)
        above: list[dict[int, None]] = [{} for _ in range(count)]
        below: list[dict[int, None]] = [{} for _ in range(count)]
        for path in self.paths:
            for upper, lower in pairwise(path):
                if self.layer[lower] == self.layer[upper] + 1:
                    below[upper][lower] = above[lower][upper] = None
        self.above = [list(items) for items in above]
        self.below = [list(items) for items in below]
        self.layers: list[list[int]] = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for item in range(count):
            self.layers[self.layer[item]].append(item)

    def _make_paths(self, lines: Sequence[tuple[int, int]]) -> list[list[int]]:
        """Give each line a joint in every layer it passes; lines from the same box share them."""
        reach: dict[int, int] = {}
        for source, target in lines:
            reach[source] = max(reach.get(source, 0), self.layer[target])
        joints: dict[int, range] = {}
        for source in sorted(reach, key=lambda source: reach[source] - self.layer[source]):
            first, count = len(self.layer), reach[source] - self.layer[source] - 1
            if first + count - len(self.widths) > _MOST_JOINTS:
                break
            joints[source] = range(first, first + count)
            self.layer += range(self.layer[source] + 1, reach[source])
        self.widths += [_JOINT_WIDTH] * (len(self.layer) - len(self.widths))
        return [
            [source, *joints.get(source, range(0))[: max(self.layer[target] - self.layer[source] - 1, 0)], target]
            for source, target in lines
        ]

    def reduce_crossings(self) -> None:
        """Order each layer by what its items are linked with, down and up again, and keep the best."""
        best, least = [list(layer) for layer in self.layers], self._count_crossings()
        for sweep in range(_SWEEPS if least else 0):
            down = sweep % 2 == 0
            place = {item: spot / max(len(layer), 1) for layer in self.layers for spot, item in enumerate(layer)}
            for layer in self.layers if down else reversed(self.layers):
                links = self.above if down else self.below
                mean = {
                    i: sum(map(place.__getitem__, links[i])) / len(links[i]) if links[i] else place[i] for i in layer
                }
                layer.sort(key=mean.__getitem__)
                place.update({item: spot / len(layer) for spot, item in enumerate(layer)})
            crossings = self._count_crossings()
            if crossings < least:
                best, least = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _count_crossings(self) -> int:
        crossings = 0
        for upper, lower in pairwise(self.layers):
            place = {item: spot for spot, item in enumerate(lower)}
            seen: list[int] = []
            for item in upper:
                ends = sorted([place[other] for other in self.below[item]])
                crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return crossings

    def split_layers(self) -> list[list[int]]:
        """Return the rows of all layers, and let `layer` be the row of each item."""
        rows: list[list[int]] = []
        self.breaks: set[int] = set()  # the rows with which a layer begins
        for layer in self.layers:
            self.breaks.add(len(rows))
            row: list[int] = []
            width = 0.0
            for item in layer:
                if row and width + self.widths[item] > _MOST_WIDTH:
                    rows.append(row)
                    row, width = [], 0.0
                row.append(item)
                width += self.widths[item] + _GAP
            rows.append(row)
        return rows


def lay_out(widths: Sequence[float], lines: Sequence[tuple[int, int]]) -> Layout:
    """Return where boxes stand.

    Args:
        widths: how wide each box is.
        lines: from a box to another with a higher number.
    """
    plane = _Plane(widths, lines)
    plane.reduce_crossings()
    rows = plane.split_layers()
    across = _place_across(plane, rows)
    down, height = [0.0] * len(across), _MARGIN
    for number, row in enumerate(rows):
        if number:
            height += _LAYER_GAP if number in plane.breaks else _ROW_GAP
        for item in row:
            down[item] = height + HEIGHT / 2
        height += HEIGHT
    left = min([x - w / 2 for x, w in zip(across, plane.widths, strict=True)], default=0.0) - _MARGIN
    points = [Point(round(x - left, 1), round(y, 1)) for x, y in zip(across, down, strict=True)]
    width = max([point.x + w / 2 for point, w in zip(points, plane.widths, strict=True)], default=0.0) + _MARGIN
    bends = [[points[item] for item in path[1:-1]] for path in plane.paths]
    return Layout(width, height + _MARGIN, points[: len(widths)], bends)


def find_layers(count: int, lines: Sequence[tuple[int, int]]) -> list[int]:
    """Return each box's layer: below all that lead to it; where nothing does, right above the first it leads to."""
    layer, entered = [0] * count, [False] * count
    for source, target in sorted(lines, key=lambda line: line[1]):
        layer[target] = max(layer[target], layer[source] + 1)
        entered[target] = True
    nearest: dict[int, int] = {}
    for source, target in lines:
        nearest[source] = min(nearest.get(source, layer[target]), layer[target])
    for source, below in nearest.items():
        if not entered[source]:
            layer[source] = below - 1
    return layer


def _place_across(plane: _Plane, rows: list[list[int]]) -> list[float]:
    """Return how far to the right the middle of each item is: near the mean of what it is linked with."""
    across = [0.0] * len(plane.widths)
    for row in rows:
        _settle(row, [0.0] * len(row), plane.widths, across)
    for links in (plane.above, plane.below, plane.above, plane.below, plane.above):
        for row in rows if links is plane.above else reversed(rows):
            wanted = [
                sum([across[other] for other in links[item]]) / len(links[item]) if links[item] else across[item]
                for item in row
            ]
            _settle(row, wanted, plane.widths, across)
    return across


def _settle(row: Sequence[int], wanted: Sequence[float], widths: Sequence[float], across: list[float]) -> None:
    """Place a row's items as near as can be to where they are wanted, in their order and with room between them.

    What would overlap forms a block, which goes to the mean of what its members want.
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (widths[left] + widths[right]) / 2 + _GAP)
    blocks: list[tuple[float, int]] = []  # the sum of what its members want, and their number
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, more = blocks.pop()
            total, count = total + before, count + more
        blocks.append((total, count))
    places = [total / count for total, count in blocks for _ in range(count)]
    for item, place, offset in zip(row, places, offsets, strict=True):
        across[item] = place + offset
