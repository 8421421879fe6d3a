"""A module with a task of a name that another module has, too."""

from flowdeco import task


@task
def load() -> str:
    return "from the disk"


@task
def words(load: str) -> list[str]:
    return load.split()
