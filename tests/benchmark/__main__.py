"""The benchmark, run as a folder (`python tests/benchmark`) or as a module (`python -m tests.benchmark`)."""

import sys
from pathlib import Path

if not __package__:  # the folder itself is on the path then, and not what holds `tests`
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.benchmark.command import main

if __name__ == "__main__":
    main()
