"""What a call of a task is given: some by its caller, the rest by the run that it is made in.

The caller passes what a task's parameters would receive from tasks and inputs: a call has none of these. What belongs
to the run it gets from there: `state`, `run`, resources, and the constants of `needs=`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Parameter
from typing import Any, Final
from weakref import WeakKeyDictionary

from .._base.constant import Value
from .._base.errors import CallError
from .._base.signature import MISSING, POSITIONAL, Param
from .._base.text import listed, nearest
from .._definition.definition import Definition, count_definitions, definition_of
from .._policy.policy import Policy
from .._policy.run_in import InResource
from .input import signature_of
from .resolver import RUN_NAMES
from .source import FromRun, FromValue

__all__ = ["PLACE", "CallSignature", "find_place", "read_call"]

# The input of a call by which the resource comes that it runs in; no parameter has that name.
PLACE: Final = "run_in="


class CallSignature:
    """How a task is called in a run.

    Attributes:
        params: what the caller passes.
        of_run: the parameters that receive the run or its state, or a constant.
        resources: the parameters that receive a resource, with the resource.
        asked: what its `when=` asks for besides.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self.of_run: dict[str, FromRun | FromValue] = {}
        self.resources: dict[str, Definition] = {}
        own = definition.params
        self.asked = _more_of_condition(definition)
        shown = [param for param in own if not self._is_filled(param)]
        shown += [param._replace(kind=Parameter.KEYWORD_ONLY) for param in self.asked if not self._is_filled(param)]
        self.params = tuple(sorted(shown, key=lambda param: int(param.kind)))
        self._positional = [param.name for param in self.params if param.kind in POSITIONAL]
        self._required = [p.name for p in self.params if p.default is MISSING and not p.variadic]
        by_name = [p.name for p in self.params if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
        self._known = {*by_name, *self.of_run, *self.resources}
        self._asks_task = definition.predicate is not None and definition.predicate.asks_task
        self._is_plain = not any(param.variadic for param in self.params)

    def _is_filled(self, param: Param) -> bool:
        """Whether the run fills a parameter; what it fills it with is noted."""
        if param.variadic:
            return False
        name, needs = param.name, self._definition.needs
        need: Any = needs.get(name, name)
        if type(need) is Value:
            self.of_run[name] = FromValue(need.value)
            return True
        if need in RUN_NAMES and (param.default is MISSING or param.default is None):
            self.of_run[name] = FromRun(need)
            return True
        found = _find(self._definition, need) if isinstance(need, str) else definition_of(need)
        if found is not None and found.is_resource:
            self.resources[name] = found
            return True
        return False

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by the names of the parameters, those that were passed alone.

        Raises:
            CallError: they do not fit.
        """
        if self._asks_task:
            raise self._error("its when= is a task, and a call gets no result of one. Change that by with_options().")
        given: dict[str, Any] = dict(zip(self._positional, args, strict=False))
        is_odd = len(args) > len(given) or not kwargs.keys() <= self._known or not given.keys().isdisjoint(kwargs)
        if is_odd or not self._is_plain:
            return self._bind_oddly(args, kwargs)
        given.update(kwargs)
        missing = [name for name in self._required if name not in given]
        if missing:
            raise self._error(self._say_missing(missing))
        return given

    def adopt(self, given: Mapping[str, Any], of: CallSignature) -> Mapping[str, Any]:
        """Return those arguments that this takes, of what was passed for what it stands in for.

        Raises:
            CallError: one is missing.
        """
        if of is self:
            return given
        names = {*self.of_run, *self.resources, *[param.name for param in self.params]}
        taken = {name: value for name, value in given.items() if name in names}
        missing = [name for name in self._required if name not in taken]
        if missing:
            raise self._error(self._say_missing(missing))
        return taken

    def _bind_oddly(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Bind what is not just positional arguments and names, or find out what is wrong with it."""
        filled = {name: value for name, value in kwargs.items() if name in self.of_run or name in self.resources}
        rest = {name: value for name, value in kwargs.items() if name not in filled}
        missing = [name for name in self._required[len(args) :] if name not in rest]
        try:
            bound = signature_of(self.params, {}).bind(*args, **rest)
        except TypeError as error:
            names = [p.name for p in self.params]
            takes_any = any(param.kind is Parameter.VAR_KEYWORD for param in self.params)
            unknown = [] if takes_any else [name for name in rest if name not in names]
            if unknown:  # Python would name what is missing first, which is what was misspelled
                reason = f"got an unexpected keyword argument {unknown[0]!r}.{nearest(unknown[0], names)}"
            else:
                reason = self._say_missing(missing) if missing else f"{error}."
            raise self._error(reason) from None
        return {**bound.arguments, **filled}

    def _say_missing(self, missing: Sequence[str]) -> str:
        text = f"missing {'an argument' if len(missing) == 1 else 'arguments'}: {listed(missing)}."
        tasks = [name for name in missing if _find(self._definition, name) is not None]
        if tasks:
            text += f" A call gets no result of task {tasks[0]!r}. Pass what {tasks[0]!r} is to be."
        return text

    def _error(self, reason: str) -> CallError:
        names = tuple([param.name for param in self.params])
        takes = f" It is called with {listed(names, 20)}." if names else " It is called without arguments."
        label = self._definition.label
        return CallError(
            f"Cannot call {self._definition.kind} {label!r}: {reason}{takes}", task=label, parameters=names
        )


def find_place(policy: Policy) -> Definition | None:
    """Return the resource that a task runs in; `None` if it runs elsewhere."""
    return definition_of(policy.run_in.face) if isinstance(policy.run_in, InResource) else None


def _more_of_condition(definition: Definition) -> tuple[Param, ...]:
    """Return what a task's `when=` asks for besides the task's own parameters."""
    predicate = definition.predicate
    if predicate is None or predicate.asks_task:
        return ()
    own = {param.name for param in definition.params}
    return tuple([param for param in predicate.params if param.name not in own])


def _find(definition: Definition, name: str) -> Definition | None:
    """Return the task or resource that a name means where a task is defined."""
    for namespace in definition.scope:
        found = definition_of(namespace.get(name))
        if found is not None:
            return found
    return None


# With how many definitions there were: none that was added since can have given a name another meaning.
_read: WeakKeyDictionary[Definition, tuple[int, CallSignature]] = WeakKeyDictionary()


def read_call(definition: Definition) -> CallSignature:
    """Return how a task is called."""
    known, stamp = _read.get(definition), count_definitions()
    if known is None or known[0] != stamp:
        known = stamp, CallSignature(definition)
        _read[definition] = known
    return known[1]
