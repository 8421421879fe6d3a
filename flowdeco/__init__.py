"""Workflows out of plain functions: the dependencies are the parameter names."""

from ._api.decorator import task, workflow
from ._api.opened import opened
from ._api.resource import Resource, resource
from ._api.run import Run
from ._api.task import Task
from ._api.workflow import Workflow
from ._base.constant import value
from ._base.errors import (
    AbandonedError,
    CallError,
    DigestError,
    FlowdecoError,
    InputError,
    ItemNotKeptError,
    LimitDeadlockError,
    LimitError,
    MainGuardError,
    OptionError,
    OptionTypeError,
    OutputError,
    RemoteError,
    ResourceError,
    RunCancelled,
    RunError,
    RunningLoopError,
    StateFieldError,
    StateKeyError,
    StateTypeError,
    StateValidationError,
    StrayCancellationError,
    StreamError,
    TaskTimeoutError,
    TransferError,
    UnknownItemError,
    UnknownMetricError,
    UnknownTaskError,
    WorkerLostError,
    WorkflowTimeoutError,
)
from ._base.events import Event, Outcome, Skip, Status
from ._base.graph_errors import (
    AmbiguousNameError,
    AxisError,
    CycleError,
    EachError,
    GraphError,
    HookArgumentError,
    MethodError,
    MissingDependencyError,
    NearNameError,
    RemoteArgumentError,
    ResourceScopeError,
    SettledError,
    ShadowedInputError,
    StaleNameError,
    TypeMismatchError,
    UnmatchedParameterError,
    UnusedTaskError,
)
from ._base.item_errors import ItemKeyError, ItemShapeError, ItemSourceError, UnequalLengthsError
from ._graph.graph import Edge, Graph
from ._graph.node import Node
from ._policy.limit import Limit
from ._policy.retry import Retry
from ._record.failure import Failure, HookError
from ._record.item_record import ItemRecord, Items
from ._record.metrics import Metrics, Monitor, Statistics
from ._record.resource_record import ResourceRecord
from ._record.task_record import CallRecord, Calls, TaskRecord
from ._record.timeline import Attempt, RunMetrics, Transition
from ._state.field import field
from ._state.state import State
from ._state.store import ABSENT, Absent, Change

__all__ = [
    "ABSENT",
    "AbandonedError",
    "Absent",
    "AmbiguousNameError",
    "Attempt",
    "AxisError",
    "CallError",
    "CallRecord",
    "Calls",
    "Change",
    "CycleError",
    "DigestError",
    "EachError",
    "Edge",
    "Event",
    "Failure",
    "FlowdecoError",
    "Graph",
    "GraphError",
    "HookArgumentError",
    "HookError",
    "InputError",
    "ItemKeyError",
    "ItemNotKeptError",
    "ItemRecord",
    "ItemShapeError",
    "ItemSourceError",
    "Items",
    "Limit",
    "LimitDeadlockError",
    "LimitError",
    "MainGuardError",
    "MethodError",
    "Metrics",
    "MissingDependencyError",
    "Monitor",
    "NearNameError",
    "Node",
    "OptionError",
    "OptionTypeError",
    "Outcome",
    "OutputError",
    "RemoteArgumentError",
    "RemoteError",
    "Resource",
    "ResourceError",
    "ResourceRecord",
    "ResourceScopeError",
    "Retry",
    "Run",
    "RunCancelled",
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
    "StreamError",
    "Task",
    "TaskRecord",
    "TaskTimeoutError",
    "TransferError",
    "Transition",
    "TypeMismatchError",
    "UnequalLengthsError",
    "UnknownItemError",
    "UnknownMetricError",
    "UnknownTaskError",
    "UnmatchedParameterError",
    "UnusedTaskError",
    "WorkerLostError",
    "Workflow",
    "WorkflowTimeoutError",
    "field",
    "opened",
    "resource",
    "task",
    "value",
    "workflow",
]

# Errors and reprs name what users import, not the private modules.
for _name in __all__:
    _value = globals()[_name]
    if hasattr(_value, "__module__") and not _name.isupper():
        _value.__module__ = __name__
