"""What can go wrong, one class a kind of mistake."""

from __future__ import annotations

from pickle import PicklingError
from typing import Any

__all__ = [
    "AbandonedError",
    "CallError",
    "DigestError",
    "FlowdecoError",
    "InputError",
    "ItemNotKeptError",
    "LimitDeadlockError",
    "LimitError",
    "MainGuardError",
    "OptionError",
    "OptionTypeError",
    "OutputError",
    "RemoteError",
    "ResourceError",
    "RunCancelled",
    "RunError",
    "RunningLoopError",
    "StateFieldError",
    "StateKeyError",
    "StateTypeError",
    "StateValidationError",
    "StrayCancellationError",
    "StreamError",
    "TaskTimeoutError",
    "TransferError",
    "UnknownItemError",
    "UnknownMetricError",
    "UnknownTaskError",
    "WorkerLostError",
    "WorkflowTimeoutError",
]


class FlowdecoError(Exception):
    """The base of every error that flowdeco itself raises.

    The data behind the message are attributes of the error, named in each class.
    """

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.__dict__.update(data)

    def __str__(self) -> str:
        return str(self.args[0])


class OptionError(FlowdecoError, ValueError):
    """A decorator's option has a value that cannot be used.

    Attributes:
        option: the option's name.
        value: what was given.
    """

    option: str
    value: object


class OptionTypeError(OptionError, TypeError):
    """A decorator was given something of the wrong type. Attributes: as of `OptionError`."""


class InputError(FlowdecoError, TypeError):
    """A workflow was called with arguments that do not fit its inputs.

    Attributes:
        workflow: the workflow's name.
        inputs: the names of the inputs it has.
    """

    workflow: str
    inputs: tuple[str, ...]


class CallError(FlowdecoError, TypeError):
    """A task was called with arguments that it does not take, or where it cannot be called.

    Attributes:
        task: the task's name.
        parameters: the names of what a call of it is given.
    """

    task: str
    parameters: tuple[str, ...]


class RunningLoopError(FlowdecoError, RuntimeError):
    """A blocking call was made on a thread whose event loop is running.

    Attributes:
        workflow: the workflow's name; `None` for a task.
        task: the task's name; `None` for a workflow.
    """

    workflow: str | None = None
    task: str | None = None


class UnknownTaskError(FlowdecoError, KeyError):
    """A run or a workflow was asked for a task that it does not have.

    Attributes:
        workflow: the workflow's name.
        task: what was asked for.
    """

    workflow: str
    task: object


class UnknownItemError(FlowdecoError, IndexError):
    """A task was asked for an item that it does not have.

    Attributes:
        task: the task's name.
        index: what was asked for; a key is no index.
    """

    task: str
    index: int | str


class ItemNotKeptError(FlowdecoError, LookupError):
    """A task was asked for an item that a plain call has not kept.

    Attributes:
        task: the task's name.
        index: what was asked for.
    """

    task: str
    index: int


class RunError(FlowdecoError, RuntimeError):
    """A run was asked for what only a live one can do.

    Attributes:
        workflow: the workflow's name.
    """

    workflow: str


class UnknownMetricError(FlowdecoError, KeyError):
    """Statistics were asked for of which there are no numbers.

    Attributes:
        name: what was asked for.
    """

    name: str


class OutputError(FlowdecoError, ValueError):
    """A result does not fit the task's `outputs=`.

    Attributes:
        task: the task's name.
        outputs: the names that were declared.
        result: what the task returned.
    """

    task: str
    outputs: tuple[str, ...]
    result: object


class TaskTimeoutError(FlowdecoError, TimeoutError):
    """One attempt of a task took longer than its `timeout=`.

    Attributes:
        task: the task's name.
        timeout: seconds allowed.
        abandoned: whether its thread still runs; what it returns is ignored.
    """

    task: str
    timeout: float
    abandoned: bool


class WorkflowTimeoutError(FlowdecoError, TimeoutError):
    """A run took longer than its workflow's `timeout=`.

    Attributes:
        workflow: the workflow's name.
        timeout: seconds allowed.
        running: the names of the tasks that were under way.
    """

    workflow: str
    timeout: float
    running: tuple[str, ...]


class LimitError(FlowdecoError, RuntimeError):
    """What runs inside a task needs more places of a limit than that task holds.

    Attributes:
        limit: the `Limit`.
        demanded: how many places are needed.
        held: how many the task around it holds.
    """

    limit: object
    demanded: int
    held: int


