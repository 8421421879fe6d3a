"""Random programs that share limits: sources, items, readers, calls and nested workflows, in one run or in two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

from anyio.lowlevel import checkpoint
from hypothesis import strategies as st

from flowdeco import Limit, LimitDeadlockError, task, workflow
from tests.support.limits import Gauge

__all__ = ["Program", "Stage", "World", "programs"]


class Stage(NamedTuple):
    """What is done for each item, or reads them.

    Attributes:
        kind: "async" or "def".
        takes: of which limits it takes a place.
        calls: what it calls: of which limits that takes a place, and whether it is a workflow of items; or `None`.
    """

    kind: str
    takes: tuple[int, ...]
    calls: tuple[tuple[int, ...], bool] | None = None


class Program(NamedTuple):
    """One pipeline.

    Attributes:
        capacities: of the limits.
        source: "list", "def", "async" or "loop".
        takes: of which limits the source takes places.
        takes_all: whether it takes all of each of them.
        size: how many items it gives.
        ahead: how many of these may be unfinished; `None`: the default.
        stages: what is done for each item, one after the other.
        reader: what reads the items of the last of these; `None`: nothing does.
        after: what is done for each item that the reader yields; `None`: it yields none.
        is_nested: whether all that is a node of another workflow.
        runs: how many runs there are at the same time.
    """

    capacities: tuple[int, ...]
    source: str
    takes: tuple[int, ...]
    takes_all: bool
    size: int
    ahead: int | None
    stages: tuple[Stage, ...]
    reader: Stage | None
    after: Stage | None
    is_nested: bool
    runs: int


_takes = st.sampled_from([(), (0,), (0,), (1,), (0, 1)])
_stages = st.builds(
    Stage, st.sampled_from(["async", "def"]), _takes, st.one_of(st.none(), st.tuples(_takes, st.booleans()))
)

programs = st.builds(
    Program,
    st.sampled_from([(1, 1), (1, 2), (2, 3)]),
    st.sampled_from(["list", "def", "async", "loop"]),
    _takes,
    st.booleans(),
    st.integers(0, 5),
    st.sampled_from([None, 1, 2]),
    st.lists(_stages, min_size=1, max_size=2).map(tuple),
    st.one_of(st.none(), _stages),
    st.one_of(st.none(), _stages),
    st.booleans(),
    st.integers(1, 2),
)


class World:
    """A program as tasks; each notes in which places it works."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.limits = [Limit(capacity, f"limit{number}") for number, capacity in enumerate(program.capacities)]
        self.gauges = [Gauge() for _ in self.limits]

    def build(self) -> Any:
        """Return the workflow; it takes `count`, and gives the numbers up to that."""
        program = self.program
        made = self.make_source()
        for number, stage in enumerate(program.stages):
            made = self.make_stage(f"stage{number}", stage, made)
        if program.reader is not None:
            made = self.make_reader(program.reader, made, yields=program.after is not None)
            if program.after is not None:
                made = self.make_stage("after", program.after, made)

        @workflow(needs={"found": made})
        async def inner(count: int, found: list[int]) -> list[int]:
            return sorted(found)

        if not program.is_nested:
            return inner

        @workflow(needs={"found": inner})
        async def outer(count: int, found: list[int]) -> list[int]:
            return found

        return outer

    def work(self, takes: tuple[int, ...], *, takes_all: bool = False) -> ExitStack:
        """Note that something works in its places."""
        stack = ExitStack()
        for number in takes:
            places = self.program.capacities[number] if takes_all else 1
            stack.enter_context(self.gauges[number].one_more(places))
        return stack

    def places(self, takes: tuple[int, ...], *, takes_all: bool = False) -> Any:
        return {self.limits[number]: self.limits[number].capacity if takes_all else 1 for number in takes}

    def make_source(self) -> Any:
        program, takes, takes_all = self.program, self.program.takes, self.program.takes_all

        def listed(count: int) -> list[int]:
            return [*range(count)]

        def give(count: int) -> Iterator[int]:
            for number in range(count):
                with self.work(takes, takes_all=takes_all):
                    pass
                yield number

        async def give_async(count: int) -> AsyncIterator[int]:
            for number in range(count):
                with self.work(takes, takes_all=takes_all):
                    await checkpoint()
                yield number

        function: Any = {"list": listed, "async": give_async}.get(program.source, give)
        options: dict[str, Any] = {"run_in": "loop"} if program.source == "loop" else {}
        limit = self.places(takes, takes_all=takes_all)
        options |= {"ahead": program.ahead} if program.source != "list" else {}
        return task(function, name="source", limit=limit, **options)

    def make_stage(self, name: str, stage: Stage, of: Any) -> Any:
        call = self.make_call(name, stage)

        async def do_async(item: int) -> int:
            with self.work(stage.takes):
                await checkpoint()
            return item if call is None else await _answer_async(call, item)

        def do(item: int) -> int:
            with self.work(stage.takes):
                pass
            return item if call is None else _answer(call, item)

        made: Any = do_async if stage.kind == "async" else do
        return task(made, name=name, each={"item": of}, limit=self.places(stage.takes))

    def make_reader(self, reader: Stage, of: Any, *, yields: bool) -> Any:
        call = self.make_call("reader", reader)

        async def read_async(items: AsyncIterator[int]) -> AsyncIterator[int]:
            async for item in items:
                with self.work(reader.takes):
                    await checkpoint()
                yield item if call is None else await _answer_async(call, item)

        def read(items: Iterator[int]) -> Iterator[int]:
            for item in items:
                with self.work(reader.takes):
                    pass
                yield item if call is None else _answer(call, item)

        made: Any = read_async if reader.kind == "async" else read
        options: dict[str, Any] = {"needs": {"items": of}, "limit": self.places(reader.takes)}
        options |= {"ahead": self.program.ahead} if yields else {}
        return task(made, name="reader", stream="items", **options)

    def make_call(self, name: str, stage: Stage) -> Any:
        """Return what a stage calls: a task, or a workflow of such items; each gives the item again."""
        if stage.calls is None:
            return None
        takes, is_workflow = stage.calls

        async def called(item: int) -> int:
            with self.work(takes):
                await checkpoint()
            return item

        if not is_workflow:
            return task(called, name=f"{name}_calls", limit=self.places(takes))

        async def give(whole: int) -> AsyncIterator[int]:
            for _ in range(3):
                with self.work(takes):
                    await checkpoint()
                yield whole

        source = task(give, name=f"{name}_source", limit=self.places(takes), ahead=1)
        items = task(called, name=f"{name}_items", each={"item": source}, limit=self.places(takes))

        @workflow(name=f"{name}_calls", needs={"items": items})
        async def w(whole: int, items: list[int]) -> int:
            return items[0]

        return w


async def _answer_async(call: Any, item: int) -> int:
    try:
        return int(await call.call(item))
    except LimitDeadlockError:  # two that hold a limit each call for the other's
        return item


def _answer(call: Any, item: int) -> int:
    try:
        return int(call.call_sync(item))
    except LimitDeadlockError:
        return item
