"""The parts of a result are available by name."""

from typing import Any

import pytest

from flowdeco import OutputError, task, workflow
from tests.conftest import Backend
from tests.support.naming import edges_of, on


@pytest.mark.parametrize("result", [{"train": 1, "test": 2, "more": 3}, (1, 2), [1, 2], range(1, 3)], ids=repr)
def test_outputs_make_the_parts_of_a_result_available_by_name(result: Any, backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return result

    @task
    def fit(train: int) -> int:
        return 10 * train

    @workflow
    def w(fit: int, test: int, split: Any) -> Any:
        return fit, test, split

    assert on(w, backend)() == (10, 2, result)
    assert edges_of(w) == {
        ("split", "fit", "train"),
        ("fit", "w", "fit"),
        ("split", "w", "test"),
        ("split", "w", "split"),
    }


def test_a_task_bound_to_the_name_of_a_part_comes_first(backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return 1, 2

    @task
    def test() -> str:
        return "a task"

    @workflow
    def w(train: int, test: Any) -> Any:
        return train, test

    assert on(w, backend)() == (1, "a task")


def test_a_part_may_be_none(backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return {"train": None, "test": None}

    @workflow
    def w(train: Any, test: Any = "default") -> Any:
        return train, test

    assert on(w, backend)() == (None, None)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"train": 1}, "the result has no 'test'"),
        ((1, 2, 3), "the result has 3 items"),
        ("ab", "the result is of type str"),
        (b"ab", "the result is of type bytes"),
        ({1, 2}, "the result is of type set"),
        (None, "the result is of type NoneType"),
    ],
    ids=repr,
)
def test_a_result_that_does_not_fit_its_outputs_is_an_error(result: Any, reason: str, backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> Any:
        return result

    @workflow
    def w(train: Any, test: Any) -> Any:
        return train

    with pytest.raises(OutputError) as caught:
        on(w, backend)()
    assert str(caught.value) == (
        f"Cannot take the outputs 'train', 'test' of task 'split': {reason}. "
        "Return a mapping with these keys, or a sequence of 2."
    )
    assert (caught.value.task, caught.value.outputs, caught.value.result) == ("split", ("train", "test"), result)


def test_a_task_without_a_name_is_called_in_the_error_what_the_record_calls_it(backend: Backend) -> None:
    split = task(lambda: 5, outputs=("train", "test"))

    @workflow(needs={"parts": split})
    def w(parts: Any) -> Any:
        return parts

    @workflow(needs={"both": ["train"]}, tasks=[task(lambda: 5, outputs=("train", "test"))])
    def unreached(both: Any) -> Any: ...

    for each, name in ((w, "parts"), (unreached, "both")):
        assert [node.name for node in each.graph] == [name]
        with pytest.raises(OutputError, match=f"of task '{name}': the result is of type int") as caught:
            on(each, backend)()
        assert caught.value.task == name
    with pytest.raises(OutputError, match="of task 'parts': the result has 1 item\\."):
        w.override(parts=[1])


def test_a_result_that_does_not_fit_is_an_error_even_where_no_part_is_needed(backend: Backend) -> None:
    @task(outputs=("train", "test"))
    def split() -> int:
        return 5

    @workflow
    def w(split: int) -> int:
        return split

    with pytest.raises(OutputError):
        on(w, backend)()
