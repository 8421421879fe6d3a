"""A recorded call is cancelled with its caller, whatever it is doing, and nothing of the run is left.

The caller is alone, or one of the items of a task that uses an open resource.
"""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import task
from tests.conftest import ASYNCIO, TRIO, Backend
from tests.support.cancelling import WAYS
from tests.support.guard import hard_deadline
from tests.support.item_kinds import ITEM_KINDS
from tests.support.kinds import ASYNCIO_ONLY, BODIES, KINDS
from tests.support.resource_kinds import RESOURCE_KINDS
from tests.support.stage import Stage
from tests.support.surrounding import HOWS, surround

LOOPS = {"asyncio": ASYNCIO, "trio": TRIO}
# A process takes long to start; one of each kind is enough.
PROCESSES = {"process", "timed_process"}
# What is no task to be called: the workflow's own function, and what items and resources are tried by.
NOT_CALLED = {*BODIES, *ITEM_KINDS, *RESOURCE_KINDS}


def applies(name: str, way: str, kind: str, how: str) -> bool:
    if kind in NOT_CALLED or (kind in PROCESSES and (name, way, how) != ("asyncio", "Task.cancel", "call")):
        return False
    if name == "trio":
        return way == "anyio scope" and kind not in ASYNCIO_ONLY
    return way in ("Task.cancel", "anyio scope")


CASES = [
    pytest.param(loop, way, kind, how, id=f"{name}-{way}-{kind}-{how}")
    for name, loop in LOOPS.items()
    for way in WAYS
    for kind in KINDS
    for how in HOWS
    if applies(name, way, kind, how)
]


def make_caller(stage: Stage, called: Any, how: str) -> Any:
    """Return a task that calls another one."""

    async def caller() -> None:
        with stage.inside(arrive=False):
            await called.call()

    def caller_sync() -> None:
        with stage.inside(arrive=False):
            called.call_sync()

    return task(caller if how == "call" else caller_sync)


@pytest.mark.parametrize("make", [make_caller, surround], ids=["alone", "for an item beside a resource"])
@pytest.mark.parametrize(("backend", "way", "kind", "how"), CASES)
def test_what_comes_out_is_the_cancellation_and_nothing_is_left(
    backend: Backend, way: str, kind: str, how: str, make: Callable[[Stage, Any, str], Any]
) -> None:
    def build() -> tuple[Stage, Any]:
        stage = Stage()
        w: Any = stage.make_workflow(make(stage, KINDS[kind](stage), how), beside=False)
        return stage, w.call

    async def main() -> list[str]:
        stage: Stage = await WAYS[way](build)
        return stage.finish()

    with hard_deadline(120):
        wrong = anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert not wrong, "; ".join(wrong)
