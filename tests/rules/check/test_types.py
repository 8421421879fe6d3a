"""`check(types=True)` compares the annotations of what is given with those of what takes it."""

import functools
import pickle
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any

import pytest

from flowdeco import GraphError, Outcome, TypeMismatchError, Workflow, task, workflow
from tests.support.naming import make_module


@task
def number() -> int:
    return 1


@task
def text() -> str:
    return "text"


untyped = task(lambda: 1)


def problems_of(w: Workflow[Any, Any]) -> list[TypeMismatchError]:
    """Return what `check(types=True)` finds."""
    w.check()
    problems: tuple[GraphError, ...] = ()
    try:
        w.check(types=True)
    except GraphError as error:
        problems = error.problems
    found = [problem for problem in problems if isinstance(problem, TypeMismatchError)]
    assert len(found) == len(problems)
    return found


def fits(consumer: Callable[..., Any], **needs: Any) -> bool:
    """Whether a task of that function goes with what it is given."""

    @workflow(needs={"x": task(consumer, name="consumer", needs=needs)})
    def w(x: Any) -> None: ...

    return not problems_of(w)


def test_a_result_that_a_parameter_does_not_take_is_found() -> None:
    @task
    def double(number: str) -> str:
        return 2 * number

    @workflow
    def w(double: str) -> str:
        return double

    (problem,) = problems_of(w)
    assert str(problem) == (
        "Cannot vouch for workflow 'w': task 'double' takes 'number' as str, and task 'number' gives int. "
        "Mend one of the annotations."
    )
    assert problem.workflow == "w"
    assert (problem.function, problem.parameter) == ("double", "number")
    assert (problem.expected, problem.actual) == (str, int)
    assert pickle.loads(pickle.dumps(problem)).expected is str


def test_without_types_nothing_is_compared() -> None:
    @workflow
    def w(number: str) -> None: ...

    w.check()
    w.check(types=False)
    assert len(problems_of(w)) == 1


def test_the_parameters_of_the_workflow_itself_are_compared() -> None:
    @workflow
    def w(number: list[int], text: str) -> None: ...

    (problem,) = problems_of(w)
    assert str(problem) == (
        "Cannot vouch for workflow 'w': workflow 'w' takes 'number' as list[int], and task 'number' gives int. "
        "Mend one of the annotations."
    )


def test_all_problems_are_found_at_once() -> None:
    @task
    def double(number: str, text: int) -> None: ...

    @workflow(needs={"more": "text"})
    def w(double: int, more: bytes) -> None: ...

    assert [(p.function, p.parameter) for p in problems_of(w)] == [
        ("w", "double"),
        ("w", "more"),
        ("double", "number"),
        ("double", "text"),
    ]


def test_what_says_nothing_is_passed_over() -> None:
    def with_str(x: str) -> None: ...

    bare: Any = make_module("bare", "def function(x): return x").function
    assert fits(bare, x=number)
    assert fits(with_str, x=untyped)
    assert fits(with_str, x=task(lambda: 1))
    assert not fits(with_str, x=number)


def test_annotations_that_cannot_be_evaluated_are_passed_over() -> None:
    source = """
from __future__ import annotations
@task
def page() -> int: ...
@task
def good(page: str): ...
@task
def bad(page: str, other: Nowhere[1 / 0] = None): ...
@workflow
def w(good, bad): ...
"""
    module = make_module("annotated", source, task=task, workflow=workflow)
    assert [problem.function for problem in problems_of(module.w)] == ["good"]


def test_inputs_are_not_compared() -> None:
    @task
    def read(url: str) -> None: ...

    @workflow
    def w(url: int, read: None) -> None: ...

    assert problems_of(w) == []


def test_parts_of_results_are_not_compared() -> None:
    @task(outputs=("train", "test"))
    def split() -> tuple[int, int]:
        return 1, 2

    @workflow
    def w(train: str, split: str) -> None: ...

    assert [problem.parameter for problem in problems_of(w)] == ["split"]


