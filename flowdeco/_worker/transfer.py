"""What is sent to another process and what comes back: a function by its name, its arguments, its result or error."""

from __future__ import annotations

import functools
import io
import pickle
import pkgutil
import sys
import traceback
from collections.abc import Callable, Mapping
from types import FunctionType, TracebackType
from typing import Any, NamedTuple, cast

from .._base.errors import MainGuardError, TransferError
from .._base.local import Local, be_elsewhere
from .._base.signature import Kind, discard, is_awaitable, peel, read_signature
from .._base.yielded import list_yielded
from .main_module import NAME, find_main, looking_up

__all__ = [
    "Call",
    "Label",
    "Name",
    "RemoteTraceback",
    "cannot_import",
    "cannot_share",
    "locate",
    "pack",
    "perform",
    "perform_apart",
    "say",
    "serve",
    "stays_behind",
    "unpack",
]


_PACKAGE = __name__.partition(".")[0]


class Call(NamedTuple):
    """What is to be run elsewhere.

    Attributes:
        task: the task's name.
        place: where, for errors: "in a process".
        function: the task's function.
        args: what it receives by position.
        kwargs: what it receives by name.
        kind: what a call of it gives.
    """

    task: str
    place: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    kind: Kind

    @property
    def label(self) -> Label:
        name = getattr(self.function, "__qualname__", None) or type(self.function).__name__
        return Label(self.task, self.place, name)

    def list_parts(self) -> list[tuple[str, Any]]:
        """Return what errors say of each argument, and its value."""
        try:
            names = [repr(param.name) for param in read_signature(self.function).params if not param.variadic]
        except (TypeError, ValueError):
            names = []
        names += [str(number + 1) for number in range(len(names), len(self.args))]
        named = [*zip(names, self.args, strict=False), *((repr(name), value) for name, value in self.kwargs.items())]
        return [(f"argument {name}", value) for name, value in named]


class Label(NamedTuple):
    """What errors say of a call."""

    task: str
    place: str
    function: str

    def __str__(self) -> str:
        return f"task {self.task!r} {self.place}"

    @property
    def data(self) -> dict[str, str]:
        return {"task": self.task, "function": self.function}