class LimitDeadlockError(FlowdecoError, RuntimeError):
    """A call would wait for ever: those who hold the places wait for what is held around it, or were left behind.

    Attributes:
        limit: the `Limit`; for a call in the thread of a resource, which makes one at a time, one that stands for it.
        chain: the tasks that hold each other up, from the one that holds what the call needs.
    """

    limit: object
    chain: tuple[str, ...]


class RemoteError(FlowdecoError, RuntimeError):
    """A task could not be run in a process or by an executor.

    Attributes:
        task: the task's name.
        function: the qualified name of its function.
    """

    task: str
    function: str


class TransferError(RemoteError, PicklingError):
    """What a task receives, returns or raises cannot be sent between processes.

    Attributes:
        task, function: as of `RemoteError`.
        part: what cannot be sent: `argument 'url'`, `arguments`, `function`, `result` or `error`.
    """

    part: str


class WorkerLostError(RemoteError):
    """A process died before it answered, or the executor broke. Another attempt gets a new process.

    Attributes:
        task, function: as of `RemoteError`.
        exit_code: the process's exit code, or minus the signal that ended it. `None` where it is not known: the
            executors of `concurrent.futures` do not say it.
    """

    exit_code: int | None


class MainGuardError(FlowdecoError, RuntimeError):
    """A main script, or a module, calls a workflow while a worker process imports it.

    It wants an `if __name__ == "__main__":` around the call. Only a workflow that runs tasks in processes is refused
    there, and it is never tried again.

    Attributes:
        workflow: the workflow's name.
    """

    workflow: str


class ResourceError(FlowdecoError, RuntimeError):
    """A resource is not opened or closed as one can be: it yields twice or never, say, or ends before its run.

    Attributes:
        resource: the name of the resource.
    """

    resource: str


class RunCancelled(BaseException):
    """Thrown into the resources of a run that is cancelled, or takes longer than its timeout, before they are closed.

    So what rolls back when an error passes it by does so then, too. What a resource makes of it changes nothing. Its
    text says why, as far as that is known: that it took too long, or which error left the block of `opened()`.

    A blocking call raises it, too, in a task that runs in a resource or by an executor, if that task is cancelled
    meanwhile.
    """


class StrayCancellationError(FlowdecoError, RuntimeError):
    """A task, a workflow or a hook raised a cancellation although nobody had cancelled it.

    What it raised is the `__cause__`. Left as it was, it would look as if the caller had been cancelled.

    Attributes:
        task: the name of the task, or of the workflow.
    """

    task: str


class DigestError(FlowdecoError, TypeError):
    """It cannot be told whether two values are the same, as one of them does not say what it is made of.

    Attributes:
        value: what has no digest.
        place: where in the whole value it stands, as `.links[3]`; empty for the whole value.
    """

    value: object
    place: str


class StreamError(FlowdecoError, RuntimeError):
    """The items of a task were read where or when that cannot be, or it handed some on and then wants none of it.

    Attributes:
        task: the name of the task that gives the items.
    """

    task: str


class AbandonedError(FlowdecoError, RuntimeError):
    """An attempt that was abandoned at its timeout tried to change a state.

    Attributes:
        task: the task's name.
    """

    task: str


class StateTypeError(FlowdecoError, TypeError):
    """A state is defined, made or appended to in a way that its fields or its values do not allow.

    Attributes:
        state: the name of its class.
        key: the key, or the name of the field, that this is about.
    """

    state: str
    key: object


class StateValidationError(FlowdecoError, ValueError):
    """A validator has rejected a value. What the validator raised, if it did, is the `__cause__`.

    Attributes:
        state: the name of the state's class.
        key: the key, or the name of the field.
        value: what was rejected.
        reason: what the validator said.
    """

    state: str
    key: object
    value: object
    reason: str


class StateFieldError(FlowdecoError, AttributeError):
    """A state was asked for an attribute that is no field of it, or to let go of one that is.

    Attributes:
        state: the name of its class.
        field: the name.
        fields: the names of the fields it has.
    """

    state: str
    field: str
    fields: tuple[str, ...]


class StateKeyError(FlowdecoError, KeyError):
    """A state was asked for a key that is not there.

    Attributes:
        state: the name of its class.
        key: the key.
    """

    state: str
    key: object
