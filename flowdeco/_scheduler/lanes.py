"""How many lanes of the event loop a run has: no more than are of use.

A lane that is started costs more than a node that waits for a moment. So there is one on its way whenever nodes are
ready and a lane is held up, as nobody knows for how long; but before it takes a node it looks how many lanes have come
back since, and leaves the nodes to these as long as they keep up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable

from anyio import Event
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from .parking import ParkedNode
from .telling import Telling

__all__ = ["Lanes"]

# How many new lanes are on their way while nodes are ready, at most; and where there are many, which part of those.
_FEW = 8
# Nodes that are ready are left to the lanes that come back, if these will have taken all in so many turns of the event
# loop.
_PATIENCE = 8


class Lanes(Telling):
    """The part of an engine that starts lanes; its attributes are explained there."""

    came_back = 0
    resumed: deque[ParkedNode]
    is_stepping: bool
    _bell: Event | None = None
    # How many lanes there are, how many of these have not taken a node yet, and how many came back in a turn of the
    # event loop, when that was last looked at.
    _active = _fresh = _pace = 0

    @property
    def has_work(self) -> bool:
        """Whether there is something to do on the event loop."""
        return bool(self.resumed or self.state.ready or (self.notices and not self._is_telling))

    @property
    def is_open(self) -> bool:
        """Whether child tasks can be started."""
        return self._group is not None and not self.state.stopped and self.state.left > 0

    def make_lane(self) -> Awaitable[None]:
        """Return what drives nodes until there are none, when it is awaited."""
        raise NotImplementedError

    def hand_over(self) -> None:
        """Let other lanes take the lists over.

        A few at a time, more the more there are: nodes that wait for long all start within few turns of the event
        loop, while nodes that wait for a moment are taken by the lanes that are back by then.
        """
        waiting = len(self.state.ready) + len(self.resumed)
        wanted = min(waiting - _PATIENCE * self._pace, max(_FEW, self._active // _FEW))
        missing = max(wanted, 1) - self._fresh
        if missing > 0 and waiting and self.is_open:
            self._start_lanes(self._group, missing)

    def _start_lanes(self, group: TaskGroup | None, count: int) -> None:
        assert group is not None
        for _ in range(count):
            self._fresh += 1
            self._active += 1
            group.start_soon(self._run_lane, self.came_back)

    async def _run_lane(self, before: int | None = None) -> None:
        """Drive nodes until there are none.

        Args:
            before: how many lanes had come back when this one was started; `None` if it was not: its task is there.
        """
        try:
            if before is None or await self._wait_until_needed(before):
                await self.make_lane()
        except self.cancellation.kind:
            self.stop()  # who waits for the end hears of it, too; anyio would keep the error and all that it leads to
        except (KeyboardInterrupt, SystemExit) as error:  # of a hook
            self.give_up(error)
        except BaseException:
            self.stop()
            raise
        finally:
            self._active -= 1
            self._leave()

    async def _wait_until_needed(self, before: int) -> bool:
        """Leave the nodes to the lanes that come back as long as these keep up; return false if another one does so."""
        try:
            while self.is_open:
                self._pace, before = self.came_back - before, self.came_back
                waiting = len(self.state.ready) + len(self.resumed)
                if not 0 < waiting <= _PATIENCE * self._pace:
                    break
                if self._fresh > 1:
                    return False
                await checkpoint()
            return True
        finally:
            self._fresh -= 1

    async def run_lane_after_thread(self) -> None:
        """See to what a thread that came back has left for the event loop."""
        if self.state.stopped:
            self.cancel()
        elif self.has_work:
            self._active += 1
            await self._run_lane()
        self._leave()

    def look_up(self) -> None:
        """See to it that what threads have left is done, if no lane is at work."""
        if self.state.stopped:
            self.cancel()
        elif not self.is_stepping:
            if self.notices:
                self.tell()
            if self.has_work:
                self.hand_over()

    def _leave(self) -> None:
        """Called at the end of a lane: who waits for the end of the run looks whether it was the last."""
        if not self.state.left or self.state.stopped:
            self.ring()

    def ring(self) -> None:
        """Have who waits for the end of the run look again."""
        if self._bell is not None:
            self._bell.set()
