"""`with_options()` checks the options of a policy, and what was given may change afterwards."""

from typing import Any

import pytest

from flowdeco import Limit, OptionError, Retry, task, workflow
from tests.support.case_id import show
from tests.support.hooks import HOOKS
from tests.support.naming import take
from tests.support.policy_options import ask_url, inner


@pytest.mark.parametrize(
    "change",
    [
        *({option: 5} for option in HOOKS),
        *({"retries": -1}, {"recover": 5}, {"recover": inner}, {"when": 5}, {"limit": 0}, {"run_in": "thred"}),
        *({"metadata": 5}, {"settled": "x"}, {"on_error": ask_url}, {"timeout": 5, "run_in": "loop"}),
    ],
    ids=show,
)
def test_other_options_of_a_task_are_checked_as_the_first_were(change: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as first:
        task(lambda: 1, name="made", **change)
    made = task(lambda: 1, name="made", retries=1)
    with pytest.raises(OptionError) as again:
        made.with_options(**change)
    assert str(again.value) == str(first.value)
    assert type(again.value) is type(first.value)


@pytest.mark.parametrize(
    "change",
    [
        *({option: 5} for option in HOOKS),
        *({"keep_going": 1}, {"hook_errors": "rise"}, {"state": 5}, {"defaults": {"retires": 2}}, {"metadata": 5}),
        *({"settled": "x"}, {"on_error": ask_url}, {"defaults": {"retries": -1}}),
    ],
    ids=show,
)
def test_other_options_of_a_workflow_are_checked_as_the_first_were(change: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as first:
        workflow(lambda: 1, name="made", **change)
    made: Any = workflow(lambda: 1, name="made", keep_going=True)
    with pytest.raises(OptionError) as again:
        made.with_options(**change)
    assert str(again.value) == str(first.value)
    assert type(again.value) is type(first.value)


def test_an_option_that_two_together_break_is_refused_also_if_the_first_was_there_before() -> None:
    with pytest.raises(OptionError) as caught:
        task(lambda: 1, name="made", timeout=5).with_options(run_in="loop")
    assert str(caught.value) == (
        "Cannot define task 'made': timeout=5 cannot be combined with run_in=\"loop\": a def cannot be interrupted "
        "on the "
        "event loop. Remove one of them."
    )
    assert task(lambda: 1, timeout=5).with_options(run_in="loop", timeout=None).timeout is None


def test_with_options_and_none_a_task_is_as_if_it_had_not_been_given_any() -> None:
    def read() -> int:
        raise ValueError("no")

    made = task(read, retries=2, recover=lambda: 1, limit=1, on_error=print, metadata={"a": 1}, when=lambda: False)
    bare = made.with_options(
        retries=None, recover=None, limit=None, on_error=None, metadata=None, when=None, timeout=None
    )
    w = workflow(take, needs={"given": bare})
    with pytest.raises(ValueError, match="no"):
        w()


# What was given may change afterwards


def one_more(number: int) -> int:
    return number + 1


def test_lists_and_mappings_are_taken_as_they_are_when_the_decorator_runs() -> None:
    seen: list[str] = []
    hooks: list[Any] = [lambda: seen.append("hook")]
    by_type: dict[Any, Any] = {ValueError: lambda: seen.append("by type")}
    recover: dict[Any, Any] = {KeyError: print, ValueError: one_more}
    metadata: dict[str, Any] = {"owner": "me"}
    settled = ["given", "lost"]
    limit = Limit(1)
    places: dict[Any, Any] = {limit: 1}
    on: list[type[Exception]] = [KeyError]

    @task(on_start=hooks, recover=recover, metadata=metadata, limit=places, retries=Retry(5, on=on, delay=0))
    def fail(number: int) -> None:
        seen.append(repr(limit))
        raise ValueError("no")

    @workflow(
        needs={"given": fail, "lost": fail.with_options(recover=None, on_start=None, on_error=by_type, after=fail)},
        settled=settled,
        on_start=hooks,
        metadata=metadata,
    )
    def w(number: int, given: Any, lost: Any) -> Any:
        return given.value, type(lost.error)

    hooks[:] = [print]
    for given in (by_type, recover, metadata, settled, places):
        given.clear()
    on.append(ValueError)
    run = w.run(5)
    assert run.result == (6, ValueError)
    taken = "<Limit: 1 of 1 places taken>"
    assert seen == ["hook", "hook", taken, taken, "by type"]
    assert dict(run.metadata) == dict(run.tasks[fail].metadata) == {"owner": "me"}


def test_a_list_and_a_tuple_say_the_same() -> None:
    seen: list[str] = []
    for kind in (list[Any], tuple[Any, ...]):
        made = task(lambda: 1, on_success=kind([lambda: seen.append("first"), lambda: seen.append("second")]))
        given = workflow(take, needs={"given": made}, settled=kind(["given"]))()
        assert given.unwrap() == 1
    assert seen == ["first", "second"] * 2


def test_nothing_in_a_list_or_a_mapping_is_nothing() -> None:
    made = task(lambda: 1, on_start=[], on_error={}, recover={}, limit={}, metadata={}, settled=())
    assert workflow(take, needs={"given": made}, on_state=[], on_error={}, settled=[], metadata={})() == 1
