"""The arguments of a call become the inputs of a run."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from ._errors import InputError, listed, nearest
from ._plan import Plan
from ._signature import Param

__all__ = ["bind_inputs", "signature_of"]


def signature_of(params: Iterable[Param]) -> inspect.Signature:
    """Return the signature of a function that has these parameters."""
    return inspect.Signature([inspect.Parameter(p.name, p.kind, default=p.default) for p in params])


def bind_inputs(workflow: str, plan: Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs by name, bound as Python binds arguments, with defaults.

    Raises:
        InputError: they do not fit.
    """
    params = plan.graph.lookup.inputs
    if not args and kwargs.keys() == params.keys() and plan.named_inputs:
        return kwargs
    try:
        bound = signature_of(params.values()).bind(*args, **kwargs)
    except TypeError as error:
        raise _input_error(workflow, plan, str(error), kwargs) from None
    bound.apply_defaults()
    return bound.arguments


def _input_error(workflow: str, plan: Plan, reason: str, kwargs: Mapping[str, Any]) -> InputError:
    inputs = plan.graph.inputs
    unknown = next((name for name in kwargs if name not in inputs), None)
    hint = f" Its inputs are {listed(inputs)}." if inputs else " It has no inputs."
    if unknown is not None and "unexpected" in reason:
        if plan.graph.find(unknown) is not None:
            hint = f" It is a task, not an input: use {workflow}.override({unknown}=...) to replace it."
        else:
            hint = nearest(unknown, inputs) + hint
    message = f"Cannot call workflow {workflow!r}: {reason}.{hint}"
    return InputError(message, workflow=workflow, inputs=inputs)
