"""What goes to the `flowdeco` logger: every change of status if it is asked for, and errors that nobody would see."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from traceback import TracebackException
from typing import Any

from .._base.events import Event, Status
from .._base.text import shorten
from .._policy.hook import Hook
from .failure import name_task
from .journal import Journal

__all__ = ["is_asked_for", "log_change", "log_closing", "log_closing_errors", "log_failure", "log_hook_error"]

logger = logging.getLogger("flowdeco")


def is_asked_for(*, tasks: bool) -> bool:
    """Whether changes of status are logged: those of runs at the level INFO, those of their tasks at DEBUG."""
    return logger.isEnabledFor(logging.DEBUG if tasks else logging.INFO)


def log_change(event: Event) -> None:
    """Log a change of status."""
    level = logging.INFO if event.task is None else logging.DEBUG
    if logger.isEnabledFor(level):
        about = _about(event.workflow, event.run.id, event.task, event.attempt, event.status, event.index, event.key)
        logger.log(level, "%s", event, extra={**about, "previous": event.previous, "delay": event.delay})


def log_failure(journal: Journal) -> None:
    """Log the error of a run, which is not raised."""
    error = journal.error
    if error is not None:
        about = _about(journal.name, journal.id, None, None, journal.status)
        logger.error(
            "Workflow %r failed: %s", journal.name, shorten(error, 200), exc_info=_exc_info(error), extra=about
        )


def log_closing(journal: Journal, name: str, error: BaseException | None) -> None:
    """Log that a resource was closed, or what came of it; its opening is logged as a change of status."""
    if logger.isEnabledFor(logging.DEBUG):
        done = "closed" if error is None else f"not closed after {shorten(error, 200)}"
        about = _about(journal.name, journal.id, name, None, Status.COMPLETED if error is None else Status.FAILED)
        logger.debug("%s %s.%s: %s", datetime.now(UTC).strftime("%H:%M:%S"), journal.name, name, done, extra=about)


def log_closing_errors(journal: Journal) -> None:
    """Log what closing has failed with in a run that was cancelled, as nothing that comes out of it says so."""
    for index, life in journal.lives.items():
        if life.error is not None:
            name, info = journal.graph.nodes[index].name, _exc_info(life.error)
            about = _about(journal.name, journal.id, name, None, Status.FAILED)
            text = "Closing resource %r of workflow %r failed: %s"
            logger.error(text, name, journal.name, shorten(life.error, 200), exc_info=info, extra=about)


def log_hook_error(journal: Journal, hook: Hook, task: str | None, error: Exception, index: int | None = None) -> None:
    """Log what a hook has raised, which does not stop anything; `index` is that of the item it was told of."""
    whose = f"workflow {journal.name!r}"
    whose = whose if task is None else f"{name_task(task, index)} of {whose}"
    text = "Hook %r (%s) of %s failed: %s"
    node = None if task is None else journal.graph.find(task)  # what recovers a task has no record of its own
    status = journal.status if node is None else journal.status_of(node)
    about = _about(journal.name, journal.id, task, None, status, index)
    logger.error(text, hook.name, hook.option, whose, shorten(error, 200), exc_info=_exc_info(error), extra=about)


def _exc_info(error: BaseException) -> BaseException | None:
    """Return an error as one whose traceback is to be logged; `None` if Python could not print that.

    `traceback` asks for the truth of the errors in it, and an error may refuse to say.
    """
    try:
        TracebackException(type(error), error, error.__traceback__)
    except Exception:
        return None
    return error


def _about(
    workflow: str,
    run: str,
    task: str | None,
    attempt: int | None,
    status: Status,
    index: int | None = None,
    key: Any = None,
) -> dict[str, Any]:
    """Return the attributes of a record: the names of the workflow and the task, the run's id, and so on.

    Of an item there are its index and key; not the item itself, which may be large.
    """
    about = {"workflow": workflow, "run": run, "task": task, "attempt": attempt, "status": str(status)}
    return {**about, "index": index, "key": key}
