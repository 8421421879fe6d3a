"""Nothing breaks the report."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco._draw.html import clean, describe, describe_error, escape, tell_seconds
from flowdeco._report.error_list import tell_traceback
from tests.support.report import EVIL, Broken, Mute, hostile, page_of


def test_nothing_that_comes_from_the_user_becomes_markup() -> None:
    run = hostile().run(EVIL)
    page = page_of(run)
    assert not page.of("script")
    assert not page.of("img")
    assert (
        page.whole.count("</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\\x00\\x1b[31m") > 10
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\u202e]", run.to_html())
    assert "<Broken" in page.text["tasks"]
    assert "Mute, which cannot say more" in page.text["errors"]


@given(st.text(st.characters(codec=None)))
def test_any_text_is_shown_as_it_is_or_spelled_out(text: str) -> None:
    shown = escape(text)
    shown.encode()
    assert not set(shown) & set("<>\"'")
    assert unescape(shown) == clean(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown)
    if text.isprintable():
        assert clean(text) == text


@pytest.mark.parametrize(
    "value",
    [Broken(), [Broken()], {1: Broken()}, "x" * 10**6, b"x" * 10**6, list(range(10**6)), {n: n for n in range(10**4)}],
    ids=["broken", "in a list", "in a dict", "str", "bytes", "list", "dict"],
)
def test_a_value_is_described_in_short_whatever_it_is(value: object) -> None:
    assert 0 < len(describe(value)) <= 300


def test_a_class_named_like_a_builtin_is_described() -> None:
    assert "list" in describe(type("list", (), {})())


def test_no_more_of_a_value_is_looked_at_than_is_shown() -> None:
    class Counting:
        looked = 0

        def __repr__(self) -> str:
            Counting.looked += 1
            return "x"

    describe([Counting() for _ in range(1000)])
    assert Counting.looked < 20


def test_an_error_that_contains_itself_is_told() -> None:
    error = ValueError("round")
    other = OSError("and round")
    error.__cause__, other.__cause__ = other, error
    assert "ValueError: round" in tell_traceback(error)


def test_a_very_long_chain_of_errors_is_told_in_short() -> None:
    error: BaseException = ValueError("first")
    for number in range(3000):
        later = ValueError(f"then {number}")
        later.__context__ = error
        error = later
    text = tell_traceback(error)
    assert "then 2999" in text
    assert len(text) < 30_000


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no"), "ValueError: no"),
        (ValueError(), "ValueError"),
        (Mute(), "Mute, which cannot say more"),
        (KeyError("k"), "KeyError: 'k'"),
    ],
)
def test_an_error_is_described_by_type_and_message(error: BaseException, text: str) -> None:
    assert describe_error(error) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0, "0 s"),
        (4.2e-6, "4 µs"),
        (0.000_999_6, "1 ms"),
        (0.0123, "12.3 ms"),
        (0.9996, "1 s"),
        (2.345, "2.35 s"),
        (99.96, "1 min 40 s"),
        (3725.0, "1 h 2 min 5 s"),
    ],
)
def test_a_span_of_time_is_told_as_one_reads_it(seconds: float | None, text: str) -> None:
    assert tell_seconds(seconds) == text
