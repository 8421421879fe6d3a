"""The graph of a workflow: its nodes, its edges, and what is wrong with them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from inspect import Parameter
from typing import Any, NamedTuple

from ._errors import CycleError, MissingDependencyError
from ._lookup import Constant, FromInput, FromRun, FromStep, Gather, Lookup, Source
from ._signature import Param
from ._task import Step

__all__ = ["Edge", "Graph", "Node", "build_graph", "parts_of", "steps_of"]

# What `after=` asks for when it gives a name: never an error of its own, for a better one is at hand.
_AFTER = Param("", Parameter.POSITIONAL_OR_KEYWORD, None)


class Node:
    """One task or workflow of a graph.

    Attributes:
        index: its place in the order of execution; no node needs a later one.
        name: what the record calls it, unique in the graph.
        step: the `Task` or `Workflow`.
        sources: what each parameter receives, by name.
        dependencies: the indices of the nodes that must have ended before, each once.
        replaced: whether a value stands in for it, so that it does not run.
    """

    __slots__ = ("after", "dependencies", "index", "name", "params", "replaced", "sources", "step", "value")

    def __init__(self, step: Step, name: str) -> None:
        self.index = -1
        self.name = name
        self.step = step
        self.params: tuple[Param, ...] = ()
        self.sources: dict[str, Source] = {}
        self.after: tuple[Step, ...] = ()
        self.dependencies: tuple[int, ...] = ()
        self.replaced = False
        self.value: Any = None

    def __repr__(self) -> str:
        return f"<node {self.name!r}>"


class Edge(NamedTuple):
    """That `target` needs `source`. `parameter` is `None` where only the order counts (`after=`)."""

    source: str
    target: str
    parameter: str | None


class Graph:
    """What a workflow runs: the tasks it needs, and nothing else.

    Iterating gives the nodes, each after those it needs; `print(graph)` draws a tree.

    Attributes:
        name: the workflow's name.
        nodes: the nodes in an order of execution.
        inputs: the names of the workflow's inputs.
        body: what the parameters of the workflow's own function receive.
    """

    def __init__(
        self,
        lookup: Lookup,
        body: dict[str, Source],
        nodes: list[Node],
        ends: list[Step],
        stand_ins: dict[int, Step],
    ) -> None:
        owner = lookup.owner
        self.name = owner.name or "workflow"
        self.owner = owner
        self.lookup = lookup
        self.nodes = tuple(nodes)
        self.inputs = tuple(lookup.inputs)
        self.body = body
        self.ends = ends
        self._by_step = {id(node.step): node for node in nodes}
        self._by_name = {node.name: node for node in nodes}
        self._by_step.update(
            {key: self._by_step[id(step)] for key, step in stand_ins.items() if id(step) in self._by_step}
        )

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"<graph of workflow {self.name!r}: {len(self.nodes)} nodes>"

    def __str__(self) -> str:
        return draw_tree(self)

    def node_of(self, step: Step) -> Node:
        """Return the node of a task or workflow; `KeyError` if the graph has none."""
        return self._by_step[id(step)]

    def find(self, key: object) -> Node | None:
        """Return the node of a name, or of a task, be it one that another stands in for."""
        return self._by_name.get(key) if isinstance(key, str) else self._by_step.get(id(key))

    @property
    def edges(self) -> list[Edge]:
        """Every dependency; those of the workflow's own function have its name as target."""
        found = [edge for node in self.nodes for edge in self._edges_of(node.name, node.sources, node.after)]
        return found + self._edges_of(self.name, self.body, tuple(self.ends))

    def _edges_of(self, target: str, sources: dict[str, Source], after: tuple[Step, ...]) -> list[Edge]:
        found = [Edge(self.node_of(s).name, target, p) for p, source in sources.items() for s in steps_of(source)]
        found += [
            Edge(s.name, target, p)
            for p, source in sources.items()
            for s in parts_of(source)
            if isinstance(s, FromInput)
        ]
        return found + [Edge(self.node_of(step).name, target, None) for step in after]


def parts_of(source: Source) -> tuple[Any, ...]:
    """Return the single sources that a source consists of."""
    return source.parts if isinstance(source, Gather) else (source,)


def steps_of(source: Source) -> list[Step]:
    """Return the tasks that a source gets values from."""
    return [part.step for part in parts_of(source) if isinstance(part, (FromStep, Constant))]


