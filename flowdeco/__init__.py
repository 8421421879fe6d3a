"""Workflows out of plain functions: the dependencies are the parameter names."""

from ._errors import (
    AbandonedError,
    FlowdecoError,
    InputError,
    LimitError,
    MainGuardError,
    OptionError,
    OptionTypeError,
    OutputError,
    RemoteError,
    RunError,
    RunningLoopError,
    StateFieldError,
    StateKeyError,
    StateTypeError,
    StateValidationError,
    StrayCancellationError,
    TaskTimeoutError,
    TransferError,
    UnknownMetricError,
    UnknownTaskError,
    WorkerLostError,
    WorkflowTimeoutError,
)
from ._events import Event, Outcome, Skip, Status
from ._graph import Edge, Graph, Node
from ._graph_errors import (
    AmbiguousNameError,
    CycleError,
    GraphError,
    HookArgumentError,
    MethodError,
    MissingDependencyError,
    SettledError,
    ShadowedInputError,
    StaleNameError,
    TypeMismatchError,
    UnmatchedParameterError,
    UnusedTaskError,
)
from ._limit import Limit
from ._metrics import Metrics, Statistics
from ._monitor import Monitor
from ._override import value
from ._record import Failure, HookError, TaskRecord
from ._retry import Retry
from ._run import Run
from ._state import ABSENT, Absent, Change, State, field
from ._task import Task, task
from ._timeline import Attempt, RunMetrics, Transition
from ._workflow import Workflow, workflow

__all__ = [
    "ABSENT",
    "AbandonedError",
    "Absent",
    "AmbiguousNameError",
    "Attempt",
    "Change",
    "CycleError",
    "Edge",
    "Event",
    "Failure",
    "FlowdecoError",
    "Graph",
    "GraphError",
    "HookArgumentError",
    "HookError",
    "InputError",
    "Limit",
    "LimitError",
    "MainGuardError",
    "MethodError",
    "Metrics",
    "MissingDependencyError",
    "Monitor",
    "Node",
    "OptionError",
    "OptionTypeError",
    "Outcome",
    "OutputError",
    "RemoteError",
    "Retry",
    "Run",
    "RunError",
    "RunMetrics",
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
    "Statistics",
    "Status",
    "StrayCancellationError",
    "Task",
    "TaskRecord",
    "TaskTimeoutError",
    "TransferError",
    "Transition",
    "TypeMismatchError",
    "UnknownMetricError",
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
