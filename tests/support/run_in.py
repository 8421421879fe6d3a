"""What the tests of run in share."""

import os
import threading

from flowdeco import Retry, task

ONCE = Retry(1, delay=0, jitter=0)

# Only so that a test that fails does not hang.
LATE = 60


# Found in a process by its name; to import this module there would take long.
pid = task(os.getpid, name="pid", run_in="process")


def describe() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()
