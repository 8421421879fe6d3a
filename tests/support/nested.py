"""What the tests of nested share."""

from typing import Any

import anyio

from flowdeco import workflow
from tests.support.naming import mention
from tests.support.pages import words

mention(words)


@workflow
def inner(url: Any, words: Any) -> Any:
    return url, words


@workflow
async def inner_async(url: Any, words: Any) -> Any:
    await anyio.lowlevel.checkpoint()
    return url, words


@workflow
def outer(url: Any, inner: Any, inner_async: Any) -> Any:
    return inner, inner_async


def nothing_else(inner: Any) -> Any:
    return inner
