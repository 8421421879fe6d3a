"""`settled=` gives the outcome of what a parameter names, however it ended."""

from collections.abc import Callable
from typing import Any

import pytest

from flowdeco import Outcome, OutputError, Status, task, workflow
from tests.conftest import Backend
from tests.support.naming import on
from tests.support.outcomes import each_way, fail, make_ends, make_task, refuse


def boil_down(outcome: Outcome[Any]) -> tuple[Any, ...]:
    assert outcome.completed is (outcome.status is Status.COMPLETED)
    assert outcome.skipped is (outcome.status is Status.SKIPPED)
    assert outcome.failed is (outcome.status in (Status.FAILED, Status.UPSTREAM_FAILED))
    error = None if outcome.error is None else str(outcome.error)
    return outcome.task, outcome.status.value, outcome.value, error, outcome.reason


ENDS = {
    "good": ("good", "completed", 1, None, None),
    "none": ("none", "completed", None, None, None),
    "bad": ("bad", "failed", None, "no", None),
    "off": ("off", "skipped", None, None, "no news"),
    "after_bad": ("after_bad", "upstream_failed", None, "no", None),
    "after_off": ("after_off", "skipped", None, None, "'off' was skipped: no news"),
}


def tell(good: Any, none: Any, bad: Any, off: Any = 5, after_bad: Any = 5, *, after_off: Any) -> Any:
    return {outcome.task: boil_down(outcome) for outcome in (good, none, bad, off, after_bad, after_off)}


async def tell_async(good: Any, none: Any, bad: Any, off: Any = 5, after_bad: Any = 5, *, after_off: Any) -> Any:
    return tell(good, none, bad, off, after_bad, after_off=after_off)


@each_way
async def test_a_settled_parameter_receives_an_outcome_however_its_task_ended(way: str) -> None:
    steps = make_ends(way)
    told = task(tell if way == "def" else tell_async, name="told", settled=[*ENDS])

    @workflow(tasks=steps, needs={"given": told})
    async def by_task(given: Any) -> Any:
        return given

    for w in (by_task, workflow(tell_async, name="by_itself", tasks=steps, settled=[*ENDS])):
        run = await w.run()
        assert run.result == ENDS
        assert (run.status, run.error) == (Status.COMPLETED, None)
        assert [(f.task, str(f.error)) for f in run.errors] == [("bad", "no")]
        assert await w() == ENDS


def test_a_def_workflow_receives_outcomes_too(backend: Backend) -> None:
    w = on(workflow(tell, name="w", tasks=make_ends("async"), settled=[*ENDS]), backend)
    assert w() == w.run().result == ENDS


@each_way
async def test_a_list_or_dict_of_tasks_settles_to_one_of_outcomes(way: str) -> None:
    steps = make_ends(way)

    @task(needs={"a": ["good", "bad", "off"], "b": {"x": "bad", "y": "none"}}, settled=("a", "b"))
    async def told(a: list[Outcome[Any]], b: dict[str, Outcome[Any]]) -> Any:
        return [boil_down(outcome) for outcome in a], {key: boil_down(outcome) for key, outcome in b.items()}

    @workflow(tasks=[*steps, told])
    async def w(told: Any) -> Any:
        return told

    assert await w() == ([ENDS["good"], ENDS["bad"], ENDS["off"]], {"x": ENDS["bad"], "y": ENDS["none"]})


@pytest.mark.parametrize("act", [lambda: {"left": 1, "right": 2}, fail, refuse, lambda: 5])
async def test_parts_of_a_result_are_settled_with_the_task_they_come_from(act: Callable[[], Any]) -> None:
    halves = make_task("waits", "halves", act, outputs=("left", "right"))

    @workflow(tasks=[halves], settled=("left", "right"))
    async def w(left: Outcome[int], right: Outcome[int]) -> Any:
        assert (left.task, left.status, left.error) == (right.task, right.status, right.error)
        return left, right

    left, right = await w()
    assert (left.task, left.value, right.value) == ("halves", *((1, 2) if left.completed else (None, None)))
    assert isinstance(left.error, OutputError) is (
        not left.skipped and act not in (fail, refuse) and not left.completed
    )


async def test_one_may_receive_the_outcome_of_what_another_needs_plainly() -> None:
    bad = make_task("waits", "bad", fail)
    good = make_task("waits", "good", lambda: 1)

    async def need(given: int) -> int:
        return given + 1

    plain_bad = task(need, name="plain_bad", needs={"given": bad})
    plain_good = task(need, name="plain_good", needs={"given": good})

    @workflow(tasks=[bad, good, plain_bad, plain_good], settled=("bad", "good", "plain_bad"))
    async def w(bad: Any, good: Any, plain_bad: Any, plain_good: int) -> Any:
        assert plain_bad.error is bad.error
        return bad.status, good.value, plain_bad.status, plain_good

    assert await w() == ("failed", 1, "upstream_failed", 2)
