"""What the tests of names rules share."""

from flowdeco import task


@task
def page() -> str:
    return "page"
