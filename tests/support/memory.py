"""What the tests of memory share."""

import gc
import sys
import weakref
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from anyio import sleep

from flowdeco import task


class Result:
    """A result that tells when it is gone."""


alive: list["weakref.ref[Result]"] = []


def made() -> Result:
    result = Result()
    alive.append(weakref.ref(result))
    return result


def count_alive() -> int:
    return sum(ref() is not None for ref in alive)


@task
async def big() -> Result:
    return made()


@task
def big_def() -> Result:
    return made()


async def let_go(is_gone: Callable[[], bool], *, collect: bool = False) -> bool:
    """Return whether it goes by itself, once the event loop and the threads are through with what they have used.

    A thread that has reported its result holds what it has called for some instructions more.
    """
    for _ in range(200):
        if collect:
            gc.collect()
        if is_gone():
            return True
        await sleep(0.005)
    return False


def size_of(value: Any) -> int:
    """Return how many bytes a value and all that it leads to take, but for classes, functions and modules."""
    seen: dict[int, Any] = {}
    left = [value]
    while left:
        each = left.pop()
        if id(each) not in seen and not isinstance(each, (type, FunctionType, ModuleType)):
            seen[id(each)] = each
            left += gc.get_referents(each)
    return sum(map(sys.getsizeof, seen.values()))
