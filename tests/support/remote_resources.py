"""Resources that are opened in worker processes, which find them here by their names."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowdeco import resource, task


def note(path: str, text: str) -> None:
    """Write down what happens, and in which process."""
    with Path(path).open("a") as file:
        file.write(f"{text} {os.getpid()}\n")


@resource(scope="process")
def model(path: str, size: int = 1) -> Generator[str]:
    note(path, "open model")
    yield f"model {size}"
    note(path, "close model")


@resource(scope="process")
@contextmanager
def session(model: str, path: str) -> Generator[str]:
    note(path, "open session")
    yield f"session of {model}"
    note(path, "close session")


@resource(scope="process")
def broken() -> Generator[str]:
    if os.getpid():
        raise ConnectionError("refused")
    yield ""


@task(run_in="process")
def use(session: str, model: str, number: int = 0) -> tuple[str, str, int]:
    return session, model, os.getpid()


@task(run_in="process")
def use_broken(broken: str) -> str:
    return broken


use_again = use.with_options(name="use_again", after=use)


def fake(**_: Any) -> str:
    return "fake"
