"""`check(types=True)` and lists, dicts, defaults and outcomes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flowdeco import Outcome, task, workflow
from tests.support.types_of_edges import fits, number, problems_of, text, untyped


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
            "Cannot accept workflow 'w': workflow 'w' takes 'x' as int, and needs= gives it a list of results. "
            "Change one of the annotations."
        ),
        (
            "Cannot accept workflow 'other': workflow 'other' takes each of 'x' as int, and task 'text' gives str. "
            "Change one of the annotations."
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
        f"Cannot accept workflow 'wrong': workflow 'wrong' takes {what}. Change one of the annotations."
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
