"""What the tests of inputs share."""

from typing import Any

from flowdeco import task, workflow

ran: list[str] = []


@task
def page(url: str) -> str:
    ran.append(url)
    return f"<{url}>"


@workflow
def summary(url: Any, page: Any, size: int = 10, *, currency: str = "EUR") -> Any:
    return url, page, size, currency


@workflow
def positional_only(first: Any, second: Any = 2, /, third: Any = 3) -> Any:
    return first, second, third
