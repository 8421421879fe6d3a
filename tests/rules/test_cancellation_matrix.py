"""Whatever a task is doing: a cancellation from outside comes out as what it is, and nothing of the run is left."""

from typing import Any

import anyio
import pytest

from tests.conftest import ASYNCIO, TRIO, UVLOOP, Backend, needs_uvloop
from tests.support.cancelling import WAYS
from tests.support.guard import hard_deadline
from tests.support.item_kinds import ITEM_KINDS
from tests.support.kinds import ASYNCIO_ONLY, KINDS
from tests.support.resource_kinds import RESOURCE_KINDS
from tests.support.stage import Stage

LOOPS = {"asyncio": ASYNCIO, "uvloop": UVLOOP, "trio": TRIO}
PROCESSES = {"process", "timed_process"}
# What is beside others anyway.
SEVERAL = {*ITEM_KINDS, *RESOURCE_KINDS}


def applies(backend: Backend, way: str, kind: str, company: str) -> bool:
    if backend == TRIO:
        return way == "anyio scope" and kind not in ASYNCIO_ONLY
    if backend == UVLOOP and (kind in PROCESSES or kind in SEVERAL):
        return False
    # A process takes long to start, and knows nothing of the event loop.
    return not (company == "beside" and (kind in PROCESSES or kind in SEVERAL))


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [needs_uvloop] if name == "uvloop" else []


def list_cases() -> list[Any]:
    return [
        pytest.param(loop, way, kind, company, id=f"{name}-{way}-{kind}-{company}", marks=marks(name))
        for name, loop in LOOPS.items()
        for way in WAYS
        for kind in KINDS
        for company in ("alone", "beside")
        if applies(loop, way, kind, company)
    ]


@pytest.mark.parametrize(("backend", "way", "kind", "company"), list_cases())
def test_what_comes_out_is_the_cancellation_and_nothing_is_left(
    backend: Backend, way: str, kind: str, company: str
) -> None:
    def build() -> tuple[Stage, Any]:
        stage = Stage()
        w: Any = stage.make_workflow(KINDS[kind](stage), beside=company == "beside")
        return stage, w.call

    async def main() -> list[str]:
        stage: Stage = await WAYS[way](build)
        return stage.finish()

    with hard_deadline(120):
        wrong = anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert not wrong, "; ".join(wrong)
