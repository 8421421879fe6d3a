"""Workflows out of plain functions: the dependencies are the parameter names."""

from ._errors import (
    AbandonedError,
    AmbiguousNameError,
    CycleError,
    FlowdecoError,
    GraphError,
    InputError,
    LimitError,
    MainGuardError,
    MethodError,
    MissingDependencyError,
    OptionError,
    OptionTypeError,
    OutputError,
    RemoteError,
    RunningLoopError,
    SettledError,
    ShadowedInputError,
    StaleNameError,
    StateFieldError,
    StateKeyError,
    StateTypeError,
    StateValidationError,
    StrayCancellationError,
    TaskTimeoutError,
    TransferError,
    TypeMismatchError,
    UnknownTaskError,
    UnmatchedParameterError,
    UnusedTaskError,
    WorkerLostError,
    WorkflowTimeoutError,
)
from ._events import Event, Outcome, Skip, Status
from ._graph import Edge, Graph, Node
from ._limit import Limit
from ._override import value
from ._record import Failure, HookError, TaskRecord
from ._retry import Retry
from ._run import Run
from ._state import ABSENT, Absent, Change, State, field
from ._task import Task, task
from ._workflow import Workflow, workflow

__all__ = [
    "ABSENT",
    "AbandonedError",
    "Absent",
    "AmbiguousNameError",
    "Change",
    "CycleError",
    "Edge",
    "Event",
    "Failure",
    "FlowdecoError",
    "Graph",
    "GraphError",
    "HookError",
    "InputError",
    "Limit",
    "LimitError",
    "MainGuardError",
    "MethodError",
    "MissingDependencyError",
    "Node",
    "OptionError",
    "OptionTypeError",
    "Outcome",
    "OutputError",
    "RemoteError",
    "Retry",
    "Run",
    "RunningLoopError",
    "SettledError",
    "ShadowedInputError",
    "Skip",
    "StaleNameError",
    "State",
    "StateFieldError",
    "StateKeyError",
    "StateTypeError",
    "StateValidationError",
    "Status",
    "StrayCancellationError",
    "Task",
    "TaskRecord",
    "TaskTimeoutError",
    "TransferError",
    "TypeMismatchError",
    "UnknownTaskError",
    "UnmatchedParameterError",
    "UnusedTaskError",
    "WorkerLostError",
    "Workflow",
    "WorkflowTimeoutError",
    "field",
    "task",
    "value",
    "workflow",
]

# Errors and reprs name what users import, not the private modules.
for _name in __all__:
    _value = globals()[_name]
    if hasattr(_value, "__module__") and not _name.isupper():
        _value.__module__ = __name__
