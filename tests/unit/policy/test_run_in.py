"""`run_in=`: what it can be."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from flowdeco._base.errors import OptionError, OptionTypeError
from flowdeco._base.signature import Kind
from flowdeco._definition.definition import definition_of
from flowdeco._policy import run_in

check_run_in = partial(run_in.check_run_in, find_task=definition_of)


@pytest.mark.parametrize("value", [None, "thread", "loop", "process"])
@pytest.mark.parametrize("kind", ["sync", "generator"])
def test_a_def_may_run_anywhere(value: str | None, kind: Kind) -> None:
    assert check_run_in("task 'page'", value, kind) == value
    with ThreadPoolExecutor() as executor:
        assert check_run_in("task 'page'", executor, kind) is executor


@pytest.mark.parametrize("kind", ["async", "async generator"])
def test_an_async_def_runs_on_the_event_loop(kind: Kind) -> None:
    assert check_run_in("task 'page'", None, kind) is None
    assert check_run_in("task 'page'", "loop", kind) == "loop"
    with ThreadPoolExecutor() as executor:
        for place in ("thread", "process", executor):
            with pytest.raises(
                OptionError, match=r"^Cannot define task 'page': run_in=.* always runs on the event"
            ) as e:
                check_run_in("task 'page'", place, kind)
            assert (e.value.option, e.value.value) == ("run_in", place)


def test_a_misspelt_place_gets_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"run_in='proces' is not a place to run in\. Did you mean 'process'\?"):
        check_run_in("task 'page'", "proces", "sync")
    with pytest.raises(
        OptionError, match="There are 'thread', 'loop' and 'process'; or give an executor or a resource"
    ):
        check_run_in("task 'page'", "moon", "sync")


@pytest.mark.parametrize("value", [3, True, ThreadPoolExecutor, ["process"]])
def test_what_is_no_place_is_of_the_wrong_type(value: object) -> None:
    with pytest.raises(OptionTypeError, match="is not one of 'thread', 'loop' and 'process', nor an instance"):
        check_run_in("task 'page'", value, "sync")
