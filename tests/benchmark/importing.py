"""What `import flowdeco` takes above `import anyio`, and with a first call, each time in a process of its own."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import anyio

import flowdeco
from tests.benchmark.timing import MS, OWN, Case, Figures, Setting

SCRIPT = """
import time
import anyio
begin = time.perf_counter()
import flowdeco
{then}
print(time.perf_counter() - begin)
"""
# The engine is loaded at the first run; anyio loads the event loop then, too.
FIRST_CALL = """
@flowdeco.task
def one(x: int) -> int:
    return x + 1

@flowdeco.task
def two(one: int) -> int:
    return one + 1

@flowdeco.task
def three(two: int) -> int:
    return two + 1

@flowdeco.workflow(backend={backend!r}, backend_options={options!r})
def flow(x: int, three: int) -> int:
    return three

assert flow(x=1) == 4
"""


async def measure_importing(then: str, setting: Setting) -> Figures:
    """Measure this very checkout of flowdeco, from files that Python has compiled before."""
    backend = "trio" if setting.backend == "trio" else "asyncio"
    options = {"use_uvloop": True} if setting.backend == "uvloop" else None
    script = SCRIPT.format(then=then.format(backend=backend, options=options))
    taken = [await time_script(script) for _ in range(setting.runs + 1)]
    return {OWN: setting.choose(taken[1:]) * MS}


async def time_script(script: str) -> float:
    environment = {**os.environ, "PYTHONPATH": str(Path(flowdeco.__file__).parents[1])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process compiles everything anew
    done = await anyio.run_process([sys.executable, "-P", "-c", script], env=environment)
    return float(done.stdout)


IMPORTING = [
    Case("import flowdeco above anyio", "ms", partial(measure_importing, "")),
    Case("import flowdeco and a first call, above anyio", "ms", partial(measure_importing, FIRST_CALL)),
]
