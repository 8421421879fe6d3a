"""`@workflow(defaults={...})`: options for all tasks that do not say themselves."""

import math
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from anyio import create_task_group, fail_after, sleep_forever, wait_all_tasks_blocked

from flowdeco import (
    CycleError,
    Event,
    Limit,
    OptionError,
    OptionTypeError,
    Outcome,
    Retry,
    Status,
    TaskTimeoutError,
    Workflow,
    task,
    workflow,
)
from tests.conftest import Backend
from tests.rules.options.test_decorated import page
from tests.support.naming import make_module, on, take

PATIENCE = 20  # seconds; a test that waits that long has failed
AGAIN = Retry(2, delay=0)
INSTANT = 1e-6  # seconds: over at the first wait


class Flaky:
    """Functions that fail, and count how often they were called."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}

    def task(self, name: str, **options: Any) -> Any:
        """Return a task that fails whenever it is called."""

        async def fail() -> None:
            self.calls[name] = self.calls.get(name, 0) + 1
            raise ValueError(name)

        return task(fail, name=name, **options)

    def plain(self, name: str, **options: Any) -> Any:
        """Return one that runs in a thread."""

        def fail() -> None:
            self.calls[name] = self.calls.get(name, 0) + 1
            raise ValueError(name)

        return task(fail, name=name, **options)


def collect(named: Mapping[str, Any], /, **options: Any) -> Workflow[Any, Any]:
    """Return a workflow that gives the outcomes of the tasks by name, whatever they are."""

    @workflow(needs={"given": dict(named)}, settled="given", **options)
    async def w(given: dict[str, Outcome[Any]]) -> dict[str, Outcome[Any]]:
        return given

    return w


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


def told(seen: list[str], who: str) -> Any:
    """Return a hook that notes who is told of which task; it waits, as a good hook may."""

    async def tell(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(f"{who} {event.kind} {event.task}")

    return tell


def one() -> int:
    return 1


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


# when=


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


# limit=


async def test_a_number_is_a_limit_for_each_task_of_its_own() -> None:
    running: list[str] = []
    go = anyio.Event()

    def slow(name: str) -> Any:
        async def wait() -> None:
            running.append(name)
            await go.wait()

        return task(wait, name=name)

    w = collect({"a": slow("a"), "b": slow("b")}, defaults={"limit": 1})
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for _ in range(3):
                group.start_soon(w.call)
            await wait_all_tasks_blocked()
            assert sorted(running) == ["a", "b"]
            go.set()
    assert sorted(running) == ["a", "a", "a", "b", "b", "b"]


async def test_a_limit_object_in_the_defaults_is_shared_by_all_tasks_that_do_not_say_themselves() -> None:
    running: list[str] = []
    go = anyio.Event()
    api = Limit(1, "api")

    def slow(name: str, **options: Any) -> Any:
        async def wait() -> None:
            running.append(name)
            await go.wait()

        return task(wait, name=name, **options)

    tasks = {"a": slow("a"), "b": slow("b"), "own": slow("own", limit=Limit(1)), "out": slow("out", limit={})}
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(collect(tasks, defaults={"limit": api}).call)
            await wait_all_tasks_blocked()
            assert len(running) == 3
            assert {"own", "out"} <= set(running)
            assert repr(api) == "<Limit 'api': 1 of 1 places taken, 1 waiting>"
            go.set()
    assert repr(api) == "<Limit 'api': 0 of 1 places taken>"


async def test_the_limit_of_a_default_stays_the_same_when_the_graph_is_compiled_again() -> None:
    go = anyio.Event()
    running: list[str] = []

    async def slow() -> None:
        running.append("slow")
        await go.wait()

    text = """
