"""One task or workflow of a graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .._base.signature import Param
from .._definition.definition import Definition, Predicate
from .._definition.item_function import ItemFunction
from .._policy.policy import Policy
from .source import FromResult, Source, definitions_of

if TYPE_CHECKING:
    from .axis import Axis

__all__ = ["Arguments", "Mapped", "Node", "pair"]

# The names of parameters, with what each receives.
Arguments: TypeAlias = "list[tuple[str, Source]]"


class Mapped(NamedTuple):
    """A collection that a node is mapped over, as its `each=` says, whatever its axis.

    Attributes:
        params: the parameters that receive an item, or the parts of one; the function may lack them.
        apart: whether an item is taken apart for them.
        source: what gives the items: all of them, as for a parameter that receives the whole.
    """

    params: tuple[str, ...]
    apart: bool
    source: Source


# What decides about an item, and what its parameters receive.
Asked: TypeAlias = "tuple[ItemFunction, tuple[Source, ...]]"


class Node:
    """One task or workflow of a graph.

    Attributes:
        index: its place in the order of execution; no node needs a later one.
        name: what the record calls it, unique in the graph.
        step: the `Task` or `Workflow` that runs, or the function that wraps one.
        definition: what that is the face of.
        dependencies: the indices of the nodes that must have ended before, in ascending order.
        replaced: whether a value stands in for it, so that it does not run.
        is_given: whether it runs in a workflow around this one, which shares it.
        axis: what it is mapped over; `None` for a node that runs once.
    """

    __slots__ = (
        "after",
        "axis",
        "definition",
        "dependencies",
        "handled",
        "index",
        "is_given",
        "key",
        "mapped",
        "more",
        "name",
        "origin",
        "params",
        "place",
        "place_given",
        "plan",
        "policy",
        "predicate",
        "replaced",
        "shared",
        "sources",
        "unread",
        "value",
    )

    def __init__(self, definition: Definition, name: str) -> None:
        self.index = -1
        self.name = name
        self.definition = definition
        self.dependencies: tuple[int, ...] = ()
        self.replaced = self.is_given = False
        self.value: Any = None
        # What has its options, where `definition` is a copy to be told from another node of the same.
        self.origin = definition
        # Of a workflow: its plan, what it shares of what runs here, and what of that may fail without keeping it.
        self.plan: Any = None
        self.shared: tuple[Definition, ...] = ()
        self.handled: frozenset[int] = frozenset()
        # Its parameters, what each of them receives, and what only has to have ended before.
        self.params: tuple[Param, ...] = ()
        self.sources: tuple[Source, ...] = ()
        self.after: tuple[Definition, ...] = ()
        # The resource that it runs in, as its `run_in=` says.
        self.place: Definition | None = None
        # Of a call, in whose graph that is no node: what gives what is open.
        self.place_given: Source | None = None
        # The `when=`, with what its parameters receive.
        self.predicate: tuple[Predicate, tuple[Source, ...]] | None = None
        # What it is mapped over, as its `each=` says and as an axis; its `more=` and `key=`.
        self.mapped: tuple[Mapped, ...] = ()
        self.axis: Axis | None = None
        # What it is mapped over without a parameter that receives the items, as where another function stands in.
        self.unread: Arguments = []
        self.more: Asked | None = None
        self.key: Asked | None = None
        # Of a task: what its options say, with what the defaults of its workflow and its class make of it.
        self.policy: Policy | None = None

    def __repr__(self) -> str:
        return f"<node {self.name!r}>"

    @property
    def step(self) -> Any:
        return self.definition.face

    @property
    def arguments(self) -> Arguments:
        """What its parameters receive, but for those of its `when=`."""
        return pair(self.params, self.sources)

    @property
    def barriers(self) -> tuple[Definition, ...]:
        """What has to have ended before it, well or skipped, and gives none of its arguments."""
        if not self.shared:
            return self.after
        return *self.after, *[step for step in self.shared if id(step) not in self.handled]

    def list_needed(self) -> list[Definition]:
        """Return all that has to have ended before it."""
        found: list[Definition] = []
        for source in self.sources:
            if type(source) is FromResult:  # most are
                found.append(source.definition)
            else:
                found += definitions_of(source)
        for source in self.asked:
            found += definitions_of(source)
        for part in self.mapped:
            found += definitions_of(part.source)
        if self.place is not None:
            found.append(self.place)
        return [*found, *self.after, *self.shared]

    def list_asked(self) -> list[tuple[str, Arguments]]:
        """Return what the functions of its options receive besides, by the option.

        What a `more=` or `key=` has of the node's own arguments is not among it.
        """
        found: list[tuple[str, Arguments]] = []
        for option, asked in (("when", self.predicate), ("more", self.more), ("key", self.key)):
            if asked is not None:
                function, sources = asked
                # Where a task itself is the predicate, there is no parameter with a name.
                is_task = isinstance(function, Predicate) and function.asks_task
                names = ["" if is_task else param.name for param in function.params]
                pairs = zip(names, sources, strict=True)
                own = () if option == "when" else {*self.list_items(), *[param.name for param in self.params]}
                found.append((option, [(name, source) for name, source in pairs if name not in own]))
        return found

    def list_items(self) -> dict[str, Source]:
        """Return what its parameters for items receive them from, by name: what gives all of them."""
        return {name: part.source for part in self.mapped for name in part.params}

    @property
    def asked(self) -> tuple[Source, ...]:
        """What the parameters of its `when=` receive, and those of its `more=` and `key=`."""
        if self.more is None and self.key is None:
            return () if self.predicate is None else self.predicate[1]
        return tuple([source for each in (self.predicate, self.more, self.key) if each for source in each[1]])


def pair(params: Iterable[Param], sources: Iterable[Source]) -> Arguments:
    """Return the names of parameters with what each receives."""
    return [(param.name, source) for param, source in zip(params, sources, strict=True)]
