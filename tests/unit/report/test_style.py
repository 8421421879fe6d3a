"""The colours of the report."""

import re
from collections.abc import Iterator

import pytest

from flowdeco import Status
from flowdeco._draw.diagram import MARKS
from flowdeco._draw.palette import DARK, LIGHT, Palette
from flowdeco._report.style import page_style
from tests.support.report import Page


def brightness(colour: str) -> float:
    """The relative luminance of WCAG."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted([brightness(one), brightness(other)])
    return (high + 0.05) / (low + 0.05)


def pairs(palette: Palette) -> Iterator[tuple[str, str, float]]:
    """What stands on what, and how much contrast it must have: 4.5 for text, 3 for shapes."""
    yield palette.ink, palette.paper, 4.5
    yield palette.faint, palette.paper, 4.5
    yield palette.line, palette.paper, 3
    for fill, border in palette.statuses.values():
        yield palette.ink, fill, 4.5
        yield border, palette.paper, 3
        yield border, fill, 3


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_all_colours_have_enough_contrast(palette: Palette) -> None:
    for front, back, least in pairs(palette):
        assert contrast(front, back) >= least, (front, back)


def test_colour_alone_tells_nothing(told: Page) -> None:
    for status in (Status.COMPLETED, Status.SKIPPED):
        assert MARKS[status] in told.text["graph"]
        assert MARKS[status] in told.text["timeline"]
        assert status in told.text["tasks"]


def test_browsers_that_know_no_first_place_to_scroll_to_are_snapped_there_and_let_go() -> None:
    style = page_style()
    assert "scroll-initial-target:nearest}" in style
    [rules] = re.findall(r"@supports not \(scroll-initial-target:nearest\)\{(.*?)\}\s*\}\s*\}", style, re.DOTALL)
    for rule in (".graph{scroll-snap-type:x mandatory}", "scroll-snap-align:start", "to{scroll-snap-align:none"):
        assert rule in rules
