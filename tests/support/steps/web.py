"""Tasks as somebody else has written them."""

from typing import Any

from flowdeco import task


@task
def fetch(url: str) -> str:
    return f"page of {url}"


@task
def load() -> str:
    return "from the web"


@task
def title(fetch: str) -> str:
    return fetch.title()


@task(outputs=("head", "body"))
def parts() -> Any:
    return "the head", "the body"
