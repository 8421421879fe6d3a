"""What the tests of this folder are given."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from flowdeco._runner import attempt
from tests.support.attempts import Gate


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


@pytest.fixture
def gate(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """No attempt's time is over before it comes to this gate."""
    made = Gate()
    monkeypatch.setattr(attempt, "move_on_after", made.move_on_after)
    yield made
    made.open.set()


@pytest.fixture(params=["thread", "executor"])
def place(request: pytest.FixtureRequest, pool: ThreadPoolExecutor) -> str | Executor:
    """Where a `def` runs that can be left behind."""
    return pool if request.param == "executor" else "thread"
