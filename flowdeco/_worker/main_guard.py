"""Keeps a worker process from running the workflow that the main script calls as it is imported."""

from __future__ import annotations

import sys
from types import FrameType

from .._base.errors import MainGuardError

__all__ = ["refuse_worker_import"]


def refuse_worker_import(name: str) -> None:
    """Refuse to run a workflow where a worker process imports the main script, which would start it without end.

    Raises:
        MainGuardError: the main script calls the workflow at its top level.
    """
    main = sys.modules.get("__mp_main__")
    # In the program itself, multiprocessing makes it a second name of __main__.
    if main is None or getattr(main, "__name__", None) != "__mp_main__":
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "__mp_main__":
            message = (
                f"Cannot run workflow {name!r}: the main script calls it at its top level, and each worker process "
                "imports the main script. Call it only in the program itself:\n\n"
                f'    if __name__ == "__main__":\n        {name}(...)'
            )
            raise MainGuardError(message, workflow=name)
        frame = frame.f_back
