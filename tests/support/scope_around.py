"""What the tests of scope around share."""

from flowdeco import task


@task
def source() -> str:
    return "the module's"
