"""A sketch of durations has a fixed size, and is near what the durations themselves come to."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco._record.metrics import summarize
from flowdeco._record.sketch import Sketch
from tests.support.memory import size_of

durations = st.lists(st.floats(1e-6, 1e5), min_size=1, max_size=200)


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    sketch.take_in()
    return sketch


@given(durations)
def test_count_mean_deviation_and_ends_are_those_of_the_durations(values: list[float]) -> None:
    found, exact = sketch_of(values).statistics, summarize(values)
    assert found is not None
    assert (found.count, found.min, found.max) == (exact.count, exact.min, exact.max)
    assert math.isclose(found.mean, exact.mean, rel_tol=1e-9)
    assert math.isclose(found.std, exact.std, rel_tol=1e-6, abs_tol=1e-6 * exact.max)


@pytest.mark.parametrize("part", [0.05, 0.5, 0.95, 1.0])
def test_a_quantile_is_at_most_a_tenth_off(part: float) -> None:
    random = Random(5)
    values = sorted(random.lognormvariate(-3, 2) for _ in range(20_000))
    exact = values[round(part * (len(values) - 1))]
    assert math.isclose(sketch_of(values).quantile(part), exact, rel_tol=0.1)


def test_without_durations_there_are_no_statistics() -> None:
    sketch = Sketch()
    assert (sketch.statistics, sketch.quantile(0.5), sketch.list_bars(10)) == (None, 0.0, [])


@pytest.mark.parametrize("seconds", [0.0, -1e-9, 1e-12, 1e12])
def test_what_is_off_the_scale_counts_at_its_end(seconds: float) -> None:
    found = sketch_of([seconds]).statistics
    assert found is not None
    assert (found.count, found.p50, found.p95) == (1, seconds, seconds)


@given(durations, st.integers(1, 40))
def test_the_bars_hold_all_and_are_as_many_as_there_is_room_for(values: list[float], most: int) -> None:
    bars = sketch_of(values).list_bars(most)
    assert 1 <= len(bars) <= most
    assert sum(bar.height for bar in bars) == len(values)
    assert bars[0].height
    assert bars[0].start <= min(values) * 1.0001
    assert bars[-1].end >= max(values) * 0.9999
    for bar, following in pairwise(bars):
        assert math.isclose(bar.end, following.start)


def test_very_many_durations_take_no_more_room_than_a_few() -> None:
    few = sketch_of([1e-6 * 1.5**n for n in range(40)] * 300)
    many = sketch_of([1e-6 * 1.5 ** (n % 40) for n in range(200_000)])
    assert size_of(many) <= 1.1 * size_of(few)
