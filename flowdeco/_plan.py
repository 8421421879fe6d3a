"""A graph compiled for the engine: flat tables, made once and never changed.

Every value of a run has a place in one list: first the results of the nodes, in their order, then the inputs,
the run and its state, the constants, and the parts of results that have names of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from operator import itemgetter
from typing import Any, NamedTuple

from ._attempt import Launch, Start, launch
from ._errors import OutputError
from ._graph import Graph, Node
from ._lookup import Constant, Default, FromInput, FromRun, FromStep, Gather, Source, Watch
from ._scope import LocalScope
from ._signature import POSITIONAL, Param
from ._task import Task

__all__ = ["UNSET", "Call", "Parts", "Plan", "compile_plan", "take_part"]

UNSET: Any = type("Unset", (), {"__repr__": lambda _: "<unset>", "__slots__": ()})()


class Call(NamedTuple):
    """How the engine runs one node.

    Attributes:
        start: takes the values at `slots`; gives a coroutine, or in a thread the result.
        in_thread: whether a thread's lane runs it.
        can_wait: whether the coroutine may suspend.
        slot: the place of the only argument; -1 for none; -2 if `take` gets several.
        take: gets the tuple of arguments out of the list of values.
        followers: the nodes that need it.
        slots: the places it reads, each once, which it may be the last to need.
    """

    start: Start
    in_thread: bool
    can_wait: bool
    slot: int
    take: Callable[[list[Any]], tuple[Any, ...]] | None
    followers: tuple[int, ...]
    slots: tuple[int, ...]


class Parts(NamedTuple):
    """The parts of a result that have names: all names, and the places of those that are needed."""

    names: tuple[str, ...]
    places: tuple[tuple[str, int], ...]


class Arguments(NamedTuple):
    """Where a function's arguments come from, and how it is called with them by position."""

    slots: tuple[int, ...]
    start: Start


class Plan:
    """What the engine and the record need to know of a graph.

    Attributes:
        graph: the graph it was compiled from.
        watch: the names it rests on.
        local_scopes: those of them that are a function's or a class's body.
        calls: how each node runs, by index.
        counts: how many nodes each one waits for.
        roots: the nodes that wait for none.
        uses: how many readers each place has.
        template: the list of values before a run.
        parts: for a node with `outputs=`, its parts.
        inputs: the place of each input.
        body: the places of the arguments of the workflow's own function, and how to call it.
        threaded: whether any node runs in a thread's lane.
        named_inputs: whether every input may be given by name.
    """

    def __init__(self, graph: Graph, watch: Watch) -> None:
        self.graph = graph
        self.watch = watch
        namespaces = [*(n for n, _, _ in watch.bound.values()), *(n for n, _ in watch.absent.values())]
        self.local_scopes = tuple({id(n): n for n in namespaces if isinstance(n, LocalScope)}.values())
        self.template: list[Any] = [UNSET] * len(graph.nodes)
        self.inputs = {name: self._place() for name in graph.inputs}
        self.run_place, self.state_place = self._place(), self._place()
        self._part_places: dict[tuple[int, str], int] = {}
        self._part_set: set[int] = set()
        self.calls: list[Call] = []
        self.parts: dict[int, Parts] = {}
        self.body = UNSET
        self.uses: list[int] = []
        positional_only = Parameter.POSITIONAL_ONLY
        self.named_inputs = all(p.kind is not positional_only for p in graph.lookup.inputs.values())
        self._compile()

    def _place(self, value: Any = UNSET) -> int:
        self.template.append(value)
        return len(self.template) - 1

    def _compile(self) -> None:
        nodes = self.graph.nodes
        followers: list[list[int]] = [[] for _ in nodes]
        self.counts = [0] * len(nodes)
        for node in nodes:
            needed = [i for i in node.dependencies if not nodes[i].replaced]
            self.counts[node.index] = len(needed)
            for i in needed:
                followers[i].append(node.index)
        owner = self.graph.owner
        self.body = self._arguments(owner._function, owner._signature.params, self.graph.body)
        launches = [self._launch(node) for node in nodes]  # all of them first: parts of results get their places here
        self.calls = [self._call(slots, how, followers[i]) for i, (slots, how) in enumerate(launches)]
        self.roots = [n.index for n in nodes if not self.counts[n.index] and not n.replaced]
        self.threaded = any(call.in_thread for call in self.calls)
        self._count_uses()
        self._note_parts()

    def _launch(self, node: Node) -> tuple[tuple[int, ...], Launch]:
        step = node.step
        if node.replaced:
            self.template[node.index] = node.value
            return (), Launch(_never, False, False)
        if isinstance(step, Task):
            slots, start = self._arguments(step._function, node.params, node.sources)
            return slots, launch(node.name, step._function, step._signature.kind, start, step.timeout)
        given = [p for p in node.params if not isinstance(node.sources[p.name], Default)]
        slots = tuple(self._slot(param, node.sources[param.name]) for param in given)
        return (self.run_place, *slots), step._launch(node.name, tuple(param.name for param in given))

    def _call(self, slots: tuple[int, ...], how: Launch, followers: list[int]) -> Call:
        slot = slots[0] if len(slots) == 1 else -2 if slots else -1
        take = itemgetter(*slots) if len(slots) > 1 else None
        freed = tuple(dict.fromkeys(s for s in slots if self._is_result(s)))
        return Call(how.start, how.in_thread, how.can_wait, slot, take, tuple(followers), freed)

    def _is_result(self, place: int) -> bool:
        return place < len(self.graph.nodes) or place in self._part_set

    def _count_uses(self) -> None:
        self.uses = [0] * len(self.template)
        for place in self.body.slots:
            self.uses[place] += 1
        for call in self.calls:
            for place in call.slots:
                self.uses[place] += 1

    def _note_parts(self) -> None:
        for (index, output), place in self._part_places.items():
            names = self.graph.nodes[index].step.outputs
            before = self.parts.get(index, Parts(names, ()))
            self.parts[index] = Parts(names, (*before.places, (output, place)))
        for node in self.graph.nodes:
            if node.step.outputs and not node.replaced:
                self.parts.setdefault(node.index, Parts(node.step.outputs, ()))

    def _arguments(self, function: Start, params: Sequence[Param], sources: Mapping[str, Source]) -> Arguments:
        """Return how to call a function with its values by position."""
        positional: list[_Shape] = []
        keywords: list[tuple[str, _Shape]] = []
        slots: list[int] = []
        for param in _without_trailing_defaults(params, sources):
            source = sources[param.name]
            shape = self._shape(param, source, slots)
            if param.kind in POSITIONAL or param.kind is Parameter.VAR_POSITIONAL:
                positional.append(shape)
            elif not isinstance(source, Default):
                keywords.append(("" if param.variadic else param.name, shape))
        plain = not keywords and all(shape.kind == "one" for shape in positional)
        return Arguments(tuple(slots), function if plain else _adapted(function, positional, keywords))

    def _shape(self, param: Param, source: Source, slots: list[int]) -> _Shape:
        if isinstance(source, Gather):
            slots += [self._slot(param, part) for part in source.parts]
            kind = "list" if source.keys is None else "dict"
            return _Shape(f"*{kind}" if param.variadic else kind, len(source.parts), source.keys or ())
        if param.variadic:
            return _Shape("*list", 0, ())
        if not isinstance(source, Default) or param.kind in POSITIONAL:
            slots.append(self._slot(param, source))
        return _Shape("one", 1, ())

    def _slot(self, param: Param, source: Source) -> int:
        if isinstance(source, FromStep):
            index = self.graph.node_of(source.step).index
            return index if source.output is None else self._part_place(index, source.output)
        if isinstance(source, FromInput):
            return self.inputs[source.name]
        if isinstance(source, FromRun):
            return self.run_place if source.name == "run" else self.state_place
        if isinstance(source, Constant):
            return self._place(
                source.value if source.output is None else take_part(source.step, source.value, source.output)
            )
        return self._place(param.default)

    def _part_place(self, index: int, output: str) -> int:
        key = index, output
        if key not in self._part_places:
            self._part_places[key] = self._place()
            self._part_set.add(self._part_places[key])
        return self._part_places[key]


