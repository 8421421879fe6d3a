"""How long the waits are."""

import math

import pytest

from flowdeco._policy.retry import Retry
from tests.support.retry import HUGE, OFFLINE


def get_delays(retry: Retry, count: int) -> list[float | None]:
    return [retry.next_delay(OFFLINE, attempt, 0) for attempt in range(1, count + 1)]


def test_the_jitter_is_drawn_anew_for_each_wait_and_stays_below_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return low + len(drawn) / 4

    monkeypatch.setattr("random.uniform", draw)
    assert get_delays(Retry(4, delay=1, jitter=0.75, max_delay=4.5), 4) == [1.25, 2.5, 4.5, 4.5]
    assert drawn == [(1, 1.75), (2, 2.75), (3.75, 4.5), (3.75, 4.5)]


def test_full_jitter_is_drawn_from_all_of_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    monkeypatch.setattr("random.uniform", draw)
    assert get_delays(Retry(4, delay=1, jitter="full", max_delay=3), 4) == [0, 0, 0, 0]
    assert drawn == [(0, 1), (0, 2), (0, 3), (0, 3)]
    del drawn[:]
    assert get_delays(Retry(2, delay=1, min_delay=1.5, jitter="full"), 2) == [1.5, 1.5]
    assert drawn == [(1.5, 2)]


def test_a_herd_spreads_also_where_the_wait_is_the_longest() -> None:
    for retry in (Retry(99, max_delay=5), Retry(99, delay=60), Retry(99, jitter="full")):
        waits = [retry.next_delay(OFFLINE, 50, 0) for _ in range(20)]
        assert len(set(waits)) > 1
        assert all(0 <= (wait or 0) <= retry.max_delay for wait in waits)


def test_the_jitter_is_as_much_as_the_delay_if_it_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(_: float, high: float) -> float:
        return high

    monkeypatch.setattr("random.uniform", draw)
    assert get_delays(Retry(3, delay=1), 3) == [2, 3, 5]
    monkeypatch.setattr("random.uniform", None)
    assert get_delays(Retry(3, delay=0), 3) == [0, 0, 0]


def test_nothing_is_drawn_without_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", None)
    assert get_delays(Retry(2, delay=1, jitter=0), 3) == [1, 2, None]


def test_the_drawn_wait_is_what_within_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    retry = Retry(1, delay=1, jitter=1, within=1.5)
    drawn = iter([0.5, 0.75])

    def draw(low: float, high: float) -> float:
        return low + next(drawn)

    monkeypatch.setattr("random.uniform", draw)
    assert retry.next_delay(OFFLINE, 1, 0) == 1.5
    assert retry.next_delay(OFFLINE, 1, 0) is None


@pytest.mark.parametrize("attempt", [10_000_000, HUGE], ids=["ten million", "huge"])
def test_a_late_attempt_waits_for_max_delay(attempt: int) -> None:
    assert Retry(HUGE, delay=1e-9, factor=1.001, max_delay=7, jitter=0).next_delay(OFFLINE, attempt, 0) == 7
    assert Retry(HUGE, delay=1, factor=2, max_delay=7, jitter=0).next_delay(OFFLINE, attempt, 0) == 7
    assert Retry(HUGE, delay=3, factor=1, jitter=0).next_delay(OFFLINE, attempt, 0) == 3
    assert Retry(HUGE, delay=0, factor=2, jitter=0).next_delay(OFFLINE, attempt, 0) == 0


def test_a_wait_too_long_for_a_float_is_endless_without_max_delay() -> None:
    assert Retry(HUGE, max_delay=math.inf).next_delay(OFFLINE, 10_000, 0) == math.inf
    assert Retry(HUGE, max_delay=math.inf, jitter="full").next_delay(OFFLINE, 10_000, 0) == math.inf
    assert Retry(HUGE, max_delay=math.inf, within=1e9).next_delay(OFFLINE, 10_000, 0) is None


def test_whole_numbers_give_waits_that_are_floats() -> None:
    delays = [Retry(9999, delay=1, factor=2, max_delay=3, jitter=0).next_delay(OFFLINE, n, 0) for n in (1, 2, 3, 2000)]
    assert delays == [1, 2, 3, 3]
    assert {type(delay) for delay in delays} == {float}
    assert type(Retry(1, delay=lambda: 5).next_delay(OFFLINE, 1, 0)) is float
