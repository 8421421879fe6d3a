"""`run.cancel()` stops a live run, from whatever thread."""

import pytest

from tests.conftest import Backend
from tests.support.program import run_program

# A program of its own: an event loop that is broken into from another thread does not recover.
PROGRAM = """
    import sys
    import threading
    import anyio
    from anyio import CapacityLimiter, sleep_forever, to_thread
    from flowdeco import task, workflow

    HOW = {how!r}

    def cancel(run):
        try:
            run.cancel()
        except BaseException as error:
            print("raised", repr(error), flush=True)

    def cancels_its_own(run):
        if HOW == "task":
            cancel(run)

    async def cancel_from_outside(run):
        if HOW == "thread":
            thread = threading.Thread(target=cancel, args=[run])
            thread.start()
            await to_thread.run_sync(thread.join, 60, limiter=CapacityLimiter(1))
        elif HOW == "worker thread":
            await to_thread.run_sync(cancel, run)

    async def main():
        begun = anyio.Event()

        async def forever():
            begun.set()
            await sleep_forever()

        others = [task(sleep_forever, name=f"other{{number}}") for number in range({beside})]

        @workflow(after=[*others, task(forever, name="forever"), task(cancels_its_own)])
        async def w(): ...

        with anyio.fail_after(60):
            async with w.start() as run:
                if HOW != "task":
                    await begun.wait()
                await cancel_from_outside(run)
        cancel(run)
        print(str(run.status), str(run.tasks["forever"].status), flush=True)
        return run

    run = anyio.run(main, backend={backend!r}, backend_options={options!r})
    cancel(run)
    print(str(run.status), flush=True)
"""


@pytest.mark.parametrize("beside", [0, 3])
@pytest.mark.parametrize("how", ["thread", "worker thread", "task"])
def test_it_stops_the_run_from_whatever_thread(how: str, beside: int, backend: Backend) -> None:
    program = PROGRAM.format(how=how, beside=beside, backend=backend[0], options=backend[1])
    done = run_program(program)
    assert done.stdout == "cancelled cancelled\ncancelled\n", done.stderr


ENDED = """
    import threading
    import anyio
    from flowdeco import workflow

    @workflow
    async def w():
        return 1

    async def main():
        async with w.start() as run:
            pass
        thread = threading.Thread(target=run.cancel)
        thread.start()
        thread.join()
        return run

    run = anyio.run(main, backend={backend!r}, backend_options={options!r})
    run.cancel()
    thread = threading.Thread(target=run.cancel)
    thread.start()
    thread.join()
    print(str(run.status), run.result, flush=True)
"""


def test_it_does_nothing_to_a_run_that_has_ended(backend: Backend) -> None:
    done = run_program(ENDED.format(backend=backend[0], options=backend[1]))
    assert done.stdout == "completed 1\n", done.stderr
    assert done.stderr == ""
