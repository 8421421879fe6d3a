"""Graphs of all shapes, whose tasks fail, are skipped, recovered and tried again, end as a sequential model says."""

import functools
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from inspect import Parameter, Signature
from random import Random
from threading import Lock
from typing import Any, NamedTuple, cast

import anyio
import pytest
from anyio import Event, fail_after, from_thread
from anyio.lowlevel import checkpoint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeco import Limit, Retry, Run, Skip, Task, Workflow, task, workflow
from tests.conftest import Backend
from tests.model.policy_model import (
    ERRORS,
    Act,
    Ended,
    Ending,
    Flow,
    Kind,
    Node,
    Param,
    Ref,
    Way,
    When,
    act_of,
    default_of,
    evaluate,
    list_items,
    make_plain,
    name_error,
    perform,
)

# Which flows there are.

PLAIN: list[Kind] = ["def", "def", "def timed", "in the loop", "generator"]
WAITING: list[Kind] = ["async", "async", "async", "async", "async", "async timed", "async generator", "awaitable"]
KINDS = [*PLAIN, *WAITING]
GOOD: list[Act] = ["give", "give", "give", "give", "nothing"]
BAD: list[Act] = ["Boom", "Bang", "Puff"]
ACTS: list[Act] = [*GOOD, *GOOD, *BAD, *BAD, "skip", "skip silently", "misfit"]
WAYS: list[Act] = [*GOOD, "Boom", "Puff", "same", "skip", "misfit"]
CAPACITIES = [1, 2, 3]


