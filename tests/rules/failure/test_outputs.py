"""Outputs that do not fit are an error of the task."""

import pytest

from flowdeco import OutputError, Run, Status, task, workflow


@pytest.mark.parametrize("kind", ["async", "def"])
@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"train": 1}, "the result has no 'test'"),
        ([1, 2, 3], "the result has 3 items"),
        (5, "the result is of type int"),
        ("ab", "the result is of type str"),
    ],
)
async def test_outputs_that_do_not_fit_the_result_are_an_error_of_the_task(
    kind: str, result: object, reason: str
) -> None:
    async def split_async() -> object:
        return result

    def split_def() -> object:
        return result

    split = task(split_async if kind == "async" else split_def, name="split", outputs=("train", "test"))

    @workflow(tasks=[split])
    async def fit(train: object, test: object) -> object:
        return train

    with pytest.raises(OutputError) as caught:
        await fit()
    assert str(caught.value) == (
        f"Cannot take the outputs 'train', 'test' of task 'split': {reason}. "
        "Return a mapping with these keys, or a sequence of 2."
    )
    assert caught.value.outputs == ("train", "test")
    assert caught.value.result == result
    assert Run.of(caught.value).tasks["split"].status is Status.FAILED


@pytest.mark.parametrize("kind", ["async", "def"])
@pytest.mark.parametrize("result", [{"train": 1, "test": 2, "more": 3}, (1, 2)])
async def test_outputs_are_available_under_their_names(kind: str, result: object) -> None:
    async def split_async() -> object:
        return result

    def split_def() -> object:
        return result

    split = task(split_async if kind == "async" else split_def, name="split", outputs=("train", "test"))

    @task
    async def fitted(train: int, test: int) -> int:
        return 10 * train + test

    @workflow(tasks=[split])
    async def fit(fitted: int, test: int, split: object) -> tuple[int, int, object]:
        return fitted, test, split

    assert await fit() == (12, 2, result)
