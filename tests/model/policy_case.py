"""How what has happened is compared with what should."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import anyio
from anyio import fail_after

from flowdeco import Run, Skip
from tests.conftest import Backend
from tests.model.policy_model import Ended, Flow, default_of, evaluate, make_plain, name_error
from tests.model.policy_world import Builder, World


def inputs_of(flow: Flow) -> dict[str, Any]:
    """Return the inputs that a run gets: one with a default is left to that."""
    return {p.name: default_of(flow.name, p.name) if p.optional else f"given {p.name}" for p in flow.inputs}


class Called(NamedTuple):
    """What came of a call."""

    value: Any = None
    error: BaseException | None = None
    skip: Skip | None = None


class Case:
    """A flow that is run in one way and another on one event loop."""

    def __init__(self, flow: Flow, backend: Backend) -> None:
        self.flow = flow
        inputs = inputs_of(flow)
        self.inputs = {param.name: inputs[param.name] for param in flow.inputs if not param.optional}
        self.ending = evaluate(flow, inputs)
        self.backend = backend
        self.world = World()
        name, options = backend
        timeout = None if flow.is_async else 60
        self.workflow = Builder(self.world, flow).build(backend=name, backend_options=options, timeout=timeout)

    def run(self) -> None:
        """Run it for its record, and compare."""
        self.world.reset()
        start = self.workflow.run
        run: Run[Any] = self._guard(start) if self.flow.is_async else start(**self.inputs)
        skip = Skip(self.ending.skip or "") if run.status == "skipped" else None
        self._check_end(run, Called(run.result, run.error, skip))
        self._check_record(run)
        for index, ended in enumerate(self.ending.nodes):
            record = run.tasks[self.flow.name_of(index)]
            assert make_plain(record.result) == (ended.value if record.status == "completed" else None)

    def call(self) -> None:
        """Call it, and compare."""
        self.world.reset()
        called = Called()
        try:
            called = Called(self._guard(self.workflow) if self.flow.is_async else self.workflow(**self.inputs))
        except Skip as skip:
            called = Called(skip=skip)
        except Exception as error:
            called = Called(error=error)
        run = None if called.error is None else Run.of(called.error)
        self._check_end(run, called)
        if run is not None:
            assert run.error is called.error
            self._check_record(run)

    def _guard(self, start: Callable[..., Any]) -> Any:
        async def guarded() -> Any:
            with fail_after(60):
                return await start(**self.inputs)

        return anyio.run(guarded, backend=self.backend[0], backend_options=self.backend[1])

    def _check_end(self, run: Run[Any] | None, called: Called) -> None:
        ending = self.ending
        assert not self.world.overdrawn
        assert all(" 0 of " in repr(limit) for limit in self.world.limits)
        assert bool(self.world.calls[self.flow.name]) is ending.body
        if ending.errors:
            assert called.error is not None, called
            assert name_error(called.error) in ending.errors
            assert run is not None
            assert run.status == "failed"
            self._check_notes(run, called.error)
        else:
            assert called.error is None, called
            assert (None if called.skip is None else called.skip.reason) == ending.skip
            assert type(called.skip) in (Skip, type(None))
            assert make_plain(called.value) == ending.value

    def _check_notes(self, run: Run[Any], error: BaseException) -> None:
        by_group = self.flow.keep_going and not self.ending.body
        for member in cast("ExceptionGroup[Exception]", error).exceptions if by_group else [error]:
            last = [failure for failure in run.errors if failure.error is member][-1]
            place = f"workflow {self.flow.name!r}." if last.task is None else f"task {last.task!r} of workflow"
            notes = [note for note in member.__notes__ if note.startswith(f"Raised by {place}")]
            assert len(notes) == 1
            assert (f", attempt {last.attempt}." in notes[0]) is (last.attempt > 1)
            assert Run.of(member) is run

    def _check_record(self, run: Run[Any]) -> None:
        self._check_all_noted(run)
        failures: dict[str | None, list[tuple[int, str]]] = defaultdict(list)
        for failure in run.errors:
            failures[failure.task].append((failure.attempt, name_error(failure.error)))
        for index, ended in enumerate(self.ending.nodes):
            name = self.flow.name_of(index)
            if self.ending.stops and run.tasks[name].status == "cancelled":
                self._check_cut(run, name, ended, failures)
            else:
                self._check_whole(run, index, failures)
        if self.ending.stops:
            assert any(run.tasks[self.flow.name_of(i)].error is run.error for i in self.ending.stops)

    def _check_whole(self, run: Run[Any], index: int, failures: dict[str | None, list[tuple[int, str]]]) -> None:
        """Compare a node that has ended as if nothing else had happened."""
        flow, name, ended = self.flow, self.flow.name_of(index), self.ending.nodes[index]
        record = run.tasks[name]
        error = None if record.error is None else name_error(record.error)
        told = (record.status.value, error, record.reason, record.attempts)
        assert told == (ended.status, ended.error, ended.reason, ended.attempts), name
        for who in (name, f"saves_{name}"):
            assert failures[who] == [(attempt, what) for whose, attempt, what in ended.failures if whose == who], who
        if flow.watched:
            assert tuple(self.world.states[flow.name, name]) == ended.states, name
        if flow.nodes[index].inner is None:
            assert self.world.calls[name] == ended.attempts

    def _check_cut(
        self, run: Run[Any], name: str, ended: Ended, failures: dict[str | None, list[tuple[int, str]]]
    ) -> None:
        """Compare a node that was cancelled with what the model says up to then."""
        record = run.tasks[name]
        assert record.error is None
        assert record.reason is None
        assert record.attempts <= ended.attempts
        for who in (name, f"saves_{name}"):
            expected = [(attempt, what) for whose, attempt, what in ended.failures if whose == who]
            assert failures[who] == expected[: len(failures[who])]
        if self.flow.watched:
            *before, last = self.world.states[self.flow.name, name]
            assert last == "cancelled"
            assert tuple(before) == ended.states[: len(before)]

    def _check_all_noted(self, run: Run[Any]) -> None:
        """Every error that a function of the flow itself has raised is in the record, also if the run was stopped.

        What the function of a nested workflow raises when it was cancelled is in the record of that, on asyncio alone.
        """
        within = [record.run for record in run.tasks.values() if record.run is not None]
        noted = {id(failure.error) for each in (run, *within) for failure in each.errors}
        own = [self.flow.name, *(self.flow.name_of(i) for i in range(len(self.flow.nodes)))]
        known = {prefix + name for name in own for prefix in ("", "asks_", "saves_")}
        lost = [error for who, error in self.world.raised if who in known and id(error) not in noted]
        assert lost == []
