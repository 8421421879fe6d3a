"""Callables that get, of all there is to tell, what their parameters name: hooks, recoveries, and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeGuard

from .._base.checks import reject
from .._base.errors import OptionError
from .._base.events import Event
from .._base.injection import Ask, read_ask
from .._base.signature import MISSING, peel
from .._base.text import listed, nearest, shorten

__all__ = [
    "EVENT_NAMES",
    "HOOKS",
    "ITEM_NAMES",
    "NO_HOOKS",
    "Hook",
    "Hooks",
    "Told",
    "check_hooks",
    "check_recover",
    "read_hook",
    "read_hooks",
    "unknown_name",
]

HOOKS = ("on_state", "on_start", "on_success", "on_retry", "on_error")

# What every hook can ask for; what else it names is an argument of the task, or an input of the workflow.
EVENT_NAMES = (
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
_EVENT_NAMES = frozenset(EVENT_NAMES)
# The same of an item of `each=`; an argument of that name comes first.
ITEM_NAMES = ("index", "item")


class Hook(NamedTuple):
    """A callable that is told of events.

    Attributes:
        option: the option that names it, such as `"on_error"`.
        ask: how to call it.
        kind: the type of error that it is called for.
        alone: whether no other is called when it is: the first that fits, of a mapping.
        outside: the names of inputs that have another name in the workflow's function.
    """

    option: str
    ask: Ask
    kind: type[BaseException] = BaseException
    alone: bool = False
    outside: Mapping[str, str] = MappingProxyType({})

    @property
    def name(self) -> str:
        """What to call it in an error."""
        names = [getattr(layer, "__qualname__", None) for layer in peel(self.ask.function)]
        name = next(filter(None, names), None) or shorten(self.ask.function)
        return str(name).rpartition("<locals>.")[2]

    def call(self, told: Told, inputs: Mapping[str, Any] | None = None) -> Any:
        """Call it, and return what it returns, which may have to be awaited.

        Args:
            told: what has happened.
            inputs: where to find what it asks for besides; `None`: in its own. What is not there, as that of
                a function that another stands in for, is left to the parameter's default, or is `None`.
        """
        ask = self.ask
        named: dict[str, Any] = {}
        for name in ask.names:
            if name in _EVENT_NAMES:
                named[name] = getattr(told, name)
                continue
            missing = MISSING if name in ask.optional else None
            if name in ITEM_NAMES and told.index is not None:
                missing = getattr(told, name)
            value = (told.inputs if inputs is None else inputs).get(self.outside.get(name, name), missing)
            if value is not MISSING:
                named[name] = value
        whole = (told.event,) if ask.whole else ()
        del told, inputs  # the frames of what it raises lead here, and these lead to the run
        return ask.function(*whole, *named.values()) if ask.by_position else ask.function(*whole, **named)

    def wants(self, error: BaseException | None) -> bool:
        """Whether it is to be called when there is this error."""
        return error is None or isinstance(error, self.kind)


class Told(Protocol):
    """What hooks are told: it has what they can ask for under the names in `EVENT_NAMES` and `ITEM_NAMES`."""

    @property
    def event(self) -> Event: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...
    @property
    def index(self) -> int | None: ...


Hooks: TypeAlias = Mapping[str, tuple[Hook, ...]]

NO_HOOKS: Hooks = {}


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, (list, tuple))


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def check_hooks(subject: str, option: str, value: object) -> Any:
    """Return the hooks of one option as a tuple, or as a dictionary by type of error; `None` stays `None`."""
    if value is None:
        return None
    if _is_mapping(value):
        if option != "on_error":
            reason = "is a mapping, which only on_error= can be. Give a function, or a list of functions."
            raise reject(subject, option, value, reason, wrong_type=True)
        return check_by_type(subject, option, value)
    hooks = tuple(value) if _is_list(value) else (value,)
    for hook in hooks:
        if not callable(hook):
            reason = f"has {shorten(hook)} in it, which" if _is_list(value) else ""
            raise reject(
                subject, option, value, f"{reason} cannot be called. Give a function.".strip(), wrong_type=True
            )
    return hooks


def check_recover(subject: str, value: object) -> Any:
    """Return what `recover=` says: a callable, or a dictionary of them by type of error; `None` stays `None`."""
    if _is_mapping(value):
        return check_by_type(subject, "recover", value)
    if value is not None and not callable(value):
        reason = "cannot be called. Give a function that returns the value, or a task."
        raise reject(subject, "recover", value, reason, wrong_type=True)
    return value


def _is_error_type(value: object) -> TypeGuard[type[BaseException]]:
    return isinstance(value, type) and issubclass(value, BaseException)


def check_by_type(subject: str, option: str, value: Mapping[Any, Any]) -> dict[type[BaseException], Any]:
    """Accept a mapping of types of errors to callables."""
    for kind, hook in value.items():
        if not _is_error_type(kind):
            reason = f"has the key {shorten(kind)}, which is not an exception type. Give one, as in "
            reason += "{ConnectionError: ...}."
            raise reject(subject, option, value, reason, wrong_type=True)
        if not callable(hook):
            reason = f"gives {kind.__name__} {shorten(hook)}, which cannot be called. Give a function."
            raise reject(subject, option, value, reason, wrong_type=True)
    return dict(value)


def read_hooks(
    subject: str, options: Mapping[str, Any], arguments: Iterable[str], outside: Mapping[str, str] | None = None
) -> Hooks:
    """Return the hooks that checked options name.

    Args:
        subject: what is being defined, for errors.
        options: the decorator's options.
        arguments: what hooks can ask for besides what every hook can.
        outside: under which other names some of it is found, and can be asked for as well.

    Raises:
        OptionError: a hook asks for what there is not.
    """
    outside = outside or {}
    known = [*EVENT_NAMES, *ITEM_NAMES, *arguments, *outside.values()]
    found: dict[str, tuple[Hook, ...]] = {}
    for option in HOOKS:
        value = options[option]
        if value is not None:
            by_type = _is_mapping(value)
            pairs: Iterable[tuple[Any, Any]] = value.items() if by_type else [(BaseException, hook) for hook in value]
            found[option] = tuple(
                [
                    read_hook(subject, option, hook, known)._replace(kind=kind, alone=by_type, outside=outside)
                    for kind, hook in pairs
                ]
            )
    return found or NO_HOOKS


def read_hook(subject: str, option: str, function: Callable[..., Any], known: Sequence[str]) -> Hook:
    """Return one hook. Raises `OptionError` if it asks for what is not known."""
    ask, unknown = read_ask(function, known)
    hook = Hook(option, ask)
    if unknown:
        raise unknown_name(subject, hook, unknown[0], known)
    return hook


def unknown_name(subject: str, hook: Hook, name: str, known: Sequence[str]) -> OptionError:
    """Return the error for a hook that asks for what there is not."""
    message = f"Cannot define {subject}: {hook.name!r} in {hook.option}= asks for {name!r}, which it cannot get."
    message += f"{nearest(name, known)} It can get {listed(list(dict.fromkeys(known)), 40)}."
    return OptionError(message, option=hook.option, value=hook.ask.function)
