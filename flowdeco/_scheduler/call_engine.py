"""A call in a run: an engine of its own for the one node that is called, in the task of whoever calls.

So a call is cancelled with its caller, counts in its time, and takes its places from those of its caller, by the scopes
and the context that it runs in. Those who look on at the run are told of it there, in one order with all else.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import Context
from threading import get_ident
from typing import Any

from anyio import create_task_group, get_cancelled_exc_class

from .._base.events import Skip, Status
from .._graph.call_graph import CALLED
from .._policy.lending import is_in_hook
from .._record.call_log import Call, CallLog
from .._record.journal import RUN, Journal
from .._runner.cancellation import pick_interrupt
from .._worker.thread import count_threads_apart
from .caller import CALLER
from .engine import Engine
from .plan import Plan
from .run_hooks import Teller
from .run_state import RunState

__all__ = [
    "Answer",
    "CallEngine",
    "CallPlace",
    "add_call_note",
    "begin_call",
    "end_call",
    "find_caller",
    "run_call",
]

# How many calls within each other are driven by the same task of the event loop.
_MOST_LEVELS = 8

# The engine of a caller, and which of its nodes calls; `RUN` for the workflow's own function.
CallPlace = tuple["Engine", int]
# What a call has come to: an error, or a result.
Answer = tuple["BaseException | None", Any]


class CallEngine(Engine):
    """Runs what is called.

    Args:
        outer: the engine of the caller.
        index: which of its nodes calls; `RUN` for the workflow's own function.
        state: what is ready, and the values.
        journal: where it writes what happens.
    """

    def __init__(self, outer: Engine, index: int, state: RunState, journal: Journal) -> None:
        super().__init__(state, journal, outer.run, is_followed=outer.is_followed, notices=outer.notices)
        self.outer = outer
        self.host = outer.host or outer
        self.relays, self.overheard = outer.relays, outer.overheard
        self.around = outer.within, index
        self.thread = outer.thread
        self.depth = outer.depth + 1

    def tell(self, inside: Context | None = None) -> bool:
        """Have it told by whoever tells of the run; what has to be awaited, if nobody does so there, here."""
        if get_ident() != self.outer.thread:  # that of an executor, say: the run's own looks when it comes by
            return True
        if self.outer.tell(inside):
            return True
        group = self._telling or self._group
        can_be = self.get_teller().go_on_apart(group, self.give_up)
        for relay in self.relays:
            can_be = relay.tell(None, group, self.give_up) and can_be
        return can_be

    async def wait_until_told(self) -> None:
        """Wait until what was posted so far was told; not in a hook, which is what that would wait for."""
        if not is_in_hook():
            await self.outer.wait_until_told()

    def get_teller(self) -> Teller:
        return self.outer.get_teller()

    @property
    def _is_telling(self) -> bool:
        return self.outer._is_telling


def find_caller() -> CallPlace | None:
    """Return the engine that this code runs in, and as which of its nodes; `None` outside a run."""
    place = CALLER.get()
    if place is None:
        return None
    engine = place[0]()
    return (engine, place[1]) if isinstance(engine, Engine) and not engine.is_over else None


def begin_call(outer: Engine, index: int, plan: Plan, name: str, values: list[Any], *, keep: bool = False) -> Call:
    """Note that a call begins.

    Args:
        outer: the engine of the caller.
        index: which of its nodes calls; `RUN` for the workflow's own function.
        plan: what runs.
        name: what is called.
        values: the first values, in the plan's places.
        keep: whether what comes of it is kept, also where the run was not asked for.
    """
    around = outer.journal
    path = around.path if index == RUN else around.label_of(index)

    def make(name: str) -> Journal:
        journal = Journal(plan.graph, values, keep=keep or around.keep)
        journal.path = f"{path}/{name}" if path else name
        journal.hook_errors = around.hook_errors
        journal.told = around.errors if around.told is None else around.told
        return journal

    with outer.lock:  # several threads may work for the caller
        log = around.calls.setdefault(index, CallLog())
        assert isinstance(log, CallLog)
        return log.begin(name, 1 if index == RUN else around.attempts_of(index), make)


def end_call(outer: Engine, index: int, call: Call) -> None:
    """Note that a call has ended."""
    # They lead to the run's errors: what the record of the call leads to is to go without the garbage collector.
    call.journal.told, call.journal.hook_errors = None, []
    log = outer.journal.calls.get(index)
    if not call.journal.keep and isinstance(log, CallLog):
        with outer.lock:
            log.end(call)


async def run_call(outer: Engine, index: int, plan: Plan, call: Call, values: list[Any]) -> Answer:
    """Run what is called; return what it has come to. Cancellation and interrupts are raised."""
    journal = call.journal
    count_threads_apart()
    state = RunState(plan, values, keep=journal.keep)
    engine = CallEngine(outer, index, state, journal)
    journal.begin_run()
    status = Status.CANCELLED
    try:
        if engine.depth % _MOST_LEVELS:
            await engine.execute()
        else:
            await _run_in_child(engine.execute)
        answer = _read_answer(state, journal)
        status = Status.FAILED if journal.error is not None else Status.SKIPPED if state.ended else Status.COMPLETED
        return answer
    finally:
        engine.is_over = True
        journal.end_run(status)
        state.let_go(keep=journal.keep)
        end_call(outer, index, call)


def _read_answer(state: RunState, journal: Journal) -> Answer:
    if journal.error is not None:
        add_call_note(journal, journal.error)
        return journal.error, None
    if state.ended:
        _, cause = state.ended[CALLED]
        return Skip(cause.reason if isinstance(cause, Skip) else ""), None
    return None, state.values[CALLED]


def add_call_note(journal: Journal, error: BaseException) -> None:
    """Say in an error which call raised it, the innermost one."""
    known = getattr(error, "__notes__", ())
    if not any(isinstance(note, str) and note.startswith(f"Raised by call '{journal.path}/") for note in known):
        attempt = journal.attempts_of(CALLED)
        text = f"Raised by call {journal.path!r} in workflow {journal.name!r}"
        note = f"{text}, attempt {attempt}." if attempt > 1 else f"{text}."
        if note not in known:
            error.add_note(note)


async def _run_in_child(start: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Await something in a child task: each level is called by the one around it, and a task begins anew."""
    errors: list[BaseException] = []
    cancelled = get_cancelled_exc_class()

    async def run() -> None:
        try:
            await start()
        except cancelled:
            raise
        except BaseException as error:
            errors.append(error)

    try:
        async with create_task_group() as group:
            group.start_soon(run)
    except BaseExceptionGroup as error:
        raise pick_interrupt(error) from None
    if errors:
        raise errors.pop()
