"""Whether workflows share mapped tasks or each runs its own: what they receive is the same."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from flowdeco import Outcome, Skip, task, workflow
from tests.support.naming import mention


@task
def pages(site: str) -> Iterator[str]:
    yield from (f"{site}/{number}" for number in range(4))


@task(each={"page": pages}, outputs=("text", "size"))
async def parsed(page: str) -> tuple[str, int]:
    if page.endswith("1"):
        raise Skip("the second")
    return page.upper(), len(page)


@task(each="text")
async def words(text: str) -> str:
    if text.endswith("2"):
        raise Skip("the third")
    return text.lower()


@task(each={"page": pages, "word": words})
async def pair(page: str, word: str) -> tuple[str, str]:
    return page, word


@task(each={"page": pages, "word": words})
async def filled(page: str, word: str = "none") -> tuple[str, str]:
    return page, word


@task(each={"word": words}, settled="word")
async def told(word: Outcome[str]) -> tuple[str, Any]:
    return word.status, word.value


@task(settled="words")
async def outcomes(words: list[Outcome[str]]) -> list[Any]:
    return [(each.status, each.value) for each in words]


@task(stream="words")
async def streamed(words: AsyncIterator[str]) -> list[str]:
    return [word async for word in words]


@task(stream="text", settled="text")
def seen(text: Iterator[Outcome[str]]) -> list[Any]:
    return [(each.status, each.value) for each in text]


@task
async def together(words: list[str], size: list[int]) -> list[Any]:
    return list(zip(words, size, strict=True))


@task
async def beside(pages: list[str], words: list[str]) -> list[Any]:
    return list(zip(pages, words, strict=True))


READERS: list[Any] = [
    *(pages, parsed, words, pair, filled, told, outcomes, streamed, seen, together, beside),
]
mention(*READERS)


@pytest.mark.parametrize("around", READERS, ids=lambda reader: reader.name)
async def test_what_is_read_around_and_within_is_what_each_would_read_alone(around: Any) -> None:
    for within in READERS:

        @workflow(needs={"within": within})
        async def inner(site: str, within: Any) -> Any:
            return within

        @workflow(needs={"around": around, "inner": inner})
        async def outer(site: str, around: Any, inner: Any) -> Any:
            return around, inner

        @workflow(needs={"given": around})
        async def alone(site: str, given: Any) -> Any:
            return given

        apart = outer.with_options(share=False)
        expected = await alone("a"), await inner("a")
        assert await outer("a") == expected, within
        assert await apart("a") == expected, within
