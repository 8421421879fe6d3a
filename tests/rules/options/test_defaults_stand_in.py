"""`defaults=` beside stand-ins, other options and workflows within."""

from typing import Any

from flowdeco import Retry, task, workflow
from tests.support.defaults import AGAIN, Flaky, collect, one, told


async def test_what_stands_in_for_a_task_is_under_the_defaults_as_the_task_was() -> None:
    flaky = Flaky()
    bad = task(one, name="bad")
    w = collect({"bad": bad}, defaults={"retries": AGAIN})

    def fail() -> None:
        flaky.calls["function"] = flaky.calls.get("function", 0) + 1
        raise ValueError("no")

    assert (await w())["bad"].value == 1
    assert (await w.override(bad=fail)())["bad"].failed
    assert (await w.override(bad=flaky.task("task"))())["bad"].failed
    assert (await w.override(bad=flaky.task("own", retries=1).with_options(retries=Retry(1, delay=0)))())["bad"].failed
    assert (await w.override(bad="value")())["bad"].value == "value"
    assert flaky.calls == {"function": 3, "task": 3, "own": 2}


async def test_a_task_with_its_option_taken_out_is_under_the_defaults_again() -> None:
    flaky = Flaky()
    own = flaky.task("own", retries=0)
    w = collect({"own": own, "silent": own.with_options(retries=None, name="silent")}, defaults={"retries": AGAIN})
    run = await w.run()
    assert {record.name: record.attempts for record in run.tasks.values()} == {"own": 1, "silent": 3}


async def test_a_workflow_with_other_options_keeps_or_changes_its_defaults() -> None:
    flaky = Flaky()
    w = collect({"bad": flaky.task("bad")}, defaults={"retries": AGAIN})
    attempts: list[int] = []
    for changed in (
        w.with_options(name="other"),
        w.with_options(defaults={"retries": Retry(1, delay=0)}),
        w.with_options(defaults=None),
        w.with_options(defaults={}),
        w,
    ):
        run = await changed.run()
        attempts.append(run.tasks["bad"].attempts)
    assert attempts == [3, 2, 1, 1, 3]


async def test_the_tasks_of_a_workflow_that_runs_inside_are_not_concerned_nor_is_that_itself() -> None:
    flaky = Flaky()
    inside = flaky.task("inside")

    @workflow(needs={"given": inside})
    async def inner(given: Any) -> Any: ...

    @workflow(needs={"given": flaky.task("inside own")}, defaults={"retries": Retry(1, delay=0)})
    async def other(given: Any) -> Any: ...

    seen: list[str] = []
    w = collect(
        {"inner": inner, "other": other, "shared": inside},
        defaults={"retries": AGAIN, "on_start": told(seen, "default"), "when": lambda: True, "recover": one},
    )
    given = await w()
    assert (given["inner"].failed, given["other"].failed, given["shared"].value) == (True, True, 1)
    assert flaky.calls == {"inside": 1 + 3, "inside own": 2}
    assert seen == ["default start inside"]
