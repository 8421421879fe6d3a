"""A checkout of flowdeco, and a process in which it is measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.benchmark.timing import Figures, Setting

# Where this benchmark is, which measures any checkout.
HERE = Path(__file__).resolve().parents[2]
# The checkout comes first on the path, for the sake of its flowdeco; it may have `tests` of its own.
SCRIPT = """
import sys
import flowdeco
sys.path.insert(0, sys.argv.pop(1))
from tests.benchmark.worker import main
main()
"""
SECONDS = 300


class MeasuringError(Exception):
    """A checkout cannot run a case."""


def measure_in(tree: Path, name: str, setting: Setting, cache: Path) -> Figures:
    """Return the figures of a case in a fresh process, with the flowdeco of that checkout.

    Args:
        tree: the checkout.
        name: the case.
        setting: how it is measured.
        cache: a folder for what Python compiles, so that the checkout stays as it is.

    Raises:
        MeasuringError: if it does not get to an end, or takes another flowdeco.
    """
    command = [sys.executable, "-P", "-c", SCRIPT, str(HERE), name, json.dumps(setting._asdict())]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONPYCACHEPREFIX": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or an import would be a compilation each time
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise MeasuringError(f"not done after {SECONDS} s") from None
    if done.returncode:
        raise MeasuringError(done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}")
    told = json.loads(done.stdout.splitlines()[-1])
    if not Path(told["flowdeco"]).resolve().is_relative_to(tree.resolve()):
        raise MeasuringError(f"it took {told['flowdeco']}")
    figures: Figures = told["figures"]
    return figures
