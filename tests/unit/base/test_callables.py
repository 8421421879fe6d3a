"""Which callables can be tasks."""

import functools
import inspect
import operator
from typing import Any

import pytest

from flowdeco import OptionTypeError, task, workflow
from flowdeco._base.text import shorten
from tests.conftest import Backend
from tests.support.naming import on
from tests.support.signature import (
    AsyncCaller,
    Caller,
    Record,
    a,
    b,
    c,
    coroutine,
    default_in_the_middle,
    doubled,
    mixed,
    name_of,
    old_coroutine,
    positional_only,
    result_of,
)


@functools.lru_cache
def cached(a: str) -> Any:
    return "cached", a


@functools.singledispatch
def dispatched(a: object) -> Any:
    return "dispatched", a


untyped: dict[str, Any] = {}

exec("pair = lambda a, b: (a, b)", untyped)

CALLABLES: list[Any] = [
    (untyped["pair"], ("a", "b")),
    (functools.partial(mixed, "given", y=7), ("given", 1, "b", 7, "c")),
    (functools.partial(functools.partial(default_in_the_middle, "given"), 8), ("given", 8, "b", 6)),
    (functools.partial(coroutine), ("coroutine", "a")),
    (functools.partial(AsyncCaller()), ("async instance", "a")),
    (Caller(), ("instance", "a", 5)),
    (AsyncCaller(), ("async instance", "a")),
    (Caller().method, ("method", "a", "b")),
    (Caller().async_method, ("async method", "a")),
    (functools.partial(Caller().async_method), ("async method", "a")),
    (Caller.of_class, ("Caller", "a")),
    (Caller.static, ("static", "a")),
    (staticmethod(positional_only), ("a", "b")),
    (staticmethod(coroutine), ("coroutine", "a")),
    (doubled(mixed), ("a", 1, "b", 2, "c")),
    (doubled(coroutine), ("coroutine", "a")),
    (doubled(doubled(Caller().method)), ("method", "a", "b")),
    (cached, ("cached", "a")),
    (dispatched, ("dispatched", "a")),
    (old_coroutine, ("old coroutine", "a")),
    (operator.concat, "ab"),
]


@pytest.mark.parametrize(("function", "expected"), CALLABLES, ids=name_of)
def test_each_kind_of_callable_is_a_task(function: Any, expected: Any, backend: Backend) -> None:
    assert result_of(function, backend) == expected


def test_a_class_is_a_task_that_makes_instances(backend: Backend) -> None:
    made = result_of(Record, backend)
    assert type(made) is Record
    assert made.both == ("a", "b")


def test_builtins_that_say_what_they_take_are_tasks(backend: Backend) -> None:
    assert result_of(len, backend, needs={"obj": a}) == 1
    assert result_of(sorted, backend, needs={"iterable": [b, a]}) == ["a", "b"]
    assert result_of("a-b".replace, backend, needs={"old": a, "new": c}) == "c-b"


def test_print_takes_a_list_of_needs(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    result_of(print, backend, needs={"args": [a, b], "sep": c})
    assert capsys.readouterr().out == "acb\n"


def misleading() -> None: ...


misleading.__signature__ = "no signature"  # type: ignore[attr-defined]  # as meant


@pytest.mark.parametrize("function", [max, functools.partial(max, 1), misleading], ids=name_of)
def test_what_does_not_say_what_it_takes_is_refused(function: Any) -> None:
    with pytest.raises(OptionTypeError) as caught:
        task(function)
    assert str(caught.value) == (
        f"Cannot make a task of {shorten(function)}: its parameters cannot be read. Wrap it in a def."
    )
    assert (caught.value.option, caught.value.value) == ("function", function)


def test_a_signature_that_a_function_claims_to_have_is_the_one_that_counts(backend: Backend) -> None:
    def claim(*args: Any) -> Any:
        return args

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("a", "url")]
    claim.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as libraries do
    w: Any = workflow(claim)
    assert list(inspect.signature(w).parameters) == ["url"]
    assert on(w, backend)("u") == ("a", "u")
