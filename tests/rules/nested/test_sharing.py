"""A task that a workflow and those within it share is one node, and runs once in a run."""

from collections import Counter
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from flowdeco import Event, OptionTypeError, Outcome, Run, Skip, State, Status, task, workflow
from tests.support.naming import mention

ran: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def _forget() -> None:
    ran.clear()


@task
async def load(path: str) -> str:
    ran["load"] += 1
    if path == "bad":
        raise ValueError(path)
    if path == "skip":
        raise Skip("no file")
    return f"<{path}>"


@task
def parse(load: str) -> str:
    ran["parse"] += 1
    return load.upper()


@workflow
async def left(path: str, parse: str, load: str) -> Any:
    return "left", parse, load


@workflow
def right(path: str, parse: str) -> Any:
    return "right", parse


@workflow
async def both(path: str, left: Any, right: Any) -> Any:
    return left, right


@workflow
async def outer(path: str, both: Any, load: str) -> Any:
    return both, load


mention(load, parse, left, right, both)
EXPECTED = ("left", "<X>", "<x>"), ("right", "<X>")


async def test_a_loader_that_outer_and_inner_share_runs_once() -> None:
    assert await outer("x") == (EXPECTED, "<x>")
    assert ran == {"load": 1, "parse": 1}


async def test_what_two_inner_workflows_share_belongs_to_the_one_around_them() -> None:
    assert [node.name for node in both.graph] == ["load", "parse", "left", "right"]
    assert [node.name for node in outer.graph] == ["load", "both"]
    run = await outer.run_async("x")
    within = run.tasks["both"].run
    assert (run.tasks["load"].attempts, "parse" in run.tasks) == (1, False)
    assert within.tasks["parse"].attempts == 1
    assert (within.tasks["load"].status, within.tasks["load"].attempts) == (Status.COMPLETED, 0)
    assert within.tasks["left"].run.tasks["parse"].result == "<X>"
    assert run.critical_path() == ["load", "both"]


def test_the_graph_shows_what_is_shared() -> None:
    assert ("load", "left", None) in both.graph.edges
    assert '-->|"shared"|' in both.graph.to_mermaid()
    assert str(both.graph) == (
        "both(path)\n"
        "├── path (input)\n"
        "├── left (workflow)\n"
        "│   ├── path (input)\n"
        "│   ├── parse (shared)\n"
        "│   │   └── load\n"
        "│   │       └── path (input)\n"
        "│   └── load (shared) ↑\n"
        "└── right (workflow)\n"
        "    ├── path (input)\n"
        "    └── parse (shared) ↑"
    )
    outer.check(types=True)


async def test_a_workflow_that_two_levels_have_runs_once_too() -> None:
    @workflow
    async def more(path: str, both: Any, left: Any) -> Any:
        ran["more"] += 1
        return both, left

    assert await more("x") == (EXPECTED, EXPECTED[0])
    assert [node.name for node in more.graph] == ["load", "parse", "left", "both"]
    assert ran == {"load": 1, "parse": 1, "more": 1}


async def test_share_false_lets_each_run_its_own() -> None:
    alone = left.with_options(share=False)

    @workflow(needs={"first": alone})
    async def w(path: str, first: Any, right: Any, load: str) -> Any:
        return first, right, load

    assert await w("x") == (*EXPECTED, "<x>")
    assert ran == {"load": 2, "parse": 2}
    ran.clear()
    assert await w.with_options(share=False)("x") == (*EXPECTED, "<x>")
    assert ran == {"load": 3, "parse": 2}


async def test_other_inputs_make_other_nodes_and_the_same_ones_are_still_one() -> None:
    names = {"left2": left.with_options(needs={"path": "other"}, name="left2")}
    names["right2"] = right.with_options(needs={"path": "other"}, name="right2")

    @workflow(tasks=names)
    async def w(path: str, other: str, left: Any, right: Any, left2: Any, right2: Any, load: str) -> Any:
        return left, right, left2, right2, load

    assert await w("x", "y") == (*EXPECTED, ("left", "<Y>", "<y>"), ("right", "<Y>"), "<x>")
    assert ran == {"load": 2, "parse": 2}
    assert await w("x", "x") == (*EXPECTED, *EXPECTED, "<x>")
    assert sorted(node.name for node in w.graph if node.step is load) == ["load", "load (2)"]


