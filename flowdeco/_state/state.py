"""What the tasks of a run share: typed fields and free keys, with validators, watchers and every change."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from copy import copy
from datetime import datetime
from inspect import Parameter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard, TypeVar, cast, dataclass_transform

from .._base.checks import reject
from .._base.errors import OptionError, OptionTypeError, StateTypeError
from .._base.injection import read_ask
from .._base.local import Local
from .._base.signature import MISSING, POSITIONAL, Param, read_signature
from .._base.text import listed, nearest, shorten
from .field import FIELDS, Field, check_arguments, collect_fields, refuse_attribute, refuse_key, validate
from .store import ABSENT, Change, ValueStore, Watcher

__all__ = ["State", "check_state", "make_state"]

T = TypeVar("T")

METHODS = ("get", "update", "append", "check", "watch", "changes")
_WAY_OUT = " Say update(..., default=...), or declare it in a subclass of State and say @workflow(state=...)."
# What a watcher can ask for by the names of its parameters.
CHANGE_NAMES = ("key", "value", "previous", "time", "task", "change")


# `field` is not named as a field specifier: type checkers see a default of those only where it is given by keyword.
@dataclass_transform(kw_only_default=True, eq_default=False)
class State(Local):
    """What the tasks of a run share: the fields that a subclass declares, and free keys.

    ```python
    class Budget(State):
        tokens: int = 0
        spent: float = field(0.0, validate=lambda v: v >= 0, on_change=print)
        messages: list[str] = field(factory=list)

    budget = Budget(tokens=3)
    budget.tokens += 1                          # two steps: update() is one
    budget.update("tokens", lambda n: n + 1)
    budget["free"] = 1                          # any key, kept beside the fields
    ```

    Fields are what the class and its bases annotate, but for `ClassVar` and names with a leading underscore, which are
    ordinary attributes. A field that a subclass annotates again is replaced, with its validators. The value of a field
    is also found under its name as a key. Tasks and threads may use a state at the same time, and several runs may
    share it. Two states are equal only if they are the same; an empty one is false, as a `dict` is.

    Every change is kept for as long as the state is, for `changes()`. What alters a value without the state, such as
    `state.messages.append(x)`, is neither recorded nor validated, and nobody is told: use `append` and `update`.
    The first values are no changes. A copy, by `copy` or `pickle`, has the same values and what its class declares,
    but neither the changes nor the watchers and validators that were added to the original.

    What an attempt writes that was abandoned at its timeout is refused with an `AbandonedError`.

    Args:
        values: for a state without fields: its keys with their values.
        keys: the values of fields; for a state without fields, further keys.

    Raises:
        StateTypeError: a field without a default is not given, or there is no such field.
        StateValidationError: a validator rejects a value, given or default.
    """

    __slots__ = ("__weakref__", "_value_store")
    __state_fields__: ClassVar[Mapping[str, Field]] = {}
    _value_store: ValueStore

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        inherited: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            own: Mapping[str, Field] = vars(base).get(FIELDS, {})
            inherited |= {name: found for name, found in own.items() if vars(base).get(name) is found}
        cls.__state_fields__ = fields = collect_fields(cls, inherited, METHODS)
        for name, found in fields.items():
            _read_callables(f"define field {name!r} of state {cls.__name__!r}", found)

    def __init__(self, values: Mapping[Any, Any] = {}, /, **keys: Any) -> None:
        fields = self.__state_fields__
        given: dict[Any, Any] = {**values, **keys}
        if fields:
            check_arguments(type(self).__name__, fields, keys, bool(values))
            given = {name: keys[name] if name in keys else found.make_default() for name, found in fields.items()}
        for name, value in given.items():
            _validate(self, "set", name, value)
        self._value_store.fill(given)

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return the value of a key or a field, or `default` if the key is not there."""
        try:
            return self._value_store.find(key)
        except KeyError:
            return default

    def update(self, key: Hashable, function: Callable[[Any], T], default: Any = None) -> T:
        """Set a key or a field to what `function` makes of its value, in one step to all other tasks and threads.

        Nobody else can write meanwhile, so `function` should be quick, and must not wait for another thread or for
        the event loop. It may write to the state itself; what it has written stays, even if it then raises.

        Args:
            key: the key, or the name of a field.
            function: gets the value, and returns the new one. A plain function.
            default: what it gets if the key is not there.

        Returns:
            The new value.

        Raises:
            StateValidationError: a validator rejects the new value. Nothing has changed then, nor has it when
                `function` raises.
        """
        with self._value_store:
            try:
                value = function(self.get(key, default))
            except Exception as error:
                if default is None and key not in self:
                    error.add_note(
                        f"State {type(self).__name__!r} has no {key!r} yet, so the function got None.{_WAY_OUT}"
                    )
                raise
            if inspect.iscoroutine(value):
                value.close()
                reason = (
                    "its function is async, and nobody else could write while it is awaited. Give a plain function."
                )
                raise OptionTypeError(
                    f"Cannot update {_subject(self, key)}: {reason}", option="function", value=function
                )
            _validate(self, "set", key, value)
            self._value_store.put(key, value)
        return value

    def append(self, key: Hashable, item: object) -> None:
        """Add an item to the list under a key or a field, in one step to all other tasks and threads.

        A key that is not there gets a list of the one item. Lists that anybody has read or set stay as they are: the
        state has another one from now on. It takes a time that grows with the list only if the list was read since
        the last `append`, or if there is a validator, which gets the whole new list.

        Raises:
            StateTypeError: the value is no list.
            StateValidationError: a validator rejects the new list. Nothing has changed then.
        """
        with self._value_store as store:
            if not store.can_append(key):
                self[key] = _append_to_copy(self, key, item)
                return
            if key in store.validators:
                _validate(self, "append to", key, [*self.get(key, ()), item])
            store.append(key, item)

    def check(self, key: Hashable, validator: Callable[[Any], object]) -> None:
        """Have every new value of a key or a field validated.

        Args:
            key: the key, which need not be there yet, or the name of a field.
            validator: gets a new value, and returns false or raises to reject it. What returns `None` accepts. It
                should be quick: nobody else can write meanwhile.

        Raises:
            StateValidationError: it rejects the present value. It is not added then.
            OptionError: it cannot be called with one argument.
        """
        _check_validator(f"check {_subject(self, key)}", "validator", validator)
        with self._value_store as store:
            value = self.get(key, ABSENT)
            if value is not ABSENT:
                validate(f"check {_subject(self, key)}", type(self).__name__, key, value, (validator,))
            store.validators[key] = (*store.validators.get(key, ()), validator)

    def watch(self, key: Hashable, subscriber: Callable[..., object]) -> Callable[[], None]:
        """Have `subscriber` called after each change of a key or a field.

        It gets what its parameters name: `key`, `value`, `previous`, `time`, `task`, or `change` for all of it. One
        whose first parameter is positional-only (`seen.append`), that takes `*args` (`print`), or whose signature
        cannot be read gets the `Change`.

        Subscribers are called by the thread that writes, before its write returns, in the order of the changes; while
        a thread is calling subscribers, it also calls them for what others write. They may write to the state. What
        one of them writes, or leads another to write, is told to all but itself, so there is an end to it. One
        that raises is logged with its traceback; the change stays, and the others are called.

        Args:
            key: the key, which need not be there yet, or the name of a field.
            subscriber: a plain function.

        Returns:
            A function that ends it; calling it again does nothing.

        Raises:
            OptionError: it asks for something else, or cannot be called.
        """
        call = _read_subscriber(f"watch {_subject(self, key)}", "subscriber", subscriber)
        return self._value_store.add_watcher(key, Watcher(call))

    def changes(
        self, key: Hashable | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[Change]:
        """Return what has changed, the earliest first.

        Args:
            key: the key or the name of a field; `None` for all.
            since: the earliest time of what is wanted, itself included, with a time zone; `None` for no limit.
            until: the time before which it must have been, with a time zone; `None` for no limit.

        Raises:
            OptionError: a time has no time zone.
        """
        return self._value_store.read_history(key, since, until)

    def __getitem__(self, key: Hashable) -> Any:
        try:
            return self._value_store.find(key)
        except KeyError:
            raise refuse_key("read", type(self).__name__, key, self) from None

    def __setitem__(self, key: Hashable, value: Any) -> None:
        with self._value_store as store:
            _validate(self, "set", key, value)
            store.put(key, value)

    def __delitem__(self, key: Hashable) -> None:
        if key in self.__state_fields__:
            self.__state_fields__[str(key)].__delete__(self)
        with self._value_store as store:
            if key not in store:
                raise refuse_key("delete", type(self).__name__, key, self)
            store.remove(key)

    def __contains__(self, key: object) -> bool:
        return key in self._value_store

    def __len__(self) -> int:
        return len(self._value_store)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._value_store.keys())

    @recursive_repr()
    def __repr__(self) -> str:
        values = {key: self.get(key, ABSENT) for key in self}
        parts = [f"{name}={shorten(values.pop(name, ABSENT))}" for name in self.__state_fields__]
        parts += [f"{shorten(key)}: {shorten(value)}" for key, value in values.items()]
        rest = [f"… {len(parts) - 20} more"] if len(parts) > 20 else []
        return f"{type(self).__name__}({', '.join(parts[:20] + rest)})"

    # Hidden from type checkers, which would take them to mean that any attribute will do.
    if not TYPE_CHECKING:

        def __new__(cls, *_: object, **__: object) -> State:
            self = super().__new__(cls)
            _prepare(self)
            return self

        def __getattr__(self, name: str) -> object:
            if hasattr(type(self), name):  # a property of a subclass raised an AttributeError: let it through
                return object.__getattribute__(self, name)
            raise refuse_attribute("read", type(self).__name__, self.__state_fields__, name)

        def __setattr__(self, name: str, value: object) -> None:
            known = name.startswith("_") or hasattr(inspect.getattr_static(type(self), name, None), "__set__")
            if not known and name not in self.__state_fields__:
                raise refuse_attribute("set", type(self).__name__, self.__state_fields__, name)
            super().__setattr__(name, value)

    def __getstate__(self) -> tuple[dict[Hashable, Any], dict[str, Any]]:
        return self._value_store.copy(), dict(getattr(self, "__dict__", {}))

    def __setstate__(self, saved: tuple[dict[Hashable, Any], dict[str, Any]]) -> None:
        _prepare(self)  # old protocols of pickle do not call __new__
        self._value_store.fill(saved[0])
        if saved[1]:
            self.__dict__.update(saved[1])


