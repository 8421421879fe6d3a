"""Random graphs under random policies end as the sequential model says: statuses, results, attempts and errors."""

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from inspect import Parameter
from typing import Any

import anyio
import pytest
from anyio import fail_after
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeco import Limit, Retry, Run, Status, Workflow, task, workflow

from .conftest import ASYNCIO, TRIO, Backend
from .policy_model import (
    ERRORS,
    Act,
    Ended,
    Ending,
    Flow,
    Kind,
    Node,
    Param,
    Ref,
    Shape,
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

# From the model's description to the real thing


def declare(name: str, params: Iterable[Param], function: Any) -> Any:
    """Give a function that takes anything a name, and the parameters that the model says."""
    order = sorted(params, key=lambda param: (param.keyword, param.optional))
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    function.__signature__ = inspect.Signature(
        [
            Parameter(p.name, kinds[p.keyword], default=default_of(name, p.name) if p.optional else Parameter.empty)
            for p in order
        ]
    )
    function.__name__ = function.__qualname__ = name
    return function


def bind(function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    bound = function.__signature__.bind(*args, **kwargs)
    bound.apply_defaults()
    return {name: make_plain(value) for name, value in bound.arguments.items()}


class Builder:
    """Builds the workflow of one flow."""

    def __init__(self, flow: Flow, limits: list[Limit]) -> None:
        self.flow = flow
        self.limits = limits
        self.steps: list[Any] = []

    def build(self) -> Workflow[Any, Any]:
        flow = self.flow
        for index, node in enumerate(flow.nodes):
            self.steps.append(self.make_step(flow.name_of(index), node))

        def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return perform(flow.act, flow.name, 1, bind(body, args, kwargs))

        async def body_async(*args: Any, **kwargs: Any) -> Any:
            await checkpoint()
            return call(args, kwargs)

        def body_plain(*args: Any, **kwargs: Any) -> Any:
            return call(args, kwargs)

        body = declare(flow.name, (*flow.inputs, *flow.params), body_async if flow.is_async else body_plain)
        return workflow(
            body,
            needs=self.needs_of(flow.params),
            after=[self.steps[index] for index in flow.after],
            tasks=self.steps,
            settled=[param.name for param in flow.params if param.settled],
            keep_going=flow.keep_going,
            defaults={"retries": Retry(flow.default_retries, delay=0)} if flow.default_retries else None,
            on_state=(lambda: None) if flow.watched else None,
        )

    def needs_of(self, params: Iterable[Param]) -> dict[str, Any]:
        needs: dict[str, Any] = {}
        for param in params:
            found = [self.need_of(ref) for ref in param.refs]
            if param.shape == "one":
                needs[param.name] = found[0]
            elif param.shape == "list":
                needs[param.name] = found
            elif param.shape == "dict":
                needs[param.name] = {f"k{number}": need for number, need in enumerate(found)}
        return needs

    def need_of(self, ref: Ref) -> Any:
        return ref.output or (ref.to if isinstance(ref.to, str) else self.steps[ref.to])

    def make_step(self, name: str, node: Node) -> Any:
        if node.inner is not None:
            return Builder(node.inner, self.limits).build()
        needs = self.needs_of(node.params)
        options: dict[str, Any] = {"timeout": 60} if node.kind.endswith("timed") else {}
        if node.kind == "in the loop":
            options["run_in"] = "loop"
        if node.retries is not None:
            options["retries"] = Retry(node.retries, on=ERRORS[node.on], delay=0)
        if node.when is not None:
            options["when"] = self.make_when(name, node.when)
            needs |= self.needs_of(node.when.params)
        if node.recover:
            ways = {ERRORS[way.error]: self.make_way(name, node, way) for way in node.recover}
            options["recover"] = ways if node.by_type else next(iter(ways.values()))
        return task(
            make_function(name, node),
            needs=needs,
            after=[self.steps[index] for index in node.after],
            outputs=node.outputs or None,
            settled=[param.name for param in node.params if param.settled],
            limit={self.limits[number]: places for number, places in node.limit},
            **options,
        )

    def make_when(self, name: str, when: When) -> Any:
        if when.node is not None:
            return self.steps[when.node]
        what = f"asks_{name}"
        function: Any = None

        def ask(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            return perform(when.act, what, 1, bind(function, args, kwargs))

        async def ask_async(*args: Any, **kwargs: Any) -> Any:
            await checkpoint()
            return ask(args, kwargs)

        def ask_plain(*args: Any, **kwargs: Any) -> Any:
            return ask(args, kwargs)

        function = declare(name, when.params, ask_async if when.is_async else ask_plain)
        function.__name__ = what
        return function

    def make_way(self, name: str, node: Node, way: Way) -> Any:
        saver = f"saves_{name}"
        function: Any = None
        tries = Counter[str]()

        def save(*args: Any, **kwargs: Any) -> Any:
            tries[saver] += 1
            act = act_of(way.acts, tries[saver])
            given = function.__signature__.bind(*args, **kwargs).arguments
            if act == "same":
                raise given["error"]
            return perform(act, saver, tries[saver], bind(function, (), given), node.outputs)

        async def save_async(*args: Any, **kwargs: Any) -> Any:
            await checkpoint()
            return save(*args, **kwargs)

        params = [Param(asked, "one") for asked in way.asks]
        function = declare(saver, params, save_async if way.is_async else save)
        return function if way.retries is None else task(function, retries=Retry(way.retries, delay=0))


def make_function(name: str, node: Node) -> Any:
    tries = Counter[str]()

    def act(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tries[name] += 1
        return perform(act_of(node.acts, tries[name]), name, tries[name], bind(function, args, kwargs), node.outputs)

    async def as_async(*args: Any, **kwargs: Any) -> Any:
        for _ in range(node.steps):
            await checkpoint()
        return act(args, kwargs)

    async def as_async_generator(*args: Any, **kwargs: Any) -> Any:
        for item in list_items(await as_async(*args, **kwargs)):
            yield item

    def as_plain(*args: Any, **kwargs: Any) -> Any:
        return act(args, kwargs)

    def as_generator(*args: Any, **kwargs: Any) -> Any:
        yield from list_items(act(args, kwargs))

    def as_awaitable(*args: Any, **kwargs: Any) -> Any:
        return as_async(*args, **kwargs)

    forms: dict[str, Any] = {
        "async": as_async,
        "async timed": as_async,
        "async generator": as_async_generator,
        "def": as_plain,
        "def timed": as_plain,
        "in the loop": as_plain,
        "generator": as_generator,
        "awaitable": as_awaitable,
    }
    function = declare(name, node.params, forms[node.kind])
    return function


# What is drawn

KINDS: list[Kind] = [
    "async",
    "async",
    "async timed",
    "async generator",
    "def",
    "def timed",
    "in the loop",
    "generator",
    "awaitable",
]
FAILING: list[Act] = ["Boom", "Bang", "Puff"]
ACTS: list[Act] = ["give", "give", "give", "nothing", "skip", "skip silently", *FAILING]


NO_INPUT_OR_ONE: list[tuple[str, ...]] = [(), ("alpha",)]
SHAPES: list[Shape] = ["one", "one", "one", "list", "dict", "nothing"]


@st.composite
def some_params(
    draw: st.DrawFn, prefix: str, before: list[Node], names: Callable[[int], str], inputs: tuple[str, ...], most: int
) -> tuple[Param, ...]:
    params: list[Param] = []
    for number in range(draw(st.integers(0, most))):
        settled = bool(before) and draw(st.integers(0, 4)) == 0
        shape: Shape = draw(st.sampled_from(SHAPES))
        refs: list[Ref] = []
        for _ in range(1 if shape == "one" else 0 if shape == "nothing" else draw(st.integers(1, 3))):
            if before and (settled or not inputs or draw(st.integers(0, 3))):
                index = draw(st.integers(0, len(before) - 1))
                whole: list[str | None] = [None]
                refs.append(Ref(index, draw(st.sampled_from([*whole, *before[index].outputs]))))
            elif inputs:
                refs.append(Ref(draw(st.sampled_from(list(inputs)))))
        if not refs:
            shape, settled = "nothing", False
        optional = shape == "nothing" or draw(st.integers(0, 2)) == 0
        params.append(Param(f"{prefix}{number}", shape, tuple(refs), draw(st.booleans()), optional, settled))
    return tuple(params)


@st.composite
def some_node(
    draw: st.DrawFn, name: str, before: list[Node], names: Callable[[int], str], inputs: tuple[str, ...]
) -> Node:
    params = draw(some_params("p", before, names, inputs, 3))
    acts: tuple[Act, ...] = tuple(draw(st.lists(st.sampled_from(ACTS), min_size=1, max_size=3)))
    if draw(st.booleans()):
        acts = (*(act for act in acts if act in FAILING), "give")
    has_outputs = draw(st.integers(0, 4)) == 0
    outputs = (f"{name}_a", f"{name}_b") if has_outputs else ()
    after = tuple(sorted(draw(st.sets(st.integers(0, len(before) - 1), max_size=1)))) if before else ()
    return Node(
        kind=draw(st.sampled_from(KINDS)),
        params=params,
        acts=acts,
        after=after,
        outputs=outputs,
        retries=draw(st.sampled_from([None, None, 0, 1, 2])),
        on=draw(st.sampled_from(["Exception", "Exception", "Boom", "Puff"])),
        when=draw(st.none() | some_when(before, names, inputs)) if draw(st.booleans()) else None,
        recover=draw(some_ways(params)) if draw(st.integers(0, 2)) == 0 else (),
        by_type=True,
        limit=draw(st.sampled_from([(), (), (), ((0, 1),), ((1, 2),), ((0, 1), (1, 1))])),
        steps=draw(st.integers(0, 3)),
    )


@st.composite
def some_when(draw: st.DrawFn, before: list[Node], names: Callable[[int], str], inputs: tuple[str, ...]) -> When:
    if before and draw(st.integers(0, 3)) == 0:
        return When((), "give", node=draw(st.integers(0, len(before) - 1)))
    params = [
        Param(p.name, p.shape, p.refs, p.keyword, p.optional) for p in draw(some_params("w", before, names, inputs, 2))
    ]
    return When(tuple(params), draw(st.sampled_from(["give", "give", "nothing", "Boom"])), draw(st.booleans()))


@st.composite
def some_ways(draw: st.DrawFn, params: tuple[Param, ...]) -> tuple[Way, ...]:
    ways: list[Way] = []
    for error in draw(
        st.lists(st.sampled_from(["Bang", "Boom", "Puff", "Exception"]), min_size=1, max_size=2, unique=True)
    ):
        by_task = draw(st.booleans())
        acts: list[Act] = draw(st.lists(st.sampled_from(["give", "Puff", "skip"]), min_size=1, max_size=2))
        if not by_task and draw(st.integers(0, 3)) == 0:
            acts = ["same"]
        asks = ["error", *draw(st.sets(st.sampled_from(["attempt", *(p.name for p in params)])))]
        ways.append(
            Way(error, tuple(acts), tuple(asks), draw(st.booleans()), draw(st.integers(0, 2)) if by_task else None)
        )
    return tuple(ways)


@st.composite
def some_flow(draw: st.DrawFn, keep_going: bool | None = None) -> Flow:
    nodes: list[Node] = []

    def name_of(index: int) -> str:
        return f"t{index}"

    inputs = draw(st.sampled_from(NO_INPUT_OR_ONE))
    for index in range(draw(st.integers(1, 7))):
        nodes.append(draw(some_node(name_of(index), nodes, name_of, inputs)))
    params = draw(some_params("b", nodes, name_of, (), 4))
    reached = {ref.to for param in params for ref in param.refs}
    return Flow(
        name="w",
        prefix="t",
        nodes=tuple(nodes),
        params=params,
        after=() if draw(st.integers(0, 2)) else tuple(i for i in range(len(nodes)) if i not in reached)[:1],
        act=draw(st.sampled_from(["give", "give", "give", "nothing", "Boom", "skip"])),
        is_async=True,
        keep_going=draw(st.booleans()) if keep_going is None else keep_going,
        inputs=tuple(Param(name, "one") for name in inputs),
        default_retries=draw(st.sampled_from([None, None, 1])),
        watched=draw(st.booleans()),
    )


# What is compared


def tell(run: Run[Any], name: str) -> Ended:
    """Return what the record says of a task, as the model does."""
    record = run.tasks[name]
    failures = tuple((name, f.attempt, name_error(f.error)) for f in run.errors if f.task == name)
    states = tuple(str(transition.status) for transition in run.history(name))
    error = None if record.error is None else name_error(record.error)
    return Ended(str(record.status), make_plain(record.result), error, record.reason, record.attempts, states, failures)


def as_seen(ended: Ended, name: str) -> Ended:
    """Return what the record says of what the model says: it does not tell of a recovering task's attempts there."""
    failures = tuple(f for f in ended.failures if f[0] == name)
    return ended._replace(passed_on="", failures=failures)


def check_nodes(flow: Flow, ending: Ending, run: Run[Any]) -> None:
    for index, expected in enumerate(ending.nodes):
        name = flow.name_of(index)
        if name not in run.tasks:
            continue  # nothing needs it
        found = tell(run, name)
        if ending.stops and found.status == "cancelled":
            continue
        assert found == as_seen(expected, name), name


def check_end(ending: Ending, run: Run[Any]) -> None:
    if ending.errors:
        assert run.status is Status.FAILED
        assert run.error is not None
        assert name_error(run.error) in ending.errors
    elif ending.skip is not None:
        assert run.status is Status.SKIPPED
        assert run.error is None
    else:
        assert run.status is Status.COMPLETED
        assert make_plain(run.result) == ending.value


def prune(flow: Flow) -> Flow:
    """Leave out the nodes that nothing needs, which are not in the graph: the model counts them, too."""
    needed: set[int] = set(flow.after) | {r.to for p in flow.params for r in p.refs if isinstance(r.to, int)}
    for index in reversed(range(len(flow.nodes))):
        if index in needed:
            node = flow.nodes[index]
            needed |= set(node.after) | {r.to for p in node.params for r in p.refs if isinstance(r.to, int)}
            if node.when is not None:
                needed |= {r.to for p in node.when.params for r in p.refs if isinstance(r.to, int)}
                needed |= set() if node.when.node is None else {node.when.node}
    quiet = [node if i in needed else Node("async", (), ("give",)) for i, node in enumerate(flow.nodes)]
    return replace(flow, nodes=tuple(quiet))


async def play(flow: Flow) -> None:
    flow = prune(flow)
    limits = [Limit(1), Limit(2)]
    inputs = {param.name: f"given {param.name}" for param in flow.inputs}
    w = Builder(flow, limits).build()
    ending = evaluate(flow, inputs)
    with fail_after(30):
        run = await w.run(**inputs)
    check_nodes(flow, ending, run)
    check_end(ending, run)
    assert all("0 of" in repr(limit) for limit in limits)


@pytest.mark.parametrize("backend", [ASYNCIO, TRIO], ids=["asyncio", "trio"])
@pytest.mark.parametrize("keep_going", [False, True], ids=["stopping", "keep_going"])
def test_random_policies_end_as_the_model_says(
    backend: Backend, keep_going: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "flowdeco")

    @settings(max_examples=60)
    @given(some_flow(keep_going))
    def check(flow: Flow) -> None:
        anyio.run(play, flow, backend=backend[0], backend_options=backend[1])

    check()
