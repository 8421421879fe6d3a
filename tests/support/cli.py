"""What the tests of cli share."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from textwrap import dedent
from typing import Any

SHOP = '''
    """A shop."""

    from __future__ import annotations

    from flowdeco import task, workflow


    @task
    async def price(item: str) -> float:
        return {"tea": 4.0, "coffee": 6.5}[item]


    @task
    def amount(price: float, count: int) -> float:
        return price * count


    @workflow
    def offer(item: str, amount: float, count: int = 1, *, gift_wrap: bool = False) -> str:
        """Say what something costs, 5% off.

        It is asked for at the %(prog)s.

        Args:
            item: what is sold, at 5% off
                or more.
            count (int): how many.

        Returns:
            A sentence.
        """
        return f"{count} {item} for {amount:.2f}{', wrapped' if gift_wrap else ''}"
'''


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return path


class Answer:
    """What a command has come to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __iter__(self) -> Iterator[object]:
        return iter((self.code, self.out, self.err))

    @property
    def problem(self) -> str:
        """The last line that it complained with."""
        return self.err.splitlines()[-1]


Command = Callable[..., Answer]


class Size(Enum):
    SMALL = "s"
    LARGE = 2


def call(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowdeco", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, **options)
