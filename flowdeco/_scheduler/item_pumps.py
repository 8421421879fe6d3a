"""What gives the items of an axis one by one without being a task: an iterator that is an input, or a constant.

It is advanced as a task's own would be: an async one on the event loop, any other in a thread of its own, as nobody
knows how long it takes for an item. It is held back by the items that are not finished, and closed at the end.
"""

from __future__ import annotations

from collections.abc import Awaitable
from contextvars import Context
from functools import partial
from typing import Any, cast

from anyio.abc import TaskGroup

from .._base.tracebacks import as_failure
from .._item.clock import Clock
from .._item.iterable import is_lazy
from .._item.loop_pump import LoopPump
from .._item.spring import Channel, Spring
from .._item.thread_pump import ThreadPump
from .._runner.cancellation import drive, stray
from .item_growth import ItemGrowth
from .one_taker import Takers
from .segment import Segment

__all__ = ["ItemPumps"]


class ItemPumps(ItemGrowth):
    """The part of an engine that advances such iterators; its attributes are explained there.

    Attributes:
        takers: who takes what gives each item once; `None` if there is no such thing.
    """

    context: Context
    takers: Takers | None = None
    _group: TaskGroup | None

    def start_pumps(self, segment: Segment, sources: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Begin to advance what gives its items one by one; return the sources, with a channel in its place."""
        return [(label, self._start_pump(segment, place, value)) for place, (label, value) in enumerate(sources)]

    def _start_pump(self, segment: Segment, place: int, value: Any) -> Any:
        if isinstance(value, Channel) or not is_lazy(value):
            return value
        self.takers = self.takers or Takers(self.state.plan.graph)
        self.takers.check(segment.plan.axis, place, value)
        group, pump = self._group, _Pump(self, segment, value)
        assert group is not None

        def begin() -> None:
            group.start_soon(pump.run)

        self.context.copy().run(begin)
        return pump.channel


class _Pump:
    """Advances one iterator.

    Args:
        engine: the engine.
        segment: what takes the items.
        value: what gives them.

    Attributes:
        channel: where they are found.
    """

    def __init__(self, engine: ItemPumps, segment: Segment, value: Any) -> None:
        self._engine = engine
        self._segment = segment
        self._value = value
        assert engine.state.items is not None
        self._spring = Spring([engine.state.items.find_room(segment)], self._take_in, is_gathered=False, keeps=False)
        self.channel = self._spring.channels[0]

    async def run(self) -> None:
        """Advance it to its end. In a task of its own."""
        engine, segment, clock = self._engine, self._segment, Clock(None)
        fault: BaseException | None = None
        try:
            with clock.scope:
                await drive(self._make(clock))
        except engine.cancellation.kind:
            if engine.state.stopped or engine.cancellation.is_due():
                engine.stop()
                return
            fault = stray(str(segment.plan.axis.labels[0]), RuntimeError())
        except BaseException as error:
            fault = as_failure(error)
        self._end(fault)
        fault = None  # its traceback leads here

    def _make(self, clock: Clock) -> Awaitable[Any]:
        value, feed = self._value, self._spring.feed
        if hasattr(cast("Any", type(value)), "__aiter__"):
            return LoopPump(partial(_give, value), feed, clock).run()
        return ThreadPump(lambda: value, (), feed, clock, _nobody).run()

    def _take_in(self, item: Any) -> None:
        engine, segment = self._engine, self._segment
        items = engine.state.items
        assert items is not None
        try:
            grown = items.find_growing(segment)
            is_wanted = grown is None or engine.frontier_of(grown).note(item)
        except Exception as error:  # it cannot be told from others
            self._end(error)
            return
        with engine.lock:
            if not engine.state.stopped:
                self._spring.put(item, () if is_wanted else (self.channel,))
                items.call_all(segment)
        engine.ring()

    def _end(self, fault: BaseException | None) -> None:
        """Say that no more will come, or what has gone wrong."""
        engine, segment = self._engine, self._segment
        items = engine.state.items
        if items is None:
            return
        with engine.lock:
            self._spring.end()
            if fault is not None:
                begun = [each for each in (segment, *items.list_mates(segment)) if each.sources is not None]
                told = next((each for each in begun if not each.is_exhausted), segment)
                told.fault = told.fault or fault
            if not engine.state.stopped:
                items.call_all(segment)
        engine.ring()


async def _give(value: Any) -> Any:
    return value


def _nobody() -> None:
    pass
