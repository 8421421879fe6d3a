"""What the tests of override share."""

from typing import Any

from flowdeco import task, workflow

ran: list[str] = []


@task
def page(url: str) -> str:
    ran.append("page")
    return f"<{url}>"


@task(timeout=60)
def words(page: str) -> list[str]:
    ran.append("words")
    return [page]


@workflow
def summary(url: Any, words: Any) -> Any:
    return url, words


def fake_words(page: str) -> list[str]:
    return ["W", page]
