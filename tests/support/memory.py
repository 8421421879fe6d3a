"""What the tests of memory share."""

import gc
import weakref
from collections.abc import Callable

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
