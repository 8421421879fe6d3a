"""What a node receives item by item or as a stream, before it is known over what it is mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import Parameter
from typing import TypeAlias

from .._base.graph_errors import AxisError, EachError
from .._base.sentinel import UNSET
from .._base.signature import MISSING, Param
from .._definition.definition import Definition
from .._definition.item_function import ItemFunction
from .._definition.items import Each, Order
from .node import Asked, Mapped, Node
from .resolver import Resolver
from .source import (
    Constant,
    Default,
    FromInput,
    FromItem,
    FromItemOf,
    FromResult,
    FromRun,
    FromStream,
    FromValue,
    Gather,
    OfItem,
    Source,
)

__all__ = ["ItemSources"]

# Puts what stands in for tasks into a source, and makes nodes of them.
Reach: TypeAlias = Callable[[Source, Definition, Param], Source]

# What can be asked for besides; of a `more=` only the last.
_OF_ITEM = ("index", "item", "result")


class ItemSources:
    """Finds what nodes with `each=` or `stream=` receive; what is wrong is reported to the resolver."""

    def __init__(self, resolver: Resolver, reach: Reach) -> None:
        self._resolver = resolver
        self._reach = reach

    def resolve(self, node: Node) -> None:
        """Note what the parameters of a node receive: for items and streams, what gives all of them."""
        definition = node.definition
        node.mapped = tuple([self._map(node, each) for each in definition.graph_each])
        items, streams = node.list_items(), definition.items.streams
        found: list[Source] = []
        for param in node.params:
            source = items.get(param.name)
            if source is None:
                source = self._reach(self._resolver.resolve(definition, param), definition, param)
            if param.name in streams:
                source = self._stream(definition, param, source, streams[param.name])
            found.append(source)
        node.sources = tuple(found)
        node.more, node.key = self._ask(node, definition.items.more), self._ask(node, definition.items.key)

    def _map(self, node: Node, each: Each) -> Mapped:
        definition = node.definition
        if definition.is_workflow:
            self._check_inputs(node, each)
        param = Param(each.params[0], Parameter.POSITIONAL_OR_KEYWORD)
        if each.need is UNSET:
            found = self._resolver.resolve(definition, param)
        else:
            found = self._resolver.resolve_need(definition, param, each.need, "each")
        if isinstance(found, FromRun):
            what = "the run itself" if found.name == "run" else "the state of the run"
            text = f"has {param.name!r} in each=, and that is {what}, which has no items. "
            self._report(definition, param.name, f"{text}Name what gives a collection.")
            found = Default()
        if isinstance(found, Gather) and not set(each.params).isdisjoint(definition.graph_settled):
            text = f"has {param.name!r} in settled= and, over a list of several, in each=. Give that list to needs= "
            self._report(definition, param.name, f"{text}instead: settled= then gives an Outcome of each.")
        return Mapped(each.params, each.apart, self._reach(found, definition, param))

    def _check_inputs(self, node: Node, each: Each) -> None:
        inputs = [param.name for param in node.params]
        for name in each.params:
            if name not in inputs:
                text = f"has {name!r} in each=, which is none of its inputs, as a task, the run or needs= gives it. "
                way = f"Give the parameter another name, or say needs={{{name!r}: None}}, which makes it an input."
                self._report(node.definition, name, text + way)

    def _stream(self, definition: Definition, param: Param, source: Source, order: Order) -> Source:
        if isinstance(source, (FromResult, Constant)):
            return FromStream(source.definition, source.output, order)
        if not (isinstance(source, Default) and param.default is MISSING):  # else that is reported already
            name = param.name
            what = "an input, which is there before anything runs" if isinstance(source, FromInput) else "no task"
            text = f"has {name!r} in stream=, and that is {what}. Remove it from stream=, or give the parameter the "
            self._report(definition, name, f"{text}name of a task that yields or has each=.")
        return source

    def _ask(self, node: Node, function: ItemFunction | None) -> Asked | None:
        """Return a `more=` or `key=` with what its parameters receive: what the node has, else what they name."""
        if function is None:
            return None
        own = {param.name: source for param, source in zip(node.params, node.sources, strict=True)}
        own.update(node.list_items())
        found: list[Source] = []
        for param in function.params:
            source = own.get(param.name)
            if source is None and param.name in _OF_ITEM[: 3 if function is node.definition.items.more else 2]:
                source = OfItem(param.name)
            if source is None:
                source = self._reach(self._resolver.resolve(function, param), function, param)
            found.append(source)
        return function, tuple(found)

    # When the axes are known.

    def report_axes(self, node: Node, axes: str) -> None:
        """Report a node that is mapped over what does not go together."""
        definition = node.definition
        name = self._resolver.name_of(definition)
        text = f"{definition.kind} {name!r} would go item by item over {axes}, and their items do not belong "
        text += "together. Receive one of them as a whole list, or zip them in a task and name that in each=."
        self._resolver.fail(AxisError, text, function=name, parameter=node.mapped[0].params[0])

    def check_axes(self, nodes: Iterable[Node]) -> None:
        """Report a `key=` that does not go with what its node is mapped over."""
        for node in nodes:
            if node.key is not None:
                self._check_key(node, *node.key)

    def _check_key(self, node: Node, function: ItemFunction, sources: tuple[Source, ...]) -> None:
        for param, source in zip(function.params, sources, strict=True):
            if isinstance(source, FromItemOf):
                if node.more is None:
                    continue
                reason = "which is there only when the item is under way; with more=, the key decides whether it is new"
            elif isinstance(source, OfItem) and source.name == "index" and node.more is not None:
                reason = "which an item gets when it begins; with more=, the key decides before whether it is new"
            elif isinstance(source, (FromItem, OfItem, FromInput, FromValue, Constant, Default)):
                continue
            else:
                reason = "which is not there yet when an item comes and gets its key"
            text = f"has a key= that asks for {param.name!r}, {reason}. Ask for the item, its index or inputs."
            self._report(node.definition, param.name, text)

    def _report(self, definition: Definition, parameter: str, text: str) -> None:
        name = self._resolver.name_of(definition)
        self._resolver.fail(EachError, f"{definition.kind} {name!r} {text}", function=name, parameter=parameter)
