"""What hooks get: what they name."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from flowdeco import Event, Retry, State, field, task, workflow
from tests.support.hooks import HOOKS, NAMES, asks, play

AGAIN = Retry(1, delay=0.25, jitter=0)


class Budget(State):
    tokens: int = field(7)


def listen(heard: list[dict[str, Any]]) -> Callable[..., None]:
    """Return a hook that asks for everything by its name."""

    def hook(
        task: Any,
        workflow: Any,
        run: Any,
        state: Any,
        status: Any,
        previous: Any,
        attempt: Any,
        error: Any,
        errors: Any,
        result: Any,
        delay: Any,
        inputs: Any,
        metadata: Any,
        event: Any,
        url: Any,
    ) -> None:
        heard.append(locals())

    return hook


def listen_everywhere(heard: list[dict[str, Any]]) -> dict[str, Any]:
    return dict.fromkeys(HOOKS, listen(heard))


# What a hook gets


async def test_a_task_s_hooks_get_what_they_name(no_waiting: None) -> None:
    first, second = ConnectionError("down"), KeyError("lost")
    attempts = play(first, "<html>", first, second)
    heard: list[dict[str, Any]] = []

    @task(retries=AGAIN, metadata={"owner": "web"}, **listen_everywhere(heard))
    async def page(url: str, depth: int = 1) -> Any:
        return attempts()

    @workflow(state=Budget)
    async def w(url: str, page: Any) -> Any:
        return page

    good, bad = await w.run("x"), await w.run("y")
    for told in heard:
        event = told["event"]
        assert isinstance(event, Event)
        assert {name: told[name] for name in NAMES} == {name: getattr(event, name) for name in NAMES}
        assert (told["task"], told["workflow"], told["metadata"]) == ("page", "w", {"owner": "web"})
        assert told["state"] is told["run"].state
        assert told["state"].tokens == 7
        assert told["inputs"] == {"url": told["url"], "depth": 1}
        assert event.time.tzinfo is UTC
        assert all(failure.task == "page" for failure in told["errors"])
    assert [told["run"] for told in heard] == [good] * 7 + [bad] * 7
    assert [told["url"] for told in heard] == ["x"] * 7 + ["y"] * 7
    assert [
        (
            told["event"].kind,
            f"{told['previous']} {told['status']}",
            told["attempt"],
            told["error"],
            [(failure.attempt, failure.error) for failure in told["errors"]],
            told["result"],
            told["delay"],
        )
        for told in heard
    ] == [
        ("state", "pending running", 1, None, [], None, None),
        ("start", "pending running", 1, None, [], None, None),
        ("state", "running retrying", 1, first, [(1, first)], None, 0.25),
        ("retry", "running retrying", 1, first, [(1, first)], None, 0.25),
        ("state", "retrying running", 2, None, [(1, first)], None, None),
        ("state", "running completed", 2, None, [(1, first)], "<html>", None),
        ("success", "running completed", 2, None, [(1, first)], "<html>", None),
        ("state", "pending running", 1, None, [], None, None),
        ("start", "pending running", 1, None, [], None, None),
        ("state", "running retrying", 1, first, [(1, first)], None, 0.25),
        ("retry", "running retrying", 1, first, [(1, first)], None, 0.25),
        ("state", "retrying running", 2, None, [(1, first)], None, None),
        ("state", "running failed", 2, second, [(1, first), (2, second)], None, None),
        ("error", "running failed", 2, second, [(1, first), (2, second)], None, None),
    ]


async def test_a_workflow_s_hooks_get_what_they_name_and_its_inputs(no_waiting: None) -> None:
    first, second = ConnectionError("down"), KeyError("lost")
    attempts = play(first, "<html>", first, second)
    heard: list[dict[str, Any]] = []

    @task(retries=AGAIN, metadata={"owner": "web"})
    async def page(depth: int = 1) -> Any:
        return attempts()

    @workflow(state=Budget, metadata={"night": True}, **listen_everywhere(heard))
    async def w(page: Any, url: str = "x") -> Any:
        return page, url

    good, bad = await w.run(), await w.run(url="y")
    for told in heard:
        event, of_task = told["event"], told["task"] is not None
        assert {name: told[name] for name in NAMES} == {name: getattr(event, name) for name in NAMES}
        assert told["workflow"] == "w"
        assert told["metadata"] == ({"owner": "web"} if of_task else {"night": True})
        assert told["inputs"] == ({"depth": 1} if of_task else {"url": told["url"]})
        assert told["state"].tokens == 7
    assert [told["run"] for told in heard] == [good] * 9 + [bad] * 9
    assert [told["url"] for told in heard] == ["x"] * 9 + ["y"] * 9
    assert [
        (
            told["event"].kind,
            told["task"],
            f"{told['previous']} {told['status']}",
            told["attempt"],
            told["error"],
            [failure.error for failure in told["errors"]],
            told["result"],
            told["delay"],
        )
        for told in heard
    ] == [
        ("state", None, "pending running", None, None, [], None, None),
        ("start", None, "pending running", None, None, [], None, None),
        ("state", "page", "pending running", 1, None, [], None, None),
        ("state", "page", "running retrying", 1, first, [first], None, 0.25),
        ("retry", "page", "running retrying", 1, first, [first], None, 0.25),
        ("state", "page", "retrying running", 2, None, [first], None, None),
        ("state", "page", "running completed", 2, None, [first], "<html>", None),
        ("state", None, "running completed", None, None, [first], ("<html>", "x"), None),
        ("success", None, "running completed", None, None, [first], ("<html>", "x"), None),
        ("state", None, "pending running", None, None, [], None, None),
        ("start", None, "pending running", None, None, [], None, None),
        ("state", "page", "pending running", 1, None, [], None, None),
        ("state", "page", "running retrying", 1, first, [first], None, 0.25),
        ("retry", "page", "running retrying", 1, first, [first], None, 0.25),
        ("state", "page", "retrying running", 2, None, [first], None, None),
        ("state", "page", "running failed", 2, second, [first, second], None, None),
        ("state", None, "running failed", None, second, [first, second], None, None),
        ("error", None, "running failed", None, second, [first, second], None, None),
    ]


async def test_a_workflow_s_hooks_get_its_inputs_by_name_also_where_a_task_has_an_argument_of_that_name() -> None:
    heard: list[Any] = []

    @task
    async def shout(word: str) -> str:
        return word.upper()

    @task
    async def word() -> str:
        return "task"

    @workflow(on_state=asks(heard, "task", "word", "inputs"), needs={"word": None})
    async def w(word: str, shout: Any) -> Any:
        return shout

    assert await w("input") == "TASK"
    assert heard[1:-1] == [
        ("word", "input", {}),
        ("word", "input", {}),
        ("shout", "input", {"word": "task"}),
        ("shout", "input", {"word": "task"}),
    ]


async def test_of_a_name_that_is_a_parameter_too_hooks_get_what_every_hook_can_ask_for() -> None:
    heard: list[Any] = []

    @task(on_success=asks(heard, "result", "inputs"))
    async def double(result: int) -> int:
        return 2 * result

    @workflow(on_success=asks(heard, "result", "inputs"))
    async def w(result: int, double: int) -> int:
        return result + double

    assert await w(4) == 12
    assert heard == [(8, {"result": 4}), (12, {"result": 4})]
