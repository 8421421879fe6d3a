"""Programs of their own, for what could hang or has to be seen from outside."""

import subprocess
import sys
import textwrap


def run_program(source: str, *args: str, timeout: float = 90) -> "subprocess.CompletedProcess[str]":
    """Run a program; fail if it has not ended after so many seconds.

    Raises:
        AssertionError: it hung; the message has what it had printed.
    """
    command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(source), *args]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"it hung after it had printed {error.stdout!r} and {error.stderr!r}") from None
