"""What a workflow shows to those who read functions, such as web frameworks: its inputs, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from inspect import Parameter, Signature
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .._base.annotation import result_of
from .._base.errors import FlowdecoError
from .._base.hint import is_open, read_hints
from .._base.signature import MISSING, POSITIONAL, Param, peel
from .._definition.definition import Definition, WorkflowDefinition
from .._graph.call_signature import read_call
from .._graph.input import signature_of
from .._graph.input_hint import find_hint

if TYPE_CHECKING:
    from .._scheduler.plan import Plan

__all__ = [
    "AWAITED",
    "InputAnnotations",
    "OfInstance",
    "Shown",
    "annotations_of",
    "defaults_of",
    "keyword_defaults_of",
    "look_at",
    "sign_call",
]


async def _awaited() -> None: ...


# What has this code passes for a coroutine function: on Python 3.11, `inspect.iscoroutinefunction` asks for no more.
AWAITED: CodeType = _awaited.__code__


class Shown(NamedTuple):
    """The inputs of a workflow as they are to be seen.

    Attributes:
        params: the inputs.
        hints: what they are annotated with: by the workflow's function, else by those who receive them.
        result: what a call is annotated to give.
        plan: where the graph was asked: that of the graph.
        is_whole: whether nothing is left open that may be known later.
    """

    params: tuple[Param, ...]
    hints: dict[str, Any]
    result: Any
    plan: Plan | None
    is_whole: bool

    def sign(self, bound: int = 0, given: Collection[str] = ()) -> Signature:
        """Return the signature.

        Args:
            bound: how many of the inputs a method has already.
            given: the inputs that were given to `opened()`.
        """
        left = [param for param in self.params[bound:] if param.name not in given]
        return signature_of(left, self.hints, self.result)


def look_at(definition: WorkflowDefinition, plan: Callable[[], Plan], known: Shown | None) -> Shown:
    """Return what is to be seen of a workflow now: names may have come to mean something else.

    Args:
        definition: the workflow.
        plan: gives its plan.
        known: what was seen the last time.
    """
    params = definition.params
    is_known = known is not None and known.is_whole and known.params is params
    if known is not None and is_known and (known.plan is None or known.plan is _try(plan)):
        return known
    hints, returned = read_hints(definition.function)
    bare = [param.name for param in params if param.name not in hints]
    found = _try(plan) if bare else None
    if found is not None:
        hints |= {name: find_hint(found.graph, name) for name in bare}
    if returned is not MISSING:
        inner = next((layer for layer in peel(definition.function) if isinstance(layer, FunctionType)), None)
        returned = result_of(returned, definition.signature.kind, inner)
    hints = {param.name: hints.get(param.name, MISSING) for param in params}
    is_whole = not any(map(is_open, (*hints.values(), returned))) and (found is not None or not bare)
    return Shown(params, hints, returned, found, is_whole)


def _try(plan: Callable[[], Plan]) -> Plan | None:
    """Return a plan; `None` if the graph is wrong, which is not the concern of who only looks at the workflow."""
    try:
        return plan()
    except FlowdecoError:
        return None


def sign_call(definition: Definition) -> Signature:
    """Return the signature of a call of a task: what its caller passes, and what comes of it."""
    hints, returned = read_hints(definition.function)
    if definition.predicate is not None:
        hints = {**read_hints(definition.predicate.function)[0], **hints}
    if returned is not MISSING:
        inner = next((layer for layer in peel(definition.function) if isinstance(layer, FunctionType)), None)
        returned = result_of(returned, definition.signature.gives, inner)
    params = read_call(definition).params
    return signature_of(params, {param.name: hints.get(param.name, MISSING) for param in params}, returned)


class OfInstance(property):
    """A property that the class itself does not have."""

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        if instance is None:
            raise AttributeError
        return super().__get__(instance, owner)


class InputAnnotations(dict[str, Any]):
    """The annotations of the class `Workflow`, and those of each workflow, which are of its inputs.

    Who reads a signature often reads the annotations beside it, and then they have to agree. Python looks annotations
    up in the class first, so that is where they have to be made from.
    """

    def __get__(self, instance: Any, owner: type | None = None) -> dict[str, Any]:
        if instance is None:
            return self
        held = cast("dict[str, Any]", vars(instance))
        given: dict[str, Any] | None = held.get("__annotations__")
        return annotations_of(instance.__signature__) if given is None else given

    def __set__(self, instance: Any, value: dict[str, Any]) -> None:
        vars(instance)["__annotations__"] = value


def annotations_of(signature: Signature) -> dict[str, Any]:
    """Return the annotations of a function that has this signature."""
    found = {name: param.annotation for name, param in signature.parameters.items()}
    found["return"] = signature.return_annotation
    return {name: hint for name, hint in found.items() if hint is not MISSING}


def defaults_of(signature: Signature) -> tuple[Any, ...] | None:
    """Return what `__defaults__` is of a function that has this signature."""
    params = signature.parameters.values()
    return tuple(p.default for p in params if p.kind in POSITIONAL and p.default is not MISSING) or None


def keyword_defaults_of(signature: Signature) -> dict[str, Any] | None:
    """Return what `__kwdefaults__` is of a function that has this signature."""
    keywords = [p for p in signature.parameters.values() if p.kind is Parameter.KEYWORD_ONLY]
    return {p.name: p.default for p in keywords if p.default is not MISSING} or None
