"""What the tests of calls threads share."""

import contextvars
import threading
from typing import Any

from flowdeco import task, workflow

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")


@task
async def loop_thread() -> int:
    return threading.get_ident()


@task
async def seen() -> str:
    return variable.get()


@workflow
def place(loop_thread: Any, seen: Any) -> tuple[int, int, str]:
    return loop_thread, threading.get_ident(), seen
