"""`check(types=True)` where the items are those of an input, and where they are taken apart, told of and added to."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypedDict

import pytest

from flowdeco import AxisError, task, value, workflow
from tests.support.naming import make_module
from tests.support.types_of_edges import problems_of


def take_int(x: int) -> str:
    return str(x)


def take_str(x: str) -> str:
    return x


@task(each={"x": value([1, 2])})
def half(x: int) -> float:
    return x / 2


def input_of(hint: Any, consumer: Any, each: Any = "xs", **options: Any) -> str:
    """What is wrong where a task runs for each item of an input of that type."""

    def take(xs: Any, consumer: Any) -> None: ...

    take.__annotations__["xs"] = hint
    run = task(consumer, name="consumer", each={"x": each} if isinstance(each, str) else each, **options)
    return "\n".join(map(str, problems_of(workflow(take, name="w", tasks={"consumer": run}))))


@pytest.mark.parametrize(
    "hint",
    [
        *(list[int], Iterator[int], AsyncIterator[int], Iterable[int], dict[int, str], Mapping[int, str], set[int]),
        *(Any, list, list[Any], list[int] | None, tuple[int, ...]),
    ],
)
def test_one_item_of_an_input_has_the_type_of_an_element(hint: Any) -> None:
    assert not input_of(hint, take_int)
    is_open = hint in (Any, list, list[Any])
    assert bool(input_of(hint, take_str)) is not is_open


def test_an_input_that_has_no_items_and_a_text_are_reported() -> None:
    start = "Cannot accept workflow 'w': task 'consumer' has 'x' in each=, and input 'xs' is "
    assert input_of(int, take_int) == f"{start}int, which has no items. Make it a list."
    assert input_of(str, take_str) == f"{start}str, whose items would be single characters. Make it a list."
    assert input_of(bytes, take_int) == f"{start}bytes, whose items would be single numbers. Make it a list."
    assert not input_of(str | list[str], take_str)


def test_an_item_of_an_input_is_taken_apart() -> None:
    def take(a: int, b: str) -> None: ...

    each: Any = {("a", "b"): "xs"}
    assert not input_of(list[tuple[int, str]], take, each)
    assert input_of(list[tuple[str, str]], take, each) == (
        "Cannot accept workflow 'w': task 'consumer' takes 'a' as int, and it is a part of an item of input 'xs', "
        "which is list[tuple[str, str]]. Change one of the annotations."
    )


class Row(TypedDict):
    a: int
    b: str


class Short(TypedDict):
    a: int


class Wrong(TypedDict):
    a: str
    b: str


class Pair(NamedTuple):
    x: int
    y: str


class Swapped(NamedTuple):
    x: str
    y: int


class Single(NamedTuple):
    x: int


class Plain:
    a: int
    b: str


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (Row, ""),
        (Short, "taken apart for 2 parameters, and it has no 'b'."),
        (Wrong, "takes 'a' as int, and it is a part of an item"),
        (Pair, ""),
        (Swapped, "takes 'a' as int, and it is a part of an item"),
        (Single, "taken apart for 2 parameters, and it has 1 part."),
        (tuple[int, str], ""),
        (tuple[int], "taken apart for 2 parameters, and it has 1 part."),
        (str, "taken apart for 2 parameters, and a str is not taken apart."),
        (int, "taken apart for 2 parameters, and int is neither a tuple, a list nor a mapping."),
        (set[int], "taken apart for 2 parameters, and set[int] is neither a tuple, a list nor a mapping."),
        (Plain, "taken apart for 2 parameters, and Plain is neither a tuple, a list nor a mapping."),
        (Row | Single, ""),
        (Any, ""),
    ],
)
def test_what_an_item_can_be_taken_apart_into(item: Any, said: str) -> None:
    def take(a: int, b: str) -> None: ...

    found = input_of(list[item], take, {("a", "b"): "xs"})
    assert said in found
    assert bool(found) is bool(said)


def grown(more: Any) -> str:
    """What is wrong where the items of `list[int]`, which give texts, are added to."""
    return input_of(list[int], take_int, more=more)


def test_what_is_added_is_compared_with_what_an_item_is_taken_as() -> None:
    def more(result: str) -> list[int] | None:
        raise NotImplementedError

    def more_texts(result: str) -> Iterator[str]:
        raise NotImplementedError

    def more_one(result: str) -> int:
        raise NotImplementedError

    def more_text(result: str) -> str:
        raise NotImplementedError

    def none(result: str) -> None: ...
    def of_number(result: int) -> list[int]:
        raise NotImplementedError

    def of_item(item: str, index: int) -> list[int]:
        raise NotImplementedError

    untyped = make_module("untyped", "def function(result): ...").function

    cases: list[Any] = [more, none, untyped]
    for fine in cases:
        assert not grown(fine)
    start = "Cannot accept workflow 'w': "
    assert grown(more_texts) == (
        f"{start}task 'consumer' takes 'x' as int, and more= of task 'consumer' gives "
        "collections.abc.Iterator[str]. Change one of the annotations."
    )
    said = f"{start}more= of task 'consumer' gives "
    assert grown(more_one) == f"{said}int, which has no items. Let it give a list, or None."
    assert grown(more_text) == f"{said}str, whose items would be single characters. Let it give a list, or None."
    assert "more= of task 'consumer' takes 'result' as int, and task 'consumer' gives str" in grown(of_number)
    assert "more= of task 'consumer' takes 'item' as str, and it is an item of input 'xs'" in grown(of_item)


def test_the_functions_of_when_and_key_take_an_item_too() -> None:
    def of_text(x: str) -> bool:
        raise NotImplementedError

    def of_number(x: int) -> bool:
        raise NotImplementedError

    def of_index(index: str) -> bool:
        raise NotImplementedError

    for option in ("when", "key"):
        assert not input_of(list[int], take_int, **{option: of_number})
        assert f"{option}= of task 'consumer' takes 'x' as str, and it is an item of input 'xs'" in input_of(
            list[int], take_int, **{option: of_text}
        )
    assert "key= of task 'consumer' takes 'index' as str, and the index of an item is int" in input_of(
        list[int], take_int, key=of_index
    )


def test_a_workflow_for_each_item_is_compared_as_a_task_is() -> None:
    @workflow(each={"chapter": "book"})
    def length(chapter: int) -> str:
        return str(chapter)

    def take(book: list[int], length: list[str]) -> None: ...
    def take_texts(book: list[str], length: list[str]) -> None: ...
    def take_one(book: list[int], length: str) -> None: ...

    def problem(function: Any) -> str:
        return "".join(map(str, problems_of(workflow(function, name="w", tasks=[length]))))

    assert not problem(take)
    assert "workflow 'length' takes 'chapter' as int, and it is an item of input 'book'" in problem(take_texts)
    assert "takes 'length' as str, and workflow 'length' has each= and gives a list" in problem(take_one)


def test_what_is_mapped_over_what_does_not_go_together_brings_no_other_problems() -> None:
    @task
    def days() -> list[int]:
        return []

    @task(each={"day": days})
    def rain(day: int) -> int:
        return day

    @task(each={"x": half, "y": rain})
    def both(x: float, y: int) -> int:
        return 1

    @task(each={"x": both})
    def after(x: int) -> int:
        return x

    @task(stream="both")
    def read(both: Iterator[int]) -> int:
        return 1

    @workflow
    def w(after: list[int], read: int, both: list[int]) -> None: ...

    with pytest.raises(AxisError):
        w.check(types=True)
