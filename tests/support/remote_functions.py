"""What is run in other processes, which find it here by its name."""

import functools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from flowdeco import State, task

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


@task
def where(*args: object, **kwargs: object) -> tuple[int, tuple[object, ...], dict[str, object]]:
    return os.getpid(), args, kwargs


@task
def add(left: int, right: int) -> int:
    return left + right


add_again = add.with_options(name="again")


def marked(function: F) -> F:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return "marked", function(*args)

    return wrapper  # type: ignore[return-value]  # it is called the same way


@marked
@task
def outside(value: int) -> int:
    return value


@task
@marked
def inside(value: int) -> int:
    return value


@task
def count(end: int) -> Iterator[int]:
    yield from range(end)


@task(run_in="process")
def give_state() -> State:
    return State({"word": "new"})


class Shop:
    def __init__(self, price: int) -> None:
        self.price = price

    @task
    def total(self, number: int) -> int:
        return self.price * number

    @task
    @staticmethod
    def tax(price: int) -> int:
        return price // 5


class OddError(Exception):
    """Cannot be unpickled: it is made of two things and keeps one."""

    def __init__(self, what: str, number: int) -> None:
        super().__init__(f"{what} {number}")


class LockedError(Exception):
    """Cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("locked")
        self.lock = threading.Lock()


class Sticky:
    """Can be pickled, and not unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return refuse, ()


def refuse() -> None:
    raise ValueError("it sticks")


@task
def give_error(kind: str) -> None:
    if kind == "odd":
        raise OddError("thing", 3)
    if kind == "locked":
        raise LockedError
    error = ConnectionError("no line")
    error.add_note("a note")
    raise error


@task
def give_lock() -> object:
    return threading.Lock()


@task
def give_sticky() -> object:
    return Sticky()


@task
def give_awaitable() -> object:
    async def late() -> None: ...

    return late()


@task
def leave(way: str) -> None:
    if way == "exit":
        sys.exit(3)
    raise KeyboardInterrupt


@task
def die() -> None:
    os._exit(7)


@task
def interrupt() -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"


@task
def hang(fifo: str) -> None:
    with open(fifo, "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    threading.Event().wait()


@task
def talk() -> bytes:
    print("printed")  # noqa: T201 - it is what the test is about
    print("warned", file=sys.stderr)  # noqa: T201
    subprocess.run([sys.executable, "-c", "print('by a child', flush=True)"], check=True)
    os.write(2, b"x" * 200_000)  # more than a pipe takes that nobody reads
    return sys.stdin.buffer.read()


def raw(task: Any) -> Callable[..., Any]:
    """Return the function that a task was made of, as the engine has it."""
    function: Callable[..., Any] = task.__wrapped__
    return function
