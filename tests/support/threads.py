"""What the tests of threads share."""

from collections.abc import Callable
from typing import Any

from flowdeco import Task, task


def make(function: Callable[..., Any], count: int, **needs: Any) -> list[Task[..., Any]]:
    return [task(function, name=f"{function.__name__}{i}", needs=needs) for i in range(count)]
