"""Annotations are not evaluated to build a graph; and what is inside a callable."""

import functools
import inspect
from typing import Any

from flowdeco import task, workflow
from flowdeco._base.signature import MISSING, peel, read_signature
from tests.conftest import Backend
from tests.support.naming import make_module, on
from tests.support.signature import Caller, Record, doubled


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
    assert str(inspect.signature(module.w)) == "(url: \"'no python'\") -> 5"


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
