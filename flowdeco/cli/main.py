"""The command `flowdeco`: run a workflow with its inputs as options, draw its graph, find what is wrong with it."""

from __future__ import annotations

import sys
import traceback
from argparse import REMAINDER, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .. import GraphError
from .._base.text import listed, nearest
from . import completion
from .exit_code import FAILURE, INTERRUPTED, NOT_PRINTED, OUTPUT_CLOSED, SUCCESS, USAGE
from .failure import tell_failure
from .printing import escape_unwritable, flush_output, give_up_output, print_text, say
from .run_command import check_report, run
from .target import LoadError, TargetError, find_workflow, find_workflows

__all__ = ["main"]

_TARGET = "a file or a module, and the name of the workflow in it: shop.py:offer, or shop:offer; one that is alone \
in its file needs no name"
_RUN = """\
Run a workflow and print what it returns, unless that is None. Its inputs stand
after TARGET, by name or by position:

    flowdeco run shop.py:offer --item tea --currency JPY
    flowdeco run shop.py:offer tea JPY
    flowdeco run shop.py:offer --help

The last one shows which there are. What has several parts is written as JSON."""
_COMPLETION = """\
Print what makes a shell complete this command when Tab is pressed. It needs
pip install argcomplete.

    in ~/.bashrc:                     eval "$(flowdeco completion bash)"
    in ~/.zshrc, after compinit:      eval "$(flowdeco completion zsh)"
    in ~/.config/fish/config.fish:    flowdeco completion fish | source"""
_EXIT_CODES = """\
exit codes:
  0    the run was completed or skipped
  1    it failed, or its report cannot be written
  2    the command or an input is wrong, and nothing has run
  3    it was completed, but its result cannot be printed as asked for
  130  Ctrl-C
  141  whoever read the output has gone
  143  SIGTERM"""
_EXAMPLES = """\
examples:
  flowdeco run shop.py:offer --item tea --currency JPY
  flowdeco run --json --report offer.html shop.py:offer tea JPY
  flowdeco graph shop.py:offer --format mermaid
  flowdeco check shop.py --types"""
