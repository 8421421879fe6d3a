"""The arguments of a call become the inputs of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any

from .._base.errors import InputError
from .._base.signature import MISSING, POSITIONAL, Param
from .._base.text import count_things, listed, nearest
from .._definition.undecorated import describe_class_method, describe_hidden, names_plain_function
from .binding import Seen
from .graph import Graph
from .method_key import describe_unnamed
from .resolver import RUN_NAMES

__all__ = ["Inputs", "signature_of"]

_NOTHING: Mapping[str, Any] = {}


def signature_of(params: Iterable[Param], hints: Mapping[str, Any], result: Any = MISSING) -> Signature:
    """Return the signature of a function that has these parameters.

    Args:
        params: the parameters.
        hints: the annotations of those that have one.
        result: what it is annotated to return.
    """
    made = [Parameter(p.name, p.kind, default=p.default, annotation=hints.get(p.name, MISSING)) for p in params]
    return Signature(made, return_annotation=result)


class Inputs:
    """The inputs of a workflow, and how the arguments of a call are bound to them.

    Attributes:
        defaults: the inputs that may be left out, with what they then are.
    """

    def __init__(self, graph: Graph) -> None:
        params = graph.input_params.values()
        self._graph = graph
        self._names = graph.input_params.keys()
        self._positional = [p.name for p in params if p.kind in POSITIONAL]
        self._keywords = {p.name for p in params if p.kind is not Parameter.POSITIONAL_ONLY}
        self._required = [p.name for p in params if p.default is MISSING]
        self.defaults = {p.name: p.default for p in params if p.default is not MISSING}

    def bind(self, args: Sequence[Any], kwargs: dict[str, Any], opened: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
        """Return the inputs by name, bound as Python binds arguments, with defaults.

        Args:
            args: the positional arguments.
            kwargs: those by keyword.
            opened: what was given to `opened()`, which a call does not give again.

        Raises:
            InputError: the arguments do not fit.
        """
        if not args and not opened and kwargs.keys() == self._names == self._keywords:
            return kwargs
        there = {name: opened[name] for name in opened if name in self._names}
        positional = [name for name in self._positional if name not in there] if there else self._positional
        placed = dict(zip(positional, args, strict=False))
        given = {**there, **placed}
        if len(args) > len(placed) or not kwargs.keys() <= self._keywords or not given.keys().isdisjoint(kwargs):
            raise self._error(self._misfit(args, placed, kwargs, there))
        given.update(kwargs)
        if len(given) < len(self._names):
            missing = [name for name in self._required if name not in given]
            if missing:
                hint = self.near_task(missing[0]) if len(missing) == 1 else ""
                counted = count_things(len(missing), "required argument")
                raise self._error(f"missing {counted}: {listed(missing)}.{hint}")
            given = {**self.defaults, **given}
        return given

    def _misfit(
        self,
        args: Sequence[Any],
        placed: Mapping[str, Any],
        kwargs: Mapping[str, Any],
        there: Mapping[str, Any],
    ) -> str:
        """Say what is wrong in Python's own words.

        Args:
            args: the positional arguments.
            placed: what they are given to.
            kwargs: the arguments by keyword.
            there: what was given to `opened()`.
        """
        for name in kwargs:
            if name not in self._names:
                return f"got an unexpected keyword argument {name!r}.{self._hint(name)}"
            if name in there:
                return f"got {name!r}, which was given to opened()."
            if name in placed:
                return f"got multiple values for argument {name!r}."
        by_name = [name for name in kwargs if name not in self._keywords]
        if by_name:
            return f"got some positional-only arguments passed as keyword arguments: {listed(by_name)}."
        most = count_things(len(placed), "positional argument")
        besides = f" besides {listed(list(there))}, given to opened()," if there else ""
        return f"takes {most}{besides} but {len(args)} {'was' if len(args) == 1 else 'were'} given."

    def _hint(self, name: str) -> str:
        if self._graph.find(name) is not None:
            return f" That is a task, not an input: {self._graph.name}.override({name}=...) replaces it."
        if name in RUN_NAMES:
            is_own = any(param.name == name for param in self._graph.owner.own_params)
            way_out = f"needs={{{name!r}: None}} makes it an input" if is_own else "give the input another name"
            return f" Each run has a {name!r} of its own; {way_out}."
        return nearest(name, self._names)

    def near_task(self, name: str) -> str:
        """Return a hint at the task that an input was perhaps meant to name."""
        scope = self._graph.owner.scope
        described = describe_class_method(scope, name) or describe_hidden(scope, name) or describe_unnamed(scope, name)
        if described:
            return f" {described}"
        if names_plain_function(scope, name):
            return f" Did you mean the function {name!r}? Decorate it with @task."
        hint = nearest(name, [n for namespace in scope for n in Seen(namespace).list_names()])
        return hint.replace("mean", "mean the task", 1) if hint else ""

    def _error(self, reason: str) -> InputError:
        names = tuple(self._names)
        inputs = f" Its inputs are {listed(names, 20)}." if names else " It has no inputs."
        message = f"Cannot call workflow {self._graph.name!r}: {reason}{inputs}"
        return InputError(message, workflow=self._graph.name, inputs=names)
