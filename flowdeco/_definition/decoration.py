"""From a function and the options of its decorator to a definition: options are checked, names in reach are noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter
from typing import Any, TypeVar

from .._base.checks import check_name, check_timeout
from .._base.errors import OptionTypeError
from .._base.signature import Param, Signature, read_signature
from .._base.text import name_callable, shorten
from .._policy.hook import HOOKS, check_hooks, read_hooks
from .._policy.policy import (
    DEFAULTABLE,
    Defaults,
    asks_for_nothing,
    check_defaults,
    check_metadata,
    check_policy,
    read_policy,
)
from .._state.state import check_state
from .definition import (
    Definition,
    Face,
    Predicate,
    Scope,
    TaskDefinition,
    WorkflowDefinition,
    definition_behind,
    definition_of,
)
from .face import is_face
from .item_function import ItemFunction
from .item_options import ITEM_OPTIONS, check_items
from .items import NO_ITEMS, ItemOptions
from .options import (
    check_after,
    check_backend,
    check_needs,
    check_outputs,
    check_settled,
    check_switches,
    check_tasks,
)
from .scope import capture_scope

__all__ = [
    "NO_OPTIONS",
    "check_common",
    "define_stand_in",
    "define_task",
    "define_workflow",
    "name_of",
    "read_signature_of",
]

W = TypeVar("W", bound=WorkflowDefinition)

# A task's options that say nothing.
NO_OPTIONS: Mapping[str, Any] = dict.fromkeys(
    ["name", "needs", "after", "calls", "outputs", "settled", *ITEM_OPTIONS, *DEFAULTABLE]
)


def define_task(
    face: Face,
    function: Callable[..., Any],
    options: dict[str, Any],
    scope: Scope | None = None,
    signature: Signature | None = None,
    asked: tuple[str, ...] | None = None,
    *,
    like: Definition | None = None,
    is_fresh: bool = False,
) -> TaskDefinition:
    """Return the definition of a task.

    Args:
        face: what users are to hold of it.
        function: what is decorated.
        options: all options; they are the definition's from now on.
        scope: the names in reach; `None`: those of the place where the decorator stands.
        signature: what the function asks for; `None`: to be read.
        asked: if it stands in for another task, what hooks can ask for besides its own arguments.
        like: what it is made of, if it is: in the functions of options that it has from there, names mean the same.
        is_fresh: whether no variable holds the function yet.

    Raises:
        OptionError: an option cannot be used.
    """
    signature = signature or read_signature_of("task", function)
    name = name_of(function, options)
    subject = f"task {name or name_callable(function)!r}"
    when, is_plain = options["when"], asks_for_nothing(options)
    if not is_plain:
        check_policy(subject, options, definition_of)
    check_common(subject, options, signature.params, () if when is None else _read_more_params(when))
    outputs = options["outputs"]
    options["outputs"] = () if outputs is None else check_outputs(subject, outputs)
    items = check_items(subject, options, signature.params, signature.gives)
    made = TaskDefinition(face, function, signature, (), options, name, asked)
    if not is_plain:
        made.policy = read_policy(made.make_asker(), options)
    asked_in = _capture_of(when, like and like.predicate)
    items_in = {} if items is NO_ITEMS else _capture_of_items(options, like)
    made.scope = capture_scope(function, face, is_fresh=is_fresh) if scope is None else scope
    if when is not None:
        made.predicate = _make_predicate("when= of task", made.label, when, made.needs, (asked_in, made.scope))
    made.items = _add_functions(made, items, items_in) if items_in else items
    return made


def define_stand_in(
    face: Face, step: Definition, function: Callable[..., Any], scope: Scope, output: str | None = None
) -> TaskDefinition:
    """Return the definition of a task that has another function in the place of a step's own.

    It has the same policy and name; if it gives just one output of the step, that one's name. Raises: as `define_task`
    does.
    """
    signature = read_signature_of("task", function)
    if {p.kind for p in signature.params} == {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
        # It takes whatever it is given, as a mock does: it is given what the function was that it stands in for.
        signature = signature._replace(params=step.own_params)
    options = {**NO_OPTIONS, **step.options, "after": step.graph_after, "calls": None, "name": step.name}
    options = {option: options[option] for option in NO_OPTIONS}
    if output is not None:
        options |= {"name": output, "outputs": None}
    params = {p.name for p in signature.params}
    options["settled"] = tuple(name for name in step.graph_settled if name in params)
    # Whatever the function takes of the items, it is run for each of them.
    needs = dict(step.graph_needs)
    each = [part._replace(need=needs.pop(part.params[0], part.need)) for part in step.graph_each]
    options["each"] = tuple(each) or None
    options["stream"] = {name: order for name, order in step.items.streams.items() if name in params} or None
    if options["when"] is not None:
        params |= {p.name for p in _read_more_params(options["when"])}
    options["needs"] = {name: need for name, need in needs.items() if name in params}
    asked = tuple(p.name for p in step.params)
    return define_task(face, function, options, scope, signature, asked, like=step)


def define_workflow(
    kind: type[W],
    face: Face | None,
    function: Callable[..., Any],
    options: dict[str, Any],
    scope: Scope | None = None,
    signature: Signature | None = None,
    like: Definition | None = None,
) -> W:
    """Return the definition of a workflow.

    Args:
        kind: the class of it.
        face: what users are to hold of it; `None` if nobody is.
        function: what is decorated.
        options: all options; they are the definition's from now on.
        scope: the names in reach; `None`: those of the place where the decorator stands.
        signature: what the function asks for; `None`: to be read.
        like: what it is made of, if it is, as of `define_task`.

    Raises:
        OptionError: an option cannot be used.
    """
    signature = signature or read_signature_of("workflow", function)
    own_name = name_of(function, options)
    subject = f"workflow {own_name or name_callable(function)!r}"
    check_common(subject, options, signature.params, ())
    items = check_items(subject, options, signature.params, None)
    tasks = _check_workflow(subject, options)
    asked_in = _capture_of(None if options["defaults"] is None else options["defaults"]["when"], None)
    items_in = {} if items is NO_ITEMS else _capture_of_items(options, like)
    if scope is None:
        scope = capture_scope(function, face, thorough=True)
    if signature.kind.endswith("generator"):
        message = f"Cannot make a workflow of {own_name!r}: it yields. Move what yields to a task, and return the "
        message += "result here."
        raise OptionTypeError(message, option="function", value=function)
    name, defaults = own_name or "workflow", options["defaults"]
    if defaults is not None:
        about = "when= in the defaults of workflow"
        defaults = Defaults(defaults, _make_predicate(about, name, defaults["when"], {}, (asked_in, scope)))
    outside = {param: need for param, need in options["needs"].items() if isinstance(need, str)}
    hooks = read_hooks(f"workflow {name!r}", options, [param.name for param in signature.params], outside)
    made = kind(face, function, signature, scope, options, own_name, tasks, defaults, hooks)
    made.items = _add_functions(made, items, items_in) if items_in else items
    return made


def _add_functions(made: Definition, items: ItemOptions, scopes: Mapping[str, Scope]) -> ItemOptions:
    """Return what a definition says of items, with its `more=` and `key=` as what can ask for names."""
    found: dict[str, ItemFunction] = {}
    for option, asked_in in scopes.items():
        scope = tuple({id(namespace): namespace for namespace in (*asked_in, *made.scope)}.values())
        function = made.options[option]
        signature, kind = read_signature_of(option, function), f"{option}= of {made.kind}"
        found[option] = ItemFunction(kind, made.label, function, signature, made.graph_needs, scope)
    return items._replace(more=found.get("more"), key=found.get("key"))


def _check_workflow(subject: str, options: dict[str, Any]) -> tuple[dict[str, Face], tuple[Any, ...]]:
    """Check what only a workflow has; return the `tasks=` given by hand, and those to look in last."""
    given, more = check_tasks(subject, options["tasks"])
    options["tasks"] = given or more  # what was given may be an iterator, and is then used up
    check_backend(subject, options["backend"], options["backend_options"])
    check_state(subject, options["state"])
    check_switches(subject, options)
    options["defaults"] = check_defaults(subject, options["defaults"], definition_of)
    options["metadata"] = check_metadata(subject, options["metadata"])
    for option in HOOKS:
        options[option] = check_hooks(subject, option, options[option])
    return given, more


def check_common(subject: str, options: dict[str, Any], params: Sequence[Param], more_params: Iterable[Param]) -> None:
    """Check what tasks and workflows have; `more_params` are what else `needs=` can fill."""
    if options["name"] is not None:
        check_name(subject, options["name"])
    if options["timeout"] is not None:
        check_timeout(subject, options["timeout"])
    # Most are left out, and every decoration costs.
    settled, needs, after = options["settled"], options["needs"], options["after"]
    options["settled"] = () if settled is None else check_settled(subject, settled, [p.name for p in params])
    options["needs"] = {} if needs is None else check_needs(subject, needs, (*params, *more_params))
    options["after"] = () if after is None else check_after(subject, after)
    calls = options.get("calls")  # a resource has none
    if calls is not None:
        options["calls"] = check_after(subject, calls, "calls")


def name_of(function: Callable[..., Any], options: Mapping[str, Any]) -> str | None:
    """Return what the record calls a function: `name=`, else its own name; `None` if it has neither."""
    name = options["name"] or getattr(function, "__name__", None)
    return None if name == "<lambda>" else name


def read_signature_of(kind: str, function: Any) -> Signature:
    """Return what a function asks for that is to be decorated. Raises `OptionTypeError` if that cannot be read."""
    if is_face(function):
        reason = "it is one already. For other options, use its with_options()."
        other = definition_behind(function).kind
        if "resource" in (kind, other) and other != kind:
            reason = f"a function is a resource, a task or a workflow. Remove @{kind}: a {other} can be named as it is."
        elif other != kind:
            reason = "a function is a task or a workflow. Remove @task: a workflow can be named where a task can."
        raise OptionTypeError(f"Cannot make a {kind} of {function!r}: {reason}", option="function", value=function)
    if not callable(function):
        message = f"Cannot make a {kind} of {shorten(function)}: it cannot be called. Give a function."
        raise OptionTypeError(message, option="function", value=function)
    try:
        return read_signature(function)
    except (TypeError, ValueError) as error:
        message = f"Cannot make a {kind} of {shorten(function)}: its parameters cannot be read. Wrap it in a def."
        raise OptionTypeError(message, option="function", value=function) from error


def _read_more_params(when: Any) -> tuple[Param, ...]:
    """Return what a `when=` asks for besides the task's own parameters."""
    if definition_of(when) is not None:
        return ()
    return read_signature_of("predicate", when).params


