"""`check(types=True)` and what is settled or may be skipped."""

from typing import Any

from flowdeco import Outcome, TypeMismatchError, task, workflow
from tests.support.check_policies import messages, problems_of
from tests.support.naming import make_module, take


@task
def number() -> int:
    return 1


def fits(function: Any, **options: Any) -> bool:
    w = workflow(take, needs={"given": task(function, name="consumer", needs={"x": number}, **options)})
    w.check()
    try:
        w.check(types=True)
    except TypeMismatchError:
        return False
    return True


def test_a_settled_parameter_takes_an_outcome() -> None:
    bare: Any = make_module("bare", "def function(x): ...").function

    def outcome(x: Outcome[int]) -> None: ...
    def any_outcome(x: Outcome[Any]) -> None: ...
    def or_none(x: Outcome[int] | None = None) -> None: ...
    def of_str(x: Outcome[str]) -> None: ...
    def plain(x: int) -> None: ...
    def thing(x: object) -> None: ...

    functions: list[Any] = [bare, outcome, any_outcome, or_none, thing]
    for function in functions:
        assert fits(function, settled="x"), function
    assert not fits(of_str, settled="x")
    assert not fits(plain, settled="x")
    assert fits(plain)
    assert not fits(outcome)


def test_a_settled_parameter_of_the_wrong_type_is_reported_with_why() -> None:
    @workflow(settled="number")
    def w(number: int) -> None: ...

    (says,) = messages(w, types=True)
    assert says == (
        "Cannot accept workflow 'w': workflow 'w' takes 'number' as int, and settled= gives it an Outcome. "
        "Change one of the annotations."
    )


def test_the_settled_parts_of_a_result_are_outcomes_too() -> None:
    @task(outputs=("train", "test"))
    def split() -> tuple[int, int]:
        return 1, 2

    @workflow(settled=["train", "test"])
    def w(train: Outcome[int], test: int) -> None: ...

    (problem,) = problems_of(w, types=True)
    assert isinstance(problem, TypeMismatchError)
    assert (problem.function, problem.parameter) == ("w", "test")


def test_a_list_of_settled_results_is_a_list_of_outcomes() -> None:
    @workflow(needs={"x": [number, number]}, settled="x")
    def good(x: list[Outcome[int]]) -> None: ...

    @workflow(needs={"x": [number, number]}, settled="x")
    def bad(x: list[int]) -> None: ...

    good.check(types=True)
    (problem,) = problems_of(bad, types=True)
    assert "takes each of 'x' as int, and settled= gives it an Outcome" in str(problem)


def test_a_default_for_what_may_be_skipped_need_not_be_of_what_the_task_gives() -> None:
    @task(when=lambda: False)
    def maybe() -> int:
        return 1

    def with_default(x: int = 0) -> int:
        return x

    def with_none(x: int | None = None) -> int | None:
        return x

    for function, instead in ((with_default, 0), (with_none, None)):
        w = workflow(take, needs={"given": task(function, needs={"x": maybe})})
        w.check(types=True)
        assert w() == instead
