"""A run that its program lets fall, a loop that is gone: nothing hangs, and no error is printed for nobody."""

import pytest

from tests.support.program import run_program

PENDING = """
    import asyncio
    import gc
    import sys
    from flowdeco import task, workflow

    async def forever():
        await asyncio.sleep(60)

    def make(name, options):
        return task(forever, name=name, **options)

    OPTIONS = {options}
    steps = [make(f"step{{number}}", OPTIONS) for number in range({count})]

    @workflow(after=steps)
    async def w(): ...

    async def followed():
        async with w.start():
            pass

    loop = asyncio.new_event_loop()
    pending = loop.create_task({call})
    loop.run_until_complete(asyncio.sleep(0.02))
    loop.set_exception_handler(lambda *_: None)  # asyncio itself complains, and may
    loop.close()
    del pending, loop
    gc.collect()
    print("ended", flush=True)
"""


@pytest.mark.parametrize("call", ["w()", "followed()"])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("options", ["{}", "{'timeout': 60}", "{'limit': 1}", "{'on_start': lambda: None}"])
def test_a_pending_run_that_is_destroyed_after_its_loop_prints_no_error(call: str, count: int, options: str) -> None:
    done = run_program(PENDING.format(call=call, count=count, options=options))
    assert done.stdout == "ended\n", done.stderr
    assert "NoEventLoopError" not in done.stderr
    assert done.returncode == 0


ABANDONED = """
    import faulthandler
    import sys
    import anyio
    from flowdeco import task, workflow

    faulthandler.dump_traceback_later(60, exit=True)

    @task
    async def first(): ...

    @task
    async def second(first):
        await anyio.sleep_forever()

    @workflow
    async def w(second): ...

    async def follow():
        async with w.start() as run:
            async for event in run.events():
                yield event

    async def main():
        async for event in follow():
            break
        print("left", flush=True)

    try:
        anyio.run(main, backend={backend!r}, backend_options={options!r})
    except BaseException as error:
        print("raised", repr(error), file=sys.stderr, flush=True)
    print("ended", flush=True)
"""


@pytest.mark.parametrize(
    ("backend", "options"), [("asyncio", {}), ("trio", {}), ("trio", {"strict_exception_groups": True})]
)
def test_an_abandoned_generator_around_a_live_run_does_not_hang(backend: str, options: dict[str, bool]) -> None:
    done = run_program(ABANDONED.format(backend=backend, options=options))
    assert done.stdout == "left\nended\n", done.stderr
