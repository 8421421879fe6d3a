"""Whether what tasks give goes with what parameters are annotated to take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import NoneType
from typing import Any, NamedTuple, TypeAlias, Union, get_args, get_origin

from .._base.annotation import (
    Annotations,
    argument_of,
    item_of,
    list_members,
    may_be,
    read_annotations,
    show_type,
    value_of,
)
from .._base.events import Outcome
from .._base.graph_errors import TypeMismatchError
from .._base.signature import Kind, Param
from .._definition.definition import Definition, Predicate
from .graph import Graph
from .item_types import part_type, stream_type, tell_no_items, tell_parts
from .node import Node
from .source import FromInput, FromItem, FromItemOf, FromResult, FromStream, Gather, OfItem, Source

__all__ = ["find_mismatches"]

# What is taken and what is given, in words, and the types of what is given and what is wanted.
Pairs: TypeAlias = "Iterator[tuple[str, str, Any, Any]]"

# What gives one value, all items, or what there is for one item.
Giver: TypeAlias = "FromResult | FromInput | FromItemOf | FromStream"
_GIVERS = (FromResult, FromInput, FromItemOf, FromStream)


class Taker(NamedTuple):
    """A function whose parameters are looked at.

    Attributes:
        definition: the function.
        name: what the graph calls the task or workflow that it belongs to.
        who: what to call it in an error.
        node: the node of that; `None` for the workflow's own function.
    """

    definition: Definition
    name: str
    who: str
    node: Node | None = None


def find_mismatches(graph: Graph) -> list[TypeMismatchError]:
    """Return a problem for each dependency whose types plainly do not go together.

    Of outputs, and of what stands in for a task as a value, no type is known: they are not compared. Nor is what comes
    of a task that is mapped over what does not go together, as that is reported already.
    """
    return Comparison(graph).find()


class Comparison:
    """Compares the types along the edges of one graph; each function's annotations are read once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._read: dict[int, Annotations] = {}
        self._inputs = self._read_inputs()

    def find(self) -> list[TypeMismatchError]:
        """Return the problems."""
        graph = self.graph
        owner = graph.owner
        found = list(self._compare(Taker(owner, graph.name, _tell(owner, graph.name)), owner.own_params, graph.body))
        for node in graph:
            taker = Taker(node.definition, node.name, _tell(node.definition, node.name), node)
            astray = node.list_items() if _is_astray(node) else ()
            known = [(p, s) for p, s in zip(node.params, node.sources, strict=True) if p.name not in astray]
            found += self._compare(taker, [param for param, _ in known], [source for _, source in known])
            for option, asked in (("when", node.predicate), ("more", node.more), ("key", node.key)):
                is_task = asked is None or (isinstance(asked[0], Predicate) and asked[0].asks_task)
                if asked is not None and not is_task and not astray:
                    asking = Taker(asked[0], node.name, f"{option}= of {taker.who}", node)
                    found += self._compare(asking, asked[0].params, asked[1])
            if node.more is not None and node.axis is not None:
                found += self._compare_added(node, node.more[0])
        return found

    def _read_inputs(self) -> dict[str, Any]:
        """Return the types of the inputs, by the parameters of the workflow's own function that receive them."""
        owner = self.graph.owner
        found: dict[str, Any] = {}
        hints = self._annotations_of(owner).params
        for param, source in zip(owner.own_params, self.graph.body, strict=True):
            if isinstance(source, FromInput) and param.name in hints and not param.variadic:
                hint = hints[param.name]
                found.setdefault(source.name, hint if param.default is not None else Union[hint, None])  # noqa: UP007
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

    def _compare(self, taker: Taker, params: Sequence[Param], sources: Sequence[Source]) -> Iterator[TypeMismatchError]:
        wanted = self._annotations_of(taker.definition).params
        for param, source in zip(params, sources, strict=True):
            if isinstance(source, (FromItem, FromItemOf)):
                wrong = self._find_no_items(taker, param, source)
                if wrong is not None:
                    yield wrong
                    continue
            if param.name not in wanted:
                continue
            for taken, given, actual, expected in self._pairs(taker, param, wanted[param.name], source):
                # Annotated as `x: str = None`, it takes None.
                if not may_be(actual, expected) and not (param.default is None and may_be(actual, None)):
                    text = f"{taker.who} takes {taken} as {show_type(expected)}, and {given}"
                    way_out = self._tell_way_out(source, expected)
                    yield self._problem(taker.name, param.name, expected, actual, f"{text}. {way_out}")

    def _problem(self, name: str, parameter: str, expected: Any, actual: Any, text: str) -> TypeMismatchError:
        message = f"Cannot accept workflow {self.graph.name!r}: {text}"
        data = {"function": name, "parameter": parameter, "expected": expected, "actual": actual}
        return TypeMismatchError(message, workflow=self.graph.name, **data)

    def _tell_way_out(self, source: Source, wanted: Any) -> str:
        """Return what to do; where one thing that a task yields is wanted, it may be something opened and closed."""
        if isinstance(source, FromResult) and source.output is None:
            node = self.graph.node_of(source.definition)
            is_generator = node.definition.kind == "task" and node.definition.signature.gives.endswith("generator")
            if is_generator and not node.mapped and may_be(item_of(self._type_of(source)), wanted):
                text = "What a task yields is gathered in a list. To open something for others and close it afterwards,"
                return f"{text} decorate {node.name!r} with @resource; to take one thing at a time, use each=."
        return "Change one of the annotations."

    def _compare_added(self, node: Node, more: Definition) -> Iterator[TypeMismatchError]:
        """Compare what a `more=` adds with what the stages of its axis take as an item."""
        added = self._annotations_of(more).result
        members = [member for member in list_members(added) if member is not NoneType]
        if not members:
            return
        who = f"more= of {_tell(node.definition, node.name)}"
        reason = tell_no_items(Union[tuple(members)])  # noqa: UP007
        if reason:
            text = f"{who} gives {show_type(added)}, {reason}. Let it give a list, or None."
            yield self._problem(node.name, "", Iterable, added, text)
            return
        assert node.axis is not None
        for stage in [self.graph.nodes[index] for index in node.axis.stages]:
            wanted = self._annotations_of(stage.definition).params
            for param, source in zip(stage.params, stage.sources, strict=True):
                if isinstance(source, FromItem) and param.name in wanted:
                    actual, expected = part_type(item_of(added), source.part), wanted[param.name]
                    if not may_be(actual, expected):
                        text = f"{_tell(stage.definition, stage.name)} takes {param.name!r} as {show_type(expected)}, "
                        text += f"and {who} gives {show_type(added)}. Change one of the annotations."
                        yield self._problem(stage.name, param.name, expected, actual, text)

    def _pairs(self, taker: Taker, param: Param, wanted: Any, source: Source) -> Pairs:
        """Yield what is taken and what is given, in words, and the types of what is given and what is wanted."""
        taken, kind = repr(param.name), taker.definition.signature.kind
        settled = param.name in (taker.definition.settled if taker.node is None else taker.definition.graph_settled)
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
        elif isinstance(source, OfItem):
            yield from self._of_item_pairs(taker.node, wanted, source, taken)
        else:
            yield from self._result_pairs(wanted, source, taken, settled=settled)

    def _of_item_pairs(self, node: Node | None, wanted: Any, source: OfItem, taken: str) -> Pairs:
        """Yield them for what a `more=` or `key=` is given of the item itself."""
        assert node is not None
        if source.name == "index":
            yield taken, "the index of an item is int", int, wanted
        elif source.name == "result":
            whole = self._annotations_of(node.definition).result
            yield taken, f"{_tell(node.definition, node.name)} gives {show_type(whole)}", whole, wanted
        elif node.axis is not None and len(node.axis.sources) == 1:
            first: Any = node.axis.sources[0]
            yield from self._one_pairs(wanted, FromItem(node.axis.index, 0, first), taken, settled=False)

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
        if not isinstance(source, (*_GIVERS, FromItem)):
            return
        if settled:
            yield taken, "settled= gives it an Outcome", Outcome, wanted
            if not may_be(Outcome, wanted):
                return
            taken, wanted = f"the value of {taken}", argument_of(wanted, Outcome)
        giver = source.source if isinstance(source, FromItem) else source
        if not isinstance(giver, _GIVERS):
            return
        actual = whole = self._type_of(giver)
        part = source.part if isinstance(source, (FromItem, FromItemOf)) else None
        if isinstance(source, FromItem) or (
            isinstance(source, FromStream) and not self.graph.node_of(source.definition).mapped
        ):
            actual = item_of(whole)
        if isinstance(source, (FromResult, FromInput)) or (actual is whole and part is None):
            given = self._tell_given(giver)
        else:
            what = "an item" if part is None else "a part of an item"
            given = f"it is {what} of {self._tell_given(giver, ', which ')}"
        yield taken, given, part_type(actual, part), wanted

    def _type_of(self, giver: Giver) -> Any:
        """Return the type of what an input is, or of what one call of a task gives; `Any` where it is not known."""
        if isinstance(giver, FromInput):
            return self._inputs.get(giver.name, Any)
        if giver.output is not None or _is_astray(self.graph.node_of(giver.definition)):
            return Any
        return self._annotations_of(giver.definition).result

    def _tell_given(self, giver: Giver, link: str = " ") -> str:
        verb = "is" if isinstance(giver, FromInput) else "gives"
        return f"{self._tell(giver)}{link}{verb} {show_type(self._type_of(giver))}"

    def _tell(self, giver: Giver) -> str:
        if isinstance(giver, FromInput):
            return f"input {giver.name!r}"
        node = self.graph.node_of(giver.definition)
        return _tell(node.definition, node.name)

    def _find_no_items(self, taker: Taker, param: Param, source: FromItem | FromItemOf) -> TypeMismatchError | None:
        """Return a problem if what a task is run for item by item plainly has no items, or not the parts it should."""
        giver, part = source.source if isinstance(source, FromItem) else source, source.part
        if not isinstance(giver, _GIVERS) or (part and part.index):
            return None  # of what is taken apart, the first parameter is enough
        whole = item = self._type_of(giver)
        reason, expected = "", Iterable
        if isinstance(source, FromItem):
            reason, item = tell_no_items(whole), item_of(whole)
            if reason:
                reason += (
                    ". Make it a list" if isinstance(giver, FromInput) else ". Let it give a list, or yield its items"
                )
        if not reason and part is not None:
            reason, expected = tell_parts(item, _names_beside(taker, param.name)), tuple
        if not reason:
            return None
        text = f"{taker.who} has {param.name!r} in each=, and {self._tell_given(giver)}, {reason}."
        return self._problem(taker.name, param.name, expected, whole, text)


def _find_opened(kind: Kind, result: Any) -> Any:
    """Return the type of what a resource gives, given that of what its function gives: of a generator, a list."""
    arguments = get_args(result)
    if kind in ("generator", "async generator"):
        return arguments[0] if arguments else Any
    is_manager = get_origin(result) in (AbstractContextManager, AbstractAsyncContextManager)
    return arguments[0] if is_manager and arguments else Any


def _tell(definition: Definition, name: str) -> str:
    return f"{definition.kind} {name!r}"


def _is_astray(node: Node) -> bool:
    """Whether a node is mapped over what does not go together, which is reported already."""
    return bool(node.mapped) and node.axis is None


def _names_beside(taker: Taker, name: str) -> tuple[str, ...]:
    """Return the parameters that an item is taken apart for, of which this is one."""
    mapped = () if taker.node is None else taker.node.mapped
    return next((part.params for part in mapped if name in part.params), ())
