"""What a callable asks for, and that it is called as it was declared."""

import functools
import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import task, workflow
from flowdeco._base.signature import Param, read_signature
from tests.conftest import Backend
from tests.support.naming import make_module, take
from tests.support.signature import a, b, c, default_in_the_middle, mixed, positional_only, result_of


def positional_only_default(a: str, x: str = "default", /, c: str = "default") -> Any:
    return a, x, c


def keyword_only(*, a: str, x: int = 5, c: str = "default") -> Any:
    return a, x, c


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