class Drawer:
    """Draws the parts of a flow."""

    def __init__(self, draw: st.DrawFn, prefix: str, *, limits: bool) -> None:
        self.draw = draw
        self.prefix = prefix
        self.limits = limits
        self.nodes: list[Node] = []
        self.refs: list[Ref] = []
        self.unread: set[int | str] = set()

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def pick(self, options: list[Any]) -> Any:
        return options[self.draw(st.integers(0, len(options) - 1))]

    def some(self, options: list[Any], most: int) -> list[Any]:
        size = min(most, len(options))
        return self.draw(st.lists(st.sampled_from(options), unique=True, max_size=size)) if size else []

    def param(self, name: str, *, settles: bool = True) -> Param:
        keyword = self.chance(20)
        if not self.refs or self.chance(8):
            return Param(name, "nothing", (), keyword, optional=True)
        shape = self.pick(["one", "one", "one", "one", "list", "dict"])
        refs = (self.pick(self.refs),) if shape == "one" else tuple(self.some(self.refs, 3))
        settled = settles and any(isinstance(ref.to, int) for ref in refs) and self.chance(25)
        if settled:  # an input has no outcome
            refs = tuple(ref for ref in refs if isinstance(ref.to, int))
        self.unread -= {ref.to for ref in refs}
        return Param(name, shape, refs, keyword, self.chance(35), settled)

    def params(self, prefix: str, most: int, *, settles: bool = True) -> tuple[Param, ...]:
        count = self.draw(st.integers(0, most))
        return in_order([self.param(f"{prefix}{i}", settles=settles) for i in range(count)])

    def acts(self) -> tuple[Act, ...]:
        return tuple(self.draw(st.lists(st.sampled_from(ACTS), min_size=1, max_size=3)))

    def after(self) -> tuple[int, ...]:
        found = tuple(self.some(list(range(len(self.nodes))), 2)) if self.chance(15) else ()
        self.unread -= set(found)
        return found

    def when(self, params: tuple[Param, ...]) -> When | None:
        if not self.chance(20):
            return None
        if self.nodes and self.chance(30):
            asked = self.pick(list(range(len(self.nodes))))
            self.unread.discard(asked)
            return When((), "give", node=asked)
        own = [param for param in params if param.shape != "nothing"]
        shared = [replace(param, settled=False, optional=self.chance(30)) for param in own[:1] if self.chance(30)]
        act: Act = self.pick(["give", "give", "give", "nothing", "Boom", "skip"])
        return When(in_order([*self.params("q", 2, settles=False), *shared]), act, self.chance(50))

    def ways(self, params: tuple[Param, ...]) -> tuple[tuple[Way, ...], bool]:
        if not self.chance(35):
            return (), False
        by_type = self.chance(40)
        errors = self.some([*BAD, "Exception"], 3) if by_type else ["Exception"]
        return tuple(self.way(error, params) for error in errors), by_type

    def way(self, error: str, params: tuple[Param, ...]) -> Way:
        asks = ["error", "attempt", *(param.name for param in params)]
        acts = tuple(self.draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=2)))
        return Way(error, acts, tuple(self.some(asks, 3)), self.chance(50), self.pick([None, None, 0, 1]))

    def limit(self) -> tuple[tuple[int, int], ...]:
        if not self.limits:
            return ()
        chosen: list[int] = self.some(list(range(len(CAPACITIES))), 2)
        return tuple((which, self.draw(st.integers(1, CAPACITIES[which]))) for which in chosen)

    def task(self, name: str) -> Node:
        params = self.params("p", 3)
        recover, by_type = self.ways(params)
        return Node(
            kind=self.pick(KINDS),
            params=params,
            acts=self.acts(),
            after=self.after(),
            outputs=(f"left_{name}", f"right_{name}") if self.chance(15) else (),
            retries=self.pick([None, None, 0, 1, 2]),
            on=self.pick(["Exception", "Exception", "Boom", "Bang"]),
            when=self.when(params),
            recover=recover,
            by_type=by_type,
            limit=self.limit(),
            steps=self.draw(st.integers(0, 2)),
        )

    def nested(self, name: str) -> Node:
        """A workflow, whose inputs are found by the names of the nodes, or keep their defaults."""
        chosen = self.some([ref for ref in self.refs if isinstance(ref.to, int) and ref.output is None], 2)
        self.unread -= {ref.to for ref in chosen}
        params = in_order([Param(f"{self.prefix}{r.to}", "one", (r,), optional=self.chance(40)) for r in chosen])
        inner = self.draw(flows(name=name, prefix=f"{name}m", most=4, inputs=params, depth=1, limits=self.limits))
        if not evaluate(inner, {param.name: "x" for param in params}).certain:
            inner = replace(inner, keep_going=True)
        return Node("async", params, ("give",), inner=inner)

    def add(self, node: Node) -> None:
        index = len(self.nodes)
        self.nodes.append(node)
        self.refs += [Ref(index), *(Ref(index, output) for output in node.outputs)]
        self.unread.add(index)

    def rest(self) -> list[Param]:
        """Parameters that receive what nobody else does, so that all nodes are in the graph."""
        kinds: dict[int, list[Ref]] = defaultdict(list)
        for index in sorted(i for i in self.unread if isinstance(i, int)):
            kinds[self.draw(st.integers(0, 3))].append(Ref(index))
        return [Param(f"rest{k}", "list", tuple(refs), k == 1, k == 2, k == 3) for k, refs in kinds.items()]


def in_order(params: Iterable[Param]) -> tuple[Param, ...]:
    """As Python wants them: those with a default after those without, and keywords last."""
    return tuple(sorted(params, key=lambda param: (param.keyword, param.optional)))


@st.composite
def flows(
    draw: st.DrawFn,
    name: str = "w",
    prefix: str = "n",
    most: int = 9,
    inputs: tuple[Param, ...] = (),
    depth: int = 0,
    limits: bool = False,
) -> Flow:
    """A workflow with all its nodes, each of which somebody needs."""
    drawer = Drawer(draw, prefix, limits=limits)
    if not depth and drawer.chance(30):
        inputs = (Param("x", "nothing", optional=drawer.chance(50)),)
    drawer.refs += [Ref(param.name) for param in inputs]
    for index in range(draw(st.integers(1, most))):
        own = f"{prefix}{index}"
        drawer.add(drawer.nested(own) if depth < 1 and drawer.chance(8) else drawer.task(own))
    params = drawer.params("b", 2)
    after = drawer.after()
    return Flow(
        name=name,
        prefix=prefix,
        nodes=tuple(drawer.nodes),
        params=in_order([*params, *drawer.rest()]),
        after=after,
        act=drawer.pick(["give", "give", "give", "give", "give", "nothing", "Boom", "skip"]),
        is_async=drawer.chance(70),
        keep_going=drawer.chance(60),
        inputs=inputs,
        default_retries=drawer.pick([None, None, None, 1]),
        watched=drawer.chance(30),
    )


