"""What runs beside a test, so that it can see what something has left behind."""

import threading
from collections.abc import Set
from time import monotonic, sleep

import anyio


def list_tasks() -> set[str]:
    """The tasks of the event loop that run."""
    return {f"{each.name} {each.id}" for each in anyio.get_running_tasks()}


def list_threads(expected: Set[threading.Thread] = frozenset()) -> set[threading.Thread]:
    """The threads that run; if they are not as expected, those have been waited for that are about to end.

    Trio keeps threads for later, and gives them their own names back when what they have run has ended already.
    """
    patience = monotonic() + 60
    while True:
        found = {each for each in threading.enumerate() if not each.name.startswith("Trio thread")}
        if not expected or found <= expected or monotonic() > patience:
            return found
        sleep(0.001)
