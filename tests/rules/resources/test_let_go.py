"""What a resource gave goes with its run, and does not wait for the garbage collector."""

import gc
import sys
import weakref
from collections.abc import AsyncGenerator, Generator, Iterator

import pytest

from flowdeco import resource, task, workflow

before_312 = pytest.mark.skipif(sys.version_info >= (3, 12), reason="a frame in a traceback keeps its callers")


class Thing:
    """What is opened."""


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("fails", [False, pytest.param(True, marks=before_312)], ids=["completed", "failed"])
async def test_what_was_open_is_let_go_with_the_run(fails: bool) -> None:
    things: list[weakref.ref[Thing]] = []

    def open_thing() -> Thing:
        thing = Thing()
        things.append(weakref.ref(thing))
        return thing

    @resource
    def plain() -> Generator[Thing]:
        yield open_thing()

    @resource
    async def awaited() -> AsyncGenerator[Thing]:
        yield open_thing()

    @task
    async def use(plain: Thing, awaited: Thing) -> None:
        if fails:
            raise ValueError

    @workflow
    async def w(use: None) -> None: ...

    try:
        await w()
    except ValueError:
        assert fails
    assert [thing() for thing in things] == [None, None]
