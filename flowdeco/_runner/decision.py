"""Whether a task runs: the part of its lifecycle that comes before the first attempt.

Its `when=` is asked as soon as what that needs is there, and before anything is started that only this task needs. If
it is true, the rest is demanded; the lifecycle is parked until it is there.
"""

from __future__ import annotations

import concurrent.futures

from .._base.events import Skip, Status
from .._base.signature import is_awaitable
from .arguments import Row
from .cancellation import stray
from .ending import Ending
from .request import InThread, Needs, ToLoop
from .signals import HookFailure, PassedOver, RunStopped

__all__ = ["Decision"]


class Decision(Ending):
    """How it is decided whether one task of a run runs."""

    __slots__ = ("_is_final",)
    _is_final: bool  # whether what it has failed with last cannot be tried again

    async def come_to_loop(self) -> None:
        """Go on on the event loop, whatever thread this is."""
        if not self.is_on_loop:
            await ToLoop()
            self.is_on_loop = True

    async def _decide(self, asked: Row) -> BaseException | None:
        """Ask `when=`, and get the arguments if it is true; return the `Skip`, or what it raised.

        Raises:
            PassedOver: something that the task needs besides gave no result.
        """
        failure = await self._ask_condition(asked)
        if failure is not None and not self._can_recover(failure):
            return failure
        if self.row is None:
            given = await self._gather()
            if not isinstance(given, PassedOver):
                self.row = given
            elif given.status is Status.FAILED and given.cause is not None:  # what it reads cannot be read
                return self._note(given.cause)
            elif failure is None:
                await self.pass_over(given.status, given.cause)
        return failure

    async def _gather(self) -> Row | PassedOver:
        """Demand what the task needs besides what its condition does; return the arguments, or how it ends without."""
        assert self.index is not None
        given = self.crew.grant(self.index)
        if given is None:
            await self.come_to_loop()
            given = await Needs()
            if self.crew.stopped:
                raise RunStopped
        return given

    def _can_recover(self, failure: BaseException) -> bool:
        """Whether `recover=` is for a failure; it may ask for the arguments."""
        return not isinstance(failure, Skip) and any(isinstance(failure, way.kind) for way in self.program.recover)

    async def pass_over(self, status: Status, cause: BaseException | None) -> None:
        """Say that the task does not run, and how it ends. Raises `PassedOver`."""
        self._end(status, cause)
        told = await self._tell_status(status, error=None if status is Status.SKIPPED else cause)
        if self._run_error is not None:
            raise HookFailure(self._run_error)
        if told is not None and status is Status.SKIPPED:
            raise await self._fall(self._note_hook(told))
        raise PassedOver(status, cause)

    async def _ask_condition(self, row: Row) -> BaseException | None:
        """Ask `when=`; return the `Skip`, or what it raised."""
        condition = self.program.condition
        assert condition is not None
        self._is_final = True
        call = condition.arguments.call
        try:
            if condition.on_loop:
                await self.come_to_loop()
                answer = call(*row)
            else:
                answer = await InThread(call, row)
            if is_awaitable(answer):
                await self.come_to_loop()
                answer = await answer
            return None if answer else Skip(condition.reason)
        except Exception as error:
            return self._note(error)
        except (RunStopped, GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            return self._note(await self._judge(error))

    async def _judge(self, error: BaseException) -> BaseException:
        """Return what an attempt has failed with, unless it was cancelled from outside, which is raised."""
        await self.come_to_loop()
        crew = self.crew
        kinds = (crew.cancellation.kind, concurrent.futures.CancelledError)
        error = crew.cancellation.take_out(error)
        if isinstance(error, KeyboardInterrupt):
            raise error
        if not isinstance(error, kinds):
            return error
        if crew.stopped or crew.cancellation.is_due():
            raise error if isinstance(error, crew.cancellation.kind) else RunStopped
        return stray(self.program.name, error, kind="workflow" if self.task is None else "task")
