"""What runs in a process of its own: one case, whose figures are printed as JSON."""

from __future__ import annotations

import gc
import json
import sys
from typing import Any

import anyio

import flowdeco
from tests.benchmark.case import CASES
from tests.benchmark.timing import Figures, Setting

BACKENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "asyncio": ("asyncio", {"use_uvloop": False}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
}


def measure(name: str, setting: Setting) -> Figures:
    backend, options = BACKENDS[setting.backend]
    gc.freeze()  # what was there before makes no collection longer
    return anyio.run(CASES[name].measure, setting, backend=backend, backend_options=options)


def main() -> None:
    name, setting = sys.argv[1:]
    figures = measure(name, Setting(**json.loads(setting)))
    print(json.dumps({"flowdeco": flowdeco.__file__, "figures": figures}))  # noqa: T201 - read by `tree`
