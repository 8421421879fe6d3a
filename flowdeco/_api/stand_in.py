"""What a function becomes that an override puts in the place of a task, a workflow or a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._definition.decoration import define_stand_in
from .._definition.definition import Definition, Scope, TaskDefinition
from .._definition.resource import ResourceDefinition, define_resource_stand_in
from .resource import Resource
from .task import Task

__all__ = ["stand_in"]


def stand_in(
    definition: Definition, function: Callable[..., Any], scope: Scope, output: str | None = None
) -> TaskDefinition:
    """Return what runs a function in the place of a task or workflow, or of what gives one output of it."""
    made: TaskDefinition
    if isinstance(definition, ResourceDefinition):
        opened: Resource[..., Any] = Resource()
        made = define_resource_stand_in(opened, definition, function, scope)
        opened._show(made)
        return made
    face: Task[..., Any] = Task()
    made = define_stand_in(face, definition, function, scope, output)
    face._show(made)
    return made
