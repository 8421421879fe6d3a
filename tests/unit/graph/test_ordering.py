"""Order and circles, on numbers alone."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from flowdeco._graph.ordering import find_cycles, sort_by_needs


@st.composite
def needs_of_a_few(draw: st.DrawFn) -> list[list[int]]:
    count = draw(st.integers(0, 8))
    node = st.integers(0, max(count - 1, 0))
    return [draw(st.lists(node, unique=True, max_size=4)) for _ in range(count)]


def reach(needs: Sequence[Sequence[int]], start: int) -> set[int]:
    """Return what `start` needs, directly or not."""
    found: set[int] = set()
    waiting = list(needs[start])
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting += needs[index]
    return found


@given(needs_of_a_few())
def test_each_index_comes_after_those_it_needs_unless_a_circle_is_among_them(needs: list[list[int]]) -> None:
    order = sort_by_needs(needs)
    assert len(set(order)) == len(order)
    for place, index in enumerate(order):
        assert set(needs[index]) <= set(order[:place])
    circular = {index for index in range(len(needs)) if index in reach(needs, index)}
    stuck = {index for index in range(len(needs)) if index in circular or reach(needs, index) & circular}
    assert set(order) == set(range(len(needs))) - stuck


@given(needs_of_a_few())
def test_what_is_found_are_circles_and_some_is_found_wherever_there_are_any(needs: list[list[int]]) -> None:
    cycles = find_cycles(dict(enumerate(needs)))
    for path in cycles:
        assert len(set(path)) == len(path)
        for index, need in zip(path, [*path[1:], path[0]], strict=True):
            assert need in needs[index]
    circular = {index for index in range(len(needs)) if index in reach(needs, index)}
    mutual = [{other for other in reach(needs, index) if index in reach(needs, other)} for index in circular]
    for knot in mutual:  # each knot has at least one of its circles shown
        assert any(set(path) <= knot for path in cycles)


def test_every_one_of_many_separate_circles_is_found() -> None:
    needs = {index: [index ^ 1] for index in range(2_000)}
    assert len(find_cycles(needs)) == 1_000


def test_a_knot_with_countless_circles_ends_with_some_of_them() -> None:
    everything = list(range(300))
    cycles = find_cycles(dict.fromkeys(everything, everything))
    assert 20 <= len(cycles) <= 6_000


def test_a_circle_of_100_000_is_found() -> None:
    needs = {index: [(index + 1) % 100_000] for index in range(100_000)}
    assert find_cycles(needs) == [list(range(100_000))]


def test_100_000_in_a_row_that_each_need_themselves_are_that_many_circles() -> None:
    needs = {index: [index + 1, index] for index in range(100_000)}
    assert len(find_cycles(needs)) == 100_000
