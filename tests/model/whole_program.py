"""Random programs in which everything meets: levels, items, streams, calls, resources, and where it is all cut off."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

__all__ = ["CALLED_LEVEL", "Callee", "Each", "Level", "Opened", "Program", "Step", "Stop", "plain", "programs"]

# From here on, what is called is a workflow: its number, and this.
CALLED_LEVEL = 100

_SOURCES = ("list", "generator", "async generator")
_CALLERS = ("async", "waiting", "def")


class Each(NamedTuple):
    """A parameter that receives one item at a time: of which step, if it has a default, if it receives an outcome."""

    of: int
    has_default: bool
    is_settled: bool


class Step(NamedTuple):
    """A task of a level, or a workflow in it.

    Attributes:
        kind: "async", "waiting", "def", "loop", or what kind of source it is.
        size: how many items a source gives.
        each: what it is mapped over.
        wholes: the steps that it receives as a whole, and whether as an outcome.
        stream: the step that it reads item by item, whether as outcomes, and in which order; `None`: none.
        resources: what it uses.
        calls: what it calls.
        catches: whether it goes on when what it calls fails.
        recovers: whether an error of its own becomes a value.
        has_condition: whether it has a `when=`.
        limit: how many items at once; `None`: any number.
        ahead: how many items may be begun and unfinished; `None`: the default.
        within: the level that this step is; `None`: a task.
    """

    kind: str
    size: int = 0
    each: tuple[Each, ...] = ()
    wholes: tuple[tuple[int, bool], ...] = ()
    stream: tuple[int, bool, str] | None = None
    resources: frozenset[int] = frozenset()
    calls: tuple[int, ...] = ()
    catches: bool = False
    recovers: bool = False
    has_condition: bool = False
    limit: int | None = None
    ahead: int | None = None
    within: int | None = None

    @property
    def is_source(self) -> bool:
        """Whether others may be mapped over what it gives."""
        return self.kind in _SOURCES


class Level(NamedTuple):
    """A workflow: its steps, all of which its function receives, and what that function does.

    Attributes:
        steps: each needs only those before.
        is_settled: whether the function receives outcomes, so that nothing that fails ends the run.
        keep_going: the option of this name.
        is_async: whether the function is an `async def`.
        calls: what the function calls.
        resources: what the function uses.
    """

    steps: tuple[Step, ...]
    is_settled: bool
    keep_going: bool
    is_async: bool
    calls: tuple[int, ...]
    resources: frozenset[int]


class Callee(NamedTuple):
    """A task that is called: it calls only those before."""

    kind: str
    calls: tuple[int, ...]
    resources: frozenset[int]
    catches: bool
    recovers: bool
    limit: int | None


class Opened(NamedTuple):
    """A resource: the ones before it that it needs, whether it is an `async def`, whether it names its run."""

    needs: frozenset[int]
    is_async: bool
    names_run: bool


class Stop(NamedTuple):
    """What goes wrong, and at which of the points that the program passes; `kind` is empty: nothing."""

    kind: str
    at: int


class Program(NamedTuple):
    """Levels, of which the first is the outermost, and what they share."""

    levels: tuple[Level, ...]
    callees: tuple[Callee, ...]
    resources: tuple[Opened, ...]
    stop: Stop


def _subsets(count: int, size: int = 2) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(0, count - 1), max_size=size) if count else st.just(frozenset())


_limits = st.sampled_from([None, None, 1, 2])


@st.composite
def _callees(draw: st.DrawFn, number: int, resources: int) -> Callee:
    return Callee(
        draw(st.sampled_from(_CALLERS)),
        tuple(sorted(draw(_subsets(number)))),
        draw(_subsets(resources, 1)),
        draw(st.booleans()),
        draw(st.integers(0, 3)) == 0,
        draw(_limits),
    )


class _Drawer:
    """Draws the steps of one level."""

    def __init__(self, draw: st.DrawFn, number: int, callable_: tuple[int, ...], resources: int) -> None:
        self.draw, self.number, self.callable, self.resources = draw, number, callable_, resources
        self.steps: list[Step] = []
        self.axes: dict[int, list[int]] = {}

    def calls(self) -> tuple[int, ...]:
        found = st.lists(st.sampled_from(self.callable), max_size=2) if self.callable else st.just([])
        return tuple(self.draw(found))

    def source(self) -> Step:
        before = range(len(self.steps))
        wholes = self.draw(st.lists(st.sampled_from(before), max_size=1)) if before else []
        return Step(
            self.draw(st.sampled_from(_SOURCES)),
            self.draw(st.integers(0, 4 if self.number == 0 else 2)),
            wholes=tuple([(of, True) for of in wholes]),
            resources=self.draw(_subsets(self.resources, 1)),
            ahead=self.draw(_limits),
        )

    def nested(self, level: int) -> Step:
        axis = self.draw(st.sampled_from([None, *self.axes]))
        each = () if axis is None else (Each(self.draw(st.sampled_from(self.axes[axis])), False, False),)
        return Step("level", each=each, within=level, ahead=self.draw(_limits))

    def task(self) -> Step:
        draw = self.draw
        axis = draw(st.sampled_from([None, *self.axes, *self.axes]))
        mapped = [n for members in self.axes.values() for n in members]
        each: list[Each] = []
        if axis is not None:
            of = draw(st.lists(st.sampled_from(self.axes[axis]), min_size=1, max_size=2, unique=True))
            each = [Each(n, draw(st.booleans()), n != axis and draw(st.integers(0, 3)) == 0) for n in of]
        stream = None
        if axis is None and mapped and draw(st.booleans()):
            of_stream = draw(st.sampled_from(mapped))
            stream = of_stream, draw(st.booleans()), draw(st.sampled_from(["source", "ended"]))
        taken = {one.of for one in each}
        if stream:
            taken.add(stream[0])
        rest = [n for n in range(len(self.steps)) if n not in taken]
        wholes = draw(st.lists(st.sampled_from(rest), max_size=2, unique=True)) if rest else []
        is_open = not any(one.has_default or one.is_settled for one in each[:1])
        kind = draw(st.sampled_from([*_CALLERS, "def" if stream else "loop"]))
        return Step(
            kind,
            each=tuple(each),
            wholes=tuple([(of, draw(st.booleans())) for of in wholes]),
            stream=stream,
            resources=draw(_subsets(self.resources)),
            calls=() if kind == "loop" else self.calls(),
            catches=draw(st.booleans()),
            recovers=draw(st.integers(0, 3)) == 0 and not stream,
            has_condition=is_open and draw(st.integers(0, 3)) == 0,
            limit=draw(_limits),
            ahead=draw(_limits) if each or stream else None,
        )

    def add(self, step: Step) -> None:
        number = len(self.steps)
        self.steps.append(step)
        if step.is_source:
            self.axes[number] = [number]
        for each in step.each[:1]:
            next(members for members in self.axes.values() if each.of in members).append(number)


@st.composite
def programs(draw: st.DrawFn, stops: tuple[str, ...]) -> Program:
    """Programs, which are stopped in one of some ways."""
    resources = [
        Opened(draw(_subsets(n, 1)), draw(st.booleans()), draw(st.booleans())) for n in range(draw(st.integers(0, 3)))
    ]
    callees = [draw(_callees(n, len(resources))) for n in range(draw(st.integers(0, 3)))]
    count = draw(st.integers(1, 3))
    unused = list(range(1, count))
    levels: list[Level] = []
    for number in range(count):
        called = (*range(len(callees)), *[CALLED_LEVEL + n for n in range(number + 1, count)])
        drawer = _Drawer(draw, number, called, len(resources))
        for _ in range(draw(st.integers(1, 5 if number == 0 else 3))):
            within = [n for n in unused if n > number]
            kind = draw(st.sampled_from(["source", "task", "task", "level" if within else "task"]))
            if kind == "level":
                unused.remove(within[0])
                drawer.add(drawer.nested(within[0]))
            else:
                drawer.add(drawer.source() if kind == "source" else drawer.task())
        is_async = draw(st.booleans())
        levels.append(
            Level(
                tuple(drawer.steps),
                draw(st.integers(0, 2)) > 0,
                draw(st.booleans()),
                is_async,
                drawer.calls() if is_async else (),
                draw(_subsets(len(resources), 1)) if is_async else frozenset(),
            )
        )
    stop = Stop(draw(st.sampled_from(stops)), draw(st.integers(1, 40)))
    return Program(tuple(levels), tuple(callees), tuple(resources), stop)


def plain(value: Any) -> Any:
    """An outcome as the model has it."""
    if issubclass(type(value), list):
        return [plain(one) for one in value]
    return (str(value.status), value.value) if hasattr(value, "unwrap") else value
