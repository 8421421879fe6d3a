"""`defaults=` holds for all tasks that do not say themselves: retries, times, places, recovery."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
from anyio import fail_after, sleep_forever

from flowdeco import Retry, TaskTimeoutError, task
from tests.support.defaults import AGAIN, PATIENCE, Flaky, collect

INSTANT = 1e-6  # seconds: over at the first wait


# Each option


async def test_retries_hold_for_all_tasks_that_do_not_say_themselves() -> None:
    flaky = Flaky()
    w = collect(
        {
            "silent": flaky.task("silent"),
            "thread": flaky.plain("thread"),
            "none": flaky.task("none", retries=None),
            "own": flaky.task("own", retries=Retry(1, delay=0)),
            "out": flaky.task("out", retries=0),
            "out too": flaky.plain("out too", retries=Retry(0)),
        },
        defaults={"retries": AGAIN},
    )
    run = await w.run()
    assert flaky.calls == {"silent": 3, "thread": 3, "none": 3, "own": 2, "out": 1, "out too": 1}
    assert {record.name: record.attempts for record in run.tasks.values()} == flaky.calls


async def test_a_timeout_holds_for_all_tasks_that_do_not_say_themselves() -> None:
    over = anyio.Event()

    async def wait() -> str:
        await over.wait()
        return "patient"

    hasty = task(sleep_forever, name="hasty", on_error=lambda: over.set())
    w = collect(
        {"hasty": hasty, "inf": task(wait, timeout=math.inf), "own": task(wait, timeout=PATIENCE)},
        defaults={"timeout": INSTANT},
    )
    with fail_after(PATIENCE):
        given = await w()
    assert type(given["hasty"].error) is TaskTimeoutError
    assert (given["inf"].value, given["own"].value) == ("patient", "patient")


async def test_a_timeout_passes_by_what_runs_on_the_event_loop_s_own_thread() -> None:
    here = threading.current_thread()

    def where() -> bool:
        return threading.current_thread() is here

    inline = task(where, run_in="loop")
    w = collect({"inline": inline, "thread": task(where)}, defaults={"timeout": PATIENCE})
    given = await w()
    assert (given["inline"].value, given["thread"].value) == (True, False)


async def test_run_in_holds_for_each_def_that_does_not_say_itself_and_passes_by_the_others() -> None:
    here = threading.current_thread()

    def where() -> bool:
        return threading.current_thread() is here

    async def on_loop() -> bool:
        return where()

    def items() -> Any:
        yield where()

    async def async_items() -> Any:
        yield where()

    w = collect(
        {
            "def": task(where),
            "items": task(items),
            "own": task(where, run_in="thread"),
            "timed": task(where, timeout=PATIENCE),
            "endless": task(where, timeout=math.inf),
            "async": task(on_loop),
            "async items": task(async_items),
        },
        defaults={"run_in": "loop"},
    )
    given = {name: outcome.value for name, outcome in (await w()).items()}
    assert given == {
        "def": True,
        "items": [True],
        "own": False,
        "timed": False,
        "endless": True,
        "async": True,
        "async items": [True],
    }


async def test_an_executor_may_be_the_default() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:

        def where() -> str:
            return threading.current_thread().name

        given = await collect({"def": task(where), "own": task(where, run_in="thread")}, defaults={"run_in": pool})()
    assert given["def"].value.startswith("pool")
    assert not given["own"].value.startswith("pool")


def say_after(error: Exception) -> str:
    return f"after {error}"


async def test_recover_holds_for_all_tasks_that_do_not_say_themselves() -> None:
    flaky = Flaky()
    w = collect(
        {
            "silent": flaky.task("silent"),
            "own": flaky.task("own", recover=lambda: "own"),
            "out": flaky.task("out", recover={}),
            "other": flaky.task("other", recover={KeyError: lambda: "never"}),
        },
        defaults={"recover": say_after},
    )
    given = await w()
    assert (given["silent"].value, given["own"].value) == ("after silent", "own")
    assert (str(given["out"].error), str(given["other"].error)) == ("out", "other")


async def test_a_task_may_recover_all_tasks_under_its_own_policy() -> None:
    seen: list[Any] = []

    def note(delay: float) -> None:
        seen.append(delay)

    @task(retries=AGAIN, on_retry=note)
    async def cache(error: Exception, attempt: int) -> str:
        seen.append(attempt)
        if len(seen) < 5:
            raise KeyError("not yet")
        return f"cached for {error}"

    flaky = Flaky()
    given = await collect({"first": flaky.task("first", retries=0)}, defaults={"recover": cache, "retries": 5})()
    assert given["first"].value == "cached for first"
    assert seen == [1, 0.0, 1, 0.0, 1]
    assert flaky.calls == {"first": 1}
