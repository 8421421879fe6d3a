"""The command `flowdeco`: run a workflow with its inputs as options, draw its graph, find what is wrong with it."""

from __future__ import annotations

import logging
import sys
import traceback
from argparse import REMAINDER, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .. import GraphError, Run, Status, Workflow
from .._base.text import nearest
from ..progress import Progress
from .input_parser import parse_inputs
from .json_output import JsonError, to_json
from .target import LoadError, TargetError, find_workflow, find_workflows

__all__ = ["main"]

_SUCCESS, _FAILURE, _USAGE, _INTERRUPTED = 0, 1, 2, 130

_TARGET = "a file or a module, and the name of the workflow in it: shop.py:offer, or shop:offer; one that is alone \
in its file needs no name"
_RUN = """\
Run a workflow. Its inputs are options, and stand after TARGET; these are shown by

    flowdeco run TARGET --help

and those of the command itself stand before it. The result is printed unless it is None; errors go to stderr.
The exit code is 0 if the run was completed or skipped, 1 if it failed, 2 if the inputs are wrong, 130 after Ctrl-C."""
_EXAMPLES = """\
examples:
  flowdeco run shop.py:offer --item tea --currency JPY
  flowdeco run --json --report offer.html shop.py:offer --item tea --currency JPY
  flowdeco graph shop.py:offer --format mermaid
  flowdeco check shop.py --types"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: what stands after the command's name; `None`: what the program was called with.

    Raises:
        SystemExit: the arguments are wrong or ask for help, or the workflow has raised it.
    """
    parser = _make_parser()
    words = sys.argv[1:] if arguments is None else arguments
    args, unknown = parser.parse_known_args([_DASHES if word == "--" else word for word in words])
    if unknown:
        _refuse(parser if args.command is None else args.parser, unknown)
    if args.version:
        from importlib.metadata import version

        print(f"flowdeco {version('flowdeco')}")
        return _SUCCESS
    if args.command is None:
        parser.print_help(sys.stderr)
        return _USAGE
    return _guard(args.command, args)


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
        sys.stdout.flush()
        return code
    except TargetError as error:
        _say(f"flowdeco {args.name}: error: {error}")
        return _USAGE
    except LoadError as error:
        traceback.print_exception(error.__cause__)
        return _FAILURE
    except GraphError as error:
        for problem in error.problems:
            _say(f"flowdeco {args.name}: error: {problem}")
        return _FAILURE
    except KeyboardInterrupt:
        _say("Interrupted.")
        return _INTERRUPTED
    except BrokenPipeError:  # whoever reads the output has seen enough
        return _FAILURE


def _make_parser() -> ArgumentParser:
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
        about = {"description": f"{text}.", **about}
        made = commands.add_parser(name, help=text, allow_abbrev=False, **about)
        made.set_defaults(command=command, name=name, parser=made)
        return made

    run = add(
        "run",
        _run,
        "run a workflow",
        description=_RUN,
        formatter_class=RawDescriptionHelpFormatter,
        usage="%(prog)s [options] TARGET [--input VALUE ...]",
    )
    run.add_argument("--json", action="store_true", help="print the result as JSON, also if it is None")
    run.add_argument("--report", type=_check_report, metavar="PATH", help="write a page on the run to a file of HTML")
    run.add_argument("--progress", action="store_true", help="show on stderr how the run goes on")
    run.add_argument("-v", "--verbose", action="store_true", help="show the log on stderr: every change of status")
    run.add_argument("target", metavar="TARGET", help=_TARGET)
    run.add_argument("inputs", nargs=REMAINDER, metavar="--input VALUE", help="the inputs of the workflow")
    graph = add("graph", _graph, "draw the graph of a workflow")
    graph.add_argument("target", metavar="TARGET", help=_TARGET)
    graph.add_argument("--format", choices=("tree", "mermaid", "dot"), default="tree", help="as what (default: tree)")
    check = add("check", _check, "find what is wrong with a workflow, or with all of a file, without running anything")
    check.add_argument("target", metavar="TARGET", help=_TARGET)
    check.add_argument("--types", action="store_true", help="compare annotations, too")
    return parser


# Stands for "--" before argparse, which would take it away, though it may be the workflow's.
_DASHES = "\0--"
# The options of `run`, for those who write them where the inputs stand.
_OWN_OPTIONS = ("--json", "--report", "--progress", "-v", "--verbose", "--version")


def _check_report(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        from argparse import ArgumentTypeError

        reason = "is a folder" if path.is_dir() else f"cannot be written: there is no folder {str(path.parent)!r}"
        raise ArgumentTypeError(f"{text!r} {reason}")
    return path


def _run(args: Namespace) -> int:
    inputs = ["--" if word == _DASHES else word for word in args.inputs]
    found = find_workflow(args.target)
    positional, named = parse_inputs(found.workflow, found.label, inputs, _OWN_OPTIONS)
    if args.verbose:
        _show_log()
    progress = Progress()
    workflow = _watch(found.workflow, progress) if args.progress else found.workflow
    run = workflow._new_run(tuple(positional), named, keep=args.report is not None)
    try:
        workflow._run_blocking(run)
    finally:
        progress.close()
        is_written = _write_report(run, args.report)
    code = _show(run, as_json=args.json)
    return code if is_written else _FAILURE


def _write_report(run: Run[Any], path: Path | None) -> bool:
    """Write the report if there is to be one; return whether there is nothing to complain of."""
    if path is not None and run.started is not None:
        try:
            run.to_html(path)
        except OSError as error:
            _say(f"flowdeco run: error: Cannot write the report: {error}")
            return False
    return True


def _watch(workflow: Workflow[Any, Any], progress: Progress) -> Workflow[Any, Any]:
    """Return the workflow with a view of its runs, unless it has one already."""
    hooks = workflow._definition.options["on_state"] or ()
    if any(isinstance(hook, Progress) for hook in hooks):
        return workflow
    return workflow.with_options(on_state=[*hooks, progress])


def _show(run: Run[Any], *, as_json: bool) -> int:
    """Print what a run has come to; return the exit code."""
    if run.error is not None:
        traceback.print_exception(run.error)
        return _FAILURE
    if run.status is Status.SKIPPED:
        _say(f"Workflow {run.workflow!r} was skipped: {run.reason}".removesuffix(": "))
    if as_json:
        try:
            print(to_json(run.result, sys.stdout.encoding or "utf-8"))
        except JsonError as error:
            _say(f"flowdeco run: error: {error}")
            return _FAILURE
    elif run.result is not None:
        print(run.result)
    return _SUCCESS


def _graph(args: Namespace) -> int:
    graph = find_workflow(args.target).workflow.graph
    print({"tree": graph.__str__, "mermaid": graph.to_mermaid, "dot": graph.to_dot}[args.format]().rstrip("\n"))
    return _SUCCESS


def _check(args: Namespace) -> int:
    problems: list[str] = []
    for _, workflow in find_workflows(args.target):
        try:
            workflow.check(types=args.types)
        except GraphError as error:
            problems += map(str, error.problems)
    print(*(problems or ["no problems"]), sep="\n")
    return _FAILURE if problems else _SUCCESS


class _Handler(logging.Handler):
    """Prints on what is `sys.stderr` then: while there is a view of the run, that goes above it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _say(self.format(record))
        except Exception:
            self.handleError(record)


def _show_log() -> None:
    logger = logging.getLogger("flowdeco")
    logger.setLevel(logging.DEBUG)
    if not logger.hasHandlers():  # the program may have its own idea of where the log goes
        logger.addHandler(_Handler())


def _say(text: str) -> None:
    print(text, file=sys.stderr)
