"""A duration as text."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco.cli.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT1H30M", timedelta(hours=1, minutes=30)),
        ("P1DT2H", timedelta(days=1, hours=2)),
        ("P2W", timedelta(weeks=2)),
        ("pt0.5s", timedelta(seconds=0.5)),
        ("PT1,5H", timedelta(hours=1.5)),
        ("-PT5S", timedelta(seconds=-5)),
        ("01:30", timedelta(hours=1, minutes=30)),
        ("01:30:05.25", timedelta(hours=1, minutes=30, seconds=5.25)),
        ("-0:00:10", timedelta(seconds=-10)),
        ("100:00:00", timedelta(hours=100)),
        ("1 day, 0:00:01", timedelta(days=1, seconds=1)),
        ("-1 day, 23:59:59", timedelta(seconds=-1)),
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("1.5 hours", timedelta(hours=1.5)),
        ("2 days 3 min", timedelta(days=2, minutes=3)),
        ("500ms", timedelta(seconds=0.5)),
        (" +3us ", timedelta(microseconds=3)),
    ],
)
def test_a_text_says_a_duration(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    ["", "-", "5", "P", "PT", "P1Y", "P1M", "PT1D", "1x", "1:2:3:4", "1:60", "--5s", "s", "1e3s", "9" * 20 + "w"],
)
def test_a_text_that_says_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)


@given(st.timedeltas())
def test_what_is_written_is_read_back(duration: timedelta) -> None:
    assert parse_duration(str(duration)) == duration
    assert parse_duration(format_duration(duration)) == duration


def test_it_is_written_as_iso_8601_has_it() -> None:
    assert [format_duration(timedelta(seconds=seconds)) for seconds in (0, 5.5, -90, 86400, 90061)] == [
        *("PT0S", "PT5.5S", "-PT1M30S", "P1D", "P1DT1H1M1S")
    ]
