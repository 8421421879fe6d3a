"""Ctrl-C ends a program as it ends any other: with a bare `KeyboardInterrupt`, after everything was cleaned up."""

import signal
import subprocess
import sys
import textwrap

import pytest

from tests.conftest import Backend

PROGRAM = """
    import sys
    import anyio
    from flowdeco import task, workflow

    @task
    async def first():
        try:
            await anyio.sleep_forever()
        finally:
            print("cleaned up", flush=True)

    @task
    async def second():
        await anyio.sleep(0.01)
        print("ready", flush=True)
        await anyio.sleep_forever()

    @task
    def third():
        return 1

    @workflow(backend={backend!r}, backend_options={options!r})
    {kind} endless({parameters}):
        pass

    try:
        {call}
    except BaseException as error:
        print(type(error).__name__, flush=True)
        sys.exit(3 if type(error) is KeyboardInterrupt else 4)
"""


def interrupt(program: str) -> list[str]:
    """Send a program SIGINT when it says that it is ready; return what it prints then."""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3, out + err
    return out.splitlines()


CALLS = {
    "def": ("def", "endless()"),
    "async def": ("async def", "anyio.run(endless, backend={backend!r}, backend_options={options!r})"),
    "call_sync": ("async def", "endless.call_sync()"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
@pytest.mark.parametrize("kind", list(CALLS))
@pytest.mark.parametrize("parameters", ["second", "first, second", "first, second, third"])
def test_ctrl_c_is_a_bare_keyboard_interrupt_after_cleanup(kind: str, parameters: str, backend: Backend) -> None:
    name, options = backend
    keyword, call = CALLS[kind]
    program = textwrap.dedent(PROGRAM).format(
        backend=name,
        options=options,
        kind=keyword,
        parameters=parameters,
        call=call.format(backend=name, options=options),
    )
    assert interrupt(program) == (["cleaned up"] if "first" in parameters else []) + ["KeyboardInterrupt"]


BUSY = """
    import sys
    import anyio
    from flowdeco import task, workflow

    def first():
        print("ready", flush=True)
        return 0

    async def step(previous):
        return sum(range(100_000))

    def step_in_thread(previous):
        return sum(range(100_000))

    last = task(first)
    for _ in range(2_000):
        last = task(step if {kind!r} == "async" else step_in_thread, needs={{"previous": last}})

    @task(after=last)
    async def never():  # on a machine that is slow to send the signal, the others may have ended
        await anyio.sleep_forever()

    @workflow(needs={{"last": last}}, after=never, backend={backend!r}, backend_options={options!r})
    def endless(last):
        print("ended")

    try:
        endless()
    except BaseException as error:
        print(type(error).__name__, flush=True)
        sys.exit(3 if type(error) is KeyboardInterrupt else 4)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
@pytest.mark.parametrize("kind", ["async", "def"])
def test_ctrl_c_is_heard_while_tasks_that_never_wait_are_run(kind: str, backend: Backend) -> None:
    program = textwrap.dedent(BUSY).format(kind=kind, backend=backend[0], options=backend[1])
    assert interrupt(program) == ["KeyboardInterrupt"]
