"""A program may fork while another of its threads holds a `Limit`: the child does not hang."""

import os

import pytest

from tests.support.program import run_program

PROGRAM = """
    import os
    import signal
    import sys
    import threading
    from flowdeco import Limit, task, workflow

    LIMIT = Limit(1)
    held, release = threading.Event(), threading.Event()

    @task(limit=LIMIT)
    def hold():
        held.set()
        release.wait(60)

    @workflow(after=hold)
    def holder(): ...

    @task(limit=LIMIT{more})
    {kind} use():
        return "used"

    @workflow
    def user(use):
        return use

    thread = threading.Thread(target=holder)
    thread.start()
    held.wait(60)
    {waiting}
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        print("child", user(), repr(LIMIT), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    release.set()
    thread.join()
    print("parent", os.waitstatus_to_exitcode(status), user(), repr(LIMIT), flush=True)
"""

# Somebody waits for the place, too: those who wait are as little there in the child.
WAITING = "threading.Thread(target=user, daemon=True).start(); threading.Event().wait(0.1)"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it cannot fork")
@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("waiting", ["", WAITING])
def test_a_limit_that_another_thread_held_is_free_in_the_child(kind: str, waiting: str) -> None:
    done = run_program(PROGRAM.format(kind=kind, more="", waiting=waiting))
    assert done.stdout.splitlines() == [
        "child used <Limit: 0 of 1 places taken>",
        "parent 0 used <Limit: 0 of 1 places taken>",
    ], done.stderr
