"""What a command is given to work on, `shop.py:offer` or `shop:offer`, and the workflow that this means."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FunctionType, ModuleType, TracebackType
from typing import Any, NamedTuple, TypeGuard, cast

from .. import FlowdecoError, Task, Workflow
from .._base.signature import peel
from .._base.text import listed, nearest

__all__ = ["LoadError", "TargetError", "find_workflow", "find_workflow_to_run", "find_workflows"]


class TargetError(FlowdecoError, LookupError):
    """What was given names no workflow.

    Attributes:
        target: what was given.
    """

    target: str


class LoadError(FlowdecoError, ImportError):
    """A module failed while it was imported. What it raised is the `__cause__`, from the module's own frame on."""


class Found(NamedTuple):
    """A workflow, what to call it on the command line, and the class that it is a method of without its instance."""

    label: str
    workflow: Workflow[Any, Any]
    method_of: type | None = None


def find_workflow_to_run(target: str) -> Found:
    """Return the workflow that a target means, as `find_workflow` does; raise `TargetError` if it has no instance."""
    found = find_workflow(target)
    if found.method_of is None:
        return found
    place, name = _split(target)
    module, method = inspect.getmodule(found.method_of), name.rpartition(".")[2]
    instances = [known for known, value in vars(module).items() if isinstance(value, found.method_of)]
    instance = instances[0] if instances else found.method_of.__name__.lower()
    reason = f"it is a method. Name it on an instance, as in {place}:{instance}.{method}."
    raise TargetError(f"Cannot run {name!r} of {place!r}: {reason}", target=target)


def find_workflow(target: str) -> Found:
    """Return the workflow that a target means: the one that it names, or the only one that there is.

    Raises:
        TargetError: there is none, or there are several.
        LoadError: the module failed while it was imported.
    """
    found = find_workflows(target)
    if len(found) > 1:
        labels = [one.label for one in found]
        place = target.rstrip(":")
        reason = f"it has {len(found)} of them. Name one: {', '.join(labels)}."
        raise TargetError(f"Cannot choose a workflow of {place!r}: {reason}", target=target)
    return found[0]


def find_workflows(target: str) -> list[Found]:
    """Return the workflow that a target names; all that the module defines if it names none. Raises the same."""
    place, name = _split(target)
    module = _load(target, place)
    if name:
        return [_find_by_name(target, place, module, name)]
    found = _workflows_of(module)
    # A workflow that was imported is there to be used by those that are defined.
    own = [(name, value) for name, value in found if value.__module__ == module.__name__] or found
    if not own:
        message = f"Cannot find a workflow in {place!r}: it has none. Decorate a function with @workflow."
        raise TargetError(message, target=target)
    first = {id(value): name for name, value in reversed(own)}
    return [Found(f"{place}:{name}", value) for name, value in own if first[id(value)] == name]


def _workflows_of(module: ModuleType) -> list[tuple[str, Workflow[Any, Any]]]:
    return [(name, value) for name, value in vars(module).items() if _is_workflow(value)]


def _is_workflow(value: object) -> TypeGuard[Workflow[Any, Any]]:
    return isinstance(value, Workflow)


def _split(target: str) -> tuple[str, str]:
    """Return the file or module, and the name or nothing. A colon may also be that of a drive."""
    place, colon, name = target.rpartition(":")
    if not colon or "/" in name or os.sep in name or name.endswith(".py"):
        return target, ""
    return place, name


def _find_by_name(target: str, place: str, module: ModuleType, name: str) -> Found:
    value = holder = part = cast("Any", module)
    for part in name.split("."):
        holder = value
        try:
            value = getattr(holder, part)
        except AttributeError:
            names = [name for name, _ in _workflows_of(module)]
            there = f" It has {listed(names)}." if names else " It has none."
            message = f"Cannot find workflow {name!r} in {place!r}: there is no such name.{nearest(name, names)}{there}"
            raise TargetError(message, target=target) from None
    if _is_workflow(value):
        return Found(target, value, holder if _is_method(holder, part) else None)
    within = peel(value)[1:]
    if any(map(_is_workflow, within)):
        reason = "it is a function around a workflow. Put @workflow above the other decorators."
    elif any(isinstance(layer, Task) for layer in (value, *within)):
        reason = "it is a task. Name a workflow that needs it."
    elif callable(value) and not isinstance(value, type):
        reason = "it is a plain function. Decorate it with @workflow."
    else:
        reason = f"it is of the type {type(value).__name__}. Name a function that is decorated with @workflow."
    raise TargetError(f"Cannot use {name!r} of {place!r} as a workflow: {reason}", target=target)


