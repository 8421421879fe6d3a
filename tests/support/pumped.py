"""What the tests of the two pumps share: a source that is advanced, and what it has handed on."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

import anyio

from flowdeco._item.clock import Clock
from flowdeco._item.feed import Feed


class Pump(Protocol):
    """What advances a source from its first step to its closing."""

    def run(self) -> Awaitable[Any]: ...


class PumpedSource:
    """What gives items, with its pump, and what it has handed on."""

    def __init__(self, *, room: int | None = None, timeout: float | None = None) -> None:
        self.got: list[Any] = []
        self.begun = anyio.Event()
        self.feed = Feed(self._take_in, room)
        self.clock = Clock(timeout)
        self.result: Any = None

    def _take_in(self, item: Any) -> None:
        self.got.append(item)
        self.begun.set()

    def make_pump(self) -> Pump:
        """Return what advances it."""
        raise NotImplementedError

    async def run(self) -> None:
        """Have it advanced to its end."""
        with self.clock.scope:
            self.clock.go()
            self.result = await self.make_pump().run()

    async def wait_for(self, number: int) -> None:
        """Wait until it has handed on so many items."""
        while len(self.got) < number:
            self.begun = anyio.Event()
            await self.begun.wait()
