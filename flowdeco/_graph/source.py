"""Where a parameter's value comes from."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from .._definition.definition import Definition

__all__ = [
    "Constant",
    "Default",
    "FromInput",
    "FromResult",
    "FromRun",
    "FromValue",
    "Gather",
    "Source",
    "definitions_of",
    "parts_of",
]


class FromResult(NamedTuple):
    """The result of a task or workflow, or the part of it called `output`."""

    definition: Definition
    output: str | None = None


class FromInput(NamedTuple):
    """An input of the workflow."""

    name: str


class FromRun(NamedTuple):
    """The `Run` itself (`"run"`) or its state (`"state"`)."""

    name: str


class Default(NamedTuple):
    """The parameter's own default: nothing is passed."""


class Constant(NamedTuple):
    """A value that stands in for a task."""

    definition: Definition
    value: Any
    output: str | None = None


class FromValue(NamedTuple):
    """A constant that `needs=` gives."""

    value: Any


class Gather(NamedTuple):
    """A list (`keys` is `None`) or dict of what the parts give."""

    keys: tuple[Any, ...] | None
    parts: tuple[Any, ...]


Source: TypeAlias = FromResult | FromInput | FromRun | FromValue | Default | Constant | Gather


def parts_of(source: Source) -> tuple[Any, ...]:
    """Return the single sources that a source consists of."""
    return source.parts if isinstance(source, Gather) else (source,)


def definitions_of(source: Source) -> list[Definition]:
    """Return the tasks and workflows that a source gets values from."""
    return [part.definition for part in parts_of(source) if isinstance(part, (FromResult, Constant))]
