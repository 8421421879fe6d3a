"""An output that a mapping lacks: who receives it takes the default, and it is an error where somebody has none."""

from typing import Any

import pytest

from flowdeco import Outcome, OutputError, Status, task, workflow
from tests.support.naming import mention


@pytest.fixture(params=["def", "async"])
def split(request: pytest.FixtureRequest) -> Any:
    """A task that gives one of its two outputs."""

    async def split_async() -> dict[str, int]:
        return {"train": 1}

    def split_def() -> dict[str, int]:
        return {"train": 1}

    chosen: Any = split_async if request.param == "async" else split_def
    return task(chosen, name="split", outputs=("train", "test"))


async def test_a_task_takes_the_default_where_it_runs(split: Any) -> None:
    @task
    def in_thread(train: int, test: str = "default") -> Any:
        return train, test

    @task
    async def on_loop(train: int, *, test: str = "keyword") -> Any:
        return train, test

    @workflow(tasks=[split])
    def w(in_thread: Any, on_loop: Any) -> Any:
        return in_thread, on_loop

    assert await w.call() == ((1, "default"), (1, "keyword"))


async def test_the_workflow_s_own_function_and_a_workflow_within_take_it(split: Any) -> None:
    @workflow
    def inner(test: str = "inner") -> str:
        return test

    @workflow(tasks=[split, inner])
    def w(train: int, inner: str, test: str = "body") -> Any:
        return train, inner, test

    assert await w.call() == (1, "inner", "body")


async def test_a_condition_takes_it(split: Any) -> None:
    def is_wanted(test: bool = True) -> bool:
        return test

    @task(when=is_wanted)
    def ran() -> str:
        return "ran"

    @workflow(tasks=[split])
    def w(train: int, ran: str = "skipped") -> Any:
        return ran

    assert await w.call() == "ran"


async def test_a_list_or_dict_of_results_that_lacks_one_takes_it_as_a_whole(split: Any) -> None:
    @task(needs={"both": ["train", "test"], "one": {"a": "train"}})
    def report(one: Any, both: Any = ()) -> Any:
        return one, both

    @workflow(tasks=[split])
    def w(report: Any) -> Any:
        return report

    assert await w.call() == ({"a": 1}, ())


async def test_who_wants_it_settled_receives_that_it_is_not_there(split: Any) -> None:
    @task(settled=["train", "test"])
    def report(train: Outcome[int], test: Outcome[int]) -> Any:
        return train.value, test.status, test.reason, test.task

    @workflow(tasks=[split])
    def w(report: Any) -> Any:
        return report

    assert await w.call() == (1, Status.SKIPPED, "'split' gave no 'test'", "split")


async def test_the_whole_result_is_what_the_task_gave(split: Any) -> None:
    @workflow(tasks=[split])
    def w(split: Any, train: int) -> Any:
        return split, train

    assert await w.call() == ({"train": 1}, 1)


@pytest.mark.parametrize("reader", ["task", "body", "condition", "list"])
async def test_it_is_an_error_of_the_task_where_one_of_its_readers_has_no_default(split: Any, reader: str) -> None:
    def choose(test: int) -> bool:
        return bool(test)

    def listed(both: Any) -> None: ...

    def plain(test: int) -> None: ...

    made: dict[str, Any] = {
        "task": task(plain, name="other"),
        "condition": task(lambda: 1, name="other", when=choose),
        "list": task(listed, name="other", needs={"both": ["train", "test"]}),
    }

    @task
    def report(test: int = 0) -> int:
        return test

    def body(report: int, test: int) -> Any: ...

    def other_body(report: int, other: Any) -> Any: ...

    mention(report)
    tasks = [split, report, *([] if reader == "body" else [made[reader]])]
    w = workflow(body if reader == "body" else other_body, name="w", tasks=tasks)
    run = await w.run_async()
    assert isinstance(run.error, OutputError)
    assert str(run.error) == (
        "Cannot take the outputs 'train', 'test' of task 'split': the result has no 'test'. "
        "Return a mapping with these keys, or a sequence of 2."
    )
    assert run.tasks["split"].status is Status.FAILED


async def test_a_sequence_has_to_have_all_of_them() -> None:
    def split() -> list[int]:
        return [1]

    @workflow(tasks=[task(split, outputs=("train", "test"))])
    def w(train: int, test: int = 0) -> Any: ...

    with pytest.raises(OutputError, match="the result has 1 item\\."):
        await w.call()


async def test_a_value_and_a_function_that_stand_in_for_the_task_may_lack_it_as_well(split: Any) -> None:
    @task(needs={"both": {"a": "train", "b": "test"}})
    def report(both: Any = None, test: int = 5) -> Any:
        return both, test

    def see(test: Outcome[int]) -> Any:
        return test.status

    seen = task(see, settled="test")

    @workflow(tasks=[split, seen])
    def w(train: int, report: Any, see: Any, test: int = 6) -> Any:
        return train, report, see, test

    for given in ({"train": 2}, lambda: {"train": 2}):
        assert await w.override(split=given).call() == (2, (None, 5), Status.SKIPPED, 6)
    with pytest.raises(OutputError, match="the result has no 'train'"):
        w.override(split={"test": 3})


async def test_what_is_there_is_received_and_one_run_tells_nothing_of_the_next() -> None:
    given: dict[str, int] = {"train": 1}

    def split() -> dict[str, int]:
        return dict(given)

    @task
    def report(test: int = 0) -> int:
        return test

    @workflow(tasks=[task(split, outputs=("train", "test"))])
    def w(train: int, report: int) -> Any:
        return train, report

    assert await w.call() == (1, 0)
    given["test"] = 3
    assert await w.call() == (1, 3)
    del given["test"]
    assert await w.call() == (1, 0)
