"""Random programs in which everything meets: levels, items, streams, calls, resources, and where it is all cut off."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from tests.model.outcome import Each

__all__ = ["CALLED_LEVEL", "Callee", "Level", "Opened", "Program", "Step", "Stop", "programs"]

# From here on, what is called is a workflow: its number, and this.
CALLED_LEVEL = 100

_SOURCES = ("list", "generator", "async generator")
_CALLERS = ("async", "waiting", "def")


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
        trouble: how often it fails before it does what it does, being tried again; -1: for good, with one try more.
        way: how the task is made of the function: "plain", "method", "partial", "derived" with `with_options()`.
        stands_in: what stands in for it: "", a "value", or a "function".
        has_outputs: whether it gives two results under names of their own, of which others receive the second.
        grows: how many items the first one adds.
        place: the resource in whose thread it runs; `None`: as its kind says.
        shares_limit: whether it takes a place of the limit that is shared by all such steps.
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
    trouble: int = 0
    way: str = "plain"
    stands_in: str = ""
    has_outputs: bool = False
    grows: int = 0
    place: int | None = None
    shares_limit: bool = False

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
    """A task that is called: it calls only those before. Its way is "plain", "derived" or "method"."""

    kind: str
    calls: tuple[int, ...]
    resources: frozenset[int]
    catches: bool
    recovers: bool
    limit: int | None
    trouble: int = 0
    way: str = "plain"
    stands_in: str = ""


class Opened(NamedTuple):
    """A resource.

    Attributes:
        needs: the ones before it that it needs.
        is_async: whether it is an `async def`.
        names_run: whether it names its run.
        is_shared: whether it is open around the run, and not in it.
        trouble: how often it fails before it opens, being tried again.
    """

    needs: frozenset[int]
    is_async: bool
    names_run: bool
    is_shared: bool = False
    trouble: int = 0


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

    def list_replaced(self) -> set[str]:
        """The names of what something stands in for, as far as it is reached."""
        found, seen = set[str](), set[int]()
        waiting = [CALLED_LEVEL]
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            if number < CALLED_LEVEL:
                callee = self.callees[number]
                found |= {f"c{number}"} if callee.stands_in else set()
                waiting += [] if callee.stands_in else callee.calls
                continue
            level = self.levels[number - CALLED_LEVEL]
            waiting += level.calls
            for position, step in enumerate(level.steps):
                found |= {f"s{number - CALLED_LEVEL}_{position}"} if step.stands_in else set()
                waiting += [] if step.stands_in else step.calls
                waiting += [] if step.within is None else [CALLED_LEVEL + step.within]
        return found


def _subsets(count: int, size: int = 2) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(0, count - 1), max_size=size) if count else st.just(frozenset())


_limits = st.sampled_from([None, None, 1, 2])
_troubles = st.sampled_from([0, 0, 0, 0, 1, 2, -1])
_seldom = st.integers(0, 7).map(lambda number: number == 0)


@st.composite
def _callees(draw: st.DrawFn, number: int, resources: int) -> Callee:
    return Callee(
        draw(st.sampled_from(_CALLERS)),
        tuple(sorted(draw(_subsets(number)))),
        draw(_subsets(resources, 1)),
        draw(st.booleans()),
        draw(st.integers(0, 3)) == 0,
        draw(_limits),
        draw(_troubles),
        draw(st.sampled_from(["plain", "plain", "derived", "method"])),
        "value" if draw(_seldom) else "",
    )


@st.composite
def _resources(draw: st.DrawFn, before: tuple[Opened, ...]) -> Opened:
    is_shared = draw(_seldom)
    able = [number for number, one in enumerate(before) if one.is_shared or not is_shared]
    needs = draw(st.frozensets(st.sampled_from(able), max_size=1)) if able else frozenset[int]()
    return Opened(needs, draw(st.booleans()), not is_shared and draw(st.booleans()), is_shared, draw(_troubles) % 3)


class _Drawer:
    """Draws the steps of one level."""

    def __init__(self, draw: st.DrawFn, number: int, callable_: tuple[int, ...], resources: tuple[Opened, ...]) -> None:
        self.draw, self.number, self.callable, self.resources = draw, number, callable_, resources
        self.steps: list[Step] = []
        self.axes: dict[int, list[int]] = {}
        self.growing: set[int] = set()

    def calls(self) -> tuple[int, ...]:
        found = st.lists(st.sampled_from(self.callable), max_size=2) if self.callable else st.just([])
        return tuple(self.draw(found))

    def source(self) -> Step:
        before = self.list_whole()
        wholes = self.draw(st.lists(st.sampled_from(before), max_size=1)) if before else []
        return Step(
            self.draw(st.sampled_from(_SOURCES)),
            self.draw(st.integers(0, 4 if self.number == 0 else 2)),
            wholes=tuple([(of, True) for of in wholes]),
            resources=self.draw(_subsets(len(self.resources), 1)),
            trouble=abs(self.draw(_troubles)),
            ahead=self.draw(_limits),
        )

    def nested(self, level: int) -> Step:
        axis = self.draw(st.sampled_from([None, *self.axes]))
        each = () if axis is None else (Each(self.draw(st.sampled_from(self.axes[axis])), False, False),)
        return Step("level", each=each, within=level, ahead=self.draw(_limits))

    def task(self) -> Step:
        draw = self.draw
        axis = draw(st.sampled_from([None, *self.axes, *self.axes]))
        mapped = [n for members in self.axes.values() for n in members if n not in self.growing]
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
        rest = [n for n in self.list_whole() if n not in taken]
        wholes = draw(st.lists(st.sampled_from(rest), max_size=2, unique=True)) if rest else []
        is_open = not any(one.has_default or one.is_settled for one in each[:1])
        kind = draw(st.sampled_from([*_CALLERS, "def" if stream else "loop"]))
        has_condition = is_open and draw(st.integers(0, 3)) == 0
        resources = draw(_subsets(len(self.resources)))
        if has_condition and len(each) > 1:
            resources = frozenset([n for n in resources if not self.resources[n].is_shared])
        made = Step(
            kind,
            each=tuple(each),
            wholes=tuple([(of, draw(st.booleans())) for of in wholes]),
            stream=stream,
            resources=resources,
            calls=() if kind == "loop" else self.calls(),
            catches=draw(st.booleans()),
            recovers=draw(st.integers(0, 3)) == 0 and not stream,
            has_condition=has_condition,
            limit=draw(_limits),
            ahead=draw(_limits) if each or stream else None,
            # Not for good where it reads a stream: whether that fails first is a matter of time.
            trouble=draw(_troubles.map(lambda number: max(number, 0) if stream else number)),
            way=draw(st.sampled_from(["plain", "plain", "method", "partial", "derived"])),
        )
        return self.vary(made)

    def vary(self, made: Step) -> Step:
        """The same with something that not every step can have."""
        is_alone = not made.each and not made.stream
        is_quiet = not (made.calls or made.stream)
        places = [n for n in sorted(made.resources) if not self.resources[n].is_async]
        able = {
            "grow": self.can_grow(made),
            "outputs": is_alone and not made.recovers,
            "stand in": is_alone,
            "place": bool(places) and made.kind == "def" and is_quiet,
            "share": is_quiet,
        }
        what = self.draw(st.sampled_from(["", *[name for name, is_able in able.items() if is_able]]))
        if what == "grow":
            self.growing.add(made.each[0].of)
            return made._replace(grows=self.draw(st.integers(1, 2)))
        if what == "stand in":
            return made._replace(stands_in=self.draw(st.sampled_from(["", "value", "function"])))
        changes = {"outputs": {"has_outputs": True}, "share": {"shares_limit": True}}
        return made._replace(**({"place": places[0]} if what == "place" else changes.get(what, {})))

    def can_grow(self, made: Step) -> bool:
        """Whether a step is the first one mapped over a source that nobody receives but item by item."""
        if len(made.each) != 1 or made.each[0].has_default or made.recovers:
            return False
        source = made.each[0].of
        whole = {of for step in self.steps for of, _ in step.wholes}
        read = {step.stream[0] for step in self.steps if step.stream is not None}
        return self.axes.get(source) == [source] and self.steps[source].kind == "list" and source not in whole | read

    def list_whole(self) -> list[int]:
        """What can be received as a whole."""
        return [n for n in range(len(self.steps)) if n not in self.growing]

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
    resources: list[Opened] = []
    for _ in range(draw(st.integers(0, 3))):
        resources.append(draw(_resources(tuple(resources))))
    callees = [draw(_callees(n, len(resources))) for n in range(draw(st.integers(0, 3)))]
    count = draw(st.integers(1, 3))
    unused = list(range(1, count))
    levels: list[Level] = []
    for number in range(count):
        called = [*range(len(callees))]
        if not any(one.is_shared for one in resources):  # what is opened around the run is called as a run of its own
            called += [CALLED_LEVEL + n for n in range(number + 1, count)]
        drawer = _Drawer(draw, number, tuple(called), tuple(resources))
        for _ in range(draw(st.integers(1, 5 if number == 0 else 3))):
            within = [n for n in unused if n > number]
            kinds = ["source", "task", "task", "level" if within else "task"]
            kind = draw(st.sampled_from(kinds if drawer.steps else ["source", *kinds[:2]]))
            if kind == "level":
                unused.remove(within[0])
                drawer.add(drawer.nested(within[0]))
            else:
                drawer.add(drawer.source() if kind == "source" else drawer.task())
        shared = frozenset([n for n, one in enumerate(resources) if one.is_shared and not number])
        is_async = bool(shared) or draw(st.booleans())
        levels.append(
            Level(
                tuple(drawer.steps),
                draw(st.integers(0, 2)) > 0,
                draw(st.booleans()),
                is_async,
                drawer.calls() if is_async else (),
                draw(_subsets(len(resources), 1)) | shared if is_async else frozenset(),
            )
        )
    stop = Stop(draw(st.sampled_from(stops)), draw(st.integers(1, 40)))
    return Program(tuple(levels), tuple(callees), tuple(resources), stop)
