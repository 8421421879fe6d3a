"""What is left open of a partial, and how a wrapper can be called."""

import functools
from collections.abc import Callable
from inspect import Parameter
from typing import Any
from unittest import mock

import pytest

from flowdeco import task, workflow
from flowdeco._base.signature import read_signature
from tests.conftest import Backend
from tests.support.decorators import by_name, by_position, handing_on
from tests.support.naming import on, take
from tests.support.signature import Caller, a, b, default_in_the_middle, mixed, positional_only, result_of

PREFIXES = {
    Parameter.POSITIONAL_ONLY: "/",
    Parameter.KEYWORD_ONLY: "=",
    Parameter.VAR_POSITIONAL: "*",
    Parameter.VAR_KEYWORD: "**",
}


def shown(function: Any) -> str:
    """Return the parameters of a callable, each with a mark for its kind, and a question mark if it may be left out."""
    params = read_signature(function).params
    return " ".join(f"{PREFIXES.get(p.kind, '')}{p.name}{'?' * (p.default is not Parameter.empty)}" for p in params)


def three(a: str, b: str, c: str) -> Any:
    return a, b, c


def with_rest(a: str, *rest: str, b: str = "default", **more: str) -> Any:
    return a, rest, b, more


def last_first(c: str, a: str, b: str) -> Any:
    return c, a, b


PARTIALS: list[tuple[Any, str]] = [
    (functools.partial(three), "a b c"),
    (functools.partial(three, "x"), "b c"),
    (functools.partial(three, a="x"), "=b =c"),
    (functools.partial(three, b="x"), "a =c"),
    (functools.partial(three, c="x"), "a b"),
    (functools.partial(three, "x", c="y"), "b"),
    (functools.partial(functools.partial(three, c="x"), b="y"), "a"),
    (functools.partial(handing_on(functools.partial(three, "x")), "y"), "c"),
    (functools.partial(positional_only, "x"), "/b?"),
    (functools.partial(mixed, b="x"), "/a x? =y? =c"),
    (functools.partial(mixed, "x", c="y"), "x? b? =y?"),
    (functools.partial(with_rest, "x"), "*rest =b? **more"),
    (functools.partial(with_rest, "x", "y", "z"), "*rest =b? **more"),
    (functools.partial(with_rest, a="x", d="y"), "=b? **more"),
    (functools.partial(Caller().method, "x"), "b"),
    (functools.partial(Caller().method, a="x"), "=b"),
    (functools.update_wrapper(functools.partial(three, "x"), three), "b c"),
    (functools.update_wrapper(functools.partial(three, b="x"), three), "a =c"),
    (handing_on(functools.partial(three, b="x")), "a =c"),
]


@pytest.mark.parametrize(("function", "expected"), PARTIALS)
def test_what_a_partial_binds_is_asked_of_nobody(function: Any, expected: str) -> None:
    assert shown(function) == expected


def test_a_later_partial_of_a_name_counts() -> None:
    twice = functools.partial(functools.partial(three, a="x"), a="y")
    assert shown(twice) == "=b =c"
    assert read_signature(twice).bound == {"a": "y"}


def test_a_partial_knows_what_it_binds_by_the_names_of_the_parameters() -> None:
    made = functools.partial(functools.update_wrapper(functools.partial(mixed, "x", c="y"), mixed), 5)
    assert read_signature(made).bound == {"a": "x", "c": "y", "x": 5}
    assert read_signature(three).bound == {}


def test_a_partial_that_cannot_be_called_has_no_signature() -> None:
    function: Any = three
    for made in (functools.partial(function, 1, 2, 3, 4), functools.partial(function, d=1)):
        with pytest.raises(ValueError, match="it binds"):
            read_signature(made)


