"""The command as a program of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import SHOP, call, write


def test_python_m_flowdeco_is_the_command() -> None:
    write("shop.py", SHOP)
    done = call("run", "--json", "shop:offer", "--item", "tea")
    assert (done.returncode, done.stdout, done.stderr) == (0, '"1 tea for 4.00"\n', "")
    assert call("run", "shop:offer", "--item", "milk").returncode == 1


def test_verbose_shows_the_log() -> None:
    write("shop.py", SHOP)
    done = call("run", "-v", "shop:offer", "--item", "tea")
    assert done.stdout == "1 tea for 4.00\n"
    assert [line.partition(" ")[2] for line in done.stderr.splitlines()] == [
        "offer: running",
        "offer.price: running",
        "offer.price: completed",
        "offer.amount: running",
        "offer.amount: completed",
        "offer: completed",
    ]


PROCESS = """
    import os
    from flowdeco import task, workflow
    @task(run_in="process")
    def number(): return os.getpid()
    @workflow
    def elsewhere(number): return number != os.getpid()
"""


def test_a_task_may_run_in_a_process() -> None:
    write("far/apart.py", PROCESS)
    done = call("run", "far/apart.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_the_installed_command_is_the_same() -> None:
    script = Path(sys.executable).with_name("flowdeco")
    if not script.exists():
        pytest.skip("the package was installed without its command")
    write("far/apart.py", PROCESS)
    done = subprocess.run([script, "run", "far/apart.py"], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a single process")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ctrl_c_ends_the_run_without_a_traceback(backend: str) -> None:
    text = f"""
        import anyio
        from flowdeco import task, workflow
        @task
        async def forever():
            try:
                print("begun", flush=True)
                await anyio.sleep_forever()
            finally:
                print("cleaned up", flush=True)
        @workflow(backend={backend!r})
        def wait(forever): ...
        """
    write("wait.py", text)
    command = [sys.executable, "-m", "flowdeco", "run", "--report", "page.html", "--progress", "wait.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "cleaned up\n")
    assert "Traceback" not in err
    assert err.endswith("Interrupted.\n")
    assert "cancelled" in Path("page.html").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pipe to a head")
def test_a_reader_that_has_seen_enough_is_no_trouble() -> None:
    write("shop.py", SHOP)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "flowdeco", "graph", "shop.py"]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
