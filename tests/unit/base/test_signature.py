"""What a callable asks for, how it answers, and that it is called as it was declared."""

import functools
import inspect
import operator
import types
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import OptionTypeError, task, workflow
from flowdeco._base.signature import MISSING, Param, peel, read_signature
from flowdeco._base.text import shorten
from tests.conftest import Backend
from tests.support.naming import make_module, on, take


@task
def a() -> str:
    return "a"


@task
def b() -> str:
    return "b"


@task
def c() -> str:
    return "c"


def result_of(function: Any, backend: Backend, **options: Any) -> Any:
    """Run a workflow of one task."""
    made = task(function, **options)

    @workflow(needs={"result": made}, tasks={"a": a, "b": b, "c": c})
    def w(result: Any) -> Any:
        return result

    return on(w, backend)()


def name_of(value: Any) -> str:
    """Return a name for a test: the same each time."""
    return getattr(value, "__qualname__", None) or type(value).__name__


# Kinds of parameters


def positional_only(a: str, b: str = "default", /) -> Any:
    return a, b


def positional_only_default(a: str, x: str = "default", /, c: str = "default") -> Any:
    return a, x, c


def default_in_the_middle(a: str, x: int = 5, b: str = "default", y: int = 6) -> Any:
    return a, x, b, y


def keyword_only(*, a: str, x: int = 5, c: str = "default") -> Any:
    return a, x, c


def mixed(a: str, /, x: int = 1, b: str = "default", *, y: int = 2, c: str) -> Any:
    return a, x, b, y, c


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (positional_only, ("a", "b")),
        (positional_only_default, ("a", "default", "c")),
        (default_in_the_middle, ("a", 5, "b", 6)),
        (keyword_only, ("a", 5, "c")),
        (mixed, ("a", 1, "b", 2, "c")),
    ],
)
def test_each_kind_of_parameter_is_passed_as_it_is_declared(function: Any, expected: Any, backend: Backend) -> None:
    assert result_of(function, backend) == expected


def test_args_and_kwargs_are_filled_by_needs(backend: Backend) -> None:
    def gather(a: str, x: int = 5, /, *args: str, c: str, y: int = 6, **more: str) -> Any:
        return a, x, args, c, y, more

    needs: Any = {"args": [b, c], "more": {"k": a, "l": b}}
    assert result_of(gather, backend, needs=needs) == ("a", 5, ("b", "c"), "c", 6, {"k": "a", "l": "b"})
    assert result_of(gather, backend, needs={"args": [], "more": {}}) == ("a", 5, (), "c", 6, {})


