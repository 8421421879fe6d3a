"""What the tests of memory share."""

import weakref

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
