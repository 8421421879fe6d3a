"""The parts of a result that have names of their own: `outputs=`."""

from __future__ import annotations

from typing import Any

from .._base.checks import is_mapping, is_sequence
from .._base.errors import OutputError
from .._definition.definition import Definition

__all__ = ["check_parts", "take_part"]


def check_parts(definition: Definition, result: object) -> None:
    """Raise `OutputError` if a result does not fit the task's `outputs=`."""
    take_part(definition, result, definition.outputs[0])


def take_part(definition: Definition, result: object, output: str) -> Any:
    """Return the part of a task's result that has the name `output`.

    Raises:
        OutputError: the result is neither a mapping with the names of `outputs=` nor a sequence of that length.
    """
    outputs = definition.outputs
    if is_mapping(result):
        missing = [name for name in outputs if name not in result]
        if not missing:
            return result[output]
        reason = f"the result has no {missing[0]!r}"
    elif is_sequence(result):
        if len(result) == len(outputs):
            return result[outputs.index(output)]
        reason = f"the result has {len(result)} items"
    else:
        reason = f"the result is of type {type(result).__name__}"
    message = f"Cannot take the outputs {', '.join(map(repr, outputs))} of task {definition.name!r}: {reason}. "
    message += f"Return a mapping with these keys, or a sequence of {len(outputs)}."
    raise OutputError(message, task=definition.name, outputs=outputs, result=result)
