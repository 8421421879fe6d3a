"""Checks of the decorators' options, made when the decorator runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import Parameter
from types import ModuleType
from typing import Any

import anyio

from .._base.checks import is_iterable, is_list, is_mapping, is_sequence, reject
from .._base.constant import Value
from .._base.errors import OptionTypeError
from .._base.signature import Param
from .._base.text import listed, nearest, shorten
from .definition import definition_of
from .option_types import PolicyOptions, WorkflowOptions
from .undecorated import describe_undecorated, is_plain_function

__all__ = [
    "check_after",
    "check_backend",
    "check_changes",
    "check_known",
    "check_needs",
    "check_outputs",
    "check_settled",
    "check_switches",
    "check_tasks",
    "is_part",
    "take_need",
]


def check_outputs(subject: str, value: object) -> tuple[str, ...]:
    """Return the names of a task's outputs; there are none for `None`."""
    if value is None:
        return ()
    if not is_sequence(value):
        raise reject(
            subject, "outputs", value, 'is not a tuple of names, as in outputs=("train", "test").', wrong_type=True
        )
    for name in value:
        if not isinstance(name, str) or not name.isidentifier():
            raise reject(subject, "outputs", value, f"has {name!r} in it, which is not a valid name for a parameter.")
    if len(set(value)) < len(value):
        raise reject(subject, "outputs", value, "names the same output twice.")
    return tuple(value)


