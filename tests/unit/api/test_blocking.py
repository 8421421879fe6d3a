"""A thread that runs something on the event loop which owns it."""

import threading

from anyio import CancelScope, create_task_group, get_cancelled_exc_class, to_thread
from anyio.lowlevel import checkpoint

from flowdeco._api.blocking import run_from_thread

PATIENCE = 60


async def test_what_a_thread_asks_for_after_the_cancellation_is_not_begun() -> None:
    begun, cancelled = threading.Event(), threading.Event()
    came: list[object] = []

    async def come() -> None:
        came.append("it was begun")

    def work() -> None:
        begun.set()
        assert cancelled.wait(PATIENCE)
        try:
            run_from_thread(come)
        except BaseException as error:
            came.append(type(error))

    async def cancel(scope: CancelScope) -> None:
        await to_thread.run_sync(begun.wait, PATIENCE)
        scope.cancel()
        for _ in range(10):  # until all that is there has been told
            await checkpoint()
        cancelled.set()

    async with create_task_group() as group:
        with CancelScope() as scope:
            group.start_soon(cancel, scope)
            await to_thread.run_sync(work)
    assert came == [get_cancelled_exc_class()]
