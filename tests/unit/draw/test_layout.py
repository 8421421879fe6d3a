"""Where the boxes stand."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from flowdeco._draw.layout import HEIGHT, lay_out


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[float], list[tuple[int, int]]]:
    count = draw(st.integers(1, 25))
    widths = draw(st.lists(st.floats(20, 400), min_size=count, max_size=count))
    pairs = [(source, target) for target in range(count) for source in range(target)]
    lines = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=60)) if pairs else []
    return widths, lines


@given(graphs())
def test_no_box_covers_another_and_every_line_leads_down(graph: tuple[list[float], list[tuple[int, int]]]) -> None:
    widths, lines = graph
    layout = lay_out(widths, lines)
    for (one, left), (other, right) in combinations(zip(layout.boxes, widths, strict=True), 2):
        apart = abs(one.x - other.x) >= (left + right) / 2 - 0.2 or abs(one.y - other.y) >= HEIGHT
        assert apart, (one, other)
    for box, width in zip(layout.boxes, widths, strict=True):
        assert width / 2 <= box.x <= layout.width - width / 2
        assert HEIGHT / 2 <= box.y <= layout.height - HEIGHT / 2
    for (source, target), bends in zip(lines, layout.bends, strict=True):
        points = [layout.boxes[source], *bends, layout.boxes[target]]
        assert all(upper.y + HEIGHT <= lower.y for upper, lower in pairwise(points))


@given(graphs())
def test_a_line_that_passes_a_layer_keeps_clear_of_its_boxes(graph: tuple[list[float], list[tuple[int, int]]]) -> None:
    widths, lines = graph
    layout = lay_out(widths, lines)
    for bend in {bend for bends in layout.bends for bend in bends}:
        for box, width in zip(layout.boxes, widths, strict=True):
            assert bend.y != box.y or abs(bend.x - box.x) >= width / 2


def test_lines_that_need_not_cross_do_not() -> None:
    widths = [50.0] * 6
    layout = lay_out(widths, [(0, 4), (1, 3), (2, 5)])
    above, below = [layout.boxes[n].x for n in (0, 1, 2)], [layout.boxes[n].x for n in (4, 3, 5)]
    order = sorted(range(3), key=above.__getitem__)
    assert order == sorted(range(3), key=below.__getitem__)


def test_an_input_stands_right_above_the_first_that_needs_it() -> None:
    layout = lay_out([50.0] * 5, [(1, 2), (2, 3), (0, 4), (3, 4)])
    assert layout.boxes[0].y == layout.boxes[3].y
