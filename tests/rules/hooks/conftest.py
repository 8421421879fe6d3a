"""What the tests of this folder are given."""

import pytest
from anyio.lowlevel import checkpoint


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(delay: float) -> None:
        await checkpoint()

    monkeypatch.setattr("flowdeco._runner.lifecycle.sleep", sleep)
