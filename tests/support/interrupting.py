"""Runs that are interrupted by Ctrl-C, one after the other in a process of its own, with a line for each.

A case is `kind:alone` or `kind:beside`; or `kind:call` or `kind:call_sync` for a kind that is called so, for an
item and beside a resource. The line is JSON: the case, and what is wrong with how it ended.
"""

import faulthandler
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import anyio

from .guard import hard_deadline
from .item_kinds import ITEM_KINDS
from .kinds import KINDS
from .resource_kinds import RESOURCE_KINDS
from .stage import PATIENCE, Stage
from .surrounding import HOWS, surround

assert ITEM_KINDS
assert RESOURCE_KINDS  # they are among the kinds


def interrupt(stage: Stage) -> None:
    """Wait until the run is where Ctrl-C is to find it, send it, and let go what blocks."""
    end = time.monotonic() + 2 * PATIENCE
    while not stage.is_there() and not stage.ended and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(0.005 if stage.begins else 0.001)
    if stage.is_on_trio:  # there, Ctrl-C comes out of what the event loop is at on behalf of a thread, if it is
        stage.wait_heard()
    if not stage.ended:
        os.kill(os.getpid(), signal.SIGINT)  # to the process: a signal to this thread would not wake the main one
        if stage.blocks:
            if stage.is_on_trio:  # there, Ctrl-C may come out of whatever the event loop is asked to call
                time.sleep(0.02)
            else:
                stage.wait_heard()
            stage.release.set()


def run_case(case: str, backend: str, options: dict[str, Any]) -> list[str]:
    """Interrupt one kind of task; return what is wrong."""
    kind, _, company = case.partition(":")
    stage = Stage()
    stage.is_on_trio = backend == "trio"
    step = KINDS[kind](stage)
    if company in HOWS:
        step = surround(stage, step, company)
    w: Any = stage.make_workflow(step, beside=company == "beside")
    canceller = threading.Thread(target=interrupt, args=[stage])
    try:
        with hard_deadline(4 * PATIENCE):
            canceller.start()
            anyio.run(stage.call, w.call, backend=backend, backend_options=options)
    except KeyboardInterrupt as error:
        if type(error) is not KeyboardInterrupt or getattr(error, "__notes__", None):
            stage.wrong.append(f"what came out was {error!r} with the notes {getattr(error, '__notes__', None)}")
    except (Exception, BaseExceptionGroup, SystemExit) as error:
        stage.wrong.append(f"what came out was {error!r}")
    else:
        stage.wrong.append("nothing came out")
    canceller.join()
    return stage.finish()


def main(backend: str, uvloop: str, *cases: str) -> None:
    options = {} if backend == "trio" else {"use_uvloop": bool(int(uvloop))}
    for case in cases:
        faulthandler.dump_traceback_later(8 * PATIENCE, exit=True)
        sys.stdout.write(json.dumps([case, run_case(case, backend, options)]) + "\n")
        sys.stdout.flush()
        faulthandler.cancel_dump_traceback_later()


def interrupt_each(cases: Sequence[str], backend: str, options: dict[str, Any]) -> dict[str, list[str]]:
    """Interrupt each case in one process, and begin another after one that hung; return what is wrong with each."""
    found: dict[str, list[str]] = {}
    left: list[str] = list(cases)
    # No `-m`: the processes of `run_in="process"` would import this as their main script.
    program = f"import sys; from {__name__} import main; main(*sys.argv[1:])"
    command = [sys.executable, "-c", program, backend, str(int(options.get("use_uvloop", False)))]
    while left:
        done = subprocess.run([*command, *left], capture_output=True, text=True, timeout=600, check=False)
        for line in done.stdout.splitlines():
            case, wrong = json.loads(line)
            found[case] = wrong
        left = [each for each in left if each not in found]
        if left:
            found[left[0]] = [f"it hung, or broke the process: {done.returncode} {done.stderr[-3000:]}"]
            del left[0]
    return found
