"""The parts of a result that have names of their own: `outputs=`.

A mapping may lack some of them: who receives one that is not there takes the default of the parameter. It is an error
only where somebody has none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from .._base.checks import is_iterable, is_mapping, is_sequence
from .._base.errors import OutputError
from .._base.signature import MISSING, Param
from .._base.text import count_things, shorten
from .._definition.definition import Definition
from .graph import Graph
from .source import Constant, FromItemOf, FromResult, Source, parts_of

__all__ = [
    "check_lists",
    "check_parts",
    "find_required",
    "is_absent",
    "lacks_part",
    "take_constant",
    "take_list",
    "take_part",
]


def find_required(graphs: Iterable[Graph]) -> dict[int, set[str]]:
    """Return by the ids of tasks which of their outputs are received by a parameter without a default."""
    found: dict[int, set[str]] = {}
    for graph in graphs:
        owner = graph.owner
        _add_required(found, owner.own_params, graph.body, owner.settled)
        for node in graph:
            _add_required(found, node.params, node.sources, node.definition.graph_settled)
            if node.predicate is not None:
                _add_required(found, node.predicate[0].params, node.predicate[1], ())
    return found


def _add_required(
    found: dict[int, set[str]], params: Sequence[Param], sources: Sequence[Source], settled: Collection[str]
) -> None:
    for param, source in zip(params, sources, strict=True):
        if param.default is MISSING and param.name not in settled:
            for part in parts_of(source):
                if isinstance(part, _HAVE_OUTPUTS) and part.output is not None:
                    found.setdefault(id(part.definition), set()).add(part.output)


_HAVE_OUTPUTS = (FromResult, Constant, FromItemOf)


def is_absent(result: object, output: str) -> bool:
    """Whether a result is a mapping that lacks an output."""
    return is_mapping(result) and output not in result


def lacks_part(source: Source) -> bool:
    """Whether something stands in for a task that lacks what is wanted of it."""
    parts = [part for part in parts_of(source) if isinstance(part, Constant) and not part.definition.graph_each]
    return any(part.output is not None and is_absent(part.value, part.output) for part in parts)


def check_parts(definition: Definition, required: Collection[str], name: str | None, result: object) -> None:
    """Raise `OutputError` if a result does not fit the task's `outputs=`.

    Args:
        definition: the task.
        required: those of the outputs that have to be there.
        name: what to call it in an error; `None`: its own name.
        result: what it returned.
    """
    wanted = [output for output in definition.outputs if output in required]
    if not is_mapping(result):
        wanted = [definition.outputs[0]]
    for output in wanted:
        take_part(definition, result, output, name)


def check_lists(definition: Definition, name: str | None, results: object) -> None:
    """Raise `OutputError` if what stands in for all results of a mapped task does not fit its `outputs=`."""
    if not is_iterable(results):
        what = f"Cannot take the outputs of task {name or definition.label!r} for each item: "
        message = f"{what}{shorten(results)} is no list. Give a list with one result for each item."
        raise OutputError(message, task=name or definition.label, outputs=definition.outputs, result=results)
    for result in results:
        check_parts(definition, definition.outputs, name, result)


def take_constant(source: Constant) -> Any:
    """Return what a value gives that stands in for a task; an output of a mapped task is a list of those of all items.

    Raises: as `take_part` does.
    """
    if source.output is None:
        return source.value
    if source.definition.graph_each:
        return take_list(source.definition, source.value, source.output)
    return take_part(source.definition, source.value, source.output)


def take_list(definition: Definition, results: Iterable[object], output: str) -> list[Any]:
    """Return the parts of the results of a mapped task that have the name `output`, of those that have it."""
    return [take_part(definition, result, output) for result in results if not is_absent(result, output)]


def take_part(definition: Definition, result: object, output: str, name: str | None = None) -> Any:
    """Return the part of a task's result that has the name `output`; in an error, the task is called `name`.

    Raises:
        OutputError: the result is neither a mapping that has it nor a sequence as long as `outputs=`.
    """
    outputs = definition.outputs
    if is_mapping(result):
        if output in result:
            return result[output]
        reason = f"the result has no {output!r}"
    elif is_sequence(result):
        if len(result) == len(outputs):
            return result[outputs.index(output)]
        reason = f"the result has {count_things(len(result), 'item')}"
    else:
        reason = f"the result is of type {type(result).__name__}"
    name = name or definition.label
    message = f"Cannot take the outputs {', '.join(map(repr, outputs))} of task {name!r}: {reason}. "
    message += f"Return a mapping with these keys, or a sequence of {len(outputs)}."
    raise OutputError(message, task=name, outputs=outputs, result=result)
