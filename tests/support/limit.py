"""What the tests of limit share."""

import threading
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any

import anyio
from anyio import Event

from flowdeco._policy.limit import Demand, Hold, Limit
from flowdeco._policy.limit_option import check_limit
from tests.conftest import Backend

PATIENCE = 60  # seconds; a test that waits that long has failed


def demand(value: object) -> Demand:
    found = check_limit("task 'page'", value)
    assert found is not None
    return found


def free(limit: Limit) -> int:
    assert limit._pool.waiting == 0
    assert not limit._pool._mail
    return limit._pool.free


def join_all(threads: Iterable[threading.Thread]) -> None:
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def thread_of(function: Callable[[], object]) -> Generator[threading.Thread]:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    yield thread
    join_all([thread])


def run_on(backend: Backend, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    return anyio.run(function, *args, backend=backend[0], backend_options=backend[1])


class Line:
    """Tasks that take places, wait until told, and give them back. `served` is who got theirs, in that order."""

    def __init__(self, *, lender: Hold | None = None) -> None:
        self.served: list[str] = []
        self.go = Event()
        self.lender = lender

    async def stand(self, name: str, wanted: Demand) -> None:
        if self.lender is not None:
            self.lender.lend()
        hold = await wanted.acquire()
        try:
            self.served.append(name)
            await self.go.wait()
        finally:
            hold.release()
