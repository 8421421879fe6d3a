"""Whatever a task is doing: Ctrl-C comes out as a bare `KeyboardInterrupt`, and nothing of the run is left.

The same where it does so in a recorded call, for an item and beside an open resource.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import needs_uvloop
from tests.support.interrupting import interrupt_each
from tests.support.item_kinds import ITEM_KINDS
from tests.support.kinds import ASYNCIO_ONLY, BODIES, KINDS
from tests.support.resource_kinds import RESOURCE_KINDS
from tests.support.surrounding import HOWS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")

PROCESSES = ("process", "timed_process")
# What is beside others anyway.
SEVERAL = {*ITEM_KINDS, *RESOURCE_KINDS}
NOT_CALLED = {*BODIES, *SEVERAL}


def list_cases(loop: str) -> list[str]:
    left_out = {"asyncio": set[str](), "uvloop": {*PROCESSES, *SEVERAL}, "trio": ASYNCIO_ONLY}[loop]
    kinds = [kind for kind in KINDS if kind not in left_out]
    cases = [(kind, company) for kind in kinds for company in ("alone", "beside")]
    found = [f"{kind}:{company}" for kind, company in cases if company == "alone" or kind not in SEVERAL]
    called = [] if loop == "uvloop" else [kind for kind in kinds if not (kind in PROCESSES or kind in NOT_CALLED)]
    return found + [f"{kind}:{how}" for kind in called for how in HOWS]


@cache
def interrupt_all(loop: str) -> dict[str, list[str]]:
    backend = "trio" if loop == "trio" else "asyncio"
    return interrupt_each(list_cases(loop), backend, {"use_uvloop": loop == "uvloop"})


@pytest.mark.parametrize(
    ("loop", "case"),
    [
        pytest.param(loop, case, id=f"{loop}-{case}", marks=[needs_uvloop] if loop == "uvloop" else [])
        for loop in ("asyncio", "uvloop", "trio")
        for case in list_cases(loop)
    ],
)
def test_ctrl_c_comes_out_bare_and_nothing_is_left(loop: str, case: str) -> None:
    wrong = interrupt_all(loop)[case]
    assert not wrong, "; ".join(wrong)


COMMANDED = """
import asyncio
import os
import signal
from flowdeco import task, workflow

@task
async def waits() -> None:
    try:
        asyncio.get_running_loop().call_later(0.05, signal.raise_signal, signal.SIGINT)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)

@workflow
def w(waits: None) -> None: ...
"""


def test_the_command_ends_with_130_although_the_task_awaits_on_its_way_out(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(COMMANDED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "flowdeco", "run", "flow.py:w"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert "StrayCancellationError" not in done.stderr