# Stands for "--" before argparse, which would take it away, though it may be the workflow's.
_DASHES = "\0--"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: what stands after the command's name; `None`: what the program was called with.

    Raises:
        SystemExit: the arguments are wrong or ask for help, or the workflow has raised it.
    """
    if completion.is_asked_for():
        completion.complete(_make_parser)
    escape_unwritable()
    parser = _make_parser(_add_inputs)
    words = sys.argv[1:] if arguments is None else arguments
    _check_command(parser, next((word for word in words if not word.startswith("-")), None))
    args, unknown = parser.parse_known_args([_DASHES if word == "--" else word for word in words])
    if unknown:
        _refuse(parser if args.command is None else args.parser, unknown)
    if args.version:
        from importlib.metadata import version

        print_text(f"flowdeco {version('flowdeco')}")
        return SUCCESS
    if args.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    return _guard(args.command, args)


def _check_command(parser: ArgumentParser, name: str | None) -> None:
    commands: Sequence[str] = parser.get_default("names")
    if name is None or name in commands:
        return
    hint = nearest(name, commands)
    if ":" in name or name.endswith(".py"):
        hint = f" To run a workflow: flowdeco run {name}"
    parser.error(f"there is no command {name!r}.{hint or f' There is {listed(commands)}.'}")


def _refuse(parser: ArgumentParser, unknown: Sequence[str]) -> NoReturn:
    known = [option for action in parser._actions for option in action.option_strings]
    hint = nearest(unknown[0].partition("=")[0], known)
    if not hint and parser.prog.endswith(" run"):
        hint = " The inputs of the workflow stand after TARGET."
    parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint and '.'}{hint}")


def _guard(command: Callable[[Namespace], int], args: Namespace) -> int:
    """Carry a command out, and say what has gone wrong as people expect it of a command."""
    try:
        code = command(args)
        flush_output()
        return code
    except TargetError as error:
        say(f"flowdeco {args.name}: error: {error}")
        return USAGE
    except LoadError as error:
        _tell_load_error(error, args)
        return FAILURE
    except GraphError as error:
        for problem in error.problems:
            say(f"flowdeco {args.name}: error: {problem}")
        return FAILURE
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads the output has seen enough
        give_up_output()
        return OUTPUT_CLOSED
    except OSError as error:  # those of the program are told as its own
        give_up_output()
        say(f"flowdeco {args.name}: error: Cannot write the output: {error}")
        return NOT_PRINTED


def _tell_load_error(error: LoadError, args: Namespace) -> None:
    cause = error.__cause__ or error
    if args.traceback:
        traceback.print_exception(cause)
    else:
        again = f"flowdeco {args.name} --traceback {args.target}{' ...' if args.name == 'run' else ''}"
        say(tell_failure(cause, f"the import of {args.target}", again))


def _make_parser(add_inputs: Callable[[ArgumentParser], object]) -> ArgumentParser:
    parser = ArgumentParser(
        prog="flowdeco",
        description="Workflows from decorated functions.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=None)
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, command: Callable[[Namespace], int], text: str, **about: Any) -> ArgumentParser:
        about = {"description": f"{text[0].upper()}{text[1:]}.", **about}
        made = commands.add_parser(name, help=text, allow_abbrev=False, **about)
        made.set_defaults(command=command, name=name, parser=made)
        return made

    raw: Any = RawDescriptionHelpFormatter
    usage = "%(prog)s [options] TARGET [inputs]"
    about: dict[str, Any] = {"description": _RUN, "epilog": _EXIT_CODES, "formatter_class": raw, "usage": usage}
    # An input may be called as an option is that stands before it.
    runner = add("run", _run, "run a workflow", conflict_handler="resolve", **about)
    _add_run(runner)
    add_inputs(runner)
    graph = add("graph", _graph, "draw the graph of a workflow")
    _add_target(graph)
    graph.add_argument(
        "--format", choices=("tree", "mermaid", "dot"), default="tree", help="the format (default: tree)"
    )
    check = add("check", _check, "find what is wrong with a workflow, or with all of a file, without running anything")
    _add_target(check)
    check.add_argument("--types", action="store_true", help="compare annotations, too")
    shell = add("completion", _print_completion, "print what makes a shell complete this command", formatter_class=raw)
    shell.description = _COMPLETION
    shell.add_argument("shell", choices=completion.SHELLS, help="which shell it is")
    parser.set_defaults(names=tuple(commands.choices))
    return parser


def _add_run(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--json", action="store_true", help="print the result as JSON, also if it is None")
    add("--report", type=check_report, metavar="PATH", help="write a page on the run to a file of HTML")
    add("--progress", action="store_true", help="show the progress of the run on stderr")
    add("-v", "--verbose", action="store_true", help="show the log on stderr: every change of status")
    _add_target(parser)


def _add_inputs(parser: ArgumentParser) -> None:
    about = "the inputs of the workflow: --name VALUE, or VALUE"
    # There need not be any.
    parser.add_argument("inputs", nargs=REMAINDER, metavar="inputs", help=about).required = False


def _add_target(parser: ArgumentParser) -> None:
    parser.add_argument("--traceback", action="store_true", help="show the traceback of an error, not two lines of it")
    completion.complete_target(parser.add_argument("target", metavar="TARGET", help=_TARGET))


def _run(args: Namespace) -> int:
    args.inputs = ["--" if word == _DASHES else word for word in args.inputs]
    return run(args)


def _print_completion(args: Namespace) -> int:
    return completion.print_script(args.shell)


def _graph(args: Namespace) -> int:
    graph = find_workflow(args.target).workflow.graph
    print_text({"tree": graph.__str__, "mermaid": graph.to_mermaid, "dot": graph.to_dot}[args.format]().rstrip("\n"))
    return SUCCESS


def _check(args: Namespace) -> int:
    problems: list[str] = []
    for found in find_workflows(args.target):
        try:
            found.workflow.check(types=args.types)
        except GraphError as error:
            problems += map(str, error.problems)
    print_text("\n".join(problems or ["no problems"]))
    return FAILURE if problems else SUCCESS
