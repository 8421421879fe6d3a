"""`defaults=` with a `when=`."""

import anyio
import pytest

from flowdeco import CycleError, Status, task, workflow
from tests.conftest import Backend
from tests.support.defaults import collect, one
from tests.support.naming import make_module, on, take


def if_enabled(enabled: bool) -> bool:
    return enabled


async def test_a_when_of_the_defaults_decides_on_the_tasks_that_have_none() -> None:
    @task
    def enabled() -> bool:
        return False

    w = collect(
        {"silent": task(one, name="silent"), "own": task(one, when=lambda: True)},
        tasks=[enabled],
        defaults={"when": if_enabled},
    )
    given = await w()
    assert (given["silent"].status, given["silent"].reason) == (Status.SKIPPED, "when=if_enabled gave false")
    assert given["own"].value == 1
    assert (await w.override(enabled=True)())["silent"].value == 1


async def test_a_when_of_the_defaults_runs_once_for_each_task_and_what_it_needs_runs_once() -> None:
    asked: list[bool] = []
    ran: list[str] = []

    @task
    async def enabled() -> bool:
        ran.append("enabled")
        return True

    async def ask(enabled: bool) -> bool:
        await anyio.lowlevel.checkpoint()
        asked.append(enabled)
        return enabled

    await collect({"a": task(one, name="a"), "b": task(one, name="b")}, tasks=[enabled], defaults={"when": ask})()
    assert (asked, ran) == ([True, True], ["enabled"])


def test_the_names_of_a_default_when_are_found_where_the_workflow_is_defined(backend: Backend) -> None:
    steps = make_module("steps", "enabled = task(lambda: False)\nwork = task(lambda: 'work')", task=task)
    text = """
enabled = task(lambda: True)
@workflow(tasks=[steps], defaults={"when": lambda enabled, wanted: enabled and wanted}, settled="work")
def w(wanted, work): return work
"""
    flow = make_module("flow", text, task=task, workflow=workflow, steps=steps)
    w = on(flow.w, backend)
    assert w(True).value == "work"
    assert w(False).skipped
    flow.enabled = task(lambda: False)
    assert w(True).skipped


async def test_a_when_of_the_defaults_passes_by_what_it_needs_itself() -> None:
    @task
    def source() -> str:
        return "no"

    @task
    def before() -> str:
        return "before"

    @task(after=before)
    def config(source: str) -> str:
        return source

    def if_so(config: str) -> bool:
        return config == "yes"

    w = collect({"work": task(one, name="work"), "config": config}, tasks=[config], defaults={"when": if_so})
    w.check()
    run = await w.run()
    assert {record.name: record.status for record in run.tasks.values()} == {
        "source": Status.COMPLETED,
        "before": Status.COMPLETED,
        "config": Status.COMPLETED,
        "work": Status.SKIPPED,
    }


def test_a_when_of_the_defaults_makes_no_circle_where_it_needs_what_needs_other_tasks() -> None:
    @task
    def enabled() -> bool:
        return True

    @task
    def first(enabled: bool) -> bool:
        return enabled

    @task
    def second(first: bool) -> bool:
        return first

    def if_second(second: bool) -> bool:
        return second

    w = workflow(take, needs={"given": second}, tasks=[second], defaults={"when": if_second})
    assert w() is True


def test_a_when_of_the_defaults_does_not_hide_a_circle() -> None:
    @task
    def ping(pong: int) -> int:
        return pong

    @task
    def pong(ping: int) -> int:
        return ping

    def if_ping(ping: int) -> bool:
        return bool(ping)

    w = workflow(take, needs={"given": ping}, defaults={"when": if_ping})
    with pytest.raises(CycleError) as caught:
        w.check()
    assert caught.value.path == ("ping", "pong", "ping")


async def test_a_task_may_be_the_when_of_the_defaults() -> None:
    @task
    async def enabled() -> bool:
        return False

    run = await collect({"work": task(one, name="work"), "enabled": enabled}, defaults={"when": enabled}).run()
    assert run.tasks["work"].reason == "when=enabled gave false"
    assert run.tasks["enabled"].status is Status.COMPLETED


async def test_nothing_runs_for_a_when_of_the_defaults_that_decides_on_no_task() -> None:
    @task
    def enabled() -> bool:
        return False

    w = collect({"own": task(one, name="own", when=lambda: True)}, tasks=[enabled], defaults={"when": if_enabled})
    assert [node.name for node in w.graph] == ["own"]
    assert (await w())["own"].value == 1
