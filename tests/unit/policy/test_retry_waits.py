"""How long the waits are."""

import math

import pytest

from flowdeco._policy.retry import Retry
from tests.support.retry import HUGE, OFFLINE


def get_delays(retry: Retry, count: int) -> list[float | None]:
    return [retry.next_delay(OFFLINE, attempt, 0) for attempt in range(1, count + 1)]


def test_the_jitter_is_drawn_anew_for_each_wait_and_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return len(drawn) / 4

    monkeypatch.setattr("random.uniform", draw)
    assert get_delays(Retry(3, delay=1, jitter=0.75, max_delay=4.5), 3) == [1.25, 2.5, 4.5]
    assert drawn == [(0, 0.75)] * 3


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
        return next(drawn)

    monkeypatch.setattr("random.uniform", draw)
    assert retry.next_delay(OFFLINE, 1, 0) == 1.5
    assert retry.next_delay(OFFLINE, 1, 0) is None


@pytest.mark.parametrize("attempt", [10_000_000, HUGE], ids=["ten million", "huge"])
def test_a_late_attempt_waits_for_max_delay(attempt: int) -> None:
    assert Retry(HUGE, delay=1e-9, factor=1.001, max_delay=7).next_delay(OFFLINE, attempt, 0) == 7
    assert Retry(HUGE, delay=1, factor=2, max_delay=7).next_delay(OFFLINE, attempt, 0) == 7
    assert Retry(HUGE, delay=3, factor=1, jitter=0).next_delay(OFFLINE, attempt, 0) == 3
    assert Retry(HUGE, delay=0, factor=2, jitter=0).next_delay(OFFLINE, attempt, 0) == 0


def test_a_wait_too_long_for_a_float_is_endless_without_max_delay() -> None:
    assert Retry(HUGE, max_delay=math.inf).next_delay(OFFLINE, 10_000, 0) == math.inf
    assert Retry(HUGE, max_delay=math.inf, within=1e9).next_delay(OFFLINE, 10_000, 0) is None


def test_whole_numbers_give_waits_that_are_floats() -> None:
    delays = [Retry(9999, delay=1, factor=2, max_delay=3, jitter=0).next_delay(OFFLINE, n, 0) for n in (1, 2, 3, 2000)]
    assert delays == [1, 2, 3, 3]
    assert {type(delay) for delay in delays} == {float}
    assert type(Retry(1, delay=lambda: 5).next_delay(OFFLINE, 1, 0)) is float
