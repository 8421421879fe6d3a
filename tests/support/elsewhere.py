"""What runs in other processes, which import it by its name."""

import os
import time
from pathlib import Path


def hold_process(path: str) -> None:
    """Write this process's number to a file, and stay."""
    part = Path(f"{path}.part")
    part.write_text(str(os.getpid()), encoding="ascii")
    part.rename(path)
    time.sleep(120)


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
