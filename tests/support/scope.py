"""What the tests of scope share."""

from typing import Any

from flowdeco import task, workflow


@task
def source() -> str:
    return "the module's"


@task
def shared() -> str:
    return "the module's shared"


def make_pair(number: int) -> Any:
    @workflow
    def w(last: Any) -> Any:
        return last

    @task
    def last(first: Any) -> Any:
        return first, number

    @task
    def first(source: str) -> Any:
        return source, number

    return w