async def test_a_failure_makes_the_inner_workflow_upstream_failed_and_is_no_attempt_of_it() -> None:
    told: list[str] = []

    @task
    async def free() -> str:
        return "free"

    def tell(event: Event) -> None:
        told.append(f"{event.workflow} {event.task} {event.status}")

    @workflow(on_state=tell)
    async def within(path: str, load: str) -> str:
        return load

    @workflow(keep_going=True, needs={"other": free}, on_state=tell)
    async def kept(path: str, within: str, load: str, other: str) -> Any: ...

    run = await kept.with_options(needs={"within": within.with_options(keep_going=True), "other": free}).run_async(
        "bad"
    )
    assert (run.tasks["load"].status, run.tasks["within"].status) == (Status.FAILED, Status.UPSTREAM_FAILED)
    assert (run.tasks["within"].attempts, run.tasks["free"].status) == (0, Status.COMPLETED)
    assert ran == {"load": 1}
    assert not [line for line in told if line.startswith("within")]
    assert "kept load failed" in told


async def test_a_failure_that_is_received_inside_as_an_outcome_does_not_keep_the_inner_workflow_from_running() -> None:
    @workflow(settled="load")
    async def within(path: str, load: Outcome[str]) -> Any:
        return str(load.status)

    @workflow(settled="load")
    async def w(path: str, within: str, load: Outcome[str]) -> Any:
        return within, str(load.status)

    assert await w("bad") == ("failed", "failed")
    assert await w("skip") == ("skipped", "skipped")
    assert await w("x") == ("completed", "completed")
    assert ran == {"load": 3}
    for path, status in [("bad", Status.FAILED), ("skip", Status.SKIPPED), ("x", Status.COMPLETED)]:
        run = await w.run_async(path)
        assert run.tasks["load"].status is run.tasks["within"].run.tasks["load"].status is status


async def test_a_skip_is_judged_by_those_inside_who_need_it() -> None:
    @task
    async def reads(load: str = "default") -> str:
        return load

    @workflow
    async def within(path: str, reads: str) -> str:
        return reads

    @workflow
    async def w(path: str, within: str, load: str | None = None) -> Any:
        return within, load

    assert await w("skip") == ("default", None)
    assert ran == {"load": 1}


async def test_the_inner_workflow_with_its_timeout_begins_when_the_shared_task_has_ended() -> None:
    told: list[str] = []

    @task
    async def slow() -> str:
        await anyio.lowlevel.checkpoint()
        told.append("slow has ended")
        return "slow"

    @workflow(timeout=60, on_start=lambda: told.append("within begins"))
    async def within(slow: str) -> str:
        return slow

    @workflow
    async def w(within: str, slow: str) -> str:
        return within

    assert await w() == "slow"
    assert told == ["slow has ended", "within begins"]
    told.clear()
    assert await within() == "slow"
    assert told == ["within begins", "slow has ended"]