def closed(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(a: str, c: str) -> Any:
        return function(a, "own", c)

    return wrapper


def renamed(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(one: str, two: str, three: str) -> Any:
        return function(one, two, three)

    return wrapper


def turned(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(c: str, **others: str) -> Any:
        return function(c=c, **others)

    return wrapper


def first_and_names(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(first: str, **others: str) -> Any:
        return function(first, **others)

    return wrapper


def first_and_any(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(first: str, /, *rest: str, **others: str) -> Any:
        return function(first, *rest, **others)

    return wrapper


def optional(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: str, c: str = "own", **others: str) -> Any:
        return function(*args, c=c, **others)

    return wrapper


def injected(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: str, c: str, **others: str) -> Any:
        return function(*args, **others), c

    return wrapper


WRAPPERS: list[tuple[Any, str, Any]] = [
    (handing_on(three), "a b c", ("a", "b", "c")),
    (by_name(three), "=a =b =c", ("a", "b", "c")),
    (by_position(three), "a b c", ("a", "b", "c")),
    (by_name(handing_on(three)), "=a =b =c", ("a", "b", "c")),
    (handing_on(by_name(three)), "=a =b =c", ("a", "b", "c")),
    (by_name(default_in_the_middle), "=a =x? =b? =y?", ("a", 5, "b", 6)),
    (by_position(mixed), "/a x? b? c", None),
    (by_position(positional_only), "/a /b?", ("a", "b")),
    (by_position(functools.partial(mixed, c="x")), "/a x? b?", ("a", 1, "b", 2, "x")),
    (closed(three), "a c", ("a", "own", "c")),
    (renamed(three), "a b c", ("a", "b", "c")),
    (turned(three), "=a =b =c", ("a", "b", "c")),
    (first_and_names(three), "a =b =c", ("a", "b", "c")),
    (first_and_any(three), "a b c", ("a", "b", "c")),
    (optional(three), "a b =c?", ("a", "b", "c")),
    (optional(last_first), "=c? =a =b", ("c", "a", "b")),
    (optional(mixed), "/a x? b? =y? =c?", ("a", 1, "b", 2, "c")),
    (injected(positional_only), "/a /b? =c", (("a", "b"), "c")),
    (handing_on(Caller().method), "a b", ("method", "a", "b")),
    (by_name(Caller().method), "=a =b", ("method", "a", "b")),
    (by_name(task(three)), "=a =b =c", ("a", "b", "c")),
    (functools.partial(by_name(three), b="x"), "=a =c", ("a", "x", "c")),
]


@pytest.mark.parametrize(("function", "expected", "result"), WRAPPERS)
def test_a_wrapper_is_called_as_its_own_code_can_be(
    function: Any, expected: str, result: Any, backend: Backend
) -> None:
    assert shown(function) == expected
    if result is not None:
        assert result_of(function, backend) == result


def test_methods_and_calls_of_instances_are_read_through_their_wrappers(backend: Backend) -> None:
    class Both:
        @by_name
        def method(self: Any = None, *, a: str, b: str) -> Any:
            return a, b

        @handing_on
        def __call__(self, a: str) -> Any:
            return "called", a

        @first_and_names
        def odd(self, a: str, b: str) -> Any:
            return "odd", a, b

    assert shown(Both().odd) == "=a =b"
    assert result_of(Both().odd, backend) == ("odd", "a", "b")
    assert result_of(Both(), backend) == ("called", "a")


def test_a_wrapper_that_wraps_itself_has_no_signature() -> None:
    def wrapper(*args: Any) -> None: ...

    vars(wrapper)["__wrapped__"] = wrapper
    with pytest.raises(ValueError, match="wraps itself"):
        read_signature(wrapper)


def test_a_mock_takes_anything_and_wraps_nothing() -> None:
    made = task(three)
    assert shown(mock.Mock()) == shown(mock.Mock(spec=made)) == shown(mock.AsyncMock()) == "*args **kwargs"
    assert shown(mock.Mock(spec=workflow(three))) == "*args **kwargs"
    assert shown(mock.create_autospec(three)) == "a b c"
    assert read_signature(mock.AsyncMock()).kind == "async"


def test_an_input_of_a_name_that_a_partial_has_bound_does_not_reach_it(backend: Backend) -> None:
    def load(url: str, path: str) -> Any:
        return url, path

    for made in (functools.partial(load, path="bound"), functools.update_wrapper(functools.partial(load, "x"), load)):
        given: Any = made
        loaded = task(given, name="loaded")

        @workflow(needs={"loaded": loaded})
        def w(url: str, path: str, loaded: Any) -> Any:
            return loaded

        assert on(w, backend)(url="u", path="p") in (("u", "bound"), ("x", "p"))


def test_a_task_of_a_name_that_a_partial_has_bound_is_not_run(backend: Backend) -> None:
    @task
    def never() -> str:
        raise AssertionError

    made = task(functools.partial(three, "x", c="y"))
    w: Any = workflow(take, needs={"given": made}, tasks={"a": never, "b": b, "c": never})
    assert on(w, backend)() == ("x", "b", "y")
    assert {node.name for node in w.graph} == {"b", "given"}


def test_a_workflow_of_a_partial_has_the_inputs_that_are_open(backend: Backend) -> None:
    def order(item: str, amount: int, currency: str) -> Any:
        return item, amount, currency

    w: Any = workflow(functools.partial(order, amount=3))
    assert on(w, backend)(item="tea", currency="EUR") == ("tea", 3, "EUR")


def test_hooks_may_ask_for_what_a_partial_has_bound(backend: Backend) -> None:
    told: list[Any] = []
    made = functools.partial(three, c="bound")

    def note(a: str, c: str) -> None:
        told.append((a, c))

    result_of(made, backend, on_success=note)
    assert told == [("a", "bound")]


def test_a_parameter_that_is_bound_is_no_parameter_to_settle_or_to_fill() -> None:
    made = functools.partial(three, c="bound")
    with pytest.raises(ValueError, match="'c'"):
        task(made, needs={"c": a})
    with pytest.raises(ValueError, match="'c'"):
        task(made, settled="c")
