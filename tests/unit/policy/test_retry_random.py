"""What holds for every `Retry` there is."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from flowdeco._policy.retry import Retry
from tests.support.retry import OFFLINE


@st.composite
def any_retries(draw: st.DrawFn, *, jitter: bool = True) -> Retry:
    max_delay = draw(st.floats(min_value=0, allow_nan=False))
    some_jitter: st.SearchStrategy[Any] = (
        st.none() | st.just("full") | st.floats(min_value=0, allow_infinity=False) | st.floats(0, 2)
    )
    return Retry(
        draw(st.integers(0, 50)),
        delay=draw(st.floats(min_value=0, max_value=max_delay, allow_infinity=False)),
        factor=draw(st.floats(min_value=1, allow_infinity=False) | st.floats(1, 3) | st.integers(1, 10**300)),
        min_delay=draw(st.just(0.0) | st.floats(min_value=0, max_value=max_delay, allow_infinity=False)),
        max_delay=max_delay,
        jitter=draw(some_jitter) if jitter else 0,
        within=draw(st.none() | st.floats(min_value=0, exclude_min=True)),
    )


def follow(retry: Retry, durations: Sequence[float]) -> tuple[list[float], float]:
    """Return the waits between attempts that all fail, and when the last attempt began."""
    clock, begun, waits = 0.0, 0.0, list[float]()
    for attempt, duration in enumerate(durations, 1):
        begun, clock = clock, clock + duration
        delay = retry.next_delay(OFFLINE, attempt, clock)
        if delay is None:
            return waits, begun
        waits.append(delay)
        clock += delay
    raise AssertionError("more attempts were made than there may be")


durations = st.lists(st.floats(0, 1e6), min_size=51, max_size=51)


@given(any_retries(), durations)
def test_every_wait_lies_between_min_delay_and_max_delay(retry: Retry, durations: list[float]) -> None:
    waits, _ = follow(retry, durations)
    assert all(retry.min_delay <= wait <= retry.max_delay for wait in waits)


@given(any_retries(), st.integers(1, 10**6))
def test_jitter_takes_no_more_than_half_of_a_wait_and_adds_no_more_than_itself(retry: Retry, attempt: int) -> None:
    assume(retry.jitter != "full")
    lasting = replace(retry, times=10**6, within=None)
    jitter = retry.delay if retry.jitter is None else retry.jitter
    bare = replace(lasting, jitter=0).next_delay(OFFLINE, attempt, 0)
    wait = lasting.next_delay(OFFLINE, attempt, 0)
    assert isinstance(jitter, (int, float))
    assert bare is not None
    assert wait is not None
    assert bare / 2 <= wait <= bare + jitter


@given(any_retries(jitter=False), st.integers(1, 10**6))
def test_full_jitter_is_never_longer_than_the_wait_without(retry: Retry, attempt: int) -> None:
    lasting = replace(retry, times=10**6, within=None)
    bare = lasting.next_delay(OFFLINE, attempt, 0)
    wait = replace(lasting, jitter="full").next_delay(OFFLINE, attempt, 0)
    assert bare is not None
    assert wait is not None
    assert retry.min_delay <= wait <= bare


@given(any_retries(), durations)
def test_no_more_attempts_follow_than_times(retry: Retry, durations: list[float]) -> None:
    waits, _ = follow(retry, durations)
    assert len(waits) <= retry.times
    assert retry.within is not None or len(waits) == retry.times


@given(any_retries(), durations)
def test_no_attempt_begins_later_than_within(retry: Retry, durations: list[float]) -> None:
    assume(retry.within is not None)
    assert follow(retry, durations)[1] <= (retry.within or 0)


@given(any_retries(jitter=False), st.lists(st.integers(1, 10**6), min_size=2))
def test_waits_never_get_shorter_without_jitter(retry: Retry, attempts: list[int]) -> None:
    lasting = replace(retry, times=10**6, within=None)
    waits = [lasting.next_delay(OFFLINE, attempt, 0) or 0 for attempt in sorted(attempts)]
    assert waits == sorted(waits)
