"""What the Tab key gives in a shell: commands, options, files, the workflows in a file and their inputs.

The part of the shells is done by argcomplete (`flowdeco[completion]`). It calls the command with what has been typed;
the files of the program are read then, and nothing of them is run.
"""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, Action, ArgumentParser, BooleanOptionalAction
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .exit_code import FAILURE, SUCCESS
from .printing import print_text, say
from .source_reader import KnownInput, read_workflows

__all__ = ["SHELLS", "complete", "complete_target", "is_asked_for", "print_script"]

SHELLS = ("bash", "zsh", "fish")
_MISSING = "Cannot complete commands: argcomplete is not installed. Install it: pip install argcomplete"
# Files are read only if there are few of them.
_MOST_FILES = 30


def print_script(shell: str) -> int:
    """Print what has a shell ask for completions; return the exit code."""
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError:
        say(f"flowdeco completion: error: {_MISSING}")
        return FAILURE
    print_text(shellcode(["flowdeco"], shell=shell).strip())
    return SUCCESS


def is_asked_for() -> bool:
    """Whether a shell asks for completions instead of running anything."""
    return "_ARGCOMPLETE" in os.environ


def complete(make_parser: Callable[[Callable[[ArgumentParser], object]], ArgumentParser]) -> None:
    """Give the shell what it asks for, and exit.

    Args:
        make_parser: makes the parser of the command, given what adds the inputs of a workflow to that of `run`.
    """
    try:
        from argcomplete import autocomplete
        from argcomplete.lexers import split_line
    except ImportError:
        sys.exit(FAILURE)
    _, _, _, words, _ = split_line(os.environ["COMP_LINE"], int(os.environ["COMP_POINT"]))
    target = _find_target(words[1:])
    parser = make_parser(lambda run: _add_inputs(run, target))
    autocomplete(parser, always_complete_options="long")


def _find_target(words: Sequence[str]) -> str | None:
    """Return the TARGET of `flowdeco run`, if it has been typed."""
    rest = iter(words)
    if next(rest, "") != "run":
        return None
    for word in rest:
        if word == "--report":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def _add_inputs(run: ArgumentParser, target: str | None) -> None:
    """Add the inputs of a workflow as options of the command; its own ones stand before the target."""
    if target is None:
        return
    place, name = _split(target)
    found = read_workflows(_file_of(place))
    inputs = found.get(name) if name else next(iter(found.values())) if len(found) == 1 else None
    for action in run._actions:
        if action.option_strings != ["-h", "--help"]:
            action.help = SUPPRESS
    for each in inputs or ():
        _add_input(run, each)
    _set_completer(run.add_argument("rest", nargs="*", help=SUPPRESS), _complete_path)


def _add_input(run: ArgumentParser, each: KnownInput) -> None:
    about: dict[str, Any] = {"dest": f"input {each.name}", "help": each.annotation}
    if each.kind == "switch":
        about["action"] = BooleanOptionalAction
    elif each.kind == "many":
        about["nargs"] = "*"
    action = run.add_argument(f"--{each.name.replace('_', '-')}", **about)
    if each.choices:
        action.choices = each.choices
    elif each.kind != "switch":
        _set_completer(action, _complete_path if each.is_path else _complete_nothing)


def complete_target(action: Action) -> None:
    """Have an argument completed as a file or module and a workflow in it."""
    _set_completer(action, _complete_target)


def _set_completer(action: Action, completer: Callable[..., object]) -> None:
    setattr(action, "completer", completer)  # noqa: B010  # argcomplete looks for it there


def _complete_nothing(prefix: str, **_: Any) -> list[str]:
    return []


def _complete_path(prefix: str, **_: Any) -> list[str]:
    return [f"{path}/" if os.path.isdir(path) else path for path in _list_paths(prefix)]


def _complete_target(prefix: str, **_: Any) -> list[str]:
    place, colon, name = prefix.rpartition(":")
    if colon:
        return [f"{place}:{each}" for each in read_workflows(_file_of(place)) if each.startswith(name)]
    paths = [*_list_paths(prefix)]
    folders = [f"{path}/" for path in paths if os.path.isdir(path) and not path.endswith("__pycache__")]
    files = [path for path in paths if path.endswith(".py")]
    if len(files) > _MOST_FILES:
        return folders + files
    return folders + [target for file in files for target in _targets_of(file)]


def _targets_of(file: str) -> list[str]:
    """Return how the workflows of a file are named; the file will do where there is one."""
    names = [*read_workflows(Path(file))]
    return [file] if len(names) == 1 else [f"{file}:{name}" for name in names]


def _list_paths(prefix: str) -> Iterator[str]:
    folder, name = os.path.split(prefix)
    try:
        found = sorted(os.listdir(os.path.expanduser(folder) or "."))
    except OSError:
        return
    for each in found:
        if each.startswith(name) and (name.startswith(".") or not each.startswith(".")):
            yield os.path.join(folder, each)


def _split(target: str) -> tuple[str, str]:
    place, colon, name = target.rpartition(":")
    return (place, name) if colon and not name.endswith(".py") else (target, "")


def _file_of(place: str) -> Path:
    """Return the file of a place, which may be the name of a module."""
    if place.endswith(".py"):
        return Path(place)
    path = Path(*place.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