def perform(function: Callable[..., Any], kind: Kind, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    result = function(*args, **kwargs)
    return list_yielded(result) if kind == "generator" else result


def perform_apart(label: Label, function: Any, kind: Kind, kwargs: Mapping[str, Any], *args: Any) -> Any:
    """Run a function where its result has to be sent back. A `Name` stands for the function of that name."""
    if isinstance(function, Name):
        function = function.find(label)
    result = be_elsewhere(functools.partial(perform, function, kind, args, kwargs))
    if is_awaitable(result):
        discard(result)
        message = (
            f"Cannot run {label}: it returned an awaitable, which cannot be sent back. "
            "Make it an async def without run_in, or have it return the result itself."
        )
        raise TransferError(message, part="result", **label.data)
    return result


class Name(NamedTuple):
    """Where a function is found: at a name, or so many wrappers below what has the name, as a task has."""

    module: str
    name: str
    depth: int

    def find(self, label: Label | None = None) -> Any:
        try:
            module = _own_module(self.module)
            return peel(pkgutil.resolve_name(f"{module}:{self.name}"))[self.depth]
        except Exception as error:
            if label is None or isinstance(error, MainGuardError):
                raise
            raise cannot_import(label, error) from error


def locate(function: Any) -> Name | None:
    """Return the name by which the very function can be imported, if there is one."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module not in sys.modules:
        return None
    try:
        found = functools.reduce(getattr, name.split("."), cast("Any", sys.modules[module]))
    except AttributeError:
        return None
    for depth, layer in enumerate(peel(found)):
        if layer is function:
            return Name(module, name, depth)
    return None


class _Pickler(pickle.Pickler):
    """Pickles by name also a function whose name now means the task that was made of it."""

    def reducer_override(self, obj: Any) -> Any:
        name = locate(obj) if type(obj) in (FunctionType, staticmethod) else None
        return (Name.find, (name,)) if name is not None and name.depth else NotImplemented


class _LocalError(Exception):
    """Something of this program alone is to be sent; with the name of its class."""


class _ArgumentPickler(_Pickler):
    """Sends no copy of what is written to."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Local):
            raise _LocalError(type(obj).__name__)
        return super().reducer_override(obj)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        return super().find_class(_own_module(module_name), global_name)


def _own_module(name: str) -> str:
    """Return what a module is called here: a worker's `__mp_main__` is the program's `__main__`, and its own."""
    if name not in ("__main__", NAME):
        return name
    find_main()
    return "__main__"


def _dump(value: object, pickler: type[_Pickler] = _Pickler) -> bytes:
    file = io.BytesIO()
    pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def _load(data: bytes) -> Any:
    return _Unpickler(io.BytesIO(data)).load()


def cannot_import(label: Label, error: Exception) -> TransferError:
    message = (
        f"Cannot run {label}: its function {label.function!r} cannot be imported there ({say(error)}). "
        "Move it to the top level of a module."
    )
    return TransferError(message, part="function", **label.data)


def stays_behind(label: Label, name: str) -> TransferError:
    """Return the error for what belongs to the run, and of which a copy would be of no use."""
    message = (
        f"Cannot run {label}: it takes {name!r}, and there it would be a copy, so that what is written to it would be "
        "lost. Hand it the values it needs and write what it returns in another task."
    )
    return TransferError(message, part=f"argument {name!r}", **label.data)


def cannot_share(label: Label, part: str, kind: str) -> TransferError:
    """Return the error for an argument in which something is that is written to."""
    name = "a State" if kind == "State" else f"a State ({kind})"
    message = (
        f"Cannot run {label}: its {part} is or contains {name}, and what is written to it there would be lost. "
        "Pass its values, and write what the task returns in another task."
    )
    return TransferError(message, part=part, **label.data)


def _cannot_send(label: Label, part: str, error: BaseException) -> TransferError:
    if isinstance(error, _LocalError):
        return cannot_share(label, part, str(error))
    message = f"Cannot run {label}: its {part} cannot be sent there ({say(error)}). Pass what can be pickled."
    return TransferError(message, part=part, **label.data)


def _cannot_send_back(label: Label, part: str, said: str, error: BaseException) -> TransferError:
    message = f"Cannot finish {label}: its {part}{said} cannot be sent back ({say(error)})."
    way_out = " Return what can be pickled." if part == "result" else " Give its class a __reduce__ that fits."
    return TransferError(message + way_out, part=part, **label.data)


def say(error: BaseException) -> str:
    """Return the kind of an error and what it says, cut short."""
    text = traceback.format_exception_only(error)[0].strip()
    return text if len(text) <= 200 else f"{text[:199]}…"


def pack(call: Call) -> bytes:
    try:
        function = _dump(call.function, _ArgumentPickler)
    except _LocalError as error:
        raise cannot_share(call.label, "function", str(error)) from None
    except Exception as error:
        raise cannot_import(call.label, error) from error
    try:
        values = _dump((call.args, call.kwargs), _ArgumentPickler)
    except Exception as error:
        raise _cannot_send(call.label, _find_culprit(call), error) from error
    return pickle.dumps((call.label, call.kind, function, values))


def _find_culprit(call: Call) -> str:
    """Return which of the arguments it is that cannot be pickled."""
    for part, value in call.list_parts():
        try:
            _dump(value, _ArgumentPickler)
        except Exception:
            return part
    return "arguments"


def serve(request: bytes, receive: Callable[[Any], Any] = lambda values: values) -> bytes:
    """Do what `pack` has packed, in the other process, and pack what comes out.

    Args:
        request: what was packed.
        receive: makes of the arguments what the function is to get.
    """
    label, kind, function, values = pickle.loads(request)
    try:
        result = be_elsewhere(functools.partial(_work, label, kind, function, values, receive))
        return pickle.dumps(("result", result, "", ""))
    except BaseException as error:  # an exit too is the caller's: the process goes on to serve others
        said = say(error)
        text = "".join(traceback.format_exception(type(error), error, _skip_own(error.__traceback__)))
        try:
            data = _dump(error)
        except Exception as reason:
            data = _dump(_cannot_send_back(label, "error", f" {said}", reason))
        return pickle.dumps(("error", data, said, text))


def _work(label: Label, kind: Kind, function: bytes, values: bytes, receive: Callable[[Any], Any]) -> bytes:
    try:
        with looking_up():
            found = _load(function)
    except MainGuardError:
        raise
    except Exception as error:
        raise cannot_import(label, error) from error
    try:
        with looking_up():
            args, kwargs = _load(values)
    except MainGuardError:
        raise
    except Exception as error:
        raise _cannot_send(label, "arguments", error) from error
    args, kwargs = receive((args, kwargs))
    result = perform_apart(label, found, kind, kwargs, *args)
    try:
        return _dump(result)
    except Exception as error:
        raise _cannot_send_back(label, "result", "", error) from error


def _skip_own(trace: TracebackType | None) -> TracebackType | None:
    """Return where the function itself begins, or everything if it never began."""
    inner = trace
    while inner is not None and str(inner.tb_frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE:
        inner = inner.tb_next
    return inner or trace


class RemoteTraceback(Exception):
    """Where in the other process an error was raised; it is the error's `__cause__`."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def unpack(label: Label, reply: bytes) -> Any:
    """Return or raise what came out of a call."""
    part, data, said, text = pickle.loads(reply)
    try:
        value = _load(data)
    except Exception as error:
        raise _cannot_send_back(label, part, said and f" {said}", error) from (RemoteTraceback(text) if text else error)
    if part == "result":
        return value
    try:
        raise value from RemoteTraceback(text)
    finally:
        del value  # which leads back to this frame
