"""A run that is to be cancelled, and what has to hold afterwards."""

import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import anyio
from anyio import from_thread, get_running_tasks
from anyio.lowlevel import checkpoint, current_token

from flowdeco import Limit, Run, Status, Workflow, task, workflow

PATIENCE = 60.0  # seconds; a test that waits that long has failed


class Stage:
    """Keeps count of who is in user code, who has come to where the cancellation is to find it, and what went wrong.

    Attributes:
        options: options of the workflow.
        blocks: whether its threads end only when the test lets them.
        through_call: whether the workflow is called by `w.call()`.
        body: what the workflow's own function does; `None`: it must not be called.
        is_body: whether it is in that function that the cancellation is to find the run.
        begins: whether no user code tells that the run has come to where the cancellation is to find it.
        limits: the limits whose places must have been given back.
        wrong: what happened and should not have.
    """

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.blocks = False
        self.through_call = False
        self.body: Callable[..., Any] | None = None
        self.is_body = False
        self.begins = False
        self.limits: list[Limit] = []
        self.wrong: list[str] = []
        self.release = threading.Event()
        self.closing = ExitStack()
        self.runs: list[Run[Any]] = []
        self.ended = False
        self._token: Any = None
        self.is_on_trio = False
        self._active = 0
        self._expected = 1
        self._arrived = 0
        self._lock = threading.Lock()

    # What user code does.

    def arrive(self) -> None:
        """Say that the cancellation may come."""
        with self._lock:
            self._arrived += 1

    @contextmanager
    def inside(self, *, arrive: bool = True) -> Generator[None, None, None]:
        """Be in user code."""
        with self._lock:
            self._active += 1
            self._arrived += arrive
        try:
            yield
        finally:
            with self._lock:
                self._active -= 1

    async def sleep(self, *, arrive: bool = True) -> None:
        """Wait, on the event loop, to be cancelled."""
        with self.inside(arrive=arrive):
            await anyio.sleep(PATIENCE)
            self.wrong.append("what waits on the event loop was not cancelled")

    async def sleep_then_await(self) -> None:
        """Wait to be cancelled, and await on the way out."""
        with self.inside(arrive=False):
            try:
                await self.sleep()
            finally:
                await checkpoint()

    def poll(self) -> None:
        """Wait, in a thread of anyio, to be told."""
        with self.inside():
            for _ in range(int(PATIENCE / 0.002)):
                from_thread.check_cancelled()
                time.sleep(0.002)  # also when those that block were let go: on a busy machine Ctrl-C takes its time
            self.wrong.append("what polls in a thread was not told")

    def block(self) -> None:
        """Wait, in any thread, until the test lets it go."""
        with self.inside():
            if not self.release.wait(PATIENCE):
                self.wrong.append("what blocks was not let go")

    def forbid(self, what: str) -> Callable[..., None]:
        """Return a function that must not be called."""

        def forbidden() -> None:
            self.wrong.append(what)

        return forbidden

    # What the test does.

    def make_workflow(self, step: Any, *, beside: bool) -> Workflow[Any, Any]:
        """Return a workflow that needs a task, alone or beside three others."""
        others = self._make_others() if beside else []
        waits = self.body

        async def body(kept: Any) -> None:
            if waits is None:
                self.wrong.append("the workflow's own function was called")
            else:
                await waits()

        def plain_body(kept: Any) -> None:
            if waits is None:
                self.wrong.append("the workflow's own function was called")
            else:
                waits()

        chosen: Any = plain_body if self.through_call else body
        options: dict[str, Any] = {"on_start": self._note, **self.options}
        return workflow(chosen, name="w", needs={"kept": step}, after=others, **options)

    def _make_others(self) -> list[Any]:
        async def quick() -> None:
            await checkpoint()

        if self.is_body:
            return [task(quick, name=f"quick{number}") for number in range(3)]
        self._expected += 2
        return [
            task(self.sleep_then_await, name="sleeps"),
            task(self.poll, name="polls"),
            task(quick, name="quick"),
        ]

    def _note(self, run: Run[Any]) -> None:
        self.runs.append(run)
        if self.begins:
            self.arrive()

    def is_there(self) -> bool:
        """Whether all are where the cancellation is to find them."""
        return self._arrived >= self._expected

    def wait_heard(self) -> None:
        """Wait, in a thread of its own, until the event loop has dealt with what it was told by now."""
        with suppress(RuntimeError):  # it has ended
            for _ in range(5):
                from_thread.run_sync(bool, token=self._token)

    async def wait_there(self, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        """Wait until all are there, and the event loop knows; or until it is too late for that."""
        with anyio.move_on_after(2 * PATIENCE):
            while not (self.is_there() or self.ended or is_cancelled()):  # noqa: ASYNC110 - a thread may be what arrives
                await anyio.sleep(0.001)
        for _ in range(5):  # what said that it is there may not have come to rest yet
            await anyio.sleep(0.001 if self.begins else 0)

    async def call(self, w: Callable[[], Awaitable[Any]]) -> None:
        """Make the call, and look at what is left the moment that it ends."""
        self._token = current_token()
        before = {each.id for each in get_running_tasks()}
        try:
            result = await w()
        except BaseException:
            raise
        else:
            self.wrong.append(f"the call returned {result!r}")
        finally:
            self.ended = True
            if not self.is_there():
                self.wrong.append("the cancellation came too early")
            if self._active:
                self.wrong.append(f"{self._active} were in user code when the call ended")
            left = [each.name for each in get_running_tasks() if each.id not in before and not _is_pool(each.name)]
            if left:
                self.wrong.append(f"tasks were left on the event loop: {left}")
            self._look("when the call ended")

    def finish(self) -> list[str]:
        """Let go whatever is held, look again, and return what is wrong."""
        self.release.set()
        self.closing.close()
        for _ in range(int(PATIENCE / 0.001)):
            if not self._active:
                break
            threading.Event().wait(0.001)
        self._look("later")
        return self.wrong

    def _look(self, when: str) -> None:
        if len(self.runs) != 1:
            self.wrong.append(f"{len(self.runs)} runs were begun")
        for run in self.runs:
            if run.status is not Status.CANCELLED:
                self.wrong.append(f"the run was {run.status} {when}")
            ends = [str(each.status) for each in run.history() if each.task is None]
            if "completed" in ends or "failed" in ends:
                self.wrong.append(f"the run's history was {ends} {when}")
        for limit in self.limits:
            if "0 of" not in repr(limit):
                self.wrong.append(f"{limit!r} {when}")


def _is_pool(name: str | None) -> bool:
    # It belongs to anyio and lives as long as the event loop.
    return name is not None and "process" in name and "pool" in name