def _is_method(holder: Any, name: str) -> TypeGuard[type]:
    """Whether an attribute of a class is a workflow that needs an instance."""
    if not isinstance(holder, type) or not _is_workflow(inspect.getattr_static(holder, name)):
        return False
    value = getattr(holder, name)
    if not isinstance(value.__wrapped__, FunctionType):
        return False  # a staticmethod
    # Of a classmethod the class is bound by now.
    first, own = (next(iter(inspect.signature(each).parameters), None) for each in (value, value.__wrapped__))
    return first is not None and first == own


def _load(target: str, place: str) -> ModuleType:
    if "::" in target:
        message = f"Cannot find {target!r}: there is one colon too many.{nearest(target, [target.replace('::', ':')])}"
        raise TargetError(message, target=target)
    folder = os.getcwd()  # is on the path, as with python -m
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    if place.endswith(".py") or "/" in place or os.sep in place:
        return _load_file(target, Path(place))
    if not all(part.isidentifier() for part in place.split(".")):
        message = f"Cannot find {place!r}: it is neither the name of a module nor a file that ends in .py."
        raise TargetError(message, target=target)
    return _import(target, place)


def _load_file(target: str, path: Path) -> ModuleType:
    """Import a file under the name that its own neighbours import it by, so that worker processes find it, too."""
    if not path.is_file():
        reason = "it is a folder. Name a file in it" if path.is_dir() else "there is no such file"
        neighbours = [str(path.with_name(other.name)) for other in path.parent.glob("*.py")]
        message = f"Cannot load {str(path)!r}: {reason}.{nearest(str(path), sorted(neighbours))}"
        raise TargetError(message, target=target)
    if path.suffix != ".py" or "." in path.stem:
        reason = "its name is not a valid name for a module. Give it one that ends in .py and has no other dot in it."
        raise TargetError(f"Cannot load {str(path)!r}: {reason}", target=target)
    path = path.resolve()
    folder, parts = path.parent, [] if path.stem == "__init__" else [path.stem]
    while (folder / "__init__.py").is_file():
        folder, parts = folder.parent, [folder.name, *parts]
    if sys.path[0] != str(folder):
        sys.path.insert(0, str(folder))
    module = _import(target, ".".join(parts))
    where = getattr(module, "__file__", None)
    if where is None or Path(where).resolve() != path:
        message = f"Cannot load {path.name!r}: there is another module {module.__name__!r} already. Rename the file."
        raise TargetError(message, target=target)
    return module


def _import(target: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        error.__traceback__ = trace = _skip_machinery(error.__traceback__)
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if trace is None and missing is not None and f"{name}.".startswith(f"{missing}."):
            message = f"Cannot find module {missing!r}: no module has that name.{_hint_at(missing)}"
            raise TargetError(message, target=target) from None
        raise LoadError(f"Cannot import {name!r}: it raised {type(error).__name__}.") from error


def _hint_at(missing: str) -> str:
    """Return what was meant by the name of a module that is missing, as a sentence; "" if there is no telling."""
    module, _, name = missing.rpartition(".")
    if _is_workflow(getattr(sys.modules.get(module), name, None)):
        return f" A workflow follows a colon: {module}:{name}."
    return nearest(missing, _near(missing))


def _near(name: str) -> Iterable[str]:
    """Return the names of the modules beside one that is missing."""
    package, _, _ = name.rpartition(".")
    folders = getattr(sys.modules.get(package), "__path__", None) if package else [os.getcwd()]
    return sorted(module.name for module in pkgutil.iter_modules(folders or [], f"{package}." if package else ""))


def _skip_machinery(trace: TracebackType | None) -> TracebackType | None:
    """Drop the frames that lead to the module: ours, and Python's own."""
    ours = {__name__, "importlib", "importlib._bootstrap", "importlib._bootstrap_external"}
    while trace is not None and trace.tb_frame.f_globals.get("__name__") in ours:
        trace = trace.tb_next
    return trace
