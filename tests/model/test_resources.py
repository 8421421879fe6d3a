"""Random programs with resources: whatever happens, each is opened once at most, and closed after all who use it."""

from collections.abc import AsyncGenerator, Generator
from threading import Lock
from typing import Any, NamedTuple

import anyio
from anyio import CancelScope
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Resource, RunCancelled, Skip, Task, Workflow, resource, task, workflow


class Opened(NamedTuple):
    """A resource: which of those before it needs, whether it is an `async def`, and where it fails."""

    needs: frozenset[int]
    is_async: bool
    fails: str


class Step(NamedTuple):
    """A task: which resources and which of the tasks before it needs, whether it is an `async def`, what it does."""

    resources: frozenset[int]
    tasks: frozenset[int]
    is_async: bool
    does: str


class Program(NamedTuple):
    """What is run, and how."""

    resources: tuple[Opened, ...]
    steps: tuple[Step, ...]
    keep_going: bool
    body: frozenset[int]
    backend: str


def subsets(count: int) -> st.SearchStrategy[frozenset[int]]:
    """Some of the first numbers."""
    return st.frozensets(st.integers(0, count - 1), max_size=2) if count else st.just(frozenset())


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Programs of a few resources and tasks."""
    fails = st.sampled_from(["", "", "", "opening", "closing"])
    resources = [Opened(draw(subsets(n)), draw(st.booleans()), draw(fails)) for n in range(draw(st.integers(1, 4)))]
    does = st.sampled_from(["", "", "", "fail", "skip", "cancel", "interrupt"])
    count = len(resources)
    steps = [
        Step(draw(subsets(count)), draw(subsets(n)), draw(st.booleans()), draw(does))
        for n in range(draw(st.integers(1, 5)))
    ]
    backend = draw(st.sampled_from(["asyncio", "trio"]))
    return Program(tuple(resources), tuple(steps), draw(st.booleans()), draw(subsets(count)), backend)


class Stage:
    """Runs a program, and writes down what happens."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.scope = CancelScope()
        self.open: list[int] = []
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.using: dict[int, int] = {}
        self.lock = Lock()
        self.wrong: list[str] = []
        self.raised: list[BaseException] = []

    def make(self) -> Workflow[Any, Any]:
        """The workflow."""
        program, resources, tasks = self.program, list[Resource[..., Any]](), list[Task[..., Any]]()
        for number, each in enumerate(program.resources):
            needs = {"below": [resources[n] for n in sorted(each.needs)]}
            function: Any = self._async_resource(number, each) if each.is_async else self._resource(number, each)
            resources.append(resource(function, name=f"resource{number}", needs=needs))
        for number, step in enumerate(program.steps):
            given: dict[str, Any] = {
                "used": [resources[n] for n in sorted(step.resources)],
                "before": [tasks[n] for n in sorted(step.tasks)],
            }
            made: Any = self._async_task(step) if step.is_async else self._task(step)
            tasks.append(task(made, name=f"task{number}", needs=given))
        named = [resources[n] for n in sorted(program.body)]
        return workflow(self._body, name="w", needs={"used": named}, after=tasks, keep_going=program.keep_going)

    async def _body(self, used: list[int]) -> None:
        self._begin(used)
        await checkpoint()
        self._end(used)

    def _note_open(self, number: int, below: list[int], each: Opened) -> None:
        self._begin(below)
        if number in self.opened:
            self.wrong.append(f"{number} is opened again")
        if each.fails == "opening":
            self._end(below)
            raise ConnectionError
        self.opened.append(number)
        self.open.append(number)

    def _note_close(self, number: int, below: list[int], each: Opened) -> None:
        if self.using.get(number):
            self.wrong.append(f"{number} is closed while it is used")
        self.open.remove(number)
        self.closed.append(number)
        self._end(below)
        if each.fails == "closing":
            raise OSError

    def _begin(self, used: list[int]) -> None:
        for number in used:
            if number not in self.open:
                self.wrong.append(f"{number} is used, and not open")
            with self.lock:  # threads that are not one after the other
                self.using[number] = self.using.get(number, 0) + 1

    def _end(self, used: list[int]) -> None:
        for number in used:
            with self.lock:
                self.using[number] -= 1

    def _resource(self, number: int, each: Opened) -> Any:
        def opened(below: list[int]) -> Generator[int]:
            self._note_open(number, below, each)
            try:
                yield number
            except BaseException as error:
                self.raised.append(error)
                raise
            finally:
                self._note_close(number, below, each)

        return opened

    def _async_resource(self, number: int, each: Opened) -> Any:
        async def opened(below: list[int]) -> AsyncGenerator[int]:
            await checkpoint()
            self._note_open(number, below, each)
            try:
                yield number
            except BaseException as error:
                await checkpoint()
                self.raised.append(error)
                raise
            finally:
                await checkpoint()
                self._note_close(number, below, each)

        return opened

    def _act(self, step: Step) -> None:
        if step.does == "fail":
            raise ValueError
        if step.does == "skip":
            raise Skip
        if step.does == "interrupt":
            raise SystemExit(3)
        if step.does == "cancel" and step.is_async:
            self.scope.cancel()

    def _task(self, step: Step) -> Any:
        def use(used: list[int], before: list[Any]) -> None:
            self._begin(used)
            try:
                self._act(step)
            finally:
                self._end(used)

        return use

    def _async_task(self, step: Step) -> Any:
        async def use(used: list[int], before: list[Any]) -> None:
            self._begin(used)
            try:
                await checkpoint()
                self._act(step)
                await checkpoint()
            finally:
                self._end(used)

        return use


@given(programs())
def test_whatever_happens_all_is_closed_in_order_after_all_who_use_it(program: Program) -> None:
    stages: list[Stage] = []

    async def run() -> None:
        stage = Stage(program)
        stages.append(stage)
        w = stage.make()
        with stage.scope:
            try:
                await w()
            except (Exception, SystemExit):
                pass

    anyio.run(run, backend=program.backend)
    (stage,) = stages
    assert stage.wrong == []
    assert stage.open == []
    assert sorted(stage.closed) == sorted(stage.opened)
    kinds = (ValueError, ConnectionError, OSError, Skip, RunCancelled, SystemExit, ExceptionGroup)
    assert [error for error in stage.raised if not isinstance(error, kinds)] == []
