"""The items of an axis for several segments, each of which begins at any time or never."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowdeco._item.rows import Rows
from flowdeco._item.tee import Branch, Tee


class Source(Rows):
    """A source that counts what has been taken of it, and done with, and whether anybody wants more."""

    def __init__(self, items: Iterable[Any]) -> None:
        rows = [(item,) for item in items]
        super().__init__(rows, len(rows))
        self.taken = self.done = 0
        self.is_closed = False

    def take(self) -> Any:
        row = super().take()
        self.taken += row is not None
        return row

    def finish(self) -> None:
        self.done += 1

    def close(self) -> None:
        super().close()
        self.is_closed = True


def make(count: int, *kinds: tuple[bool, bool]) -> tuple[Source, Tee]:
    source, tee = Source(range(count)), Tee(kinds or [(True, False)] * 2)
    tee.open(source)
    return source, tee


def begin(branch: Branch) -> Branch:
    branch.is_begun = True
    return branch


def take(branch: Branch, most: int = 100) -> list[Any]:
    found: list[Any] = []
    while len(found) < most and (row := branch.take()) is not None:
        found.append(row[0])
    return found


def test_each_branch_gets_all_items_whenever_it_begins() -> None:
    source, tee = make(4)
    one, other = tee.branches
    assert take(begin(one), 3) == [0, 1, 2]
    assert take(begin(other)) == [0, 1, 2, 3]
    ended = [one.has_ended]
    assert take(one) == [3]
    assert [*ended, one.has_ended, other.has_ended] == [False, True, True]
    assert source.taken == 4


def test_the_slowest_that_has_begun_holds_the_source_back_and_one_that_has_not_does_not() -> None:
    source, tee = make(4)
    one, other = tee.branches
    seen: list[int] = []
    take(begin(one))
    for _ in range(2):
        one.finish()
        seen.append(source.done)
    take(begin(other))
    one.finish()
    seen.append(source.done)
    for _ in range(4):
        other.finish()
        seen.append(source.done)
    assert seen == [1, 2, 2, 2, 2, 3, 3]


def test_one_that_waits_for_the_whole_holds_back_only_if_nobody_else_has_begun() -> None:
    source, tee = make(4, (True, False), (False, False))
    one, late = tee.branches
    take(begin(late))
    late.finish()
    assert source.done == 1
    take(begin(one))
    late.finish()
    assert source.done == 1
    one.finish()
    one.finish()
    assert source.done == 2


def test_items_are_kept_until_nobody_will_take_them() -> None:
    _, tee = make(4)
    one, other = tee.branches
    take(begin(one), 3)
    assert len(tee._items) == 3
    other.close()
    assert len(tee._items) == 0
    assert take(one) == [3]
    assert len(tee._items) == 0


def test_the_source_is_closed_when_nobody_wants_more() -> None:
    source, tee = make(4)
    one, other = tee.branches
    take(begin(one), 1)
    closed: list[bool] = []
    for branch in (one, other):
        branch.close()
        closed.append(source.is_closed)
    assert closed == [False, True]
    assert one.take() is None


def test_nothing_ends_while_one_may_still_add_items() -> None:
    _, tee = make(1, (True, True), (True, False))
    grown, other = tee.branches
    assert take(begin(grown)) == [0]
    assert take(begin(other)) == [0]
    assert (grown.has_ended, other.has_ended) == (True, False)
    grown.add([7])
    assert take(other) == [7]
    assert take(grown) == [7]
    grown.end_growth()
    assert other.has_ended
