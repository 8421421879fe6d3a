"""`defaults=` of hooks and metadata."""

from collections.abc import Mapping
from typing import Any

import pytest

from flowdeco import Retry, task, workflow
from tests.support.defaults import AGAIN, Flaky, collect, one, told


async def test_hooks_hold_where_a_task_has_none_of_that_option() -> None:
    seen: list[str] = []
    silent = task(one, name="silent")
    own = task(one, name="own", on_start=[told(seen, "own"), told(seen, "second")], after=silent)
    out = task(one, name="out", on_start=[], on_success=(), after=own)

    @workflow(after=out, defaults={"on_start": told(seen, "default"), "on_success": [told(seen, "default")]})
    async def w() -> None: ...

    await w()
    assert seen == [
        "default start silent",
        "default success silent",
        "own start own",
        "second start own",
        "default success own",
    ]


@pytest.mark.parametrize("option", ["on_state", "on_start", "on_success", "on_retry", "on_error"])
async def test_every_hook_may_be_a_default(option: Any) -> None:
    seen: list[str] = []
    flaky = Flaky()
    fails = {"bad": flaky.task("bad"), "thread": flaky.plain("thread")}
    retries: dict[Any, Any] = {"retries": Retry(1, delay=0)}
    await collect({**fails, "good": task(one, name="good")}, defaults={**retries, option: told(seen, "default")})()
    wanted = {
        "on_state": {"bad": 4, "thread": 4, "good": 2},
        "on_start": {"bad": 1, "thread": 1, "good": 1},
        "on_success": {"good": 1},
        "on_retry": {"bad": 1, "thread": 1},
        "on_error": {"bad": 1, "thread": 1},
    }[option]
    kind = option.removeprefix("on_")
    assert sorted(seen) == sorted(line for name, n in wanted.items() for line in [f"default {kind} {name}"] * n)


async def test_on_error_by_type_may_be_a_default() -> None:
    seen: list[str] = []
    by_type: Any = {KeyError: told(seen, "key"), ValueError: told(seen, "value"), Exception: told(seen, "any")}
    await collect({"bad": Flaky().task("bad")}, defaults={"on_error": by_type})()
    assert seen == ["value error bad"]


async def test_metadata_is_merged_and_the_task_s_own_wins() -> None:
    seen: list[Any] = []

    def note(metadata: Mapping[str, Any]) -> None:
        seen.append(dict(metadata))

    mine = task(one, metadata={"owner": "me", "cost": 1}, on_start=note)
    silent = task(one, name="silent")
    w = collect({"mine": mine, "silent": silent}, defaults={"metadata": {"owner": "team", "tier": 2}})
    run = await w.run()
    assert dict(run.tasks[mine].metadata) == {"owner": "me", "cost": 1, "tier": 2}
    assert dict(run.tasks[silent].metadata) == {"owner": "team", "tier": 2}
    assert seen == [{"owner": "me", "cost": 1, "tier": 2}]


async def test_none_in_defaults_says_nothing() -> None:
    every: Any = dict.fromkeys(
        ["retries", "timeout", "recover", "when", "limit", "run_in", "on_state", "on_start", "on_error", "metadata"]
    )
    flaky = Flaky()
    given = await collect({"bad": flaky.task("bad"), "good": task(one, run_in="loop")}, defaults=every)()
    assert (str(given["bad"].error), given["good"].value) == ("bad", 1)
    assert (await collect({"good": task(one)}, defaults={})())["good"].value == 1
    assert (await collect({"good": task(one)}, defaults=None)())["good"].value == 1


async def test_defaults_are_taken_as_they_are_when_the_decorator_runs() -> None:
    flaky = Flaky()
    seen: list[str] = []
    hooks: list[Any] = [told(seen, "default")]
    metadata = {"owner": "team"}
    recover: dict[Any, Any] = {ValueError: lambda: "recovered"}
    given: Any = {"retries": AGAIN, "on_start": hooks, "metadata": metadata, "recover": recover}
    bad = flaky.task("bad")
    w = collect({"bad": bad}, defaults=given)
    for part in (given, hooks, metadata, recover):
        part.clear()
    run = await w.run()
    assert run.result["bad"].value == "recovered"
    assert flaky.calls == {"bad": 3}
    assert seen == ["default start bad"]
    assert dict(run.tasks[bad].metadata) == {"owner": "team"}
