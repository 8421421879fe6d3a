"""What the tests of hooks share."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from flowdeco import task, workflow

HOOKS = ("on_state", "on_start", "on_success", "on_retry", "on_error")

KNOWN = (
    "'task', 'workflow', 'run', 'state', 'status', 'previous', 'attempt', 'error', 'errors', 'result', 'delay', "
    "'inputs', 'metadata', 'event', 'index', 'item'"
)

NAMES = (
    "task",
    "workflow",
    "run",
    "state",
    "status",
    "previous",
    "attempt",
    "error",
    "errors",
    "result",
    "delay",
    "inputs",
    "metadata",
    "event",
)


def asks(told: list[Any], *names: str, **defaults: Any) -> Any:
    """Return a hook that asks for these names and notes what it gets."""

    def hook(**given: Any) -> None:
        found = {**dict.fromkeys(names), **defaults, **given}
        told.append(tuple(found.values()) if len(found) > 1 else next(iter(found.values())))

    params = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    params += [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=value) for n, value in defaults.items()]
    vars(hook)["__signature__"] = inspect.Signature(params)
    return hook


def name_of(value: Any) -> str:
    return getattr(value, "__qualname__", None) or type(value).__name__


def play(*outcomes: Any) -> Callable[[], Any]:
    """Return what gives or raises one after the other."""
    left = iter(outcomes)

    def call() -> Any:
        outcome = next(left)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return call


heard: list[Any] = []

both = pytest.mark.parametrize(("decorate", "subject"), [(task, "task 'read'"), (workflow, "workflow 'read'")])
