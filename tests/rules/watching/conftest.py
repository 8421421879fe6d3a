"""What the tests of this folder are given."""

from collections.abc import Iterator

import pytest

from flowdeco import progress
from tests.support.progress import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock that stands still, and views that are drawn only when a test asks for it."""
    made = Clock()
    monkeypatch.setattr(progress, "_now", made)
    monkeypatch.setattr(progress, "_INTERVAL", 3600)
    monkeypatch.setattr(progress, "_hinted", [])
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    yield made
    left = list(progress._screens.values())
    for screen in left:
        screen.close()
    assert left == []
