"""Whether what tasks give goes with what parameters are annotated to take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, get_args, get_origin

from .._base.annotation import Annotations, argument_of, item_of, may_be, read_annotations, show_type, value_of
from .._base.events import Outcome
from .._base.graph_errors import TypeMismatchError
from .._base.signature import Kind, Param
from .._definition.definition import Definition
from .graph import Graph
from .source import FromResult, Gather, Source

__all__ = ["find_mismatches"]


def find_mismatches(graph: Graph) -> list[TypeMismatchError]:
    """Return a problem for each dependency whose types plainly do not go together.

    Inputs, parts of results that are not `settled`, and what stands in for a task as a value are not compared.
    """
    return Comparison(graph).find()


class Comparison:
    """Compares the types along the edges of one graph; each function's annotations are read once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._read: dict[int, Annotations] = {}

    def find(self) -> list[TypeMismatchError]:
        """Return the problems."""
        graph = self.graph
        owner = graph.owner
        found = list(self._compare(owner, graph.name, owner.own_params, graph.body, owner.settled))
        for node in graph:
            found += self._compare(node.definition, node.name, node.params, node.sources, node.definition.graph_settled)
        return found

    def _annotations_of(self, definition: Definition) -> Annotations:
        if id(definition) not in self._read:
            signature = definition.signature
            read = read_annotations(definition.function, signature.kind)
            if signature.inner != signature.kind and signature.inner.endswith("generator"):
                read = read._replace(result=Any)  # whether a wrapper hands it on or makes something of it is not said
            if definition.is_resource:
                read = read._replace(result=_find_opened(signature.kind, read.result))
            self._read[id(definition)] = read
        return self._read[id(definition)]

    def _compare(
        self,
        definition: Definition,
        name: str,
        params: tuple[Param, ...],
        sources: tuple[Source, ...],
        settled: tuple[str, ...],
    ) -> Iterator[TypeMismatchError]:
        wanted = self._annotations_of(definition).params
        for param, source in zip(params, sources, strict=True):
            if param.name not in wanted:
                continue
            pairs = self._pairs(param, wanted[param.name], source, repr(param.name), settled=param.name in settled)
            for taken, given, actual, expected in pairs:
                # Annotated as `x: str = None`, it takes None.
                if not may_be(actual, expected) and not (param.default is None and may_be(actual, None)):
                    text = f"{definition.kind} {name!r} takes {taken} as {show_type(expected)}, and {given}"
                    message = f"Cannot accept workflow {self.graph.name!r}: {text}. Change one of the annotations."
                    data = {"function": name, "parameter": param.name, "expected": expected, "actual": actual}
                    yield TypeMismatchError(message, workflow=self.graph.name, **data)

    def _pairs(
        self, param: Param, wanted: Any, source: Source, taken: str, *, settled: bool
    ) -> Iterator[tuple[str, str, Any, Any]]:
        """Yield what is taken and what is given, in words, and the types of what is given and what is wanted."""
        if isinstance(source, Gather):
            kind: type = list if source.keys is None else dict
            if not param.variadic:
                yield taken, f"needs= gives it a {kind.__name__} of results", kind, wanted
                if not may_be(kind, wanted):
                    return
                wanted = item_of(wanted) if source.keys is None else value_of(wanted)
            for part in source.parts:
                yield from self._pairs(param, wanted, part, f"each of {taken}", settled=settled)
        elif isinstance(source, FromResult):
            if settled:
                yield taken, "settled= gives it an Outcome", Outcome, wanted
                if not may_be(Outcome, wanted):
                    return
                taken, wanted = f"the value of {taken}", argument_of(wanted, Outcome)
            if source.output is None:
                actual = self._annotations_of(source.definition).result
                node = self.graph.node_of(source.definition)
                yield taken, f"{node.definition.kind} {node.name!r} gives {show_type(actual)}", actual, wanted


def _find_opened(kind: Kind, result: Any) -> Any:
    """Return the type of what a resource gives, given that of what its function gives: of a generator, a list."""
    arguments = get_args(result)
    if kind in ("generator", "async generator"):
        return arguments[0] if arguments else Any
    is_manager = get_origin(result) in (AbstractContextManager, AbstractAsyncContextManager)
    return arguments[0] if is_manager and arguments else Any
