"""Where a parameter's value comes from."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from .._definition.definition import Step

__all__ = ["Constant", "Default", "FromInput", "FromRun", "FromStep", "Gather", "Source", "parts_of", "steps_of"]


class FromStep(NamedTuple):
    """The result of a task or workflow, or the part of it called `output`."""

    step: Step
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

    step: Step
    value: Any
    output: str | None = None


class Gather(NamedTuple):
    """A list (`keys` is `None`) or dict of what the parts give."""

    keys: tuple[Any, ...] | None
    parts: tuple[Any, ...]


Source: TypeAlias = FromStep | FromInput | FromRun | Default | Constant | Gather


def parts_of(source: Source) -> tuple[Any, ...]:
    """Return the single sources that a source consists of."""
    return source.parts if isinstance(source, Gather) else (source,)


def steps_of(source: Source) -> list[Step]:
    """Return the tasks and workflows that a source gets values from."""
    return [part.step for part in parts_of(source) if isinstance(part, (FromStep, Constant))]