class _Shape(NamedTuple):
    kind: str
    size: int
    keys: tuple[Any, ...]

    def build(self, values: tuple[Any, ...]) -> Any:
        if self.kind == "one":
            return values[0]
        return dict(zip(self.keys, values, strict=True)) if self.kind.endswith("dict") else list(values)


def _without_trailing_defaults(params: Sequence[Param], sources: Mapping[str, Source]) -> list[Param]:
    """Leave out the positional parameters from which on all take their default."""
    positional = [p for p in params if p.kind in POSITIONAL or p.kind is Parameter.VAR_POSITIONAL]
    while positional and isinstance(sources[positional[-1].name], Default):
        positional.pop()
    return positional + [p for p in params if p.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD)]


def _adapted(function: Start, positional: list[_Shape], keywords: list[tuple[str, _Shape]]) -> Start:
    """Return a function that takes all values by position and calls `function` as it was declared."""
    shapes = [("", shape) for shape in positional] + keywords
    ends: list[int] = []
    for _, shape in shapes:
        ends.append((ends[-1] if ends else 0) + shape.size)
    spans = [(name, shape, end - shape.size, end) for (name, shape), end in zip(shapes, ends, strict=True)]
    first_keyword = len(positional)

    def start(*values: Any) -> Any:
        args: list[Any] = []
        named: dict[str, Any] = {}
        for number, (name, shape, begin, end) in enumerate(spans):
            value = shape.build(values[begin:end])
            if number >= first_keyword:
                named.update({name: value} if name else value)
            elif shape.kind == "*list":
                args += value
            else:
                args.append(value)
        return function(*args, **named)

    return start


def _never(*_: Any) -> Any:
    raise AssertionError("a value stands in for this node")


def take_part(step: Any, result: Any, output: str) -> Any:
    """Return the part of a task's result that has the name `output`.

    Raises:
        OutputError: the result is neither a mapping with the names of `outputs=` nor a sequence of that length.
    """
    outputs: tuple[str, ...] = step.outputs
    if isinstance(result, Mapping):
        missing = [name for name in outputs if name not in result]
        if not missing:
            return result[output]
        reason = f"the result has no {missing[0]!r}"
    elif isinstance(result, Sequence) and not isinstance(result, (str, bytes)):
        if len(result) == len(outputs):
            return result[outputs.index(output)]
        reason = f"the result has {len(result)} items"
    else:
        reason = f"the result is of type {type(result).__name__}"
    message = f"Cannot take the outputs {', '.join(map(repr, outputs))} of task {step.name!r}: {reason}. "
    message += f"Return a mapping with these keys, or a sequence of {len(outputs)}."
    raise OutputError(message, task=step.name, outputs=outputs, result=result)


def compile_plan(graph: Graph, watch: Watch) -> Plan:
    """Compile a graph that has no problems."""
    return Plan(graph, watch)
