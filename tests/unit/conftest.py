"""What the tests of what browsers show are given."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import shows_version


@pytest.fixture(scope="module")
def browser() -> str:
    """The browser's command."""
    found = shutil.which("chromium")
    if found is None or not shows_version(found):
        reason = "Chromium is not installed, so nobody looks at the page: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("browser")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)  # it is 20 MB of profile