def test_what_stands_in_for_a_task_as_a_value_is_not_compared() -> None:
    @workflow
    def w(number: str) -> str:
        return number

    assert len(problems_of(w)) == 1
    assert problems_of(w.override(number="one")) == []


# What a call gives


def test_the_result_of_a_coroutine_function_is_what_it_returns() -> None:
    async def give() -> int:
        return 1

    def take_int(x: int) -> None: ...
    def take_str(x: str) -> None: ...

    assert fits(take_int, x=task(give))
    assert not fits(take_str, x=task(give))
    assert not fits(take_str, x=task(functools.partial(give)))


def test_an_awaitable_that_a_function_says_it_returns_is_awaited() -> None:
    async def inner() -> int:
        return 1

    def coroutine() -> Coroutine[Any, Any, int]:
        return inner()

    def awaitable() -> Awaitable[int]:
        return inner()

    def take_int(x: int) -> None: ...
    def take_str(x: str) -> None: ...

    for function in (coroutine, awaitable):
        assert fits(take_int, x=task(function))
        assert not fits(take_str, x=task(function))


def generator() -> Generator[int, None, str]:
    yield 1
    return "end"


def iterator() -> Iterator[int]:
    yield 1


def iterable() -> Iterable[int]:
    yield 1


async def async_generator() -> AsyncGenerator[int, None]:
    yield 1


async def async_iterator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [generator, iterator, iterable, async_generator, async_iterator])
def test_the_result_of_a_function_that_yields_is_a_list_of_the_items(function: Callable[[], Any]) -> None:
    def take_list(x: list[int]) -> None: ...
    def take_sequence(x: Sequence[float]) -> None: ...
    def take_strings(x: list[str]) -> None: ...
    def take_iterator(x: Iterator[int]) -> None: ...

    assert fits(take_list, x=task(function))
    assert fits(take_sequence, x=task(function))
    assert not fits(take_strings, x=task(function))
    assert not fits(take_iterator, x=task(function))


class Record:
    """A class that is a task itself."""

    number: str

    def __init__(self, x: int) -> None:
        self.x = x

    def method(self, x: int) -> str:
        return str(x)

    def __call__(self, x: int) -> bytes:
        return bytes(x)


def test_classes_methods_and_callable_objects_are_compared() -> None:
    def take_record(x: Record) -> None: ...
    def take_str(x: str) -> None: ...
    def take_bytes(x: bytes) -> None: ...

    record = Record(1)
    functions: list[Any] = [Record, record.method, record]
    for function, right in zip(functions, (take_record, take_str, take_bytes), strict=True):
        made = task(function, needs={"x": number})
        assert [take for take in (take_record, take_str, take_bytes) if fits(take, x=made)] == [right]
        assert not fits(function, x=text)


def test_a_wrapper_is_compared_by_what_it_wraps() -> None:
    def take_str(x: str) -> None: ...

    @functools.wraps(take_str)
    def wrapper(*args: Any) -> Any:
        return take_str(*args)

    assert fits(wrapper, x=text)
    assert not fits(wrapper, x=number)
    assert not fits(functools.lru_cache(take_str), x=number)


def test_a_workflow_within_a_workflow_is_compared_on_both_sides() -> None:
    @workflow(needs={"number": None})
    async def inside(number: str) -> bytes:
        return number.encode()

    @workflow
    def w(inside: bytes) -> bytes:
        return inside

    @workflow
    def other(inside: int) -> int:
        return inside

    assert [(p.function, p.parameter) for p in problems_of(w)] == [("inside", "number")]
    assert [(p.function, p.parameter) for p in problems_of(other)] == [("other", "inside"), ("inside", "number")]


# Lists and dicts of results