extra = task(lambda: 1)
slow = task(function)
@workflow(defaults={"limit": 1})
def w(extra, slow): return extra
"""
    module = make_module("flow", text, task=task, workflow=workflow, function=slow)
    plans: list[Any] = []
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for number in range(3):
                module.extra = task(lambda: number)  # noqa: B023 - only that it is another task counts
                group.start_soon(module.w.call)
                plans.append(module.w.compiler.plan())
                await wait_all_tasks_blocked()
            group.start_soon(module.w.override(extra=5).call)
            await wait_all_tasks_blocked()
            assert len(set(plans)) == 3
            assert running == ["slow"]
            go.set()
    assert running == ["slow"] * 4


# What stands in for a task, and other options


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


# Bad values


@pytest.mark.parametrize("value", [5, "retries", [("retries", 2)], {"retries"}], ids=repr)
def test_defaults_that_are_no_mapping_are_refused(value: Any) -> None:
    says = f"Cannot define workflow 'take': defaults={value!r} is not a mapping. Give one, as in {{'retries': 2}}."
    error = refused(value)
    assert str(error) == says
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("defaults", value)


CAN_HAVE = (
    "It can have 'retries', 'timeout', 'recover', 'when', 'limit', 'run_in', 'on_state', 'on_start', 'on_success', "
    "'on_retry', 'on_error' and 'metadata'."
)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("retires", " Did you mean 'retries'?"),
        ("on_eror", " Did you mean 'on_error'?"),
        *((option, "") for option in ("name", "needs", "outputs", "settled", "after", "keep_going", "tasks", 5)),
    ],
)
def test_an_option_that_cannot_be_a_default_is_refused_with_the_nearest_and_the_list(option: Any, hint: str) -> None:
    error = refused({option: 1})
    says = f"Cannot define workflow 'take': defaults={{{option!r}: 1}} has {option!r} in it, which cannot be a default."
    assert str(error) == f"{says}{hint} {CAN_HAVE}"
    assert type(error) is OptionError
    assert (error.option, error.value) == ("defaults", {option: 1})


def refused(defaults: Any) -> OptionError:
    """Return the error of a workflow with such defaults, which is the same with `with_options`."""
    with pytest.raises(OptionError) as caught:
        workflow(take, defaults=defaults)
    with pytest.raises(OptionError) as again:
        workflow(take).with_options(defaults=defaults)
    assert str(again.value) == str(caught.value)
    return caught.value


@workflow
def inner(page: str) -> str:
    return page


@pytest.mark.parametrize(
    ("option", "value", "kind", "reason"),
    [
        ("retries", True, OptionTypeError, "retries=True is not a number of attempts. Give retries=1 for one more."),
        (
            "retries",
            -1,
            OptionError,
            "retries=-1 is below zero. Give how many may follow the first, as in retries=3; 0 for none.",
        ),
        ("timeout", 0, OptionError, "timeout=0 is not above zero. Give seconds, or None for no limit."),
        ("timeout", "5", OptionTypeError, "timeout='5' is not a number. Give seconds, or None for no limit."),
        (
            "recover",
            5,
            OptionTypeError,
            "recover=5 cannot be called. Give a function that returns the value, or a task.",
        ),
        (
            "recover",
            inner,
            OptionTypeError,
            "recover=<workflow 'inner'> is a workflow, and that cannot recover a task. Give a function or a task.",
        ),
        (
            "when",
            5,
            OptionTypeError,
            "when=5 is not a function or a task. Give one whose parameters name what it needs to know.",
        ),
        ("limit", 0, OptionError, "limit=0 is below one. Give at least 1, or None for no limit."),
        (
            "limit",
            "2",
            OptionTypeError,
            "limit='2' is not a number, a Limit, or a mapping as in {GPU: 2}. Give one of these, or None for no limit.",
        ),
        ("run_in", "thred", OptionError, "run_in='thred' is no place to run in. Did you mean 'thread'?"),
        ("on_retry", 5, OptionTypeError, "on_retry=5 cannot be called. Give a function."),
        (
            "on_start",
            {},
            OptionTypeError,
            "on_start={} is a mapping, which only on_error= can be. Give a function, or a list of functions.",
        ),
        (
            "on_error",
            {5: 6},
            OptionTypeError,
            "on_error={5: 6} has the key 5, which is no type of error. Give one, as in {ConnectionError: ...}.",
        ),
        (
            "metadata",
            5,
            OptionTypeError,
            "metadata=5 is not a mapping with strings for keys. Give one, as in {'owner': 'data team'}.",
        ),
    ],
)
def test_a_bad_default_is_refused_as_a_bad_option_is(
    option: str, value: Any, kind: type[OptionError], reason: str
) -> None:
    error = refused({option: value})
    assert str(error) == f"Cannot define the defaults of workflow 'take': {reason}"
    assert type(error) is kind
    assert (error.option, error.value) == (option, value)


def test_defaults_that_do_not_go_together_are_refused() -> None:
    error = refused({"run_in": "loop", "timeout": 5})
    assert str(error) == (
        "Cannot define the defaults of workflow 'take': timeout=5 does not go with run_in=\"loop\": a def cannot be "
        "interrupted on the event loop. Take one of them out."
    )
    assert workflow(take, needs={"given": page}, defaults={"run_in": "loop", "timeout": math.inf})() == "page"
