"""The program's main module, which its worker processes import, as those of the standard library do.

A worker runs what the program was started from, a script or a module, under the name `__mp_main__` instead of
`__main__`, so that what stands under `if __name__ == "__main__":` is left to the program. `__main__.py` of a package,
a folder or a zip file mostly has no such line; it is run only when something that is defined there is asked for.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

__all__ = [
    "NAME",
    "MainModule",
    "adopt_main",
    "describe_main",
    "find_main",
    "is_importing",
    "is_looking_up",
    "looking_up",
]

NAME = "__mp_main__"


class MainModule(NamedTuple):
    """What a worker has to know of the program.

    Attributes:
        argv: its `sys.argv`.
        name: the name of the module that was started, by `python -m`; `"__main__"` for a folder or a zip file.
        file: the file of the main module; `None` for `python -c`, an interactive program or a notebook.
    """

    argv: list[str]
    name: str | None
    file: str | None

    @property
    def is_entry(self) -> bool:
        """Whether it is a `__main__.py`."""
        return self.name is not None and (self.name == "__main__" or self.name.endswith(".__main__"))


class _Worker:
    """What this process knows as a worker; nothing in the program itself."""

    main: MainModule | None = None
    is_importing = False
    is_looking_up = False
    has_imported = False  # `multiprocessing` gives any `__main__` the other name, too


def describe_main() -> MainModule:
    """Return what was started as this program; a worker, which may have workers itself, tells what it was told."""
    if _Worker.main is not None:
        return _Worker.main._replace(argv=list(sys.argv))
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    name = getattr(getattr(main, "__spec__", None), "name", None)
    return MainModule(list(sys.argv), name, os.path.abspath(file) if isinstance(file, str) else None)


def adopt_main(main: MainModule) -> None:
    """Be a worker of that program. Raises whatever its main module raises as it is imported."""
    sys.argv = main.argv
    _Worker.main = main
    if not main.is_entry:
        _import_main(main)


def find_main() -> None:
    """Have the main module here, also where it is a `__main__.py`.

    Raises:
        ImportError: there is none, or it ends the program as it is imported.
    """
    main = _Worker.main
    if main is None or _Worker.has_imported or _Worker.is_importing:
        return
    if not main.is_entry:
        raise ImportError("the program was typed in, or is a notebook, so there is no file to import it from")
    try:
        _import_main(main)
    except SystemExit as error:
        raise ImportError(f"{main.file} leaves by SystemExit({error.code!r})") from error


def is_importing() -> bool:
    """Whether this is a worker that is importing the main module."""
    return _Worker.is_importing


def is_looking_up() -> bool:
    """Whether this is a worker that is looking for what it was sent, for which it imports modules."""
    return _Worker.is_looking_up


@contextmanager
def looking_up() -> Generator[None]:
    """Note that what was sent here is being looked for."""
    _Worker.is_looking_up = True
    try:
        yield
    finally:
        _Worker.is_looking_up = False


def _import_main(main: MainModule) -> None:
    _Worker.is_importing = True
    try:
        names = _run(main)
    finally:
        _Worker.is_importing = False
    if names is not None:
        module = ModuleType(NAME)
        vars(module).update(names)
        _Worker.has_imported = True
        sys.modules["__main__"] = sys.modules[NAME] = module


def _run(main: MainModule) -> dict[str, Any] | None:
    """Return the names of the main module; `None` if there is no such module."""
    if main.name == "__main__" and main.file is not None:
        return runpy.run_path(os.path.dirname(main.file), run_name=NAME)
    if main.name is not None:
        return runpy.run_module(main.name, run_name=NAME, alter_sys=True)
    # The script that starts IPython has no guard, and nothing that anybody would look for.
    if main.file is None or not os.path.isfile(main.file) or os.path.basename(main.file) in ("ipython", "ipython.py"):
        return None
    return runpy.run_path(main.file, run_name=NAME)
