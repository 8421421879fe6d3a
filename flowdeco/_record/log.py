"""What goes to the `flowdeco` logger: every change of status if it is asked for, and errors that nobody would see."""

from __future__ import annotations

import logging
from typing import Any

from .._base.events import Event
from .._base.text import shorten
from .._policy.hook import Hook

__all__ = ["is_asked_for", "log_change", "log_failure", "log_hook_error"]

logger = logging.getLogger("flowdeco")


def is_asked_for(*, tasks: bool) -> bool:
    """Whether changes of status are logged: those of runs at the level INFO, those of their tasks at DEBUG."""
    return logger.isEnabledFor(logging.DEBUG if tasks else logging.INFO)


def log_change(event: Event) -> None:
    """Log a change of status."""
    level = logging.INFO if event.task is None else logging.DEBUG
    if logger.isEnabledFor(level):
        about = _about(event.run, event.task, event.attempt, event.status)
        logger.log(level, "%s", event, extra={**about, "previous": event.previous, "delay": event.delay})


def log_failure(run: Any) -> None:
    """Log the error of a run, which is not raised."""
    if run.error is not None:
        about = _about(run, None, None, run.status)
        logger.error("Workflow %r failed: %s", run.workflow, shorten(run.error, 200), exc_info=run.error, extra=about)


def log_hook_error(run: Any, hook: Hook, task: str | None, error: Exception) -> None:
    """Log what a hook has raised, which does not stop anything."""
    whose = f"workflow {run.workflow!r}" if task is None else f"task {task!r} of workflow {run.workflow!r}"
    text = "Hook %r (%s) of %s failed: %s"
    stands = run if task is None else run.tasks.get(task, run)  # what recovers a task has no record of its own
    about = _about(run, task, None, stands.status)
    logger.error(text, hook.name, hook.option, whose, shorten(error, 200), exc_info=error, extra=about)


def _about(run: Any, task: str | None, attempt: int | None, status: Any) -> dict[str, Any]:
    """Return the attributes of a record: the names of the workflow and the task, the run's id, and so on."""
    return {"workflow": run.workflow, "run": run.id, "task": task, "attempt": attempt, "status": str(status)}