def check_settled(subject: str, value: object, params: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters that receive an outcome; there are none for `None`."""
    if value is None:
        return ()
    if not isinstance(value, str) and not is_sequence(value):
        raise reject(subject, "settled", value, "is not the name of a parameter, or a list of names.", wrong_type=True)
    names: tuple[Any, ...] = (value,) if isinstance(value, str) else tuple(value)
    for name in names:
        if name not in params:
            hint = nearest(str(name), params) or f" It has {listed(list(params)) or 'none'}."
            raise reject(subject, "settled", value, f"names {name!r}, which is not a parameter of the function.{hint}")
    return names


def check_known(kind: str, given: Mapping[str, object], known: Iterable[str]) -> None:
    """Reject an option of a decorator that does not exist, as `check_changes` does."""
    _refuse_unknown(f"define a {kind}", kind, given, list(known))


def check_changes(subject: str, changes: Mapping[str, object], known: Iterable[str]) -> None:
    """Reject an option that does not exist, naming the nearest that does."""
    _refuse_unknown(f"change {subject}", subject.partition(" ")[0], changes, list(known))


def _refuse_unknown(doing: str, kind: str, given: Mapping[str, object], known: list[str]) -> None:
    for name, value in given.items():
        if name not in known:
            # What begins alike comes first: retry= is rather retries= than on_retry=.
            hint = nearest(name, [each for each in known if each[:3] == name[:3]]) or nearest(name, known)
            if kind == "workflow" and name in PolicyOptions.__annotations__:
                hint = f" defaults={{{name!r}: {shorten(value)}}} gives it to all of its tasks."
            elif kind == "workflow" and name == "stream":
                hint = " It is one of @task: a workflow's own function is called when all items have ended."
            elif kind == "task" and name in WorkflowOptions.__annotations__:
                hint = " It is one of @workflow."
            message = f"Cannot {doing}: there is no option {name!r}.{hint} It has {listed(known, 40)}."
            raise OptionTypeError(message, option=name, value=value)


def check_needs(subject: str, value: object, params: Sequence[Param]) -> dict[str, Any]:
    """Return `needs=` as a dictionary that does not change when what was given does.

    Args:
        subject: what is being defined, for errors.
        value: what was given.
        params: what can be given something.
    """
    if not is_mapping(value):
        raise reject(subject, "needs", value, "is not a mapping, as in needs={'page': fetch}.", wrong_type=True)
    by_name = {param.name: param for param in params}
    found: dict[str, Any] = {}
    for name, need in value.items():
        param = by_name.get(name)
        if param is None:
            hint = nearest(str(name), by_name) or f" It has {listed(list(by_name)) or 'none'}."
            raise reject(subject, "needs", value, f"names {name!r}, which is not a parameter of the function.{hint}")
        if param.variadic:
            _check_shape(subject, value, need, param, params)
        found[name] = take_need(subject, "needs", value, name, need)
    return found


def _check_shape(subject: str, value: object, need: object, param: Param, params: Iterable[Param]) -> None:
    """Accept a list for `*args`, and for `**kwargs` a dict of what no parameter of its own takes."""
    name = param.name
    if param.kind is Parameter.VAR_POSITIONAL:
        if not is_list(need):
            raise reject(subject, "needs", value, f"must give a list for {name!r}.", wrong_type=True)
        return
    if not is_mapping(need):
        raise reject(subject, "needs", value, f"must give a dict for {name!r}.", wrong_type=True)
    keywords = [p.name for p in params if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
    for key in need:
        if not isinstance(key, str):
            reason = f"has the key {key!r} for {name!r}, which is not a valid name for an argument."
            raise reject(subject, "needs", value, reason, wrong_type=True)
        if key in keywords:
            reason = f"has the key {key!r} for {name!r}, which is a parameter of its own."
            raise reject(subject, "needs", value, reason)


def take_need(subject: str, option: str, value: object, name: str, need: Any) -> Any:
    """Return what one parameter needs as an option gives it, a list or dict as it is now."""
    # Most are tasks; to ask first whether they are mappings takes time.
    if need is None or is_part(need):
        return need
    parts: Iterable[object] = [need]
    taken: Any = need
    if is_mapping(need):
        taken = dict(need)
        parts = taken.values()
    elif is_list(need):
        parts = taken = tuple(need)
    for part in parts:
        if not is_part(part):
            reason = f"gives {name!r} {shorten(part)}, which is not a task, a workflow, a name, "
            reason += f"or a list or dict of these. {_way_out(part)}"
            raise reject(subject, option, value, reason, wrong_type=True)
    return taken


def is_part(need: Any) -> bool:
    """Whether it is one thing that a parameter can receive."""
    return isinstance(need, str) or definition_of(need) is not None or type(need) is Value


def _way_out(part: Any) -> str:
    """Return what to write instead of what is no task."""
    if is_plain_function(part):
        return describe_undecorated(part)
    constant = f"value({shorten(part)})"
    if callable(part):
        return f"{describe_undecorated(part)} To hand it over as it is, write {constant}."
    return f"For a constant, write {constant}."


def _no_task(part: Any, otherwise: str) -> str:
    """Return why something is refused where a task should be, and what to do."""
    return f"{otherwise} {describe_undecorated(part)}" if callable(part) else otherwise


def check_after(subject: str, value: object, option: str = "after") -> tuple[Any, ...]:
    """Return `after=`, or `calls=`, as a tuple of tasks, workflows and names."""
    if value is None:
        return ()
    parts: tuple[object, ...] = tuple(value) if is_list(value) else (value,)
    for part in parts:
        if not isinstance(part, str) and definition_of(part) is None:
            reason = _no_task(part, "is not a task, a workflow, a name, or a list of these.")
            raise reject(subject, option, value, reason, wrong_type=True)
    return parts


def check_tasks(subject: str, value: object) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Return `tasks=` as names given by hand, and as tasks and modules to look names up in."""
    if value is None:
        return {}, ()
    if is_mapping(value):
        for name, part in value.items():
            if not isinstance(name, str):
                reason = f"has the key {name!r}, which is not a valid name for a parameter."
                raise reject(subject, "tasks", value, reason, wrong_type=True)
            if definition_of(part) is None:
                reason = _no_task(part, f"gives {name!r} {shorten(part)}, which is not a task or a workflow.")
                raise reject(subject, "tasks", value, reason, wrong_type=True)
        return dict(value), ()
    if not is_iterable(value):
        raise reject(
            subject,
            "tasks",
            value,
            "is not a list of tasks and modules, or a mapping of names to tasks.",
            wrong_type=True,
        )
    parts = tuple(value)
    for part in parts:
        if not isinstance(part, ModuleType) and definition_of(part) is None:
            reason = _no_task(part, f"has {shorten(part)} in it, which is not a task, a workflow or a module.")
            raise reject(subject, "tasks", value, reason, wrong_type=True)
    return {}, parts


def check_backend(subject: str, backend: object, options: object) -> None:
    """Accept the name of an event loop that anyio knows, and a mapping of options for it."""
    known = anyio.get_all_backends()
    if backend not in known:
        raise reject(subject, "backend", backend, f"is not an event loop. Give {' or '.join(map(repr, known))}.")
    if options is not None and not isinstance(options, Mapping):
        raise reject(
            subject, "backend_options", options, "is not a mapping, as in {'use_uvloop': True}.", wrong_type=True
        )


def check_switches(subject: str, options: Mapping[str, Any]) -> None:
    """Accept bools, and one of two words."""
    for option in ("keep_going", "share"):
        if not isinstance(options[option], bool):
            reason = "is neither True nor False. Give one of them."
            raise reject(subject, option, options[option], reason, wrong_type=True)
    hook_errors = options["hook_errors"]
    if hook_errors not in ("log", "raise"):
        reason = "is neither 'log' nor 'raise'. Give one of them."
        raise reject(subject, "hook_errors", hook_errors, reason, wrong_type=not isinstance(hook_errors, str))
