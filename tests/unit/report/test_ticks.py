"""The ticks of a time axis stand at round numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco._report.ticks import list_ticks
from tests.support.report import morning, page_of


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (3e-6, "0, 0.5 µs, 1 µs, 1.5 µs, 2 µs, 2.5 µs, 3 µs"),
        (0.112, "0, 20 ms, 40 ms, 60 ms, 80 ms, 100 ms"),
        (0.9, "0, 200 ms, 400 ms, 600 ms, 800 ms"),
        (1.4, "0, 0.2 s, 0.4 s, 0.6 s, 0.8 s, 1 s, 1.2 s, 1.4 s"),
        (7.3, "0, 1 s, 2 s, 3 s, 4 s, 5 s, 6 s, 7 s"),
        (59, "0, 10 s, 20 s, 30 s, 40 s, 50 s"),
        (400, "0, 1 min, 2 min, 3 min, 4 min, 5 min, 6 min"),
        (3000, "0, 10 min, 20 min, 30 min, 40 min, 50 min"),
        (7000, "0, 20 min, 40 min, 60 min, 80 min, 100 min"),
        (8 * 3600, "0, 1 h, 2 h, 3 h, 4 h, 5 h, 6 h, 7 h, 8 h"),
        (30 * 3600, "0, 5 h, 10 h, 15 h, 20 h, 25 h, 30 h"),
        (10 * 86400, "0, 48 h, 96 h, 144 h, 192 h, 240 h"),
    ],
)
def test_ticks_are_round_and_in_a_unit_that_suits_them(span: float, labels: str) -> None:
    assert ", ".join([tick.label for tick in list_ticks(span)]) == labels


@given(st.floats(1e-6, 1e9))
def test_there_are_neither_too_few_nor_too_many_and_all_lie_within(span: float) -> None:
    ticks = list_ticks(span)
    assert 3 <= len(ticks) <= 9
    assert all(0 <= tick.seconds <= span * (1 + 1e-6) for tick in ticks)
    assert len({tick.label for tick in ticks}) == len(ticks)


def test_the_lines_of_the_timeline_are_as_far_apart_as_its_ticks() -> None:
    markup = morning.run("x").to_html()
    step = re.search(r'style="--step:([\d.]+)%"', markup)
    second = re.search(r'<div class="axis"[^>]*><span[^>]*>0</span><span[^>]*left:([\d.]+)%', markup)
    assert step is not None
    assert second is not None
    assert float(step[1]) == pytest.approx(float(second[1]), rel=1e-4)
    assert page_of(morning.run("x")).of("table", "time")
