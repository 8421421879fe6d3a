"""Ctrl-C and SIGTERM where there is no run yet, and where there is none any more.

The program sends itself the signal where a module is imported that is needed at that point.
"""

import gc
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from flowdeco import workflow
from tests.conftest import Backend
from tests.support.cli import write

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a word")

PROGRAM = """
    import os, signal, sys
    from flowdeco import task, workflow
    from flowdeco.cli.termination import Heed

    WHERE, SIGNAL, TIMES = {where!r}, signal.{name}, {times}

    class Sender:
        def find_spec(self, name, path=None, target=None):
            if name == WHERE:
                sys.meta_path.remove(self)
                send()

    def send():
        for _ in range(TIMES):
            signal.raise_signal(SIGNAL)

    def hold(self, hold=Heed.hold):
        Heed.hold = hold
        send()
        hold(self)

    class Held:
        def __del__(self):
            send()

    sys.meta_path.insert(0, Sender())
    if WHERE == "end of the run":
        Heed.hold = hold
    if WHERE == "finalizer":
        Held()

    @task
    def one(): return "done"

    @workflow(backend={backend!r}, backend_options={options!r})
    def w(one):
        print("run")
        return one
    """
INTERRUPTED = (130, "", "Interrupted.\n")
TERMINATED = (143, "", "Terminated.\n")
DONE = (0, "run\ndone\n", "")
WRITING = "flowdeco._report.page"


def run(where: str, name: str, times: int = 1, backend: Backend = ("asyncio", {})) -> tuple[int, str, str]:
    write("w.py", PROGRAM.format(where=where, name=name, times=times, backend=backend[0], options=backend[1]))
    command = [sys.executable, "-m", "flowdeco", "run", "--report", "page.html", "w.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@needs_signals
@pytest.mark.parametrize(("name", "ending"), [("SIGINT", INTERRUPTED), ("SIGTERM", TERMINATED)])
def test_while_the_engine_is_loaded_nothing_is_run_and_nothing_complains(
    name: str, ending: tuple[int, str, str]
) -> None:
    assert run("flowdeco._api.execution", name) == ending
    assert not Path("page.html").exists()


@needs_signals
@pytest.mark.parametrize(("name", "ending"), [("SIGINT", INTERRUPTED), ("SIGTERM", TERMINATED)])
def test_while_the_event_loop_starts_nothing_is_run_and_nothing_complains(
    name: str, ending: tuple[int, str, str], backend: Backend
) -> None:
    assert run(f"anyio._backends._{backend[0]}", name, backend=backend) == ending
    assert not Path("page.html").exists()


def test_ctrl_c_that_a_finalizer_of_the_program_swallows_is_heard_nevertheless() -> None:
    assert run("finalizer", "SIGINT") == INTERRUPTED


@needs_signals
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("where", [WRITING, "end of the run"])
def test_when_the_run_is_done_its_report_and_its_result_are_there(where: str, name: str) -> None:
    assert run(where, name) == DONE
    assert Path("page.html").exists()


@needs_signals
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_who_asks_twice_while_the_report_is_written_gets_what_they_want(name: str, code: int) -> None:
    assert run(WRITING, name, times=2)[0] == code
    assert not Path("page.html").exists()


def test_ctrl_c_before_a_call_has_its_event_loop_leaves_nothing_to_complain_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    @workflow
    def w() -> None: ...

    monkeypatch.setattr(anyio, "run", start)
    with pytest.raises(KeyboardInterrupt):
        w()
    gc.collect()
