"""What `@resource` decorated: a function that opens something, and what its options say of opening and closing it.

A resource is a definition like a task's, so that it is found by name, can be overridden, and has attempts and hooks for
its opening as a task has for its call. What else a task can be told makes no sense of what stays open: so such options
are there, as for any node, and say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from .._base.checks import check_timeout, reject
from .._base.signature import Signature
from .._base.text import name_callable
from .._policy.policy import asks_for_nothing, check_policy, read_policy
from .decoration import NO_OPTIONS, check_common, name_of, read_signature_of
from .definition import Face, Scope, TaskDefinition, definition_of
from .option_types import Lifetime, ResourceOptions
from .scope import capture_scope

__all__ = ["RESOURCE_OPTIONS", "ResourceDefinition", "define_resource", "define_resource_stand_in"]

_LIFETIMES = ("run", "shared", "process")

RESOURCE_OPTIONS = tuple(ResourceOptions.__annotations__)


class ResourceDefinition(TaskDefinition):
    """What `@resource` decorated.

    Attributes:
        lifetime: how long it stays open.
        close_timeout: seconds that closing may take; `None`: no limit.
    """

    __slots__ = ("close_timeout", "lifetime")
    kind = "resource"
    is_resource = True

    def __init__(
        self,
        face: Any,
        function: Callable[..., Any],
        signature: Signature,
        scope: Scope,
        options: Mapping[str, Any],
        name: str | None,
        asked: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(face, function, signature, scope, options, name, asked)
        self.lifetime: Lifetime = options["scope"]
        close_timeout: float | None = options["close_timeout"]
        self.close_timeout = close_timeout if close_timeout is not None and isfinite(close_timeout) else None

    def make_around(self, function: Callable[..., Any]) -> TaskDefinition:
        plain = super().make_around(function)
        made = ResourceDefinition(function, function, plain.signature, self.scope, plain.options, self.name)
        made.policy = self.policy
        return made


def define_resource(
    face: Face,
    function: Callable[..., Any],
    options: Mapping[str, Any],
    scope: Scope | None = None,
    signature: Signature | None = None,
    asked: tuple[str, ...] | None = None,
    *,
    is_fresh: bool = False,
) -> ResourceDefinition:
    """Return the definition of a resource.

    Args:
        face: what users are to hold of it.
        function: what is decorated.
        options: all options.
        scope: the names in reach; `None`: those of the place where the decorator stands.
        signature: what the function asks for; `None`: to be read.
        asked: if it stands in for another, what hooks can ask for besides its own arguments.
        is_fresh: whether no variable holds the function yet.

    Raises:
        OptionError: an option cannot be used.
    """
    signature = signature or read_signature_of("resource", function)
    chosen = {**NO_OPTIONS, **{option: options[option] for option in RESOURCE_OPTIONS}}
    name = name_of(function, chosen)
    subject = f"resource {name or name_callable(function)!r}"
    _check_own(subject, chosen, signature)
    is_plain = asks_for_nothing(chosen)
    if not is_plain:
        check_policy(subject, chosen, definition_of)
    check_common(subject, chosen, signature.params, ())
    chosen["outputs"] = ()
    made = ResourceDefinition(face, function, signature, (), chosen, name, asked)
    if not is_plain:
        made.policy = read_policy(made.make_asker(), chosen)
    made.scope = capture_scope(function, face, is_fresh=is_fresh) if scope is None else scope
    return made


def define_resource_stand_in(
    face: Face, step: ResourceDefinition, function: Callable[..., Any], scope: Scope
) -> ResourceDefinition:
    """Return the definition of a resource that has another function in the place of its own."""
    signature = read_signature_of("resource", function)
    params = {param.name for param in signature.params}
    needs = {name: need for name, need in step.needs.items() if name in params}
    options = {**step.options, "needs": needs, "name": step.name}
    return define_resource(face, function, options, scope, signature, tuple([param.name for param in step.params]))


def _check_own(subject: str, options: Mapping[str, Any], signature: Signature) -> None:
    lifetime, close_timeout = options["scope"], options["close_timeout"]
    if lifetime not in _LIFETIMES:
        reason = "is not one of 'run', 'shared' and 'process'. Give one of them."
        raise reject(subject, "scope", lifetime, reason, wrong_type=not isinstance(lifetime, str))
    if close_timeout is not None:
        check_timeout(subject, close_timeout, option="close_timeout")
    if lifetime == "process":
        if signature.is_awaited or signature.kind.startswith("async"):
            reason = "cannot be used with an async def: a worker process has no event loop. Make it a def."
            raise reject(subject, "scope", lifetime, reason)
        for option in ("retries", "timeout"):
            if options[option] is not None:
                reason = (
                    'does not go with scope="process": there it is opened in the attempt of a task, whose own it is.'
                )
                raise reject(subject, option, options[option], f"{reason} Say it of the task.")