def check_state(subject: str, value: object) -> None:
    """Accept `None`, a state, and a class of states that can be made without arguments."""
    if value is None or isinstance(value, State):
        return
    if not _is_state_class(value):
        hint = "Give a subclass of State, or an instance."
        if hasattr(value, "keys") and not isinstance(value, type):
            hint = "Give State({...})."
        raise reject(subject, "state", value, f"is not a state. {hint}", wrong_type=True)
    missing = [name for name, found in value.__state_fields__.items() if found.required]
    if missing and value.__init__ is State.__init__:
        reason = f"cannot be made for each run: there is no default for {listed(missing)}."
        raise reject(subject, "state", value, f"{reason} Give it one, or give an instance.")


def make_state(option: State | type[State] | None) -> State:
    """Return the state of a run: a fresh one for a class or `None`, or the very instance."""
    if option is None:
        return State()
    return option if isinstance(option, State) else option()


# isinstance alone would leave the types of what is inside unknown.


def _is_state_class(value: object) -> TypeGuard[type[State]]:
    return isinstance(value, type) and issubclass(value, State)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _prepare(state: State) -> None:
    store = state._value_store = ValueStore()
    for name, found in state.__state_fields__.items():
        if found.validators:
            store.validators[name] = found.validators
        if found.subscribers:
            store.watchers[name] = tuple(map(Watcher, found.subscribers))


