"""`check(types=True)` where tasks run once for each item: one element here, a list of results there."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from flowdeco import Outcome, task, value, workflow
from tests.support.naming import make_module, take
from tests.support.types_of_edges import problems_of


def give_list() -> list[int]:
    return []


def give_iterable() -> Iterable[int]:
    return []


def give_iterator() -> Iterator[int]:
    return iter([])


def give_sequence() -> Sequence[int]:
    return []


def give_tuple() -> tuple[int, ...]:
    return ()


def give_pair() -> tuple[int, int]:
    return (1, 2)


def give_keys() -> dict[int, str]:
    return {}


def give_async() -> AsyncIterator[int]:
    raise NotImplementedError


def yield_plain() -> Iterator[int]:
    yield 1


async def yield_async() -> AsyncIterator[int]:
    yield 1


SOURCES = [
    *(give_list, give_iterable, give_iterator, give_sequence, give_tuple, give_pair, give_keys, give_async),
    *(yield_plain, yield_async),
]


def take_int(x: int) -> str:
    return str(x)


def take_str(x: str) -> str:
    return x


def take_anything(x: Any) -> Any:
    return x


def give_anything() -> list[Any]:
    return []


bare: Any = make_module("bare", "def function(x): ...").function


def message_of(consumer: Any, **needs: Any) -> str:
    """What is wrong with the types where a task is needed by another; "" for nothing."""

    @workflow(needs={"x": task(consumer, name="consumer", needs=needs) if needs else consumer})
    def w(x: Any) -> None: ...

    problems = problems_of(w)
    assert len(problems) < 2
    return str(problems[0]) if problems else ""


def each_of(source: Callable[..., Any], consumer: Callable[..., Any], **options: Any) -> str:
    """What is wrong where a task runs for each item of what another gives."""
    giver = task(source, name="giver")
    return message_of(task(consumer, name="consumer", each={"x": giver}, **options))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_one_item_has_the_type_of_an_element(source: Any) -> None:
    assert not each_of(source, take_int)
    assert not each_of(source, take_anything)
    assert not each_of(source, bare)
    assert "task 'consumer' takes 'x' as str, and it is an item of task 'giver', which gives " in each_of(
        source, take_str
    )


def test_what_does_not_say_the_type_of_its_elements_goes_with_all() -> None:
    unread = "from __future__ import annotations\ndef function() -> Missing: ..."
    untyped = make_module("untyped", "def function(): ...").function
    sources: list[Any] = [untyped, give_anything, make_module("unread", unread).function]
    for source in sources:
        assert not each_of(source, take_int)
        assert not each_of(source, take_str)


def test_what_has_no_items_and_a_text_are_reported() -> None:
    def give_int() -> int:
        raise NotImplementedError

    def give_text() -> str:
        raise NotImplementedError

    def give_some() -> str | list[str]:
        raise NotImplementedError

    start = "Cannot accept workflow 'w': task 'consumer' has 'x' in each=, and task 'giver' gives "
    assert each_of(give_int, take_int) == f"{start}int, which has no items. Let it give a list, or yield its items."
    assert each_of(give_text, bare) == (
        f"{start}str, whose items would be single characters. Let it give a list, or yield its items."
    )
    assert not each_of(give_some, take_str)


@task(each={"x": value([1, 2])})
def half(x: int) -> float:
    return x / 2


def test_the_result_of_another_stage_has_its_own_type() -> None:
    def take_list(x: list[float]) -> None: ...
    def take_float(x: float) -> None: ...

    assert not message_of(task(take_float, name="consumer", each={"x": half}))
    assert message_of(task(take_list, name="consumer", each={"x": half})) == (
        "Cannot accept workflow 'w': task 'consumer' takes 'x' as list[float], and task 'half' gives float. "
        "Change one of the annotations."
    )


def test_all_results_are_a_list() -> None:
    def take_list(x: list[float]) -> None: ...
    def take_sequence(x: Sequence[float]) -> None: ...
    def take_one(x: float) -> None: ...
    def take_texts(x: list[str]) -> None: ...

    assert not message_of(take_list, x=half)
    assert not message_of(take_sequence, x=half)
    assert not message_of(bare, x=half)
    assert message_of(take_one, x=half) == (
        "Cannot accept workflow 'w': task 'consumer' takes 'x' as float, and task 'half' has each= and gives a list, "
        "one result for each item. Change one of the annotations."
    )
    assert message_of(take_texts, x=half) == (
        "Cannot accept workflow 'w': task 'consumer' takes each of 'x' as str, and task 'half' gives float. "
        "Change one of the annotations."
    )


def test_a_settled_item_is_an_outcome_and_all_of_them_a_list_of_outcomes() -> None:
    def take_outcome(x: Outcome[float]) -> None: ...
    def take_text(x: Outcome[str]) -> None: ...
    def take_bare(x: float) -> None: ...
    def take_outcomes(x: list[Outcome[float]]) -> None: ...
    def take_list(x: list[float]) -> None: ...

    def each(consumer: Any) -> str:
        return message_of(task(consumer, name="consumer", each={"x": half}, settled="x"))

    def whole(consumer: Any) -> str:
        return message_of(task(consumer, name="consumer", needs={"x": half}, settled="x"))

    assert not each(take_outcome)
    assert "takes the value of 'x' as str, and task 'half' gives float" in each(take_text)
    assert "takes 'x' as float, and settled= gives it an Outcome" in each(take_bare)
    assert not whole(take_outcomes)
    assert "takes each of 'x' as float, and settled= gives it an Outcome" in whole(take_list)
    assert "takes 'x' as flowdeco.Outcome[float], and task 'half' has each= and gives a list" in whole(take_outcome)


def test_an_item_is_taken_apart_by_the_types_of_its_parts() -> None:
    def give_pairs() -> list[tuple[int, str]]:
        raise NotImplementedError

    def give_rows() -> list[Mapping[str, int]]:
        raise NotImplementedError

    def give_lists() -> list[list[int]]:
        raise NotImplementedError

    def give_triples() -> list[tuple[int, int, int]]:
        raise NotImplementedError

    def take(x: int, y: str) -> None: ...
    def take_ints(x: int, y: int) -> None: ...

    def apart(source: Any, consumer: Any) -> str:
        giver = task(source, name="giver")
        return message_of(task(consumer, name="consumer", each={("x", "y"): giver}))

    assert not apart(give_pairs, take)
    assert "takes 'y' as int, and it is a part of an item of task 'giver', which gives list[tuple[int, str]]" in (
        apart(give_pairs, take_ints)
    )
    for source in (give_rows, give_lists):
        assert not apart(source, take_ints)
        assert "takes 'y' as str" in apart(source, take)
    assert "gives list[tuple[int, int, int]], taken apart for 2 parameters, and it has 3 parts" in (
        apart(give_triples, take_ints)
    )


def test_a_stream_is_an_iterator_of_its_function_s_kind() -> None:
    def take(x: Iterator[float]) -> None: ...
    def take_iterable(x: Iterable[float]) -> None: ...
    async def take_async(x: AsyncIterator[float]) -> None: ...
    def take_list(x: list[float]) -> None: ...
    async def take_plain(x: Iterator[float]) -> None: ...
    def take_awaited(x: AsyncIterator[float]) -> None: ...
    def take_texts(x: Iterator[str]) -> None: ...
    def take_outcomes(x: Iterator[Outcome[float]]) -> None: ...

    def stream(consumer: Any, **options: Any) -> str:
        return message_of(task(consumer, name="consumer", needs={"x": half}, stream="x", **options))

    for consumer in (take, take_iterable, take_async, bare):
        assert not stream(consumer)
    for consumer in (take_list, take_plain, take_awaited):
        assert "and stream= gives it an iterator over items" in stream(consumer)
    assert "takes each of 'x' as str, and task 'half' gives float" in stream(take_texts)
    assert not stream(take_outcomes, settled="x")
    assert "takes each of 'x' as float, and settled= gives it an Outcome" in stream(take, settled="x")


def test_a_stream_of_what_a_task_yields_has_the_type_of_one_of_it() -> None:
    giver = task(yield_plain, name="giver")

    def take(x: Iterator[int]) -> None: ...
    def take_texts(x: Iterator[str]) -> None: ...

    assert not message_of(task(take, name="consumer", needs={"x": giver}, stream="x"))
    assert "takes each of 'x' as str, and it is an item of task 'giver'" in message_of(
        task(take_texts, name="consumer", needs={"x": giver}, stream="x")
    )


def test_the_parts_of_results_of_all_items_are_a_list() -> None:
    @task(each={"x": value([1])}, outputs=("a", "b"))
    def split(x: int) -> tuple[int, str]:
        return x, ""

    def take_list(a: list[Any]) -> None: ...
    def take_one(a: int) -> None: ...

    cases: list[tuple[Any, bool]] = [(take_list, True), (take_one, False)]
    for consumer, is_fine in cases:
        w = workflow(take, name="w", needs={"given": task(consumer, name="consumer")}, tasks=[split])
        assert bool(problems_of(w)) is not is_fine


def test_several_results_that_are_the_items_are_compared_one_by_one() -> None:
    first = task(lambda: 1, name="first")

    @task
    def second() -> str:
        return ""

    assert not message_of(task(take_str, name="consumer", each={"x": [first, second]}))
    assert "takes 'x' as int, and task 'second' gives str" in message_of(
        task(take_int, name="consumer", each={"x": [first, second]})
    )
