"""What the help says of a workflow: its docstring, and its inputs as options."""

from __future__ import annotations

import inspect
import re
from argparse import SUPPRESS, ArgumentParser, BooleanOptionalAction, RawDescriptionHelpFormatter
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from inspect import Parameter
from itertools import pairwise
from typing import Any, NamedTuple

from .._base.signature import POSITIONAL
from .._base.text import shorten
from .json_output import AS_ISO, AS_TEXT
from .option_reader import Reader

__all__ = ["Input", "make_help", "read_doc"]

_HEAD = re.compile(
    r"(Args|Arguments|Attributes|Examples?|Inputs|Keyword Args|Notes?|Parameters|Raises|Returns|Yields):"
)
_ITEM = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)")
_UNREADABLE = "cannot be given on a command line"


class Input(NamedTuple):
    """An input of a workflow.

    Attributes:
        param: what the signature says of it.
        own_name: what the function itself calls it.
        reader: how it is read; `None` if no text can be turned into it.
        problem: why not.
    """

    param: Parameter
    own_name: str
    reader: Reader | None
    problem: str = ""

    @property
    def name(self) -> str:
        return self.param.name

    @property
    def flag(self) -> str:
        """How it is written as an option."""
        return f"--{self.param.name.replace('_', '-')}"

    @property
    def is_required(self) -> bool:
        return self.param.default is Parameter.empty

    @property
    def is_positional(self) -> bool:
        """Whether it may be given by its place alone."""
        return self.param.kind in POSITIONAL


def make_help(label: str, doc: str, inputs: Sequence[Input]) -> ArgumentParser:
    """Return what prints the help on a workflow and complains of its inputs; it is not to read them.

    Args:
        label: what the workflow is called on the command line.
        doc: its docstring.
        inputs: what it takes.
    """
    description, said = read_doc(doc)
    parser = ArgumentParser(
        prog=f"flowdeco run {label}",
        # argparse takes it for a format only if it has this in it.
        description=description.replace("%", "%%") if "%(prog)" in description else description,
        epilog=f"Options of the command itself stand before {label}: see flowdeco run --help.",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    # An input may be called help.
    helps = ["-h"] if any(each.name == "help" for each in inputs) else ["-h", "--help"]
    parser.add_argument(*helps, action="help", help="show this and exit")
    if inputs:
        group = parser.add_argument_group("inputs", _say_positions(inputs))
        for each in inputs:
            _add(group, each, said.get(each.own_name, ""))
    return parser


def _say_positions(inputs: Sequence[Input]) -> str:
    """Return which inputs may stand without their names."""
    words: list[str] = []
    for each in inputs:
        if not each.is_positional or each.reader is None:
            break
        dots = "" if each.reader.shape != "many" else " ..."
        words.append(f"{each.name.upper()}{dots}" if each.is_required else f"[{each.name.upper()}{dots}]")
        if dots and each.reader.number is None:
            break
    return f"by name, or by position: {' '.join(words)}" if words else "by name"


def _add(group: Any, each: Input, said: str) -> None:
    default = "(required)" if each.is_required else f"(default: {_show(each.param.default)})"
    text = " ".join(filter(None, [said, default, "" if each.reader else f"({_UNREADABLE})"]))
    about: dict[str, Any] = {"dest": each.name, "required": each.is_required, "default": SUPPRESS}
    about["help"] = text.replace("%", "%%")
    if each.reader is None:
        about["metavar"] = "VALUE"
    elif each.reader.shape == "switch":
        about["action"] = BooleanOptionalAction
    else:
        about["metavar"] = each.reader.metavar
        if each.reader.shape == "many":
            about["nargs"] = "*"
    group.add_argument(each.flag, **about)


def _show(default: object) -> str:
    """Return a default as it could be typed, where that is not much the same as in Python."""
    if isinstance(default, Enum):
        return default.name
    return str(default) if isinstance(default, (timedelta, *AS_ISO, *AS_TEXT)) else shorten(default)


def read_doc(doc: str) -> tuple[str, dict[str, str]]:
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
