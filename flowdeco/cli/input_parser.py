"""The part of a command line that belongs to a workflow: its inputs, by name as options or by position."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from inspect import Parameter
from typing import Any, NoReturn

from .. import Workflow
from .._base.text import nearest
from .exit_code import USAGE
from .input_help import Input, make_help
from .input_scanner import Given, Option, Scan, scan
from .option_reader import WORDED_SWITCH, Reader, read_hints, reader_of
from .record_type import Unevaluated
from .value_builder import UnreadableTypeError

__all__ = ["find_inputs", "find_options", "parse_inputs"]


def parse_inputs(
    workflow: Workflow[Any, Any], label: str, texts: Sequence[str], own_options: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call, by position and by name. Exits with a message if they are wrong.

    Args:
        workflow: whose inputs they are.
        label: what it is called on the command line.
        texts: the rest of the command line.
        own_options: the options of the command itself.

    Raises:
        GraphError: the graph is wrong, so that there is no telling what its inputs are.
    """
    return _InputsParser(workflow, label, own_options).parse(texts)


def find_inputs(workflow: Workflow[Any, Any]) -> list[Input]:
    """Return the inputs of a workflow, in the order of its signature."""
    hints = read_hints(workflow.__wrapped__)
    params = inspect.signature(workflow).parameters
    needs = workflow.needs
    own = {outside: name for name, outside in needs.items() if isinstance(outside, str)}
    inputs: list[Input] = []
    for param in params.values():
        name = param.name if param.name in hints and param.name not in needs else own.get(param.name, param.name)
        given = param.annotation  # that of the tasks that receive it, if the workflow has none
        hint = hints.get(name, Parameter.empty if isinstance(given, str) else given)
        inputs.append(_make_input(param, name, hint, params))
    return inputs


def find_options(inputs: Sequence[Input]) -> dict[str, Option]:
    """Return the options that give the inputs, by how they are written."""
    options: dict[str, Option] = {}
    for each in inputs:
        shape = "one" if each.reader is None else each.reader.shape
        options[each.flag] = Option(each.name, "on" if shape == "switch" else shape)
        if shape == "switch":
            options[f"--no-{each.flag[2:]}"] = Option(each.name, "off")
    return options


def _make_input(param: Parameter, own_name: str, hint: Any, params: Mapping[str, Parameter]) -> Input:
    try:
        reader = reader_of(hint, param.default)
    except UnreadableTypeError as error:
        way_out = "Leave it out" if param.default is not Parameter.empty else "Annotate it with another type"
        advice = "" if isinstance(error.type, Unevaluated) else f" {way_out}, or call the workflow from Python."
        return Input(param, own_name, None, f"{error}{advice}")
    if reader.shape == "switch" and f"no_{param.name}" in params:
        reader = WORDED_SWITCH  # --no-x is another input's
    return Input(param, own_name, reader)


def _count_texts(reader: Reader, rest: Sequence[str]) -> int:
    """Return how many of the texts that are left are one input that has several parts."""
    if reader.number is None:
        return len(rest)
    return 1 if reader.is_whole(rest[0]) else reader.number