class Builder:
    """Follows the names from the workflow's own function to every task that it needs."""

    def __init__(self, lookup: Lookup, replace: Callable[[Step], Step | Constant]) -> None:
        self.lookup = lookup
        self.nodes: dict[int, Node] = {}
        self._replace = replace
        self._replaced: dict[int, Step | Constant] = {}
        self._open: deque[Node] = deque()

    def build(self) -> Graph:
        """Return the graph; what is wrong with it is in `lookup.problems`."""
        owner = self.lookup.owner
        body = {name: self._reach(source, name) for name, source in self.lookup.resolve_owner().items()}
        ends = [self._end(owner, part) for part in owner.after]
        while self._open:
            self._resolve_node(self._open.popleft())
        _name_apart(list(self.nodes.values()))
        nodes = self._sort()
        stand_ins = {key: r.step if isinstance(r, Constant) else r for key, r in self._replaced.items()}
        return Graph(self.lookup, body, nodes, [step for step in ends if step is not None], stand_ins)

    def _resolve_node(self, node: Node) -> None:
        node.params = node.step.params
        if node.step.graph_watch is not None:
            self.lookup.watch.update(node.step.graph_watch)
        for param in node.params:
            node.sources[param.name] = self._reach(self.lookup.resolve(node.step, param), param.name)
        found = [self._end(node.step, part) for part in node.step.graph_after]
        node.after = tuple(step for step in found if step is not None)

    def _end(self, function: Step, part: Step | str) -> Step | None:
        """Return the task that an entry of `after=` means."""
        source: Source = FromStep(part) if isinstance(part, Step) else self.lookup.resolve_name(function, part, _AFTER)
        if not isinstance(source, FromStep):
            text = f"after={part!r} of {function._kind} {function.name!r} names no task."
            self.lookup.fail(MissingDependencyError, text, function=function.name, parameter=part)
            return None
        reached = self._reach(FromStep(source.step), part if isinstance(part, str) else "")
        return reached.step if isinstance(reached, (FromStep, Constant)) else None

    def _reach(self, source: Source, name: str) -> Source:
        """Make nodes of the tasks that a source names, and put in what stands in for them."""
        if isinstance(source, Gather):
            return Gather(source.keys, tuple(self._reach_part(part, name) for part in source.parts))
        return self._reach_part(source, name)

    def _reach_part(self, source: Source, name: str) -> Source:
        if not isinstance(source, FromStep):
            return source
        key = id(source.step)
        if key not in self._replaced:
            self._replaced[key] = self._replace(source.step)
        instead = self._replaced[key]
        step = instead.step if isinstance(instead, Constant) else instead
        if id(step) not in self.nodes:
            label = source.step.name or step.name or name or "task"
            self.nodes[id(step)] = node = Node(step, label)
            if isinstance(instead, Constant):
                node.replaced, node.value = True, instead.value
            else:
                self._open.append(node)
        if isinstance(instead, Constant):
            return Constant(step, instead.value, source.output)
        return FromStep(step, source.output)

    def _sort(self) -> list[Node]:
        """Number the nodes so that each comes after those it needs; the ones in a circle come last."""
        nodes = list(self.nodes.values())
        needs = {id(n.step): _needed(n) for n in nodes}
        waiting = {key: len(steps) for key, steps in needs.items()}
        readers: dict[int, list[Node]] = {}
        for node in nodes:
            for key in needs[id(node.step)]:
                readers.setdefault(key, []).append(node)
        order = [node for node in nodes if not waiting[id(node.step)]]
        for node in order:
            for reader in readers.get(id(node.step), ()):
                waiting[id(reader.step)] -= 1
                if not waiting[id(reader.step)]:
                    order.append(reader)
        if len(order) < len(nodes):
            sorted_ids = {id(node) for node in order}
            self._report_cycles([node for node in nodes if id(node) not in sorted_ids])
        for index, node in enumerate(order):
            node.index = index
        for node in order:
            node.dependencies = tuple(sorted(self.nodes[key].index for key in needs[id(node.step)]))
        return order

    def _report_cycles(self, stuck: list[Node]) -> None:
        for path in find_cycles({id(n.step): _needed(n) for n in stuck}):
            names = [self.nodes[key].name for key in reversed(path)]
            start = names.index(min(names))
            names = [*names[start:], *names[:start], names[start]]
            if len(names) == 2:
                text = f"task {names[0]!r} needs itself. Rename its parameter, or say what it is with needs=."
            else:
                circle = " -> ".join(names)
                text = f"its tasks need each other in a circle: {circle}. Rename a parameter, or cut one with needs=."
            self.lookup.fail(CycleError, text, path=tuple(names))


def _needed(node: Node) -> set[int]:
    """Return the ids of the steps that a node needs."""
    needed = {id(step) for source in node.sources.values() for step in steps_of(source)}
    return needed | {id(step) for step in node.after}


