"""What can be wrong with a graph, one class a kind of mistake."""

from __future__ import annotations

from .errors import FlowdecoError

__all__ = [
    "AmbiguousNameError",
    "AxisError",
    "CycleError",
    "EachError",
    "GraphError",
    "HookArgumentError",
    "MethodError",
    "MissingDependencyError",
    "NearNameError",
    "RemoteArgumentError",
    "ResourceScopeError",
    "SettledError",
    "ShadowedInputError",
    "StaleNameError",
    "TypeMismatchError",
    "UnmatchedParameterError",
    "UnusedTaskError",
]


class GraphError(FlowdecoError, ValueError):
    """A workflow's graph cannot be built, or `check()` found something wrong with it.

    Attributes:
        workflow: the workflow's name.
        problems: every problem found, each a `GraphError` of its own kind;
            a single problem is raised itself and is then its own only entry.
    """

    workflow: str
    _problems: tuple[GraphError, ...] = ()

    @property
    def problems(self) -> tuple[GraphError, ...]:
        return self._problems or (self,)


class MissingDependencyError(GraphError):
    """A parameter names nothing within reach.

    Attributes:
        function: the name of the task or workflow that has the parameter.
        parameter: the name that was looked up.
    """

    function: str
    parameter: str


class UnmatchedParameterError(GraphError):
    """A `*args` or `**kwargs` parameter, which has no name to match, was left open.

    Attributes: as of `MissingDependencyError`.
    """

    function: str
    parameter: str


class MethodError(MissingDependencyError):
    """A method was decorated where it is defined, so that nothing can fill its `self`.

    Attributes: as of `MissingDependencyError`.
    """


class SettledError(MissingDependencyError):
    """A parameter named in `settled=` receives the result of no task.

    Attributes: as of `MissingDependencyError`.
    """


class EachError(GraphError):
    """What `each=`, `stream=`, `more=` or `key=` asks for cannot be had.

    Attributes:
        function: the name of the task or workflow that has the option.
        parameter: the parameter that the option names, or that its function has; "" where it is about none of them.
    """

    function: str
    parameter: str


class AxisError(EachError):
    """A task or workflow is mapped over several things whose items do not belong together.

    Attributes: as of `EachError`.
    """


class HookArgumentError(GraphError):
    """A hook, or a `recover=`, asks for what it cannot get where it would be called.

    Attributes:
        function: the name of the task or workflow that it would be called for.
        option: the option that names it.
        hook: what asks.
    """

    function: str
    option: str
    hook: object


class RemoteArgumentError(GraphError):
    """A task that runs in a process takes `state` or `run`, which stay behind: what it wrote there would be lost.

    Attributes:
        function: the name of the task that takes it.
        parameter: the parameter that would receive it.
    """

    function: str
    parameter: str


class ResourceScopeError(GraphError):
    """A resource is needed where it is not open, or by what is open for longer.

    Attributes:
        function: the name of what needs it.
        resource: the name of the resource; of one that needs something itself, its own.
        parameter: the parameter that would receive what is not there.
    """

    function: str
    resource: str
    parameter: str


class AmbiguousNameError(GraphError):
    """A name leads to two different tasks.

    Attributes:
        function: the name of the task or workflow that asks for it.
        parameter: the name.
        candidates: the tasks it may mean.
    """

    function: str
    parameter: str
    candidates: tuple[object, ...]


class StaleNameError(GraphError):
    """A name that referred to a task when the graph was last built refers to something else now.

    Attributes:
        name: the name.
        value: what it refers to now; `None` too where it is gone.
    """

    name: str
    value: object


class CycleError(GraphError):
    """Tasks need each other in a circle.

    Attributes:
        path: the names along the circle; the last is the first again.
    """

    path: tuple[str, ...]


class UnusedTaskError(GraphError):
    """`tasks=` names something that nothing needs. Found by `check()` only.

    Attributes:
        task: the task, workflow or module.
    """

    task: object


class ShadowedInputError(GraphError):
    """A task's own surroundings fill a parameter that has the name of an input. Found by `check()` only.

    Attributes:
        function: the name of the task that has the parameter.
        parameter: its name, and the input's.
    """

    function: str
    parameter: str


class NearNameError(GraphError):
    """A parameter takes its default, and a task or an input has nearly its name. Found by `check()` only.

    Attributes:
        function: the name of the task or workflow that has the parameter.
        parameter: its name.
        near: the name that was perhaps meant.
    """

    function: str
    parameter: str
    near: str


class TypeMismatchError(GraphError):
    """What a task gives plainly is not what a parameter is annotated to take. Found by `check(types=True)` only.

    Attributes:
        function: the name of the task or workflow that has the parameter.
        parameter: its name.
        expected: the type that the parameter is annotated with.
        actual: the type of what it would receive.
    """

    function: str
    parameter: str
    expected: object
    actual: object