def _subject(state: State, key: object) -> str:
    kind = "field" if key in state.__state_fields__ else "key"
    return f"{kind} {shorten(key)} of state {type(state).__name__!r}"


def _validate(state: State, verb: str, key: Hashable, value: object) -> None:
    validators = state._value_store.validators.get(key)
    if validators:
        validate(f"{verb} {_subject(state, key)}", type(state).__name__, key, value, validators)


def _append_to_copy(state: State, key: Hashable, item: object) -> list[Any]:
    """Return a list of some type of its own with one item more."""
    value = state[key]
    if not _is_list(value):
        message = f"Cannot append to {_subject(state, key)}: its value is {shorten(value)}, which is not a list."
        raise StateTypeError(f"{message} Use update().", state=type(state).__name__, key=key)
    new = copy(value)
    new.append(item)
    return new


def _read_callables(doing: str, found: Field) -> None:
    found.validators = _as_tuple(found.validate)
    for validator in found.validators:
        _check_validator(doing, "validate", validator)
    found.subscribers = tuple(_read_subscriber(doing, "on_change", each) for each in _as_tuple(found.on_change))


def _as_tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if type(value) in (list, tuple) else (value,)


def _read_params(doing: str, option: str, function: Any) -> tuple[Param, ...] | None:
    """Return what a plain function asks for; `None` if it does not say."""
    if not callable(function):
        message = f"Cannot {doing}: {option}={shorten(function)} cannot be called. Give a function."
        raise OptionTypeError(message, option=option, value=function)
    try:
        signature = read_signature(function)
    except (TypeError, ValueError):
        return None
    if signature.kind != "sync" or signature.inner != "sync":
        message = f"Cannot {doing}: {option}={shorten(function)} is async or yields, so calling it does nothing yet."
        raise OptionError(f"{message} Give a plain function.", option=option, value=function)
    return signature.params


def _check_validator(doing: str, option: str, function: Any) -> None:
    params = _read_params(doing, option, function)
    if params is None:
        return
    needed = [param for param in params if not param.variadic and param.default is MISSING]
    by_position = [param for param in params if param.kind in (*POSITIONAL, Parameter.VAR_POSITIONAL)]
    if not by_position or len(needed) > 1 or any(param.kind not in POSITIONAL for param in needed):
        message = f"Cannot {doing}: {option}={shorten(function)} cannot be called with just the value."
        raise OptionError(f"{message} Give a function of one parameter.", option=option, value=function)


def _read_subscriber(doing: str, option: str, function: Any) -> Callable[[Change], object]:
    """Return a subscriber as a function of the change."""
    _read_params(doing, option, function)
    ask, unknown = read_ask(function, CHANGE_NAMES)
    for name in unknown:
        reason = f"{option}={shorten(function)} asks for {name!r}, which a change does not have."
        message = f"Cannot {doing}: {reason}{nearest(name, CHANGE_NAMES)} It has {listed(CHANGE_NAMES)}."
        raise OptionError(message, option=option, value=function)
    if ask.whole and not ask.names:
        return cast("Callable[[Change], object]", function)
    return lambda change: ask.call(change, lambda name: getattr(change, name))
