"""`KeyboardInterrupt` and `SystemExit` come out bare; the hooks are told the end of the run."""

import os
import signal
import sys
import threading
from typing import Any

import anyio
import pytest
from anyio import sleep_forever

from flowdeco import Run, Status, task, workflow
from tests.conftest import Backend
from tests.support.guard import hard_deadline

ENDS = {"alone": [], "beside": [1, 2, 3]}


class Told:
    """What the hooks of a workflow and its task were told."""

    def __init__(self) -> None:
        self.statuses: list[tuple[str | None, str]] = []
        self.runs: list[Run[Any]] = []

    def on_state(self, task: str | None, status: Status) -> None:
        self.statuses.append((task, str(status)))

    def on_start(self, run: Run[Any]) -> None:
        self.runs.append(run)


def make(told: Told, function: Any, beside: list[int]) -> Any:
    others = [task(sleep_forever, name=f"other{number}") for number in beside]

    @workflow(name="w", after=[*others, task(function, name="step")], on_state=told.on_state, on_start=told.on_start)
    async def w() -> None: ...

    return w


def call(w: Any, backend: Backend) -> None:
    anyio.run(w, backend=backend[0], backend_options=backend[1])


def send_when(there: threading.Event) -> None:
    there.wait(60)
    threading.Event().wait(0.005)
    os.kill(os.getpid(), signal.SIGINT)  # to the process: a signal to this thread would not wake the main one


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize("company", ENDS)
def test_ctrl_c_gets_no_note_and_the_hooks_are_told_the_end(company: str, backend: Backend) -> None:
    told, there = Told(), threading.Event()

    async def waits() -> None:
        there.set()
        await anyio.sleep(60)

    w = make(told, waits, ENDS[company])
    sender = threading.Thread(target=send_when, args=[there])
    sender.start()
    with hard_deadline(120), pytest.raises(KeyboardInterrupt) as caught:
        call(w, backend)
    sender.join()
    assert not getattr(caught.value, "__notes__", [])
    assert [run.status for run in told.runs] == [Status.CANCELLED]
    assert ("step", "cancelled") in told.statuses
    assert told.statuses[-1] == (None, "cancelled")


def exit_async(code: int) -> Any:
    async def exits() -> None:
        sys.exit(code)

    return exits


def exit_in_thread(code: int) -> Any:
    return lambda: sys.exit(code)


@pytest.mark.parametrize("company", ENDS)
@pytest.mark.parametrize("make_exit", [exit_async, exit_in_thread])
def test_the_hooks_are_told_the_end_of_a_run_that_sys_exit_ended(
    make_exit: Any, company: str, backend: Backend
) -> None:
    told = Told()
    w = make(told, make_exit(7), ENDS[company])
    with hard_deadline(120), pytest.raises(SystemExit) as caught:
        call(w, backend)
    assert caught.value.code == 7
    ends = {"failed", "cancelled"}
    assert told.statuses[-1][0] is None
    assert told.statuses[-1][1] in ends
    assert [status for task, status in told.statuses if task == "step"][-1] in ends
    assert [status for task, status in told.statuses if task == "other1"][-1:] == (
        ["cancelled"] if company == "beside" else []
    )
    assert str(told.runs[0].status) == told.statuses[-1][1]


@pytest.mark.parametrize("company", ENDS)
def test_one_that_a_task_raises_gets_no_note(company: str, backend: Backend) -> None:
    async def stops() -> None:
        raise KeyboardInterrupt

    w = make(Told(), stops, ENDS[company])
    with hard_deadline(120), pytest.raises(KeyboardInterrupt) as caught:
        call(w, backend)
    assert not getattr(caught.value, "__notes__", [])
