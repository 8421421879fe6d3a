"""The lifecycle of a task in a run: its attempts, what is between them, how it ends, and what is told of it.

It is a coroutine that any lane can drive. Where it begins in a worker thread, it comes back to the event loop as soon
as there is more to do than to note a result: to wait, to recover, to ask a function of the user's.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from anyio import current_time, sleep

from .._base.context import InContext
from .._base.errors import LimitDeadlockError, LimitError
from .._base.events import Skip, Status
from .._base.signature import is_awaitable
from .._policy.deadlock import leave_behind
from .._policy.hook import EVENT_NAMES, ITEM_NAMES
from .._policy.limit import Demand, Hold
from .._state.writer import signed
from .._worker.thread import set_threads_apart
from .arguments import Row
from .decision import Decision
from .notice import Notice
from .notifier import Crew
from .program import Program, Recovery
from .request import InThread, WaitFor
from .signals import HookFailure, PassedOver, RunStopped

__all__ = ["Lifecycle"]

# An enum's member takes a while to look up in it, and every lifecycle needs these.
_PENDING, _RUNNING = Status.PENDING, Status.RUNNING


def _nothing() -> None:
    pass


class Lifecycle(Decision):
    """How one task of a run fares.

    Args:
        program: what is to be done.
        index: which node it is in the journal; `None` for a task that is in no graph, as it recovers another.
        crew: the engine.
        row: the values of its arguments; `None` if it does not run, or gets them only once its `when=` is true.
        asked: those of its `when=`; `None` if it has none.
        context: the context variables that it and its hooks see.
    """

    __slots__ = ("_asked", "_is_beyond_recovery", "_pristine", "_why_last", "hold", "is_left_behind")

    def __init__(
        self, program: Program, index: int | None, crew: Crew, row: Row | None, asked: Row | None, context: Context
    ) -> None:
        self.program = program
        self.index = index
        self.crew = crew
        self.journal = crew.journal
        self.run = crew.run
        self.row = row
        self.context = context
        self.status = _PENDING
        self.attempt = 0
        self.errors = []
        self.is_on_loop = not program.begins_in_thread
        self._told = program.is_watched or (crew.is_followed and index is not None)
        self._named = None
        self._run_error = None
        self.result: Any = None
        self.hold: Hold | None = None
        self.is_left_behind = False
        self._asked = asked
        self._hook_error: BaseException | None = None
        self._is_final = self._is_beyond_recovery = False
        self._why_last: str | None = None
        if program.attempts_apart:
            self._pristine = context.copy()

    def pick_up(self, error: BaseException, pristine: Context) -> Coroutine[Any, Any, Any]:
        """Return what goes on after a first attempt that was made without a lifecycle, and has failed.

        Args:
            error: what its function has raised.
            pristine: what the next attempt is to see, without what the first one has set.
        """
        self.attempt, self.status, self.is_on_loop = 1, _RUNNING, True
        self._pristine = pristine
        is_final = not isinstance(error, Exception) or isinstance(error, concurrent.futures.CancelledError)
        return self.live(error) if is_final else self.live(self._note(error), is_judged=True)

    async def live(self, failure: BaseException | None = None, *, is_judged: bool = False) -> Any:
        """Go all the way; return the result, or raise what the task ends with.

        Args:
            failure: what a first attempt has failed with; `None` if there was none.
            is_judged: whether that stands in the record already.
        """
        try:
            if failure is not None:
                failure = failure if is_judged else self._note(await self._judge(failure))
            else:
                if self._asked is not None:
                    failure = await self._decide(self._asked)
                if failure is None:
                    failure = await self._attempt()
            if failure is not None:
                failure = await self._pursue(failure)
            if failure is None:
                failure = await self._complete_strictly() if self.program.strict else self._complete()
            if failure is not None:
                failure = await self._fall(failure)
            if self._run_error is not None:
                raise HookFailure(self._run_error, failure)
            if failure is not None:
                raise failure
            return self.result
        except (self.crew.cancellation.kind, HookFailure, RunStopped, KeyboardInterrupt, GeneratorExit):
            self._end_cancelled()
            raise
        finally:
            failure = None  # its traceback leads here

    def make_final(self) -> None:
        """Let no other attempt follow, whatever this one comes to, and nothing recover it."""
        self._is_final = self._is_beyond_recovery = True

    def make_last(self, reason: str) -> None:
        """Let no other attempt follow; an error that would have been tried again says why it was not."""
        self._why_last = reason

    @property
    def release(self) -> Callable[[], object]:
        """What gives back the places of the attempt at hand, on whatever thread, also when another one is made."""
        return _nothing if self.hold is None else self.hold.release

    # Attempts.

    async def _pursue(self, failure: BaseException) -> BaseException | None:
        """Make more attempts until one gives a result, or recover from the final error, or return that."""
        await self.come_to_loop()
        retries = self.program.policy.retries
        while retries is not None and not self._is_last(failure):
            if not self.crew.stopped and self.crew.cancellation.is_due():
                await self.crew.cancellation.raise_it()
            elapsed = 0.0 if retries.within is None else current_time() - self._first
            try:
                delay = retries.next_delay(failure, self.attempt, elapsed)
            except Exception as error:  # of a predicate or a delay of the user's
                failure = self._note(error, failure)
                break
            if delay is not None and self._why_last is not None:
                failure.add_note(self._why_last)
                break
            if delay is None or await self._announce_retry(failure, delay):
                break
            await sleep(delay)
            again = await self._attempt()
            if again is None:
                return None
            failure = again
        return await self._recover(failure)

    def _is_last(self, failure: BaseException) -> bool:
        return self._is_final or isinstance(failure, Skip) or not isinstance(failure, Exception)

    async def _announce_retry(self, failure: BaseException, delay: float) -> bool:
        """Say that another attempt follows; return whether a hook has put an end to it."""
        if self.index is not None:
            self.journal.note(self.index, Status.RETRYING, self.attempt, failure)
        if await self._tell_status(Status.RETRYING, error=failure, delay=delay) is not None:
            return True
        return await self._tell("on_retry", "retry", _RUNNING, error=failure, delay=delay) is not None

    def _attempt(self) -> Coroutine[Any, Any, BaseException | None]:
        """Make one attempt; return what it raised. `_is_final` says whether there can be no other."""
        self._is_final = True  # until the function is called
        limit = self.program.policy.limit
        return self._attempt_in_place() if limit is None else self._attempt_with_places(limit)

    async def _attempt_with_places(self, limit: Demand) -> BaseException | None:
        try:
            hold = await self._take_places(limit)
        except (LimitError, LimitDeadlockError) as error:
            return self._note(error)
        self.hold = hold
        self.is_left_behind = False
        try:
            if self.attempt and self._is_too_late():
                return self.errors[-1].error
            set_threads_apart()
            take_back = hold.lend()  # to its function, and to the hooks that it waits for
            failure = await self._attempt_in_place()
            take_back()
            return failure
        finally:
            if self.is_left_behind:  # and still has its places
                leave_behind(hold)
            else:
                hold.release()

    async def _take_places(self, limit: Demand) -> Hold:
        path = self.journal.path
        hold = limit.ask(path or self.program.name)
        try:
            while not hold.advance():
                hold.check_wait(is_call=bool(path))
                await WaitFor(hold.wait)
                if self.crew.stopped:
                    raise RunStopped
        except BaseException:
            hold.cancel()
            raise
        return hold

    def _is_too_late(self) -> bool:
        """Whether the time for attempts has passed while this one waited for its place."""
        retries = self.program.policy.retries
        return retries is not None and retries.within is not None and current_time() - self._first > retries.within

    def _attempt_in_place(self) -> Coroutine[Any, Any, BaseException | None]:
        """Begin an attempt, and say so; nothing is awaited for it unless somebody is to be told."""
        program = self.program
        self.attempt += 1
        if self.index is not None:
            self.journal.begin(self.index, self.attempt)
        if self._told or program.asks_on_start:
            return self._announce_and_make()
        return self._go_ahead()

    async def _announce_and_make(self) -> BaseException | None:
        failure = await self._announce_attempt()
        return await self._go_ahead() if failure is None else failure

    def _go_ahead(self) -> Coroutine[Any, Any, BaseException | None]:
        retries = self.program.policy.retries
        if retries is not None and retries.within is not None and self.attempt == 1:
            self._first = current_time()
        self._is_final = False
        return self._make()

    async def _announce_attempt(self) -> BaseException | None:
        """Tell that an attempt begins; return what keeps it from beginning."""
        told = await self._tell_status(_RUNNING)
        if told is not None:
            return self._note_hook(told)
        if self.attempt == 1 and self.program.asks_on_start:
            return await self._ask_on_start()
        return None

    async def _ask_on_start(self) -> BaseException | None:
        notice = Notice("on_start", "start", self, self.status, _PENDING, self.number)
        await self.crew.wait_until_told()
        try:
            for hook in self.program.policy.hooks["on_start"]:
                answer = hook.call(notice)
                if is_awaitable(answer):
                    await answer
        except (Exception, self.crew.cancellation.kind) as error:
            failure = await self._judge(error)
            self.attempt = 0
            if self.index is not None:
                self.journal.veto(self.index)
            return self._note(failure)
        return None

    async def _make(self) -> BaseException | None:
        """Make one attempt, and keep its result or return what it raised."""
        program = self.program
        try:
            if program.attempts_apart and self.attempt > 1:  # it sees nothing that the one before has set
                self.result = await InContext(self._pristine.copy(), program.attempt(self))
            else:
                self.result = await program.attempt(self)
            if program.check is not None:
                program.check(self.result)
            crew = self.crew
            if crew.was_interrupted and self.is_on_loop and not crew.stopped and crew.cancellation.is_due():
                await crew.cancellation.raise_it()  # whatever the function has done about it
        except PassedOver:
            raise
        except Exception as error:
            if isinstance(error, concurrent.futures.CancelledError):  # a call back to the event loop was cancelled
                return self._note(await self._judge(error))
            return self._note(error)
        except (RunStopped, HookFailure, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            return self._note(await self._judge(error))
        return None

    async def _recover(self, failure: BaseException) -> BaseException | None:
        """Turn the final error into a value, if `recover=` can."""
        if isinstance(failure, Skip) or failure is self._hook_error or self._is_beyond_recovery or self.row is None:
            return failure
        way = next((way for way in self.program.recover if isinstance(failure, way.kind)), None)
        if way is None:
            return failure
        if self.crew.stopped:
            raise RunStopped
        if self.crew.cancellation.is_due():
            await self.crew.cancellation.raise_it()
        notice = Notice("recover", "recover", self, self.status, self.status, self.attempt, failure)
        self.crew.tell(self.context)
        try:
            self.result = await self._ask_recovery(way, notice)
            if self.program.check is not None:
                self.program.check(self.result)
        except Exception as error:
            return failure if error is failure else self._note(error, failure)
        except (RunStopped, GeneratorExit, KeyboardInterrupt, SystemExit, HookFailure):
            raise
        except BaseException as error:
            return self._note(await self._judge(error), failure)
        return None

    async def _ask_recovery(self, way: Recovery, notice: Notice) -> Any:
        if way.hook is None:
            assert way.program is not None
            names = (*EVENT_NAMES, *[name for name in ITEM_NAMES if name not in notice.inputs])
            known = {**notice.inputs, **{name: getattr(notice, name) for name in names}}
            program, row = way.program(known)
            with signed(program.name):
                return await Lifecycle(program, None, self.crew, row, None, self.context).live()
        if way.on_loop:
            answer = way.hook.call(notice)
        else:
            answer = await InThread(way.hook.call, (notice,))
        return await answer if is_awaitable(answer) else answer