def _capture_of(function: Any, known: Definition | None) -> Scope:
    """Return the names in reach of the function of an option such as `when=`.

    To be asked for before those of the task: then the same body is seen, in which no variable holds the task yet.

    Args:
        function: the function, a task, or `None`.
        known: what has that option where it comes from.
    """
    if function is None or definition_of(function) is not None:
        return ()
    return known.scope if known is not None and known.function is function else capture_scope(function, None)


def _capture_of_items(options: Mapping[str, Any], like: Definition | None) -> dict[str, Scope]:
    """Return the names in reach of those of `more=` and `key=` that there are."""
    given = [option for option in ("more", "key") if options[option] is not None]
    return {option: _capture_of(options[option], like and getattr(like.items, option)) for option in given}


def _make_predicate(
    kind: str, name: str, function: Any, needs: Mapping[str, Any], scopes: tuple[Scope, Scope]
) -> Predicate | None:
    """Return the `when=` of a task or of a workflow's defaults, if it has one.

    Args:
        kind: whose it is, for errors: `when= of task`.
        name: the name of the task or workflow.
        function: what the option says.
        needs: the task's `needs=`.
        scopes: the names in reach of the function, and those in reach of the task or workflow, which come after.
    """
    if function is None:
        return None
    if definition_of(function) is not None:
        return Predicate(kind, name, function, None, needs, scopes[1])
    scope = tuple({id(namespace): namespace for each in scopes for namespace in each}.values())
    return Predicate(kind, name, function, read_signature_of("predicate", function), needs, scope)
