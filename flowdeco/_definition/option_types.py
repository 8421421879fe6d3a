"""The options of the decorators, as type checkers see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from types import ModuleType
from typing import Any, Literal, TypeAlias, TypedDict

from .._policy.limit import Limit
from .._policy.retry import Retry
from .._policy.run_in import RunIn
from .._state.state import State
from .definition import Face
from .items import Order

__all__ = [
    "After",
    "Each",
    "Hook",
    "HookErrors",
    "Hooks",
    "HooksByType",
    "Lifetime",
    "Need",
    "Place",
    "PolicyOptions",
    "Recover",
    "ResourceOptions",
    "Settled",
    "Stream",
    "TaskOptions",
    "Tasks",
    "WorkflowOptions",
]

Need: TypeAlias = "Face | str | Sequence[Face | str] | Mapping[str, Face | str] | None"
After: TypeAlias = "Face | str | Sequence[Face | str] | None"
Settled: TypeAlias = "str | Sequence[str] | None"
# A key of a mapping is a parameter, or a tuple of parameters for which an item is taken apart. The types of keys and
# values are told apart by no checker in a display of both, so that they are not said.
Each: TypeAlias = "str | Sequence[str] | Mapping[Any, Need] | None"
Stream: TypeAlias = "str | Sequence[str] | Mapping[str, Order] | Literal[False] | None"
Hook: TypeAlias = Callable[..., object]
Hooks: TypeAlias = "Hook | Sequence[Hook] | None"
Recover: TypeAlias = "Hook | Mapping[type[Exception], Hook] | None"
HooksByType: TypeAlias = "Hooks | Mapping[type[BaseException], Hook]"
HookErrors: TypeAlias = Literal["log", "raise"]
# How long a resource stays open: for a run, for a block of `opened()`, or as long as a worker process.
Lifetime: TypeAlias = Literal["run", "shared", "process"]
Place: TypeAlias = "RunIn | Face"
Part: TypeAlias = "Face | ModuleType"
# No Iterable: a mapping is one, too, and mypy then cannot tell what a dict of tasks of different types is of.
Tasks: TypeAlias = "Mapping[str, Face] | Sequence[Part] | AbstractSet[Part] | ValuesView[Part] | Iterator[Part] | None"


class PolicyOptions(TypedDict, total=False):
    """The options that `@workflow(defaults={...})` takes."""

    retries: int | Retry | None
    timeout: float | None
    recover: Recover
    when: Hook | None
    eager: bool | None
    limit: int | Limit | Mapping[Limit, int] | None
    run_in: Place
    on_state: Hooks
    on_start: Hooks
    on_success: Hooks
    on_retry: Hooks
    on_error: HooksByType
    metadata: Mapping[str, Any] | None


class TaskOptions(PolicyOptions, total=False):
    """The options of `@task`, as `with_options` takes them."""

    name: str | None
    needs: Mapping[str, Need] | None
    after: After
    calls: After
    outputs: Sequence[str] | None
    settled: Settled
    each: Each
    stream: Stream
    more: Callable[..., Iterable[Any] | None] | None
    ahead: int | None
    key: Callable[..., Any] | None


class WorkflowOptions(TypedDict, total=False):
    """The options of `@workflow`, as `with_options` takes them."""

    name: str | None
    needs: Mapping[str, Need] | None
    after: After
    calls: After
    tasks: Tasks
    settled: Settled
    each: Each
    more: Callable[..., Iterable[Any] | None] | None
    ahead: int | None
    key: Callable[..., Any] | None
    timeout: float | None
    keep_going: bool
    share: bool
    defaults: PolicyOptions | None
    state: State | type[State] | None
    on_state: Hooks
    on_start: Hooks
    on_success: Hooks
    on_retry: Hooks
    on_error: HooksByType
    hook_errors: HookErrors
    metadata: Mapping[str, Any] | None
    backend: str
    backend_options: Mapping[str, Any] | None


class ResourceOptions(TypedDict, total=False):
    """The options of `@resource`, as `with_options` takes them."""

    name: str | None
    needs: Mapping[str, Need] | None
    after: After
    scope: Lifetime
    retries: int | Retry | None
    timeout: float | None
    close_timeout: float | None
    on_state: Hooks
    on_start: Hooks
    on_success: Hooks
    on_retry: Hooks
    on_error: HooksByType
    metadata: Mapping[str, Any] | None