def add_waits(flow: Flow, ending: Ending, random: Random) -> Flow:
    """Have some tasks wait in the middle until others have ended; in some order, none waits for a later one."""
    nodes = list(flow.nodes)
    ranks = [random.random() for _ in nodes]
    for index, node in enumerate(nodes):
        params = (*node.params, *(node.when.params if node.when else ()))
        needed = {ref.to for param in params for ref in param.refs if isinstance(ref.to, int)} | {*node.after}
        needed |= {node.when.node} if node.when and node.when.node is not None else set()
        ranks[index] = max([ranks[index], *(ranks[i] + 1e-6 for i in needed)])
    kinds: list[Kind] = ["async", "async timed"]
    if not ending.stops:  # on asyncio, anyio does not cancel what a thread that is cancelled already calls afterwards
        kinds.append("def")
    runs = [i for i, ended in enumerate(ending.nodes) if ended.attempts and nodes[i].inner is None]
    for index in runs:
        before = [i for i in runs if ranks[i] < ranks[index]]
        if before and nodes[index].kind in kinds and random.random() < 0.4:
            nodes[index] = replace(nodes[index], awaits=random.choice(before))
    return replace(flow, nodes=tuple(nodes))


# How they are run.


class World:
    """What the functions of one flow share, and note of what happens to them."""

    def __init__(self) -> None:
        self.limits = [Limit(capacity) for capacity in CAPACITIES]
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything, before another run."""
        self.calls: Counter[str] = Counter()
        self.raised: list[tuple[str, BaseException]] = []
        self.states: dict[tuple[str, str | None], list[str]] = defaultdict(list)
        self.ended: dict[str, Event] = defaultdict(Event)
        self.used: Counter[int] = Counter()
        self.overdrawn = False

    @contextmanager
    def holding(self, places: tuple[tuple[int, int], ...]) -> Generator[None]:
        """Count what is used of the limits."""
        with self._lock:
            self.used.update(dict(places))
            self.overdrawn |= any(self.used[which] > CAPACITIES[which] for which, _ in places)
        try:
            yield
        finally:
            with self._lock:
                self.used.subtract(dict(places))

    def watch(self, flow: str) -> Callable[..., None]:
        """Return an `on_state` hook that notes what it sees."""

        def note(task: str | None, status: str) -> None:
            self.states[flow, task].append(str(status))

        return note


class Actor:
    """The function of one task: what it takes, what it does, and how it runs."""

    def __init__(
        self,
        world: World,
        name: str,
        signature: Signature,
        acts: tuple[Act, ...],
        outputs: tuple[str, ...] = (),
        places: tuple[tuple[int, int], ...] = (),
    ) -> None:
        self.world = world
        self.name = name
        self.signature = signature
        self.acts = acts
        self.outputs = outputs
        self.places = places
        self.steps = 0
        self.awaits: str | None = None
        self.tells: tuple[str, ...] | None = None

    def act(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        world, name = self.world, self.name
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        world.calls[name] += 1
        attempt = world.calls[name]
        act = act_of(self.acts, attempt)
        try:
            if act == "same":
                raise bound.arguments["error"]
            told = bound.arguments if self.tells is None else self.tells
            received = {key: make_plain(bound.arguments[key]) for key in told}
            return perform(act, name, attempt, received, self.outputs)
        except Skip:
            raise
        except Exception as error:
            world.raised.append((name, error))
            raise

    async def wait(self) -> None:
        for _ in range(self.steps):
            await checkpoint()
        if self.awaits is not None and not self.world.calls[self.name]:
            await self.world.ended[self.awaits].wait()

    def tell(self) -> None:
        self.world.ended[self.name].set()

    @property
    def waits(self) -> bool:
        return bool(self.steps or self.awaits)


def make_function(actor: Actor, kind: str) -> Callable[..., Any]:
    """Return a function of this kind."""
    made: Any = _make_async(actor, kind) if kind.startswith(("async", "await")) else _make_plain(actor, kind)
    made.__name__ = actor.name
    made.__signature__ = actor.signature
    function: Callable[..., Any] = made
    return function


def _make_async(actor: Actor, kind: str) -> Callable[..., Any]:
    async def waits(*args: Any, **kwargs: Any) -> Any:
        with actor.world.holding(actor.places):
            try:
                await actor.wait()
                return actor.act(args, kwargs)
            finally:
                actor.tell()

    async def quick(*args: Any, **kwargs: Any) -> Any:
        with actor.world.holding(actor.places):
            try:
                return actor.act(args, kwargs)
            finally:
                actor.tell()

    async def generator(*args: Any, **kwargs: Any) -> Any:
        result = await waits(*args, **kwargs)
        for item in list_items(result):
            yield item

    def awaitable(*args: Any, **kwargs: Any) -> Any:
        return waits(*args, **kwargs)

    special: dict[str, Callable[..., Any]] = {"async generator": generator, "awaitable": awaitable}
    return special.get(kind, waits if actor.waits else quick)


def _make_plain(actor: Actor, kind: str) -> Callable[..., Any]:
    def in_thread(*args: Any, **kwargs: Any) -> Any:
        with actor.world.holding(actor.places):
            try:
                if actor.waits:
                    from_thread.run(actor.wait)
                return actor.act(args, kwargs)
            finally:
                from_thread.run_sync(actor.tell)

    def in_loop(*args: Any, **kwargs: Any) -> Any:
        with actor.world.holding(actor.places):
            try:
                return actor.act(args, kwargs)
            finally:
                actor.tell()

    def generator(*args: Any, **kwargs: Any) -> Any:
        yield from list_items(in_thread(*args, **kwargs))

    return {"generator": generator, "in the loop": in_loop}.get(kind, in_thread)


class Builder:
    """Makes the tasks and the workflow of a flow."""

    def __init__(self, world: World, flow: Flow) -> None:
        self.world = world
        self.flow = flow
        self.steps: list[Any] = []

    def build(self, **options: Any) -> Workflow[Any, Any]:
        flow, retries = self.flow, self.flow.default_retries
        for index, node in enumerate(flow.nodes):
            made = self._make_task(flow.name_of(index), node)
            self.steps.append(made if node.inner is None else Builder(self.world, node.inner).build())
        result: Workflow[Any, Any] = workflow(
            self._make_body(sign(flow.name, (*flow.inputs, *flow.params))),
            name=flow.name,
            needs=self._needs(flow.params),
            after=[self.steps[i] for i in flow.after],
            settled=settled_of(flow.params),
            tasks=self.steps,
            keep_going=flow.keep_going,
            defaults=None if retries is None else {"retries": make_retries(retries, "Exception")},
            on_state=self.world.watch(flow.name) if flow.watched else None,
            **options,
        )
        return result

    def _make_body(self, signature: Signature) -> Callable[..., Any]:
        actor = Actor(self.world, self.flow.name, signature, (self.flow.act,))
        if self.flow.is_async:
            return make_function(actor, "async")

        def body(*args: Any, **kwargs: Any) -> Any:
            return actor.act(args, kwargs)

        cast("Any", body).__signature__ = signature
        return body

    def _make_task(self, name: str, node: Node) -> Task[..., Any]:
        actor = Actor(self.world, name, sign(name, node.params), node.acts, node.outputs, node.limit)
        actor.steps = node.steps
        actor.awaits = None if node.awaits is None else self.flow.name_of(node.awaits)
        asked = node.when.params if node.when is not None else ()
        return task(
            make_function(actor, node.kind),
            name=name,
            needs=self._needs([*node.params, *asked]),
            after=[self.steps[i] for i in node.after],
            outputs=node.outputs or None,
            settled=settled_of(node.params),
            retries=None if node.retries is None else make_retries(node.retries, node.on),
            timeout=60 if node.kind.endswith("timed") else None,
            run_in="loop" if node.kind == "in the loop" else None,
            when=None if node.when is None else self._make_when(name, node.when),
            recover=self._make_recover(name, node) if node.recover else None,
            limit=self._limit(node) or None,
        )

    def _limit(self, node: Node) -> dict[Limit, int]:
        return {self.world.limits[which]: places for which, places in node.limit}

    def _needs(self, params: Iterable[Param]) -> dict[str, Any]:
        needs: dict[str, Any] = {}
        for param in params:
            parts = [self._need(ref) for ref in param.refs]
            if param.shape == "nothing":
                needs[param.name] = None
            elif param.shape == "dict":
                needs[param.name] = {f"k{i}": part for i, part in enumerate(parts)}
            else:
                needs[param.name] = parts if param.shape == "list" else parts[0]
        return needs

    def _need(self, ref: Ref) -> Any:
        if ref.output is not None:
            return ref.output
        return ref.to if isinstance(ref.to, str) else self.steps[ref.to]

    def _make_when(self, name: str, when: When) -> Any:
        if when.node is not None:
            return self.steps[when.node]
        actor = Actor(self.world, f"asks_{name}", sign(name, when.params), (when.act,))
        return make_function(actor, "async" if when.is_async else "in the loop")

    def _make_recover(self, name: str, node: Node) -> Any:
        made = {ERRORS[way.error]: self._make_way(f"saves_{name}", way, node) for way in node.recover}
        return made if node.by_type else made[Exception]

    def _make_way(self, name: str, way: Way, node: Node) -> Any:
        # One that is to raise the error itself must be given it, though it does not tell of it.
        asks = dict.fromkeys((*way.asks, "error"))
        signature = Signature([Parameter(ask, Parameter.KEYWORD_ONLY) for ask in asks])
        places = () if way.retries is None else node.limit
        actor = Actor(self.world, name, signature, way.acts, node.outputs, places)
        actor.tells = way.asks
        function = make_function(actor, "async" if way.is_async else "in the loop")
        if way.retries is None:
            return function
        retries = make_retries(way.retries, "Exception")
        limit = self._limit(node) or None
        return task(function, name=name, retries=retries, run_in=None if way.is_async else "loop", limit=limit)


def sign(function: str, params: Iterable[Param]) -> Signature:
    kinds = {False: Parameter.POSITIONAL_OR_KEYWORD, True: Parameter.KEYWORD_ONLY}
    return Signature(
        [
            Parameter(p.name, kinds[p.keyword], default=default_of(function, p.name) if p.optional else Parameter.empty)
            for p in in_order(params)
        ]
    )


def settled_of(params: Iterable[Param]) -> list[str]:
    return [param.name for param in params if param.settled]


def make_retries(times: int, on: str) -> Retry:
    return Retry(times, on=ERRORS[on], delay=0, jitter=0)


# How what has happened is compared with what should.


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
        """Every error that a function of the flow itself has raised is in the record, also if the run was stopped."""
        noted = {id(failure.error) for failure in run.errors}
        own = [self.flow.name, *(self.flow.name_of(i) for i in range(len(self.flow.nodes)))]
        known = {prefix + name for name in own for prefix in ("", "asks_", "saves_")}
        lost = [error for who, error in self.world.raised if who in known and id(error) not in noted]
        assert lost == []


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Generator[None]:
    """Each run that fails is logged."""
    logger = logging.getLogger("flowdeco")
    logger.disabled = True
    yield
    logger.disabled = False


# How long it takes to draw a flow says more about the machine.
examples = functools.partial(settings, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(flow=flows(), random=st.randoms(use_true_random=False))
@examples(max_examples=120)
def test_any_graph_ends_as_the_model_says(flow: Flow, random: Random, backend: Backend) -> None:
    case = Case(add_waits(flow, evaluate(flow, inputs_of(flow)), random), backend)
    case.run()
    case.call()


@given(flow=flows(limits=True))
@examples(max_examples=60)
def test_any_graph_with_limits_ends_as_the_model_says_and_overdraws_none(flow: Flow, backend: Backend) -> None:
    case = Case(flow, backend)
    case.run()
    case.call()
