"""What the tests of this folder are given."""

import pytest

from tests.support.override import ran


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()
