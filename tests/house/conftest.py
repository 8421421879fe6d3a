"""What the tests of memory are given."""

import pytest

from tests.support.memory import alive


@pytest.fixture
def nothing_alive(without_collector: None) -> None:
    """No result has been made yet, and none may need the garbage collector in order to go."""
    alive.clear()
