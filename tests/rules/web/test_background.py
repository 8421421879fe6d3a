"""A background task of Starlette runs a workflow, and waits for it, however it is given."""

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI
from starlette.background import BackgroundTask

from flowdeco import Workflow, task, workflow
from tests.support.naming import mention

sent: list[str] = []


@task
async def letter(name: str) -> str:
    await anyio.lowlevel.checkpoint()
    return f"Dear {name}"


@workflow
def send(letter: str, name: str) -> None:
    sent.append(letter)


@workflow
async def send_async(letter: str, name: str) -> None:
    sent.append(letter)


@task
def welcome(name: str) -> str:
    return f"Welcome, {name}"


mention(letter, welcome)


def ways_of(w: Workflow[Any, Any]) -> list[Callable[..., Any]]:
    return [w, w.call, w.call_sync, w.run, w.run_async, w.run_sync, partial(w), partial(w.call)]


WAYS = ["w", "call", "call_sync", "run", "run_async", "run_sync", "partial", "partial of call"]
each_way = pytest.mark.parametrize(
    "way",
    [*ways_of(send), *ways_of(send_async)],
    ids=[f"{kind} {way}" for kind in ("def", "async") for way in WAYS],
)


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    sent.clear()


@each_way
async def test_a_background_task_runs_it(way: Callable[..., Any]) -> None:
    await BackgroundTask(way, name="Ada")()
    await BackgroundTask(way, "Eve")()
    assert sent == ["Dear Ada", "Dear Eve"]


@each_way
async def test_fastapi_runs_it_after_the_answer(way: Callable[..., Any]) -> None:
    app = FastAPI()

    @app.post("/people/{name}")
    async def add(name: str, background: BackgroundTasks) -> str:
        background.add_task(way, name=name)
        return name if not sent else "too soon"

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        answer = await client.post("/people/Ada")
    assert (answer.json(), sent) == ("Ada", ["Dear Ada"])


async def test_a_background_task_raises_what_the_workflow_does() -> None:
    def fail(name: str) -> str:
        raise ConnectionError(name)

    with pytest.raises(ConnectionError):
        await BackgroundTask(send.override(letter=fail).call, name="Ada")()
    assert sent == []
