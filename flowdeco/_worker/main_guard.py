"""Keeps a worker process from starting processes as it imports the main module, which would start them without end."""

from __future__ import annotations

import sys
from types import FrameType

from .._base.errors import MainGuardError
from .main_module import NAME, is_importing, is_looking_up

__all__ = ["refuse_worker_import"]


def refuse_worker_import(name: str) -> None:
    """Refuse to run a workflow of processes where a process imports the main module: that would go on without end.

    Raises:
        MainGuardError: the main module calls the workflow at its top level.
    """
    if is_importing() or is_looking_up() or _is_imported_by_another():
        module = _find_importing_module()
        if module in (None, NAME, "__main__"):
            message = (
                f"Cannot run workflow {name!r}: the main script calls it at its top level, and each worker process "
                "imports the main script. Call it only in the program itself:\n\n"
                f'    if __name__ == "__main__":\n        {name}(...)'
            )
        else:
            message = (
                f"Cannot run workflow {name!r}: module {module!r} calls it when it is imported, and each worker "
                "process imports it, too. Move the call into a function."
            )
        raise MainGuardError(message, workflow=name)


def _find_importing_module() -> str | None:
    """Return the module at whose top level this was called; `None` if it was called on another thread."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            name: str | None = frame.f_globals.get("__name__")
            return name
        frame = frame.f_back
    return None


def _is_imported_by_another() -> bool:
    """Whether this was called as a process that `multiprocessing` started imports the main module."""
    main = sys.modules.get(NAME)
    # In the program itself, multiprocessing makes it a second name of __main__.
    if main is None or getattr(main, "__name__", None) != NAME:
        return False
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == NAME:
            return True
        frame = frame.f_back
    return False
