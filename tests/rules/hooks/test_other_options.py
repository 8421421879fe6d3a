"""Hooks beside other options, and of what stands in for a task."""

from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import Mock

from flowdeco import task, workflow
from tests.support.hooks import asks


async def test_with_options_gives_other_hooks_and_leaves_the_first_as_it_was() -> None:
    told: list[str] = []

    @task(on_start=lambda: told.append("page starts"), on_success=lambda: told.append("page"))
    async def page() -> None: ...

    @workflow(on_start=lambda: told.append("w starts"), on_success=lambda: told.append("w"))
    async def w(page: None) -> None: ...

    other = page.with_options(on_success=lambda: told.append("other page"))
    await w.with_options(needs={"page": other}, on_success=lambda: told.append("other w"))()
    assert told == ["w starts", "page starts", "other page", "other w"]
    told.clear()
    await w.with_options(on_start=None)()
    assert told == ["page starts", "page", "w"]
    told.clear()
    await w()
    assert told == ["w starts", "page starts", "page", "w"]


async def test_hooks_of_defaults_are_called_for_each_task_that_has_none_of_that_option() -> None:
    own: list[Any] = []
    default: list[Any] = []
    starts: list[Any] = []

    @task(on_success=asks(own, "task", "url"))
    async def page(url: str) -> None: ...

    @task
    async def other(url: str) -> None: ...

    defaults: Any = {"on_success": asks(default, "task", "url"), "on_start": asks(starts, "task")}

    @workflow(after=[page, other], defaults=defaults)
    async def w(url: str) -> None: ...

    await w("x")
    assert own == [("page", "x")]
    assert default == [("other", "x")]
    assert sorted(starts) == ["other", "page"]


async def test_hooks_stay_with_a_function_that_stands_in_and_arguments_it_does_not_take_are_none() -> None:
    told: list[Any] = []

    def note(url: Any, inputs: Mapping[str, Any], depth: Any = "deep") -> None:
        told.append((url, dict(inputs), depth))

    @task(on_start=note, on_success=note)
    async def page(url: str, depth: int) -> str:
        return f"{url} {depth}"

    @workflow
    async def w(url: str, depth: int, page: str) -> str:
        return page

    async def fake(depth: int) -> str:
        return f"fake {depth}"

    assert await w.override(page=lambda: "fake")("x", 3) == "fake"
    assert told == [(None, {}, "deep")] * 2
    told.clear()
    assert await w.override(page=fake)("x", 3) == "fake 3"
    assert told == [(None, {"depth": 3}, 3)] * 2


async def test_what_recovers_stays_with_a_function_that_stands_in_and_arguments_it_does_not_take_are_none() -> None:
    @task
    async def spare(url: str, depth: int = 7) -> Any:
        return "spare", url, depth

    def cached(url: str, depth: int = 7) -> Any:
        return "cached", url, depth

    @task(recover={ValueError: spare, KeyError: cached})
    async def page(url: str) -> Any:
        return url

    @workflow
    async def w(url: str, page: Any) -> Any:
        return page

    def fake(error: type[Exception]) -> Callable[[], Any]:
        def fail() -> Any:
            raise error

        return fail

    assert await w.override(page=fake(ValueError))("x") == ("spare", None, 7)
    assert await w.override(page=fake(KeyError))("x") == ("cached", None, 7)


async def test_hooks_stay_with_a_mock_that_stands_in_and_get_all_arguments() -> None:
    told: list[Any] = []

    @task(on_success=asks(told, "url", "result"))
    async def page(url: str) -> str:
        return url

    @workflow
    async def w(url: str, page: str) -> str:
        return page

    assert await w.override(page=Mock(return_value="fake"))("x") == "fake"
    assert told == [("x", "fake")]