def test_a_list_of_results_is_compared_item_by_item() -> None:
    def take_ints(x: list[int]) -> None: ...
    def take_any(x: Any) -> None: ...
    def take_iterable(x: Iterable[int | str]) -> None: ...
    def take_optional(x: Sequence[int] | None = None) -> None: ...
    def take_int(x: int) -> None: ...
    def take_dict(x: dict[str, int]) -> None: ...

    for take in (take_ints, take_any, take_iterable, take_optional):
        assert fits(take, x=[number, untyped])
    assert fits(take_iterable, x=[number, text])
    assert not fits(take_ints, x=[number, text])
    assert not fits(take_optional, x=[text])
    assert not fits(take_int, x=[number])
    assert not fits(take_dict, x=[number])


def test_a_dict_of_results_is_compared_value_by_value() -> None:
    def take_ints(x: Mapping[str, int]) -> None: ...
    def take_list(x: list[int]) -> None: ...

    assert fits(take_ints, x={"a": number})
    assert not fits(take_ints, x={"a": number, "b": text})
    assert not fits(take_list, x={"a": number})


def test_args_and_kwargs_are_compared_one_by_one() -> None:
    def take_args(*x: int) -> None: ...
    def take_kwargs(**x: int) -> None: ...

    assert fits(take_args, x=[number, number])
    assert not fits(take_args, x=[number, text])
    assert fits(take_kwargs, x={"a": number})
    assert not fits(take_kwargs, x={"a": text})


def test_the_message_of_a_list_says_what_is_given() -> None:
    @workflow(needs={"x": [number]})
    def w(x: int) -> None: ...

    @workflow(needs={"x": [number, text]})
    def other(x: list[int]) -> None: ...

    assert [str(problem) for problem in (*problems_of(w), *problems_of(other))] == [
        (
            "Cannot vouch for workflow 'w': workflow 'w' takes 'x' as int, and needs= gives it a list of results. "
            "Mend one of the annotations."
        ),
        (
            "Cannot vouch for workflow 'other': workflow 'other' takes each of 'x' as int, and task 'text' gives str. "
            "Mend one of the annotations."
        ),
    ]


def test_a_parameter_with_the_default_none_takes_none() -> None:
    @task
    def nothing() -> None: ...

    def implicit(x: str = None) -> None: ...  # type: ignore[assignment]  # noqa: RUF013
    def explicit(x: str | None = "") -> None: ...
    def never(x: str = "") -> None: ...

    assert fits(implicit, x=nothing)
    assert fits(explicit, x=nothing)
    assert not fits(never, x=nothing)


def test_a_settled_parameter_takes_an_outcome_of_the_result() -> None:
    @workflow(settled=("a", "b", "c", "d"), needs={"a": number, "b": number, "c": [number, text], "d": untyped})
    def fitting(a: Outcome[int], b: Outcome[Any] | None, c: list[Outcome[int | str]], d: Outcome[int]) -> None: ...

    @workflow(settled=("a", "b", "c"), needs={"a": number, "b": number, "c": [number, text]})
    def wrong(a: int, b: Outcome[str], c: list[Outcome[int]]) -> None: ...

    assert problems_of(fitting) == []
    assert [str(problem) for problem in problems_of(wrong)] == [
        f"Cannot vouch for workflow 'wrong': workflow 'wrong' takes {what}. Mend one of the annotations."
        for what in (
            "'a' as int, and settled= gives it an Outcome",
            "the value of 'b' as str, and task 'number' gives int",
            "the value of each of 'c' as int, and task 'text' gives str",
        )
    ]


def test_a_settled_part_of_a_result_is_an_outcome() -> None:
    @task(outputs=("left", "right"))
    def sides() -> tuple[int, int]:
        return 1, 2

    def problems(function: Callable[..., Any]) -> int:
        return len(problems_of(workflow(function, settled="left", tasks=[sides])))

    def take_int(left: int) -> None: ...
    def take_outcome(left: Outcome[str]) -> None: ...

    assert problems(take_int) == 1
    assert problems(take_outcome) == 0  # what a part is, nobody says
