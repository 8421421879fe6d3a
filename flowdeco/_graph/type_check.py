"""Whether what tasks give goes with what parameters are annotated to take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, TypeAlias, get_args, get_origin

from .._base.annotation import Annotations, argument_of, item_of, may_be, read_annotations, show_type, value_of
from .._base.events import Outcome
from .._base.graph_errors import TypeMismatchError
from .._base.signature import Kind, Param
from .._definition.definition import Definition
from .graph import Graph
from .item_types import part_type, stream_type, tell_no_items, tell_parts
from .source import FromItem, FromItemOf, FromResult, FromStream, Gather, Source

__all__ = ["find_mismatches"]

# What is taken and what is given, in words, and the types of what is given and what is wanted.
Pairs: TypeAlias = "Iterator[tuple[str, str, Any, Any]]"


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
            if isinstance(source, (FromItem, FromItemOf)):
                wrong = self._find_no_items(definition, name, param, source)
                if wrong is not None:
                    yield wrong
                    continue
            if param.name not in wanted:
                continue
            kind, hint, is_settled = definition.signature.kind, wanted[param.name], param.name in settled
            pairs = self._pairs(param, hint, source, repr(param.name), kind=kind, settled=is_settled)
            for taken, given, actual, expected in pairs:
                # Annotated as `x: str = None`, it takes None.
                if not may_be(actual, expected) and not (param.default is None and may_be(actual, None)):
                    text = f"{definition.kind} {name!r} takes {taken} as {show_type(expected)}, and {given}"
                    message = f"Cannot accept workflow {self.graph.name!r}: {text}. Change one of the annotations."
                    data = {"function": name, "parameter": param.name, "expected": expected, "actual": actual}
                    yield TypeMismatchError(message, workflow=self.graph.name, **data)

    def _pairs(self, param: Param, wanted: Any, source: Source, taken: str, *, kind: Kind, settled: bool) -> Pairs:
        """Yield what is taken and what is given, in words, and the types of what is given and what is wanted."""
        if isinstance(source, Gather):
            kinds: type = list if source.keys is None else dict
            if not param.variadic:
                yield taken, f"needs= gives it a {kinds.__name__} of results", kinds, wanted
                if not may_be(kinds, wanted):
                    return
                wanted = item_of(wanted) if source.keys is None else value_of(wanted)
            for part in source.parts:
                yield from self._result_pairs(wanted, part, f"each of {taken}", settled=settled)
        elif isinstance(source, FromStream):
            yield taken, "stream= gives it an iterator over items", stream_type(kind), wanted
            if may_be(stream_type(kind), wanted):
                yield from self._one_pairs(item_of(wanted), source, f"each of {taken}", settled=settled)
        elif isinstance(source, FromItem) and isinstance(source.source, Gather) and source.part is None:
            for part in source.source.parts:
                yield from self._result_pairs(wanted, part, taken, settled=settled)
        else:
            yield from self._result_pairs(wanted, source, taken, settled=settled)

    def _result_pairs(self, wanted: Any, source: Source, taken: str, *, settled: bool) -> Pairs:
        """Yield them for one result, or for the list of all results of a mapped task."""
        if isinstance(source, FromResult) and self.graph.node_of(source.definition).mapped:
            yield taken, f"{self._tell(source)} has each= and gives a list, one result for each item", list, wanted
            if may_be(list, wanted):
                yield from self._one_pairs(item_of(wanted), source, f"each of {taken}", settled=settled)
        else:
            yield from self._one_pairs(wanted, source, taken, settled=settled)

    def _one_pairs(self, wanted: Any, source: Source, taken: str, *, settled: bool) -> Pairs:
        """Yield them for one result, or for what there is for one item."""
        if not isinstance(source, (FromResult, FromItem, FromItemOf, FromStream)):
            return
        if settled:
            yield taken, "settled= gives it an Outcome", Outcome, wanted
            if not may_be(Outcome, wanted):
                return
            taken, wanted = f"the value of {taken}", argument_of(wanted, Outcome)
        giver = source.source if isinstance(source, FromItem) else source
        if not isinstance(giver, (FromResult, FromItemOf, FromStream)) or giver.output is not None:
            return
        actual = whole = self._annotations_of(giver.definition).result
        part = source.part if isinstance(source, (FromItem, FromItemOf)) else None
        if isinstance(source, FromItem) or (
            isinstance(source, FromStream) and not self.graph.node_of(giver.definition).mapped
        ):
            actual = item_of(whole)
        what = "an item" if part is None else "a part of an item"
        if isinstance(source, FromResult) or (actual is whole and part is None):
            given = f"{self._tell(giver)} gives {show_type(whole)}"
        else:
            given = f"it is {what} of {self._tell(giver)}, which gives {show_type(whole)}"
        yield taken, given, part_type(actual, part), wanted

    def _tell(self, source: FromResult | FromItemOf | FromStream) -> str:
        node = self.graph.node_of(source.definition)
        return f"{node.definition.kind} {node.name!r}"

    def _find_no_items(
        self, definition: Definition, name: str, param: Param, source: FromItem | FromItemOf
    ) -> TypeMismatchError | None:
        """Return a problem if what a task is run for item by item plainly has no items, or too many parts."""
        giver, part = source.source if isinstance(source, FromItem) else source, source.part
        if not isinstance(giver, (FromResult, FromItemOf)) or giver.output is not None or (part and part.index):
            return None  # of what is taken apart, the first parameter is enough
        whole = item = self._annotations_of(giver.definition).result
        reason, expected = "", Iterable
        if isinstance(source, FromItem):
            reason, item = tell_no_items(whole), item_of(whole)
        if not reason and part is not None:
            reason, expected = tell_parts(item, part), tuple
        if not reason:
            return None
        text = f"{definition.kind} {name!r} has {param.name!r} in each=, and {self._tell(giver)} gives "
        message = f"Cannot accept workflow {self.graph.name!r}: {text}{show_type(whole)}, {reason}."
        data = {"function": name, "parameter": param.name, "expected": expected, "actual": whole}
        return TypeMismatchError(message, workflow=self.graph.name, **data)


def _find_opened(kind: Kind, result: Any) -> Any:
    """Return the type of what a resource gives, given that of what its function gives: of a generator, a list."""
    arguments = get_args(result)
    if kind in ("generator", "async generator"):
        return arguments[0] if arguments else Any
    is_manager = get_origin(result) in (AbstractContextManager, AbstractAsyncContextManager)
    return arguments[0] if is_manager and arguments else Any
