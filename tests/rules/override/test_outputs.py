"""One name of `outputs=` is replaced alone."""

from typing import Any
from unittest.mock import Mock

import pytest

from flowdeco import GraphError, Outcome, Retry, Status, UnknownTaskError, task, value, workflow
from tests.support.naming import edges_of, mention
from tests.support.override import page, ran

mention(page)


@task(outputs=("train", "test"), retries=Retry(1))
def split(page: str) -> dict[str, str]:
    ran.append("split")
    return {"train": f"train {page}", "test": f"test {page}"}


@workflow
def learn(url: str, train: Any, test: Any) -> Any:
    return train, test


@workflow
def outer(url: str, learn: Any, test: Any) -> Any:
    return learn, test


@pytest.mark.parametrize("given", [None, 0, [1, 2], {"train": 3}, "text"], ids=repr)
async def test_a_value_replaces_that_output_and_the_task_still_runs_for_the_other(given: object) -> None:
    assert await learn.override(train=given).call("x") == (given, "test <x>")
    assert ran == ["page", "split"]


async def test_the_task_does_not_run_when_all_that_is_needed_of_it_is_replaced() -> None:
    w = learn.override(train=1, test=2)
    assert await w.call("x") == (1, 2)

    @workflow
    def only(url: str, train: Any) -> Any:
        return train

    assert await only.override(train=3).call("x") == 3
    assert ran == []


async def test_a_callable_is_handed_over_by_value() -> None:
    w = learn.override(train=value(len), test=value(None))
    assert await w.call("x") == (len, None)


async def test_a_function_is_called_for_that_output_with_what_its_parameters_name() -> None:
    def train(url: str, page: str) -> str:
        return f"{url} {page}"

    async def test(page: str) -> str:
        return f"fake {page}"

    assert await learn.override(train=train).call("x") == ("x <x>", "test <x>")
    assert await learn.override(train=train, test=test).call("x") == ("x <x>", "fake <x>")
    assert ran == ["page", "split", "page"]


async def test_a_function_keeps_the_policy_of_the_task() -> None:
    calls: list[str] = []

    def unsteady(page: str) -> str:
        calls.append(page)
        if len(calls) == 1:
            raise ConnectionError
        return "at last"

    assert await learn.override(train=unsteady).call("x") == ("at last", "test <x>")
    assert calls == ["<x>", "<x>"]


async def test_a_mock_gets_what_the_task_gets() -> None:
    mock = Mock(return_value="mocked")
    assert await learn.override(train=mock).call("x") == ("mocked", "test <x>")
    mock.assert_called_once_with("<x>")


async def test_a_task_gives_its_result_or_its_own_output_of_that_name() -> None:
    @task
    def whole(page: str) -> str:
        return f"whole {page}"

    @task(outputs=("more", "train"))
    def parts() -> tuple[int, int]:
        return 1, 2

    assert await learn.override(train=whole).call("x") == ("whole <x>", "test <x>")
    assert await learn.override(train=parts).call("x") == (2, "test <x>")


async def test_who_receives_the_whole_result_or_comes_after_still_gets_the_task_s_own() -> None:
    @task(after=split)
    def last() -> str:
        return "last"

    @workflow
    def w(url: str, split: Any, train: Any, last: Any) -> Any:
        return split["train"], train, last

    assert await w.override(train=1).call("x") == ("train <x>", 1, "last")


async def test_all_that_receive_the_output_are_reached_under_whatever_name() -> None:
    @task(needs={"both": ["train", "test"]})
    def report(both: list[Any]) -> Any:
        return both

    def is_there(train: Any) -> bool:
        return bool(train)

    @task(when=is_there)
    def checked() -> bool:
        return True

    @workflow(needs={"x": "train"}, settled="x")
    def w(url: str, x: Outcome[Any], report: Any, checked: bool = False) -> Any:
        return x.status, x.value, report, checked

    got = Status.COMPLETED, 0, [0, "test <x>"], False
    assert await w.override(train=0).call("x") == got
    assert await w.override(x=0).call("x") == got


async def test_workflows_within_are_reached() -> None:
    assert await outer.override(test="T").call("x") == (("train <x>", "T"), "T")
    assert await outer.override(train="T").call("x") == (("T", "test <x>"), "test <x>")
    ran.clear()
    assert await outer.override(train=1, test=2).call("x") == ((1, 2), 2)
    assert ran == []


async def test_an_override_of_an_override_replaces_what_is_there() -> None:
    assert await learn.override(train=1).override(train=2).call("x") == (2, "test <x>")
    assert await learn.override(train=1).override(test=2).call("x") == (1, 2)
    assert await learn.override(split=(5, 6)).override(train=1).call("x") == (1, 6)
    assert await learn.override(train=1).override(split=(5, 6)).call("x") == (1, 6)
    assert await learn.override(split=(5, 6), train=1).call("x") == (1, 6)

    def fake() -> tuple[int, int]:
        return 7, 8

    assert await learn.override(split=fake).override(train=1).call("x") == (1, 8)


def test_the_graph_and_the_record_show_it() -> None:
    w = learn.override(train=[1])
    assert edges_of(w) == {
        ("url", "page", "url"),
        ("page", "split", "page"),
        ("split", "learn", "test"),
        ("train", "learn", "train"),
        ("url", "learn", "url"),
    }
    assert "├── train (replaced)\n└── split[test]\n" in str(w.graph)
    node = w.graph.find("train")
    assert node is not None
    assert (node.replaced, w.graph.find(split)) == (True, w.graph.find("split"))
    run = w.run("x")
    assert (run.tasks["train"].status, run.tasks["train"].result) == (Status.COMPLETED, [1])
    assert learn.override(train=page).graph.find("train") is not None
    w.check(types=True)
    assert learn("y") == ("train <y>", "test <y>")


def test_the_names_of_outputs_are_among_those_that_a_misspelt_one_is_near_to() -> None:
    with pytest.raises(UnknownTaskError, match=r"it has no task 'trian'\. Did you mean 'train'\?"):
        learn.override(trian=1)


def test_an_output_of_two_tasks_is_replaced_only_where_it_is_clear_which() -> None:
    @task(outputs=("train", "rest"))
    def other() -> tuple[int, int]:
        return 1, 2

    @workflow(needs={"a": split, "b": other, "train": value(0)})
    def w(url: str, a: Any, b: Any, train: Any) -> Any: ...

    with pytest.raises(UnknownTaskError):
        w.override(train=1)
    assert w.override(rest=1).graph.find("rest") is None  # nobody receives it


def test_a_task_without_the_outputs_still_cannot_stand_in_for_the_whole() -> None:
    with pytest.raises(GraphError, match="needs 'train', an output of task 'split', but task 'page' replaces it"):
        _ = learn.override(split=page).graph
