"""Graphs of all shapes, whose tasks fail, are skipped, recovered and tried again."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.model.policy_model import Act, Ending, Flow, Kind, Node, Param, Ref, Way, When, evaluate, find_demanded

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
        return [
            Param(f"{self.prefix}rest{k}", "list", tuple(refs), k == 1, k == 2, k == 3) for k, refs in kinds.items()
        ]


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
    # Names of its own: what a workflow fills by needs= is filled for the workflows within that have such an input, too.
    params = drawer.params(f"{prefix}b", 2)
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
    demanded = find_demanded(flow, ())  # from the outset: who waits for another may be what demands it
    for index in runs:
        before = [i for i in runs if i in demanded and ranks[i] < ranks[index]]
        if before and nodes[index].kind in kinds and random.random() < 0.4:
            nodes[index] = replace(nodes[index], awaits=random.choice(before))
    return replace(flow, nodes=tuple(nodes))
