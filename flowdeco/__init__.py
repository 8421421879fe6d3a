"""Workflows out of plain functions: the dependencies are the parameter names."""

from ._errors import (
    AmbiguousNameError,
    CycleError,
    FlowdecoError,
    GraphError,
    InputError,
    MethodError,
    MissingDependencyError,
    OptionError,
    OptionTypeError,
    OutputError,
    RunningLoopError,
    ShadowedInputError,
    StaleNameError,
    StrayCancellationError,
    TaskTimeoutError,
    TypeMismatchError,
    UnknownTaskError,
    UnmatchedParameterError,
    UnusedTaskError,
    WorkflowTimeoutError,
)
from ._events import Status
from ._graph import Edge, Graph, Node
from ._override import value
from ._run import Failure, Run, TaskRecord
from ._task import Task, task
from ._workflow import Workflow, workflow

__all__ = [
    "AmbiguousNameError",
    "CycleError",
    "Edge",
    "Failure",
    "FlowdecoError",
    "Graph",
    "GraphError",
    "InputError",
    "MethodError",
    "MissingDependencyError",
    "Node",
    "OptionError",
    "OptionTypeError",
    "OutputError",
    "Run",
    "RunningLoopError",
    "ShadowedInputError",
    "StaleNameError",
    "Status",
    "StrayCancellationError",
    "Task",
    "TaskRecord",
    "TaskTimeoutError",
    "TypeMismatchError",
    "UnknownTaskError",
    "UnmatchedParameterError",
    "UnusedTaskError",
    "Workflow",
    "WorkflowTimeoutError",
    "task",
    "value",
    "workflow",
]

# Errors and reprs name what users import, not the private modules.
for _name in __all__:
    globals()[_name].__module__ = __name__
