"""The command `flowdeco run`: a workflow is run with inputs from the command line, and its result is printed."""

from __future__ import annotations

import logging
import sys
import traceback
from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from .. import Run, Status, Workflow
from .._base.annotation import read_annotations, show_type
from ..progress import Progress
from .exit_code import FAILURE, NOT_PRINTED, SUCCESS, TERMINATED, USAGE
from .failure import tell_failure
from .input_parser import parse_inputs
from .json_output import JsonError, to_json
from .json_type import find_no_json
from .printing import allow_depth, find_encoding, is_output_closed, print_text, say, show_fully
from .target import Found, find_workflow_to_run
from .termination import heed_signals, notice_lost_interrupt

__all__ = ["check_report", "run"]

# For those who write them where the inputs stand.
_OWN_OPTIONS = ("--json", "--report", "--progress", "--traceback", "-v", "--verbose", "--version")


def check_report(text: str) -> Path:
    """Return where a report is to be written, if it can be. Raises `ArgumentTypeError`."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        reason = "is a folder" if path.is_dir() else f"cannot be written: there is no folder {str(path.parent)!r}"
        raise ArgumentTypeError(f"{text!r} {reason}")
    try:
        return path.absolute()  # the program may change the current folder
    except OSError as error:
        raise ArgumentTypeError(f"{text!r} cannot be written: {error}") from None


def run(args: Namespace) -> int:
    """Run the workflow that the arguments name; return the exit code."""
    with notice_lost_interrupt():
        found = find_workflow_to_run(args.target)
    positional, named = parse_inputs(found.workflow, found.label, args.inputs, _OWN_OPTIONS)
    if args.json and (reason := _why_no_json(found)):
        say(f"flowdeco run: error: {reason}")
        return USAGE
    _show_log(verbose=args.verbose, full=args.traceback)
    progress = Progress()
    workflow = _watch(found.workflow, progress) if args.progress else found.workflow
    run = workflow._new_run(tuple(positional), named, keep=args.report is not None)
    code = _go(workflow, run, progress, args.report)
    return code if code == TERMINATED else _show(run, found, args) or code


def _go(workflow: Workflow[Any, Any], run: Run[Any], progress: Progress, report: Path | None) -> int:
    """Go through with a run, and write its report however it ends; return the exit code as far as that is known."""
    code = SUCCESS

    def last_word() -> None:
        _write_report(run, report)
        progress.close()  # a view hides the cursor

    with heed_signals(last_word) as heed:
        workflow._load_engine()
        try:
            with heed.let_through():
                workflow._run_blocking(run, heed.may_begin)
        except KeyboardInterrupt:
            heed.hold()  # in case that it came in before let_through did that
            if not heed.was_terminated and not _is_done(run):
                raise
        finally:
            progress.close()
            if not _write_report(run, report):
                code = FAILURE
    if _is_done(run):
        return code
    # What runs in other processes may have been asked as well, which looks like a failure.
    if heed.was_terminated:
        say("Terminated.")
        return TERMINATED
    if run.started is None and heed.was_interrupted:
        raise KeyboardInterrupt
    return code


def _is_done(run: Run[Any]) -> bool:
    """Whether there is a result: a signal comes too late then."""
    return run.status in (Status.COMPLETED, Status.SKIPPED)


def _why_no_json(found: Found) -> str:
    """Return why the result is surely not JSON, as far as its annotation tells; nothing if it may be."""
    definition = found.workflow._definition
    hint = read_annotations(definition.function, definition.signature.kind).result
    kind = find_no_json(hint)
    if kind is None:
        return ""
    reason = f"{found.label} is annotated to return {show_type(hint)}, and {kind} is not JSON"
    return f"Cannot print the result as JSON: {reason}. Return what JSON knows, or leave --json out."


def _write_report(run: Run[Any], path: Path | None) -> bool:
    """Write the report if there is to be one; return whether there is nothing to complain of."""
    if path is not None and run.started is not None:
        try:
            run.to_html(path)
        except OSError as error:
            say(f"flowdeco run: error: Cannot write the report: {error}")
            return False
    return True


def _watch(workflow: Workflow[Any, Any], progress: Progress) -> Workflow[Any, Any]:
    """Return the workflow with a view of its runs, unless it has one already."""
    hooks = workflow._definition.options["on_state"] or ()
    if any(isinstance(hook, Progress) for hook in hooks):
        return workflow
    return workflow.with_options(on_state=[*hooks, progress])


def _show(run: Run[Any], found: Found, args: Namespace) -> int:
    """Print what a run has come to; return the exit code."""
    error = run.error
    if error is not None:
        if isinstance(error, BrokenPipeError) and is_output_closed():
            raise error  # which is no failure of the program's
        if args.traceback:
            traceback.print_exception(error)
        else:
            again = f"flowdeco run --traceback {found.label} ..."
            say(tell_failure(error, f"workflow {run.workflow!r}", again, lambda error: _function_of(found, run, error)))
        return FAILURE
    if run.status is Status.SKIPPED:
        say(f"Workflow {run.workflow!r} was skipped: {run.reason}".removesuffix(": "))
    if run.result is None and not args.json:
        return SUCCESS
    sys.set_int_max_str_digits(0)  # a number may be as long as it is
    try:
        text = to_json(run.result, find_encoding()) if args.json else _to_text(run.result)
    except JsonError as problem:
        say(f"flowdeco run: error: {problem}\nThe run was completed, and this is its result:\n{show_fully(run.result)}")
        return NOT_PRINTED
    print_text(text)
    return SUCCESS


def _function_of(found: Found, run: Run[Any], error: BaseException) -> object:
    """Return the function of the task that has failed with an error; `None` if it was none, or that is not known."""
    name = next((failure.task for failure in reversed(run.errors) if failure.error is error), None)
    node = None if name is None else found.workflow.graph.find(name)
    return None if node is None else node.definition.function


def _to_text(result: Any) -> str:
    try:
        with allow_depth():
            return str(result)
    except Exception as error:
        message = f"Cannot print the result: its str() raised {type(error).__name__}: {error}."
        raise JsonError(message, value=result) from None


class _Handler(logging.Handler):
    """Prints on what is `sys.stderr` then: while there is a view of the run, that goes above it."""

    def __init__(self, *, full: bool) -> None:
        super().__init__()
        self._full = full

    def emit(self, record: logging.LogRecord) -> None:
        try:
            say(self.format(record) if self._full else record.getMessage())
        except Exception:
            self.handleError(record)


def _show_log(*, verbose: bool, full: bool) -> None:
    """Show the log: what hooks have raised, and every change of status if that is asked for."""
    logger = logging.getLogger("flowdeco")
    if verbose:
        logger.setLevel(logging.DEBUG)
    if not logger.hasHandlers():  # the program may have its own idea of where the log goes
        logger.addHandler(_Handler(full=full))