# A knot of tasks has more circles than anybody reads.
_MOST_CYCLES = 20


def find_cycles(needs: dict[int, set[int]]) -> list[list[int]]:
    """Return a path for each circle that a walk along the needs runs into; each key is visited once."""
    cycles: list[list[int]] = []
    done: set[int] = set()
    for start in needs:
        path: list[int] = []
        place: dict[int, int] = {}
        walks: list[Iterator[int]] = [iter((start,))]
        while walks:
            key = next(walks[-1], None)
            if key is None:
                walks.pop()
                if path:
                    done.add(path[-1])
                    del place[path.pop()]
            elif key in place:
                cycles.append(path[place[key] :])
                if len(cycles) == _MOST_CYCLES:
                    return cycles
            elif key in needs and key not in done:
                place[key] = len(path)
                path.append(key)
                walks.append(iter(needs[key]))
    return cycles


def _name_apart(nodes: list[Node]) -> None:
    """Qualify equal names by their module, then by a number."""
    for qualify in (_with_module, _with_path):
        count = Counter(node.name for node in nodes)
        for node in nodes:
            if count[node.name] > 1:
                node.name = qualify(node)
    seen: Counter[str] = Counter()
    for node in nodes:
        seen[node.name] += 1
        if seen[node.name] > 1:
            node.name = f"{node.name} ({seen[node.name]})"


def _with_module(node: Node) -> str:
    module = getattr(node.step._function, "__module__", None) or ""
    return f"{module.rpartition('.')[2]}.{node.name}" if module else node.name


def _with_path(node: Node) -> str:
    own = node.name.rpartition(".")[2]
    return f"{getattr(node.step._function, '__module__', '')}.{own}"


# Past this many levels a branch goes on in a paragraph of its own: a chain of thousands stays readable.
_DEEPEST = 20


def draw_tree(graph: Graph) -> str:
    """Return the graph as a tree, from the workflow to what it needs; what was drawn above is not drawn again."""
    lines = [f"{graph.name}({', '.join(graph.inputs)})"]
    drawn: set[int] = set()
    paragraphs: deque[Node] = deque()
    _draw(graph, lines, _children(graph, graph.body, tuple(graph.ends)), drawn, paragraphs)
    while paragraphs:
        node = paragraphs.popleft()
        lines += ["", f"{node.name} …"]
        _draw(graph, lines, _children(graph, node.sources, node.after), drawn, paragraphs)
    return "\n".join(lines)


def _children(graph: Graph, sources: dict[str, Source], after: tuple[Step, ...]) -> list[tuple[str, Node | None]]:
    """Return what is needed: a label and the node, or a label alone."""
    found: dict[str, Node | None] = {}
    for parameter, source in sources.items():
        for part in parts_of(source):
            if isinstance(part, (FromStep, Constant)):
                node = graph.node_of(part.step)
                found.setdefault(_label(node, parameter, part.output), node)
            elif isinstance(part, (FromInput, FromRun)):
                found.setdefault(part.name if isinstance(part, FromRun) else f"{part.name} (input)", None)
    for step in after:
        found.setdefault(f"{graph.node_of(step).name} (after)", graph.node_of(step))
    return list(found.items())


def _label(node: Node, parameter: str, output: str | None) -> str:
    if output is not None:
        return f"{node.name}[{output}]"
    plain = node.name.rpartition(".")[2] == parameter
    return node.name if plain else f"{node.name} as {parameter}"


def _draw(graph: Graph, lines: list[str], children: list[Any], drawn: set[int], later: deque[Node]) -> None:
    levels = [deque(children)]
    while levels:
        if not levels[-1]:
            levels.pop()
            continue
        label, node = levels[-1].popleft()
        stem = "".join("│   " if level else "    " for level in levels[:-1])
        line = stem + ("├── " if levels[-1] else "└── ") + label
        below = _children(graph, node.sources, node.after) if node is not None else []
        if node is not None and node.replaced:
            line += " = replaced"
        elif below and id(node) in drawn:
            line += " ↑"
        elif below and len(levels) >= _DEEPEST:
            line += " ↓"
            later.append(node)
            drawn.add(id(node))
        elif below:
            drawn.add(id(node))
            levels.append(deque(below))
        lines.append(line)


def build_graph(lookup: Lookup, replace: Callable[[Step], Step | Constant]) -> Graph:
    """Build the graph of a workflow.

    Args:
        lookup: finds the names; gathers the problems.
        replace: gives what stands in for a task: a task (mostly itself) or a constant.
    """
    return Builder(lookup, replace).build()
