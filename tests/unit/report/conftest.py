"""What the tests of this folder are given."""

import pytest

from tests.support.report import Page, morning, page_of


@pytest.fixture(scope="module")
def told() -> Page:
    return page_of(morning.run("https://example.org"))
