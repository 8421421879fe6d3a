"""What the tests of the rules of names find where their functions are."""

from flowdeco import task, workflow


@task
def page() -> str:
    return "page"


@task
def other() -> str:
    return "other"


@workflow
def inner(place: str = "nowhere") -> str:
    return f"inner of {place}"
