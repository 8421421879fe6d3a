"""What can be a hook: whatever can be called."""

import functools
from collections.abc import Callable
from typing import Any
from unittest.mock import AsyncMock, Mock, create_autospec

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Event, Retry, Skip, task, workflow
from tests.conftest import Backend
from tests.support.hooks import HOOKS, heard, name_of
from tests.support.naming import on


def positional_only(event: Any, /) -> None:
    heard.append(event)


def positional_only_and_names(event: Any, /, task: str, *, attempt: int = 99) -> None:
    heard.append((event, task, attempt))


def any_number(*events: Any) -> None:
    heard.append(events)


def any_number_and_names(*events: Any, task: str, **more: Any) -> None:
    heard.append((events, task, more))


def any_names(**more: Any) -> None:
    heard.append(more)


def nothing_at_all() -> None:
    heard.append("called")


def keyword_only(*, task: str, url: str) -> None:
    heard.append((task, url))


def with_defaults(task: str = "none", url: str = "none", channel: str = "#alerts") -> None:
    heard.append((task, url, channel))


def with_channel(channel: str, task: str, url: str) -> None:
    heard.append((task, url, channel))


async def waiting(task: str) -> None:
    await checkpoint()
    heard.append(task)


def handing_over(task: str) -> Any:
    return waiting(task)


just_task: Callable[[Any], None] = lambda task: heard.append(task)  # noqa: E731 - a lambda can be a hook, too


class Listener:
    def __init__(self, task: Any) -> None:
        heard.append(task)

    @staticmethod
    def static(task: str) -> None:
        heard.append(task)

    @classmethod
    def of_class(cls, task: str) -> None:
        heard.append(task)


class Channel:
    def __call__(self, task: str) -> None:
        heard.append(task)

    def method(self, task: str) -> None:
        heard.append(task)

    async def waiting_method(self, task: str) -> None:
        await checkpoint()
        heard.append(task)


class Unreadable:
    __signature__ = "none"

    def __call__(self, *events: Any) -> None:
        heard.extend(events)


@functools.wraps(with_defaults)
def wrapper(*args: Any, **kwargs: Any) -> None:
    with_defaults(*args, **kwargs)


EVENT = object()

SHAPES: list[tuple[Any, Any]] = [
    (positional_only, EVENT),
    (positional_only_and_names, (EVENT, "page", 1)),
    (any_number, (EVENT,)),
    (any_number_and_names, ((EVENT,), "page", {})),
    (any_names, {}),
    (nothing_at_all, "called"),
    (keyword_only, ("page", "x")),
    (with_defaults, ("page", "x", "#alerts")),
    (wrapper, ("page", "x", "#alerts")),
    (functools.partial(with_channel, "#web"), ("page", "x", "#web")),
    (functools.partial(with_channel, channel="#web"), ("page", "x", "#web")),
    (functools.partial(waiting), "page"),
    (just_task, "page"),
    (waiting, "page"),
    (handing_over, "page"),
    (Listener, "page"),
    (Listener.static, "page"),
    (Listener.of_class, "page"),
    (Channel(), "page"),
    (Channel().method, "page"),
    (Channel().waiting_method, "page"),
    (Unreadable(), EVENT),
    (heard.append, EVENT),
]


@pytest.mark.parametrize(("hook", "expected"), SHAPES, ids=name_of)
async def test_a_hook_is_called_as_it_is_declared(hook: Any, expected: Any) -> None:
    heard.clear()

    @task(on_success=hook)
    async def page(url: str) -> None: ...

    @workflow
    async def w(url: str, page: None) -> None: ...

    await w("x")
    assert mark(heard) == [expected]


def mark(told: Any) -> Any:
    """Return what a hook was told with a mark in the place of each event."""
    if isinstance(told, Event):
        return EVENT
    if isinstance(told, (list, tuple)):
        found = [mark(part) for part in parts_of(told)]
        return found if isinstance(told, list) else tuple(found)
    return told


def parts_of(told: Any) -> list[Any]:
    return list(told)


@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize("kind", ["def", "async def", "object", "positional"])
async def test_every_kind_of_hook_can_be_on_a_workflow_and_on_a_task(kind: str, option: str) -> None:
    heard.clear()
    fails = option in ("on_retry", "on_error")
    hooks: dict[str, Any] = {
        "def": any_number,
        "async def": note_later,
        "object": Channel(),
        "positional": heard.append,
    }
    options: dict[str, Any] = {option: hooks[kind]}

    @task(retries=Retry(1, delay=0), **options)
    async def page() -> None:
        if fails:
            raise ValueError

    @workflow(**options)
    async def w(page: None) -> None: ...

    run = await w.run()
    assert run.hook_errors == []
    numbers = {"on_state": 6, "on_start": 2, "on_success": 2, "on_retry": 2, "on_error": 2}
    assert len(heard) == numbers[option]


async def note_later(event: Event) -> None:
    await checkpoint()
    heard.append(event)


async def test_a_mock_gets_the_event() -> None:
    plain, waits = Mock(), AsyncMock()

    @task(on_success=[plain, waits])
    async def page() -> str:
        return "<html>"

    @workflow(on_success=[plain, waits])
    async def w(page: str) -> str:
        return page

    await w()
    for mock in (plain, waits):
        assert [(call.args[0].task, call.kwargs) for call in mock.call_args_list] == [("page", {}), (None, {})]
    assert waits.await_count == 2


async def test_a_mock_of_a_function_gets_what_the_function_names() -> None:
    mock = create_autospec(keyword_only)

    @task(on_success=mock)
    async def page(url: str) -> None: ...

    @workflow
    async def w(url: str, page: None) -> None: ...

    await w("x")
    mock.assert_called_once_with(task="page", url="x")


def test_print_is_a_hook(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    @task(on_success=print)
    def page() -> None: ...

    @workflow
    def w(page: None) -> None: ...

    on(w, backend)()
    assert capsys.readouterr().out.endswith(" w.page: completed\n")


async def test_what_a_hook_returns_is_ignored() -> None:
    answers: list[Any] = [None, False, "other", ValueError("returned"), Skip("returned")]
    hooks: Any = [functools.partial(take_as_it_is, answer) for answer in answers]

    @task(on_state=hooks, on_start=hooks, on_success=hooks)
    async def page() -> str:
        return "<html>"

    @workflow(on_state=hooks, on_start=hooks, on_success=hooks)
    async def w(page: str) -> str:
        return page

    assert await w() == "<html>"


def take_as_it_is(answer: Any) -> Any:
    return answer
