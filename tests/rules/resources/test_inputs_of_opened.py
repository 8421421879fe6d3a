"""What was given to `opened()` is no input of the calls in the block any more."""

import inspect
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from flowdeco import InputError, opened, resource, task, workflow


@resource(scope="shared")
async def client(url: str) -> AsyncGenerator[str]:
    yield f"client of {url}"


@task
def get(client: str, path: str, depth: int) -> str:
    return f"{client} {path} {depth}"


@workflow
def w(url: str, path: str, get: str, depth: int = 1) -> str:
    return get


class Site:
    """What has a workflow as a method."""

    @workflow
    def page(self, url: str, path: str, client: str) -> str:
        return f"{client} {path}"


def test_the_signature_shows_what_is_left_and_positional_arguments_follow_it() -> None:
    assert list(inspect.signature(w).parameters) == ["url", "path", "depth"]
    with w.opened(url="http") as there:
        assert list(inspect.signature(there).parameters) == ["path", "depth"]
        assert list(inspect.signature(w).parameters) == ["url", "path", "depth"], "w itself is as ever"
        assert there("/a") == "client of http /a 1"
        assert there("/a", 2) == there(path="/a", depth=2) == "client of http /a 2"
        assert there.with_options(timeout=9)("/a") == "client of http /a 1"
        assert there.override(get="none")("/a") == "none"
    with opened(w, url="http"):
        assert list(inspect.signature(w).parameters) == ["path", "depth"]
        assert w("/a") == "client of http /a 1"
    assert list(inspect.signature(w).parameters) == ["url", "path", "depth"]


def test_a_method_too() -> None:
    with opened(Site.page, url="http"):
        assert list(inspect.signature(Site().page).parameters) == ["path"]
        assert Site().page("/a") == "client of http /a"


async def test_where_it_is_awaited() -> None:
    async with w.opened(url="http", depth=3) as there:
        assert list(inspect.signature(there.call).parameters) == ["path"]
        assert await there.call("/a") == "client of http /a 3"
        run: Any = await there.run_async("/a")
        assert run.inputs == {"url": "http", "path": "/a", "depth": 3}


def test_what_does_not_fit_is_an_error() -> None:
    with w.opened(url="http") as there:
        with pytest.raises(InputError, match=r"got 'url', which was given to opened\(\)"):
            there("/a", url="other")
        with pytest.raises(InputError, match="got multiple values for argument 'path'"):
            there("/a", path="/b")
        with pytest.raises(InputError) as caught:
            there("http", "/a", 1)
        assert str(caught.value).startswith(
            "Cannot call workflow 'w': takes 2 positional arguments besides 'url', given to opened(), but 3 were given."
        )
        with pytest.raises(InputError, match="missing 1 required argument: 'path'"):
            there()
