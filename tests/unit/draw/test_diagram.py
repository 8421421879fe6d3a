"""A run as a picture: a colour and a sign for each status."""

import re

import pytest

from flowdeco import Status
from flowdeco._draw.diagram import COLOURS, MARKS
from flowdeco._draw.palette import DARK, LIGHT
from tests.support.picture import mixed

STATUSES = [
    ("good", Status.COMPLETED),
    ("bad", Status.FAILED),
    ("left", Status.UPSTREAM_FAILED),
    ("none", Status.SKIPPED),
    ("mixed", Status.FAILED),
]


@pytest.mark.parametrize(("name", "status"), STATUSES)
def test_a_run_s_mermaid_has_a_colour_and_a_sign_for_each_status(name: str, status: Status) -> None:
    text = mixed.run().to_mermaid()
    [number] = re.findall(rf'(n\d+)\W+"#{ord(MARKS[status])}; {name}"', text)
    assert re.search(rf"^    class [n\d,]*\b{number}\b[n\d,]* {status}$", text, re.MULTILINE)
    assert re.search(rf"^    classDef {status} fill:#", text, re.MULTILINE)


def test_no_two_statuses_have_the_same_sign_or_colour() -> None:
    assert set(MARKS) == set(COLOURS) == set(LIGHT.statuses) == set(DARK.statuses) == set(Status)
    for shown in (MARKS, LIGHT.statuses, DARK.statuses):
        assert len(set(shown.values())) == len(Status)
