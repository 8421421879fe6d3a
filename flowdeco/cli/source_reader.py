"""The workflows in a file and what they take, as far as its text tells: nothing is imported, nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["KnownInput", "read_workflows"]

_Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"

_MANY = {"list", "set", "frozenset", "tuple", "List", "Set", "Tuple", "Sequence", "Iterable", "Collection"}
_PATHS = {"Path", "PurePath", "PathLike"}
_ENUMS = {"Enum", "IntEnum", "StrEnum"}
# Other names for the same workflow.
_COPIES = {"with_options", "override"}


class KnownInput(NamedTuple):
    """What is known of an input.

    Attributes:
        name: what it is called.
        kind: whether it is a switch, takes one value, or takes any number of them.
        annotation: as it is written.
        choices: what it may be, if that is listed.
        is_path: whether it is a path.
    """

    name: str
    kind: Literal["switch", "one", "many"] = "one"
    annotation: str = ""
    choices: tuple[str, ...] = ()
    is_path: bool = False


def read_workflows(path: Path) -> dict[str, list[KnownInput]]:
    """Return the workflows of a file by name, each with its inputs; nothing if the file cannot be read."""
    try:
        return _Reader(ast.parse(path.read_bytes())).workflows
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}


class _Reader:
    def __init__(self, module: ast.Module) -> None:
        self._steps: set[str] = set()
        self._enums: dict[str, tuple[str, ...]] = {}
        self._functions: dict[str, _Function] = {}
        found: dict[str, _Function] = {}
        for node in module.body:
            self._take(node, found)
        self.workflows = {name: [*self._inputs_of(function)] for name, function in found.items()}

    def _take(self, node: ast.stmt, found: dict[str, _Function]) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._functions[node.name] = node
            made = {_last_name(decorator) for decorator in node.decorator_list}
            if "workflow" in made:
                found[node.name] = node
            if made & {"task", "workflow"}:
                self._steps.add(node.name)
                self._steps.update(_outputs_of(node))
        elif isinstance(node, ast.ClassDef) and _ENUMS & {_last_name(base) for base in node.bases}:
            self._enums[node.name] = tuple(_names_of(node))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            # It may be a task, which is no input then.
            self._steps.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            self._take_call(node.targets, node.value, found)

    def _take_call(self, targets: list[ast.expr], call: ast.Call, found: dict[str, _Function]) -> None:
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        made = _last_name(call)
        if made in ("task", "workflow") or made in _COPIES:
            self._steps.update(names)
        function: _Function | None = None
        if made == "workflow" and call.args and isinstance(call.args[0], ast.Name):
            function = self._functions.get(call.args[0].id)
        elif made in _COPIES and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            function = found.get(call.func.value.id)
        if function is not None:
            found.update(dict.fromkeys(names, function))

    def _inputs_of(self, function: _Function) -> Iterator[KnownInput]:
        args = function.args
        for each in (*args.posonlyargs, *args.args, *args.kwonlyargs):
            if each.arg not in self._steps and each.arg not in ("run", "state"):
                yield self._read(each)

    def _read(self, argument: ast.arg) -> KnownInput:
        if argument.annotation is None:
            return KnownInput(argument.arg)
        written = ast.unparse(argument.annotation)
        kinds = [*_members(argument.annotation)]
        kind = kinds[0] if len(kinds) == 1 else None
        name = _last_name(kind) if kind is not None else ""
        choices = self._enums.get(name, ())
        if isinstance(kind, ast.Subscript) and name == "Literal":
            values = kind.slice.elts if isinstance(kind.slice, ast.Tuple) else [kind.slice]
            choices = tuple(str(value.value) for value in values if isinstance(value, ast.Constant))
        shape: Literal["switch", "one", "many"] = "switch" if name == "bool" else "many" if name in _MANY else "one"
        is_path = any(isinstance(part, ast.Name) and part.id in _PATHS for part in ast.walk(argument.annotation))
        return KnownInput(argument.arg, shape, written, choices, is_path)


def _last_name(node: ast.expr) -> str:
    """Return the name that an expression ends with, without what it is called or indexed with."""
    while isinstance(node, (ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _members(annotation: ast.expr) -> Iterator[ast.expr]:
    """Yield the types that an annotation is a union of, without `None`."""
    if isinstance(annotation, ast.BinOp):
        yield from _members(annotation.left)
        yield from _members(annotation.right)
    elif isinstance(annotation, ast.Subscript) and _last_name(annotation) == "Optional":
        yield from _members(annotation.slice)
    elif isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        yield from _members(ast.parse(annotation.value, mode="eval").body)
    elif not (isinstance(annotation, ast.Constant) and annotation.value is None):
        yield annotation


def _names_of(enum: ast.ClassDef) -> Iterator[str]:
    for node in enum.body:
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _outputs_of(function: _Function) -> Iterator[str]:
    """Yield the names that `outputs=` gives to parts of a task's result."""
    for decorator in function.decorator_list:
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        for keyword in keywords:
            if keyword.arg == "outputs":
                values = [node.value for node in ast.walk(keyword.value) if isinstance(node, ast.Constant)]
                yield from (value for value in values if isinstance(value, str))
