"""What is awaited passes for a coroutine function, on every Python: else a library calls it, and awaits nothing."""

import asyncio
import copy
import functools
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from starlette._utils import is_async_callable  # what decides whether a background task is awaited

from flowdeco import MissingDependencyError, Workflow, task, workflow
from tests.support.calls import awaited, counted, plain
from tests.support.naming import make_module, mention

mention(counted)
ASKED: list[Callable[[Any], bool]] = [inspect.iscoroutinefunction, asyncio.iscoroutinefunction, is_async_callable]
AWAITED = ["call", "run_async"]
BLOCKING = ["call_sync", "run_sync"]


class Shop:
    """Workflows that are methods."""

    @workflow
    def plain(self, number: int) -> int:
        return number

    @workflow
    async def awaited(self, number: int) -> int:
        return number


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize("w", [awaited, awaited.with_options(timeout=1), awaited.override(counted=1), Shop().awaited])
def test_an_async_workflow_is_a_coroutine_function_however_it_is_called(
    w: Workflow[Any, Any], ask: Callable[[Any], bool]
) -> None:
    for way in (w, w.call, w.run, w.run_async):
        assert ask(way)
        assert ask(functools.partial(way, 1))
    assert not any(ask(getattr(w, name)) for name in BLOCKING)


@pytest.mark.parametrize("ask", ASKED)
@pytest.mark.parametrize("w", [plain, plain.with_options(timeout=1), plain.override(counted=1), Shop().plain])
def test_a_def_workflow_is_a_coroutine_function_only_where_it_is_awaited(
    w: Workflow[Any, Any], ask: Callable[[Any], bool]
) -> None:
    assert all(ask(getattr(w, name)) for name in AWAITED)
    assert ask(functools.partial(w.call, 1))
    for way in (w, w.__call__, w.run, w.call_sync, w.run_sync, w.start):
        assert not ask(way)


def test_a_plain_wrapper_of_an_async_workflow_is_no_coroutine_function() -> None:
    @functools.wraps(awaited)
    def wrapper(number: int) -> Any:
        return awaited.call_sync(number)

    assert not inspect.iscoroutinefunction(wrapper)
    assert wrapper(1) == (1, 3)


def test_to_be_asked_whether_it_is_awaited_runs_nothing_and_raises_nothing() -> None:
    text = "@task\ndef price(nowhere): ...\n@workflow\nasync def wrong(number, price, url: 'no python'): ..."
    wrong = make_module("wrong", text, task=task, workflow=workflow).wrong
    assert inspect.iscoroutinefunction(wrong)
    assert inspect.iscoroutinefunction(wrong.call)
    with pytest.raises(MissingDependencyError):
        wrong.check()


# What a method is besides


def test_a_way_to_call_is_equal_to_itself_as_a_bound_method_is() -> None:
    assert plain.call == plain.call
    assert hash(plain.call) == hash(plain.call)
    assert len({plain.call, plain.call, plain.call_sync, plain.run_async, awaited.call}) == 4
    assert plain.call != plain.with_options().call
    assert plain.call.__self__ is plain  # type: ignore[attr-defined]  # a bound method, which mypy sees as a callable
    assert inspect.ismethod(plain.call)
    assert inspect.isroutine(plain.call)


def test_a_way_to_call_is_named_after_the_workflow() -> None:
    assert repr(plain.call) == "<bound method plain.call of <workflow 'plain'>>"
    assert (plain.call.__name__, plain.call.__qualname__) == ("call", "plain.call")
    assert plain.call.__module__ == plain.__module__


def test_a_way_to_call_may_be_copied_and_sent_to_a_process() -> None:
    assert pickle.loads(pickle.dumps(plain.call)) == plain.call
    assert copy.deepcopy(plain.run_sync) == copy.copy(plain.run_sync) == plain.run_sync


def test_a_way_to_call_that_stands_in_a_class_stays_what_it_is() -> None:
    class Holder:
        method = plain.call_sync

    assert Holder().method(number=1) == (1, 3)
