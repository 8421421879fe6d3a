"""What `import flowdeco` takes above `import anyio`, each time in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio

import flowdeco
from tests.benchmark.timing import MS, OWN, Case, Figures, Setting

SCRIPT = """
import time
import anyio
begin = time.perf_counter()
import {module}
print(time.perf_counter() - begin)
"""


async def measure_importing(setting: Setting) -> Figures:
    """Measure this very checkout of flowdeco, from files that Python has compiled before."""
    taken = [await time_importing("flowdeco") for _ in range(setting.runs + 1)]
    return {OWN: setting.choose(taken[1:]) * MS}


async def time_importing(module: str) -> float:
    path = str(Path(flowdeco.__file__).parents[1])
    done = await anyio.run_process(
        [sys.executable, "-P", "-c", SCRIPT.format(module=module)], env={**os.environ, "PYTHONPATH": path}
    )
    return float(done.stdout)


IMPORTING = [Case("import flowdeco above anyio", "ms", measure_importing)]
