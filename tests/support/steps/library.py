"""A library: it leaves a name open for its caller, and has a task of a name that a caller might give an input."""

from flowdeco import task, workflow


@task
def report(source: str) -> str:
    return f"report on {source}"


@task
def folder() -> str:
    return "the library's own folder"


@task
def listing(folder: str) -> str:
    return f"files of {folder}"


@workflow
def overview(source: str, report: str, deep: bool = False) -> str:
    return f"{report} (deep)" if deep else report