class _InputsParser:
    def __init__(self, workflow: Workflow[Any, Any], label: str, own_options: Sequence[str]) -> None:
        self._workflow = workflow
        self._label = label
        self._own_options = own_options
        self._inputs = {each.name: each for each in find_inputs(workflow)}
        self._options = find_options([*self._inputs.values()])
        self._parser = make_help(label, workflow.__doc__ or "", [*self._inputs.values()])

    def parse(self, texts: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments by position and by name. Raises `GraphError`."""
        found = scan(texts, self._options, ["-h"] if "help" in self._inputs else ["-h", "--help"])
        if found.asks_for_help:
            self._parser.print_help()
            self._parser.exit()
        self._workflow._definition.compiler.plan()  # what is wrong with the graph comes before what its inputs are
        # What is unknown is often what is missing, misspelt, so that is told first.
        if found.unknown:
            self._refuse_unknown(found.unknown)
        if found.without is not None:
            self._refuse_without(*found.without)
        given = self._place(found)
        self._refuse_unreadable(given)
        missing = [each for each in self._inputs.values() if each.is_required and each.name not in given]
        if missing:
            self._refuse_missing(missing, self._hint_at_colon(found))
        return self._bind({name: self._read(self._inputs[name], value) for name, value in given.items()})

    def _place(self, found: Scan) -> dict[str, Given]:
        """Return what is given for each input, with what stands for itself in its place."""
        given, rest = dict(found.given), list(found.rest)
        for each in self._inputs.values():
            if not rest or not each.is_positional:
                break
            many = each.reader is not None and each.reader.shape == "many"
            count = _count_texts(each.reader, rest) if many and each.reader else 1
            taken, rest = rest[:count], rest[count:]
            if each.name in given:
                twice = f"argument {each.flag} is given twice: as an option, and by position: {taken[0]!r}"
                self._parser.error(twice + self._hint_at_colon(found, "."))
            given[each.name] = taken if many else taken[0]
        if rest:
            self._refuse_surplus(rest, self._hint_at_colon(found))
        return given

    def _read(self, each: Input, value: Given) -> Any:
        assert each.reader is not None
        if isinstance(value, bool):
            return value
        reader = WORDED_SWITCH if each.reader.shape == "switch" else each.reader
        try:
            return reader.read(value)
        except ValueError as error:
            # The usage would not say more.
            self._parser.exit(USAGE, f"{self._parser.prog}: error: argument {each.flag}: {error}\n")

    def _bind(self, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        params = [each.param for each in self._inputs.values() if each.param.kind is Parameter.POSITIONAL_ONLY]
        names = {param.name for param in params}
        args = [given.get(param.name, param.default) for param in params]
        return args, {name: value for name, value in given.items() if name not in names}

    def _refuse_unknown(self, unknown: Sequence[str]) -> NoReturn:
        option = unknown[0].partition("=")[0]
        if option in self._own_options:
            hint = f" That is an option of the command itself: flowdeco run {option} {self._label} ..."
        elif self._workflow.graph.find(option.lstrip("-").replace("-", "_")) is not None:
            hint = " That is a task, not an input."
        else:
            hint = nearest(option, self._options)
        self._parser.error(f"unrecognized arguments: {' '.join(unknown)}.{hint}")

    def _hint_at_colon(self, found: Scan, end: str = "") -> str:
        """Return what to do about the name of the workflow where its first input stands; "" if it does not."""
        name = self._label.rpartition(":")[2]
        is_there = found.rest[:1] == [name]
        return f"{end} If {name!r} is the workflow, it follows a colon: {self._label}" if is_there else ""

    def _refuse_surplus(self, rest: Sequence[str], colon: str) -> NoReturn:
        number = sum(each.is_positional for each in self._inputs.values())
        hint = f"By position it takes {number} at most." if number else "Inputs are given by name."
        hint = hint if self._inputs else "It has no inputs."
        self._parser.error(f"unrecognized arguments: {' '.join(rest)}. {hint}{colon}")

    def _refuse_without(self, option: str, instead: str) -> NoReturn:
        hint = f". If {instead} is its value, write {option}={instead}" if instead.startswith("-") else ""
        self._parser.error(f"argument {option}: expected one argument{hint}")

    def _refuse_unreadable(self, given: Mapping[str, Given]) -> None:
        for each in self._inputs.values():
            if each.reader is None and (each.is_required or each.name in given):
                self._parser.exit(USAGE, f"{self._parser.prog}: error: argument {each.flag}: {each.problem}\n")

    def _refuse_missing(self, missing: Sequence[Input], colon: str) -> NoReturn:
        flags = ", ".join(each.flag for each in missing)
        hint = ""
        if len(missing) == 1:  # a task that is misspelt is taken for an input
            hint = self._workflow._definition.compiler.plan().inputs.near_task(missing[0].name)
        hint += colon
        self._parser.error(f"the following arguments are required: {flags}{hint and '.'}{hint}")
