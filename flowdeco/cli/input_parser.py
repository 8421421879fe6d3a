"""The part of a command line that belongs to a workflow: its inputs, as options."""

from __future__ import annotations

import inspect
import re
from argparse import SUPPRESS, Action, ArgumentParser, BooleanOptionalAction, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from enum import Enum
from inspect import Parameter
from itertools import pairwise
from typing import Any, NoReturn

from .. import GraphError, Workflow
from .._base.text import nearest, shorten
from .option_reader import WORDED_SWITCH, Reader, read_hints, reader_of

__all__ = ["parse_inputs"]

_HEAD = re.compile(
    r"(Args|Arguments|Attributes|Examples?|Inputs|Keyword Args|Notes?|Parameters|Raises|Returns|Yields):"
)
_ITEM = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)")


def parse_inputs(
    workflow: Workflow[Any, Any], label: str, texts: Sequence[str], own_options: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call, by position and by name. Exits with a message if they are wrong.

    Args:
        workflow: whose inputs they are.
        label: what it is called on the command line.
        texts: the rest of the command line.
        own_options: the options of the command itself.
    """
    return _InputsParser(workflow, label, own_options).parse(texts)


class _Parser(ArgumentParser):
    """Leaves it to others to look for what is missing."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.needed: list[Action] = []

    def parse_known(self, texts: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """Return what is known, by name, and what is not."""
        self._need(False)
        found, unknown = self.parse_known_args(texts)
        return vars(found), unknown

    # Both are for somebody to read, who should see what is needed.

    def format_usage(self) -> str:
        self._need(True)
        return super().format_usage()

    def format_help(self) -> str:
        self._need(True)
        return super().format_help()

    def _need(self, required: bool) -> None:
        for action in self.needed:
            action.required = required


class _InputsParser:
    def __init__(self, workflow: Workflow[Any, Any], label: str, own_options: Sequence[str]) -> None:
        self._workflow = workflow
        self._label = label
        self._own_options = own_options
        self._params = inspect.signature(workflow).parameters
        self._readers: dict[str, Reader] = {}
        self._actions: dict[str, Action] = {}
        description, said = _read_doc(workflow.__doc__ or "")
        self._parser = parser = _Parser(
            prog=f"flowdeco run {label}",
            # argparse takes it for a format only if it has this in it.
            description=description.replace("%", "%%") if "%(prog)" in description else description,
            epilog=f"Options of the command itself stand before {label}: see flowdeco run --help.",
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
            add_help=False,
        )
        # An input may be called help.
        helps = ["-h"] if "help" in self._params else ["-h", "--help"]
        parser.add_argument(*helps, action="help", help="show this and exit")
        self._group = parser.add_argument_group("inputs") if self._params else parser
        hints = read_hints(workflow.__wrapped__)
        needs = workflow.needs
        own = {outside: name for name, outside in needs.items() if isinstance(outside, str)}
        for param in self._params.values():
            name = param.name if param.name in hints and param.name not in needs else own.get(param.name, param.name)
            self._add(param, hints.get(name, Parameter.empty), said.get(name, ""))

    def parse(self, texts: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments by position and by name."""
        given, unknown = self._parser.parse_known([self._spell(text) for text in texts])
        # What is unknown is often what is missing, misspelt, so that is told first.
        if unknown:
            self._refuse_unknown(unknown)
        missing = [action for action in self._parser.needed if action.dest not in given]
        if missing:
            self._refuse_missing(missing)
        return self._bind({name: self._read(name, value) for name, value in given.items()})

    def _add(self, param: Parameter, hint: Any, said: str) -> None:
        name = param.name
        required = param.default is Parameter.empty
        default = "(required)" if required else f"(default: {_show(param.default)})"
        text = f"{said} {default}".strip().replace("%", "%%")
        reader = reader_of(hint, param.default)
        if reader.shape == "switch" and f"no_{name}" in self._params:
            reader = WORDED_SWITCH  # --no-x is another input's
        self._readers[name] = reader
        about: dict[str, Any] = {"dest": name, "required": required, "default": SUPPRESS, "help": text}
        if reader.shape == "switch":
            about["action"] = BooleanOptionalAction
        else:
            about["metavar"] = reader.metavar
            if reader.shape == "many":
                about.update(action="extend", nargs="*")
        self._actions[name] = action = self._group.add_argument(f"--{name.replace('_', '-')}", **about)
        if required:
            self._parser.needed.append(action)

    def _spell(self, text: str) -> str:
        """Return an option as it is known, if it was written as the input is."""
        option, equals, value = text.partition("=")
        return option.replace("_", "-") + equals + value if option.startswith("--") else text

    def _read(self, name: str, value: Any) -> Any:
        try:
            return self._readers[name].read(value)
        except ValueError as error:
            self._parser.error(f"argument {self._flag(name)}: {error}")

    def _flag(self, name: str) -> str:
        return self._actions[name].option_strings[0]

    def _bind(self, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        first = [param for param in self._params.values() if param.kind is Parameter.POSITIONAL_ONLY]
        names = {param.name for param in first}
        args = [given.get(param.name, param.default) for param in first]
        return args, {name: value for name, value in given.items() if name not in names}

    def _refuse_unknown(self, unknown: Sequence[str]) -> NoReturn:
        option = next((text.partition("=")[0] for text in unknown if text.startswith("-")), None)
        known = [text for action in self._actions.values() for text in action.option_strings]
        if option is None:
            hint = f" Inputs are given by name, as in {known[0]} {unknown[0]}." if known else " It has no inputs."
        elif option in self._own_options:
            hint = f" That is an option of the command itself: flowdeco run {option} {self._label} ..."
        elif self._is_task(option.lstrip("-").replace("-", "_")):
            hint = " That is a task, not an input."
        else:
            hint = nearest(option, known)
        self._parser.error(f"unrecognized arguments: {' '.join(unknown)}.{hint}")

    def _refuse_missing(self, missing: Sequence[Action]) -> NoReturn:
        flags = ", ".join(self._flag(action.dest) for action in missing)
        hint = ""
        try:
            if len(missing) == 1:  # a task that is misspelt is taken for an input
                hint = self._workflow._definition.compiler.plan().inputs.near_task(missing[0].dest)
        except GraphError:
            pass
        self._parser.error(f"the following arguments are required: {flags}{hint and '.'}{hint}")

    def _is_task(self, name: str) -> bool:
        try:
            return self._workflow.graph.find(name) is not None
        except GraphError:
            return False


def _show(default: object) -> str:
    return default.name if isinstance(default, Enum) else shorten(default)


def _read_doc(doc: str) -> tuple[str, dict[str, str]]:
    """Return what a docstring says of the whole, and of each parameter under `Args:`."""
    lines = inspect.cleandoc(doc).splitlines()
    heads = [number for number, line in enumerate(lines) if _HEAD.fullmatch(line.rstrip())]
    said: dict[str, str] = {}
    for begin, end in pairwise([*heads, len(lines)]):
        if lines[begin].startswith(("Args", "Arguments", "Inputs", "Keyword", "Parameters")):
            said.update(_read_items(lines[begin + 1 : end]))
    return "\n".join(lines[: heads[0] if heads else None]).strip(), said


def _read_items(lines: Sequence[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    block = inspect.cleandoc("\n" + "\n".join(lines)).splitlines()
    name = ""
    for line in block:
        item = None if line.startswith(" ") else _ITEM.fullmatch(line)
        if item is not None:
            name = item[1]
            said[name] = item[2]
        elif name and line.strip():
            said[name] = f"{said[name]} {line.strip()}".strip()
        elif not line.strip():
            name = ""
    return said