async def test_state_and_run_make_different_nodes_where_a_task_asks_for_them() -> None:
    class Own(State):
        count: int = 0

    @task
    async def count(state: State) -> int:
        ran["count"] += 1
        return id(state)

    @task
    async def whose(run: Run[Any]) -> str:
        return run.workflow

    @workflow
    async def within(count: int, whose: str, path: str, load: str) -> Any:
        return count, whose

    @workflow(state=Own)
    async def w(path: str, within: Any, count: int, whose: str) -> Any:
        return within, count, whose

    (first, inner), second, around = await w("x")
    assert (first == second, inner, around) == (True, "within", "w")
    assert ran == {"count": 1, "load": 1}
    ran.clear()
    own = within.with_options(state=Own)
    (first, _), second, _ = await w.with_options(needs={"within": own})("x")
    assert first != second
    assert ran == {"count": 2, "load": 1}


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({"defaults": {"retries": 1}}, 2),
        ({"keep_going": True}, 2),
        ({"defaults": {"run_in": "loop"}}, 1),  # an async def is not concerned
        ({"timeout": 60, "hook_errors": "raise", "metadata": {"a": 1}}, 1),
    ],
)
async def test_other_options_for_its_tasks_make_them_other_nodes(options: dict[str, Any], times: int) -> None:
    @workflow(**options)
    async def within(path: str, load: str) -> str:
        return load

    @workflow
    async def w(path: str, within: str, load: str) -> Any:
        return within, load

    assert await w("x") == ("<x>", "<x>")
    assert ran == {"load": times}
    ran.clear()
    equal = {option: value for option, value in options.items() if option in ("defaults", "keep_going")}
    assert await w.with_options(**equal)("x") == ("<x>", "<x>")
    assert ran == {"load": 1}


async def test_an_override_reaches_a_shared_node_by_name_and_by_the_task_itself() -> None:
    def fake(path: str) -> str:
        ran["fake"] += 1
        return f"fake {path}"

    expected = (("left", "FAKE X", "fake x"), ("right", "FAKE X")), "fake x"
    assert await outer.override(load=fake)("x") == expected
    assert await outer.override({load: fake})("x") == expected
    assert ran == {"fake": 2, "parse": 2}
    assert await outer.override(load="L")("x") == ((("left", "L", "L"), ("right", "L")), "L")


async def test_an_override_of_the_inner_workflow_alone_makes_other_nodes() -> None:
    changed = right.override(load="Z")

    @workflow(needs={"second": changed})
    async def w(path: str, left: Any, second: Any) -> Any:
        return left, second

    assert await w("x") == (EXPECTED[0], ("right", "Z"))
    assert ran == {"load": 1, "parse": 2}


async def test_an_output_that_is_read_in_an_inner_workflow_alone_is_there() -> None:
    @task(outputs=("first", "second"))
    async def pair() -> tuple[int, int]:
        ran["pair"] += 1
        return 1, 2

    @workflow
    async def a(first: int, second: int) -> Any:
        return first, second

    @workflow
    async def b(second: int, pair: Any) -> Any:
        return second, pair

    @workflow
    async def w(a: Any, b: Any, first: int) -> Any:
        return a, b, first

    assert await w() == ((1, 2), (2, (1, 2)), 1)
    assert ran == {"pair": 1}
    mention(pair)


async def test_a_live_run_tells_of_a_shared_task_once_and_cancels_it() -> None:
    started = anyio.Event()

    @task
    async def waits() -> None:
        started.set()
        await anyio.sleep_forever()

    @workflow
    async def within(waits: None) -> None: ...

    @workflow
    async def w(within: None, waits: None) -> None: ...

    async with w.start() as run:
        await started.wait()
        assert [str(run.tasks[name].status) for name in ("waits", "within")] == ["running", "pending"]
        run.cancel()
    events = [event async for event in run.events() if event.task == "waits"]
    assert [str(event.status) for event in events] == ["running", "cancelled"]


def test_a_shared_node_runs_in_a_plain_call_and_under_a_condition(backend: Any) -> None:
    def is_wanted(path: str) -> bool:
        return path != "no"

    @task(when=is_wanted)
    def wanted(path: str) -> str:
        ran["wanted"] += 1
        return path

    @workflow
    def within(path: str, wanted: str = "none") -> str:
        return wanted

    @workflow(backend=backend[0], backend_options=backend[1])
    def w(path: str, within: str, wanted: str = "none") -> Any:
        return within, wanted

    assert (w("x"), w("no")) == (("x", "x"), ("none", "none"))
    assert ran == {"wanted": 1}


def test_share_is_true_or_false() -> None:
    with pytest.raises(OptionTypeError, match="share='no' is neither True nor False"):
        left.with_options(share="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