@st.composite
def declarations(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A parameter list, and the names in it that name tasks."""
    kinds = {kind: draw(st.integers(0, 3)) for kind in ("positional", "either", "keyword")}
    parts: list[str] = []
    tasks: list[str] = []
    with_default = False
    for kind, count in kinds.items():
        if kind == "keyword" and count:
            parts.append("*")
        for number in range(count):
            name = f"{kind}{number}"
            is_task = draw(st.booleans())
            optional = draw(st.booleans()) or not is_task
            with_default = optional or (with_default and kind != "keyword")
            parts.append(f"{name}='default'" if with_default else name)
            if is_task:
                tasks.append(name)
        if kind == "positional" and count:
            parts.append("/")
    return ", ".join(parts), tasks


@given(declarations())
def test_any_declaration_is_read_as_inspect_does_and_called_as_it_says(declaration: tuple[str, list[str]]) -> None:
    text, names = declaration
    module = make_module("m", f"def function({text}): return dict(locals())")
    expected = [Param(p.name, p.kind, p.default) for p in inspect.signature(module.function).parameters.values()]
    assert list(read_signature(module.function).params) == expected
    given_tasks = {name: task(functools.partial(str.upper, name)) for name in names}
    w = workflow(take, tasks={**given_tasks, "given": task(module.function)})
    assert w() == {p.name: p.name.upper() if p.name in names else "default" for p in expected}


# Kinds of callables


class Caller:
    """A callable object."""

    def __call__(self, a: str, x: int = 5) -> Any:
        return "instance", a, x

    def method(self, a: str, b: str) -> Any:
        return "method", a, b

    async def async_method(self, a: str) -> Any:
        return "async method", a

    @classmethod
    def of_class(cls, a: str) -> Any:
        return cls.__name__, a

    @staticmethod
    def static(a: str) -> Any:
        return "static", a


class AsyncCaller:
    """A callable object that answers with a coroutine."""

    async def __call__(self, a: str) -> Any:
        return "async instance", a


class Record:
    """A class whose instances are results."""

    def __init__(self, a: str, b: str = "default") -> None:
        self.both = a, b


async def coroutine(a: str) -> Any:
    return "coroutine", a


def doubled(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@functools.lru_cache
def cached(a: str) -> Any:
    return "cached", a


@functools.singledispatch
def dispatched(a: object) -> Any:
    return "dispatched", a


@types.coroutine
def old_coroutine(a: str) -> Generator[Any, Any, Any]:
    yield from coroutine(a).__await__()
    return "old coroutine", a


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
        f"Cannot make a task of {shorten(function)}: it does not say what it takes. Wrap it in a def."
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


# What a call gives


def items(a: str) -> Iterator[str]:
    yield a
    yield a


async def async_items(a: str) -> AsyncIterator[str]:
    yield a
    yield a


class Yielding:
    """Callable objects and methods that yield."""

    def __call__(self, a: str) -> Iterator[str]:
        yield a
        yield a

    async def method(self, a: str) -> AsyncIterator[str]:
        yield a
        yield a


@pytest.mark.parametrize(
    "function", [items, async_items, functools.partial(items), Yielding(), Yielding().method], ids=name_of
)
def test_a_function_that_yields_gives_the_list_of_what_it_yielded(function: Any, backend: Backend) -> None:
    assert result_of(function, backend) == ["a", "a"]


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (positional_only, "sync"),
        (coroutine, "async"),
        (items, "generator"),
        (async_items, "async generator"),
        (functools.partial(coroutine), "async"),
        (AsyncCaller(), "async"),
        (Caller(), "sync"),
        (Caller().async_method, "async"),
        (staticmethod(coroutine), "async"),
        (doubled(coroutine), "sync"),
        (doubled(items), "sync"),
        (old_coroutine, "async"),
        (Record, "sync"),
        (len, "sync"),
        (Yielding(), "generator"),
        (Yielding().method, "async generator"),
    ],
    ids=name_of,
)
def test_what_a_call_gives_is_known_without_calling(function: Any, kind: str) -> None:
    assert read_signature(function).kind == kind


# Annotations


def test_annotations_are_not_evaluated_to_build_a_graph(backend: Backend) -> None:
    text = """
from __future__ import annotations
@task
def page(url: Nowhere[1 / 0]) -> does.not_.exist: return url
@workflow
def w(url: "no python", page: (yield_)) -> 5: return page
"""
    module = make_module("annotated", text, task=task, workflow=workflow)
    assert on(module.w, backend)("u") == "u"
    assert str(inspect.signature(module.w)) == "(url)"


def test_annotations_of_any_kind_are_allowed(backend: Backend) -> None:
    text = "@task\ndef page(url: 5) -> {}: return url\n@workflow\ndef w(url: 1.5, page: print) -> len: return page\n"
    module = make_module("annotated", text, task=task, workflow=workflow)
    module.w.check()
    assert on(module.w, backend)("u") == "u"


# What is inside


def test_what_is_inside_a_callable_is_found_to_the_innermost_function() -> None:
    caller = Caller()
    wrapped = doubled(functools.partial(caller.method, "x"))
    inside = peel(functools.partial(wrapped))
    assert inside[1] is wrapped
    assert inside[-1] is Caller.method
    assert peel(caller)[-1] is Caller.__call__
    assert peel(len) == [len]
    assert peel(Record) == [Record]


def test_something_that_wraps_itself_has_an_end() -> None:
    def itself() -> Any: ...

    itself.__wrapped__ = itself  # type: ignore[attr-defined]  # as meant
    assert set(peel(itself)) == {itself}

    class Endless:
        def __getattr__(self, name: str) -> Any:
            return self

        def __call__(self) -> Any: ...

    assert len(peel(Endless())) == 100


def test_a_parameter_without_a_default_has_none() -> None:
    def function(x: int, y: Any = None) -> None: ...

    first, second = read_signature(function).params
    assert first.default is MISSING
    assert second.default is None
