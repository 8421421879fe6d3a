"""Running a workflow: its nodes, then its own function, on an event loop or on the thread that called it."""

from __future__ import annotations

import concurrent.futures
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from functools import partial
from typing import Any

import anyio
from anyio import CancelScope, create_task_group, from_thread, move_on_after, to_thread
from anyio.lowlevel import checkpoint_if_cancelled, current_token

from .._base.context import InContext
from .._base.errors import RunningLoopError, StrayCancellationError, WorkflowTimeoutError
from .._base.events import Skip, Status
from .._base.text import listed
from .._base.tracebacks import as_failure
from .._policy.hook import Hooks
from .._record.event_stream import Feed
from .._record.log import log_failure
from .._scheduler.engine import Engine
from .._scheduler.run_hooks import Herald
from .._worker.main_guard import refuse_worker_import
from .._worker.thread import IN_THREAD, LIMITER, count_threads_apart
from .run import Run

__all__ = ["Execution"]

_RUNNING, _COMPLETED = Status.RUNNING, Status.COMPLETED  # each look-up in an enum takes time, and each call has three


class Execution:
    """How one workflow is run.

    Args:
        name: its name, for errors.
        is_async: whether its own function is an `async def`.
        timeout: seconds for a run; `None`: no limit.
        hooks: whom to tell of a run.
        strict: whether a hook that raises fails the run.
        backend: the event loop for blocking calls.
        backend_options: what `anyio.run` passes on to it.
    """

    def __init__(
        self,
        name: str,
        *,
        is_async: bool,
        timeout: float | None,
        hooks: Hooks,
        strict: bool,
        backend: str,
        backend_options: dict[str, Any],
    ) -> None:
        self.name = name
        self.is_async = is_async
        self.timeout = timeout
        self.backend = backend
        self.backend_options = backend_options
        self.herald = Herald(hooks, strict=strict)

    def run_blocking(self, run: Run[Any]) -> None:
        """Run it on an event loop of its own, or on the one that owns this thread; a `def` is called here, after.

        Raises:
            RunningLoopError: this thread's event loop is running.
        """
        if _loop_is_running():
            raise self._running_loop_error(run)
        refuse_worker_import(self.name)
        drive = _run_from_thread if _in_worker_thread() else partial(self._run_loop, run)
        drive(partial(self.execute, run, body=self.is_async))
        if run.status is Status.RUNNING:  # its own function is left
            try:
                self._run_body(run)
            finally:
                if self.herald.hears_of(run):
                    drive(partial(self.herald.tell_end, run))

    def start(self, run: Run[Any]) -> Coroutine[Any, Any, Any]:
        """Return the coroutine of `result`, under the workflow's name: Python tells it if it is never awaited."""
        coroutine = self.result(run)
        named: Any = coroutine  # the type checkers know no name of it
        named.__qualname__ = self.name
        return coroutine

    async def result(self, run: Run[Any]) -> Any:
        """Run it; return its result or raise its error. If the run is to be kept, log the error and return the run."""
        await self.execute(run)
        if run._keep:
            log_failure(run)
            return run
        if run._raised is not None:
            raise run._raised
        return run.result

    @asynccontextmanager
    async def live(self, run: Run[Any]) -> AsyncGenerator[Run[Any]]:
        """Run it beside the block, wait for it at the end, and raise what a call would."""
        run._feed = feed = Feed()
        run._scope = scope = CancelScope()

        failures: list[BaseException] = []
        cancelled = anyio.get_cancelled_exc_class()

        async def drive() -> None:
            try:
                with scope:
                    await self.execute(run)
            except cancelled:
                raise
            except BaseException as error:  # an interrupt: the block has to end as well
                failures.append(error)
                group.cancel_scope.cancel()
            finally:
                feed.close()

        async with create_task_group() as group:
            group.start_soon(drive)
            try:
                yield run
            except cancelled:
                raise
            except BaseException as error:
                scope.cancel()
                failures.append(error)
        if run._raised is not None:
            failures.append(run._raised)
        if failures:
            raise failures[0]

    async def execute(self, run: Run[Any], *, body: bool = True) -> None:
        """Run the nodes and the workflow's own function; what they raise is left in the record.

        Cancellation, `KeyboardInterrupt` and `SystemExit` are raised.

        Args:
            run: the record, and what the run needs to know.
            body: whether the workflow's own function is run, too.
        """
        count_threads_apart()
        run._start()
        limit: CancelScope | None = None
        heard = self.herald.hears_of(run)
        try:
            if self.timeout is None:
                await self._execute_all(run, body=body, heard=heard)
            else:
                with move_on_after(self.timeout) as limit:
                    await self._execute_all(run, body=body, heard=heard)
        except BaseException as error:
            # Cancelled or interrupted. A task's own failure counts for more, as it does in a task group.
            if isinstance(error, Exception) or run.error is None or isinstance(run.error, StrayCancellationError):
                run._end(Status.CANCELLED)
                if isinstance(error, anyio.get_cancelled_exc_class()):
                    await self.herald.tell_end(run)
                raise
        if limit is not None or run.error is not None or run._skip is not None:
            self._end(run, limit)
        # Of a run that has stopped, tasks may have hooks of their own that wait to hear of it.
        if run.status is not _RUNNING and (heard or run.status is not _COMPLETED):
            await self.herald.tell_end(run)

    async def _execute_all(self, run: Run[Any], *, body: bool, heard: bool) -> None:
        if heard:
            await self.herald.tell_start(run)
            if run.error is not None or run._skip is not None:
                return
        await Engine(run._plan, run, keep=run._keep).execute()
        if run._ended and run.error is None:
            run._conclude()
        if not body or run.error is not None or run._skip is not None:
            return
        if not self.is_async:
            await to_thread.run_sync(self._run_body_in_thread, run, limiter=LIMITER.get())
            await checkpoint_if_cancelled()  # a thread cannot be cancelled, but its time may be over
            return
        function, args = run._take_body()
        try:
            coroutine = function(*args)
            del args  # the function may let go of them while it waits
            run._complete(await coroutine)
        except BaseException as error:
            if isinstance(error, anyio.get_cancelled_exc_class()):
                raise
            self._fall(run, error)

    def _fall(self, run: Run[Any], error: BaseException) -> None:
        """Take into the record what the workflow's own function has raised."""
        error = as_failure(error)
        if isinstance(error, Skip):
            run._skip = error
        else:
            run._note_failure(None, error)

    def _run_body_in_thread(self, run: Run[Any]) -> None:
        IN_THREAD.set(True)
        self._run_body(run)

    def _run_body(self, run: Run[Any]) -> None:
        """Call the workflow's own `def`, and end the run."""
        function, args = run._take_body()
        try:
            run._complete(function(*args))
        except BaseException as error:
            cancellation = _cancellation()
            if cancellation is not None and isinstance(error, (type(cancellation), concurrent.futures.CancelledError)):
                run._end(Status.CANCELLED)
                raise cancellation from None
            self._fall(run, error)
            self._end(run, None)
            if not isinstance(error, Exception):
                raise

    def _end(self, run: Run[Any], limit: CancelScope | None) -> None:
        """End a run that has failed, also for want of time."""
        if limit is not None and limit.cancelled_caught and run.error is None:
            run._note_failure(None, self._too_long(run._cancelled()))
        if run.error is not None and run.status is not Status.FAILED:
            run._fail()
        elif run.error is None and run._skip is not None:
            run._end(Status.SKIPPED)
        if run.error is not None and not isinstance(run.error, Exception):
            raise run.error

    def _too_long(self, running: tuple[str, ...]) -> WorkflowTimeoutError:
        message = f"Cannot finish workflow {self.name!r}: it took longer than its timeout of {self.timeout:g} s."
        if running:
            message += f" Under way: {listed(running)}."
        return WorkflowTimeoutError(message, workflow=self.name, timeout=self.timeout, running=running)

    def _run_loop(self, run: Run[Any], execute: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            _context_without_loop().run(
                partial(anyio.run, execute, backend=self.backend, backend_options=self.backend_options)
            )
        except RuntimeError as error:
            if run.status is not Status.PENDING:
                raise
            raise self._running_loop_error(run) from error

    def _running_loop_error(self, run: Run[Any]) -> RunningLoopError:
        reason = "this thread's event loop is running, and a blocking call would stop it"
        message = f"Cannot call workflow {self.name!r}: {reason}. Use: await {self.name}.call(...)."
        if run._keep:
            message += f" For its run: await anyio.to_thread.run_sync({self.name}.run, ...)."
        return RunningLoopError(message, workflow=self.name)


def _run_from_thread(execute: Callable[[], Coroutine[Any, Any, None]]) -> None:
    # Whoever made this thread: those that block here may hold every thread that the event loop has to give.
    token = IN_THREAD.set(True)
    context = copy_context()

    async def run() -> None:
        # On trio it runs in the task that made this thread, whose node has a context of its own.
        await InContext(context, execute())

    try:
        from_thread.run(run)
    except concurrent.futures.CancelledError:
        from_thread.check_cancelled()  # raises it as what it was on the event loop
        raise
    finally:
        IN_THREAD.reset(token)


def _in_worker_thread() -> bool:
    """Whether anyio made this thread; raises the cancellation if what it works for is cancelled."""
    try:
        from_thread.check_cancelled()
    except RuntimeError:
        return False
    return True


def _cancellation() -> BaseException | None:
    """Return what tells this thread that what it works for is cancelled; `None` if it is not."""
    try:
        from_thread.check_cancelled()
    except RuntimeError:  # anyio did not make this thread
        pass
    except BaseException as error:
        return error
    return None


def _loop_is_running() -> bool:
    try:
        current_token()
    except RuntimeError:
        return False
    return True


def _context_without_loop() -> Context:
    """Return the current context, but in it no event loop is running.

    A thread that somebody started with a copy of the event loop's context would seem to be the event loop's own.
    """
    context = copy_context()
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None:
        context.run(sniffio.current_async_library_cvar.set, None)
    return context
