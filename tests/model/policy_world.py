"""How drawn flows are run."""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from inspect import Parameter, Signature
from threading import Lock
from typing import Any, cast

from anyio import Event, from_thread
from anyio.lowlevel import checkpoint

from flowdeco import Limit, Retry, Skip, Task, Workflow, task, workflow
from tests.model.policy_flows import CAPACITIES, in_order
from tests.model.policy_model import (
    ERRORS,
    Act,
    Flow,
    Node,
    Param,
    Ref,
    Way,
    When,
    act_of,
    default_of,
    list_items,
    make_plain,
    perform,
)


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
