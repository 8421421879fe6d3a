"""What hooks are: what they may ask for and get, what can be a hook, which of several is called."""

import functools
import inspect
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any
from unittest.mock import AsyncMock, Mock, create_autospec

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import (
    Event,
    GraphError,
    HookArgumentError,
    OptionError,
    OptionTypeError,
    Retry,
    Skip,
    State,
    Status,
    field,
    task,
    workflow,
)
from tests.conftest import Backend
from tests.support.naming import fail_to_build, on

HOOKS = ("on_state", "on_start", "on_success", "on_retry", "on_error")
NAMES = (
    "task",
    "workflow",
    "run",
    "state",
    "status",
    "previous",
    "attempt",
    "error",
    "errors",
    "result",
    "delay",
    "inputs",
    "metadata",
    "event",
)
AGAIN = Retry(1, delay=0.25, jitter=0)
KNOWN = (
    "'task', 'workflow', 'run', 'state', 'status', 'previous', 'attempt', 'error', 'errors', 'result', 'delay', "
    "'inputs', 'metadata', 'event'"
)


class Budget(State):
    tokens: int = field(7)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def sleep(delay: float) -> None:
        await checkpoint()

    monkeypatch.setattr("flowdeco._runner.lifecycle.sleep", sleep)


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


def asks(told: list[Any], *names: str, **defaults: Any) -> Any:
    """Return a hook that asks for these names and notes what it gets."""

    def hook(**given: Any) -> None:
        found = {**dict.fromkeys(names), **defaults, **given}
        told.append(tuple(found.values()) if len(found) > 1 else next(iter(found.values())))

    params = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    params += [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=value) for n, value in defaults.items()]
    vars(hook)["__signature__"] = inspect.Signature(params)
    return hook


def name_of(value: Any) -> str:
    return getattr(value, "__qualname__", None) or type(value).__name__


def listen_everywhere(heard: list[dict[str, Any]]) -> dict[str, Any]:
    return dict.fromkeys(HOOKS, listen(heard))


def play(*outcomes: Any) -> Callable[[], Any]:
    """Return what gives or raises one after the other."""
    left = iter(outcomes)

    def call() -> Any:
        outcome = next(left)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return call


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


async def test_hooks_get_what_args_kwargs_and_lists_of_tasks_receive() -> None:
    heard: list[Any] = []

    @task
    async def one() -> int:
        return 1

    @task
    async def two() -> int:
        return 2

    @task(
        needs={"numbers": [one, two], "named": {"first": one}, "both": [two, one]},
        on_success=asks(heard, "numbers", "named", "both", "plain"),
    )
    async def add(both: list[int], *numbers: int, plain: int = 5, **named: int) -> int:
        return sum(both) + sum(numbers) + plain + named["first"]

    @workflow
    async def w(add: int) -> int:
        return add

    assert await w() == 12
    assert heard == [([1, 2], {"first": 1}, [2, 1], 5)]


async def test_hooks_get_the_default_that_a_task_receives_instead_of_what_was_skipped() -> None:
    heard: list[Any] = []

    @task
    async def rate() -> float:
        raise Skip("closed")

    @task(on_success=asks(heard, "rate", "inputs"), when=lambda: True)
    async def price(rate: float = 1.5, digits: int = 2) -> float:
        return rate

    @workflow
    async def w(price: float) -> float:
        return price

    assert await w() == 1.5
    assert heard == [(1.5, {"rate": 1.5, "digits": 2})]


async def test_a_hook_told_of_a_task_that_has_no_arguments_yet_gets_none_or_its_own_default() -> None:
    heard: list[Any] = []

    @task
    async def page() -> str:
        raise Skip("closed")

    @task(on_state=asks(heard, "status", "page", "inputs", "attempt"))
    async def words(page: str) -> None: ...

    @task(on_state=asks(heard, "status", page="no page"))
    async def letters(page: str) -> None: ...

    @workflow(after=[words, letters])
    async def w() -> None: ...

    await w()
    assert heard == [(Status.SKIPPED, None, {}, 0), (Status.SKIPPED, "no page")]


async def test_a_task_that_fails_further_up_is_told_of_with_that_error() -> None:
    heard: list[Any] = []
    error = ValueError("no")

    @task
    async def page() -> str:
        raise error

    @task(on_state=asks(heard, "status", "previous", "error", "errors"))
    async def words(page: str) -> None: ...

    @workflow(after=words, keep_going=True)
    async def w() -> None: ...

    await w.run()
    assert heard == [(Status.UPSTREAM_FAILED, Status.PENDING, error, ())]


async def test_a_workflow_s_on_error_is_called_once_with_the_group_and_all_errors_under_keep_going() -> None:
    heard: list[Any] = []

    @task(retries=Retry(1, delay=0))
    async def left() -> None:
        raise ValueError("left")

    @task
    async def right() -> None:
        raise KeyError("right")

    @workflow(after=[left, right], keep_going=True, on_error=asks(heard, "error", "errors"))
    async def w() -> None: ...

    run = await w.run()
    ((error, errors),) = heard
    assert error is run.error
    assert isinstance(error, ExceptionGroup)
    assert errors == tuple(run.errors)
    assert sorted((failure.task, failure.attempt) for failure in errors) == [("left", 1), ("left", 2), ("right", 1)]


async def test_a_hook_that_asks_for_run_can_look_at_the_other_tasks() -> None:
    heard: list[Any] = []

    def look(run: Any, task: str | None) -> None:
        heard.append((run.tasks["page"].result, task and run.tasks[task].status))

    @task
    async def page() -> str:
        return "<html>"

    @task(on_start=look)
    async def words(page: str) -> None: ...

    @workflow(on_success=look)
    async def w(words: None) -> None: ...

    await w.run()
    assert heard == [("<html>", Status.RUNNING), ("<html>", None)]


# What can be a hook


def positional_only(event: Any, /) -> None:
    heard.append(event)


def positional_only_and_names(event: Any, /, task: str, *, attempt: int = 99) -> None:
    heard.append((event, task, attempt))


def any_number(*events: Any) -> None:
    heard.append(events)


def any_number_and_names(*events: Any, task: str, **more: Any) -> None:
    heard.append((events, task, more))


def any_names(**more: Any) -> None:
    heard.append(more)


def nothing_at_all() -> None:
    heard.append("called")


def keyword_only(*, task: str, url: str) -> None:
    heard.append((task, url))


def with_defaults(task: str = "none", url: str = "none", channel: str = "#alerts") -> None:
    heard.append((task, url, channel))


def with_channel(channel: str, task: str, url: str) -> None:
    heard.append((task, url, channel))


async def waiting(task: str) -> None:
    await checkpoint()
    heard.append(task)


def handing_over(task: str) -> Any:
    return waiting(task)


just_task: Callable[[Any], None] = lambda task: heard.append(task)  # noqa: E731 - a lambda can be a hook, too


class Listener:
    def __init__(self, task: Any) -> None:
        heard.append(task)

    @staticmethod
    def static(task: str) -> None:
        heard.append(task)

    @classmethod
    def of_class(cls, task: str) -> None:
        heard.append(task)


class Channel:
    def __call__(self, task: str) -> None:
        heard.append(task)

    def method(self, task: str) -> None:
        heard.append(task)

    async def waiting_method(self, task: str) -> None:
        await checkpoint()
        heard.append(task)


class Unreadable:
    __signature__ = "none"

    def __call__(self, *events: Any) -> None:
        heard.extend(events)


@functools.wraps(with_defaults)
def wrapper(*args: Any, **kwargs: Any) -> None:
    with_defaults(*args, **kwargs)


heard: list[Any] = []
EVENT = object()


SHAPES: list[tuple[Any, Any]] = [
    (positional_only, EVENT),
    (positional_only_and_names, (EVENT, "page", 1)),
    (any_number, (EVENT,)),
    (any_number_and_names, ((EVENT,), "page", {})),
    (any_names, {}),
    (nothing_at_all, "called"),
    (keyword_only, ("page", "x")),
    (with_defaults, ("page", "x", "#alerts")),
    (wrapper, ("page", "x", "#alerts")),
    (functools.partial(with_channel, "#web"), ("page", "x", "#web")),
    (functools.partial(with_channel, channel="#web"), ("page", "x", "#web")),
    (functools.partial(waiting), "page"),
    (just_task, "page"),
    (waiting, "page"),
    (handing_over, "page"),
    (Listener, "page"),
    (Listener.static, "page"),
    (Listener.of_class, "page"),
    (Channel(), "page"),
    (Channel().method, "page"),
    (Channel().waiting_method, "page"),
    (Unreadable(), EVENT),
    (heard.append, EVENT),
]


@pytest.mark.parametrize(("hook", "expected"), SHAPES, ids=name_of)
async def test_a_hook_is_called_as_it_is_declared(hook: Any, expected: Any) -> None:
    heard.clear()

    @task(on_success=hook)
    async def page(url: str) -> None: ...

    @workflow
    async def w(url: str, page: None) -> None: ...

    await w("x")
    assert mark(heard) == [expected]


def mark(told: Any) -> Any:
    """Return what a hook was told with a mark in the place of each event."""
    if isinstance(told, Event):
        return EVENT
    if isinstance(told, (list, tuple)):
        found = [mark(part) for part in parts_of(told)]
        return found if isinstance(told, list) else tuple(found)
    return told


def parts_of(told: Any) -> list[Any]:
    return list(told)


@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize("kind", ["def", "async def", "object", "positional"])
async def test_every_kind_of_hook_can_be_on_a_workflow_and_on_a_task(kind: str, option: str) -> None:
    heard.clear()
    fails = option in ("on_retry", "on_error")
    hooks: dict[str, Any] = {
        "def": any_number,
        "async def": note_later,
        "object": Channel(),
        "positional": heard.append,
    }
    options: dict[str, Any] = {option: hooks[kind]}

    @task(retries=Retry(1, delay=0), **options)
    async def page() -> None:
        if fails:
            raise ValueError

    @workflow(**options)
    async def w(page: None) -> None: ...

    run = await w.run()
    assert run.hook_errors == []
    numbers = {"on_state": 6, "on_start": 2, "on_success": 2, "on_retry": 2, "on_error": 2}
    assert len(heard) == numbers[option]


async def note_later(event: Event) -> None:
    await checkpoint()
    heard.append(event)


async def test_a_mock_gets_the_event() -> None:
    plain, waits = Mock(), AsyncMock()

    @task(on_success=[plain, waits])
    async def page() -> str:
        return "<html>"

    @workflow(on_success=[plain, waits])
    async def w(page: str) -> str:
        return page

    await w()
    for mock in (plain, waits):
        assert [(call.args[0].task, call.kwargs) for call in mock.call_args_list] == [("page", {}), (None, {})]
    assert waits.await_count == 2


async def test_a_mock_of_a_function_gets_what_the_function_names() -> None:
    mock = create_autospec(keyword_only)

    @task(on_success=mock)
    async def page(url: str) -> None: ...

    @workflow
    async def w(url: str, page: None) -> None: ...

    await w("x")
    mock.assert_called_once_with(task="page", url="x")


def test_print_is_a_hook(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    @task(on_success=print)
    def page() -> None: ...

    @workflow
    def w(page: None) -> None: ...

    on(w, backend)()
    assert capsys.readouterr().out.endswith(" w.page: completed\n")


async def test_what_a_hook_returns_is_ignored() -> None:
    answers: list[Any] = [None, False, "other", ValueError("returned"), Skip("returned")]
    hooks: Any = [functools.partial(take_as_it_is, answer) for answer in answers]

    @task(on_state=hooks, on_start=hooks, on_success=hooks)
    async def page() -> str:
        return "<html>"

    @workflow(on_state=hooks, on_start=hooks, on_success=hooks)
    async def w(page: str) -> str:
        return page

    assert await w() == "<html>"


def take_as_it_is(answer: Any) -> Any:
    return answer


# Several hooks


async def test_the_hooks_of_a_list_are_called_in_turn_each_as_often_as_it_is_there() -> None:
    told: list[str] = []

    async def slow() -> None:
        await checkpoint()
        told.append("slow")

    def quick() -> None:
        told.append("quick")

    @task(on_success=[slow, quick, slow], on_start=(quick, slow))
    async def page() -> None: ...

    @workflow(on_success=[quick, slow], on_start=[slow, quick])
    async def w(page: None) -> None: ...

    await w()
    assert told == ["slow", "quick", "quick", "slow", "slow", "quick", "slow", "quick", "slow"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionResetError("x"), "connection"),
        (ValueError("x"), "value"),
        (UnicodeError("x"), "value"),
        (KeyError("x"), "lookup"),
        (TypeError("x"), None),
    ],
    ids=repr,
)
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("of_workflow", [False, True])
async def test_of_a_mapping_the_first_hook_that_fits_the_error_is_called_alone(
    error: Exception, expected: str | None, waits: bool, of_workflow: bool
) -> None:
    told: list[Any] = []

    def note(name: str, error: Exception) -> Any:
        told.append((name, error))
        return checkpoint() if waits else None

    hooks: dict[type[BaseException], Any] = {
        ConnectionError: functools.partial(note, "connection"),
        ValueError: functools.partial(note, "value"),
        UnicodeError: functools.partial(note, "unicode"),
        (LookupError): functools.partial(note, "lookup"),
        OSError: functools.partial(note, "os"),
    }

    @task(on_error=None if of_workflow else hooks)
    async def page() -> None:
        raise error

    @workflow(on_error=hooks if of_workflow else None)
    async def w(page: None) -> None: ...

    await w.run()
    assert told == ([] if expected is None else [(expected, error)])


async def test_a_failing_hook_of_a_mapping_is_the_only_one_that_is_called() -> None:
    told: list[str] = []

    def fail() -> None:
        told.append("first")
        raise RuntimeError

    @task(on_error={ValueError: fail, Exception: lambda: told.append("second")})
    async def page() -> None:
        raise ValueError

    @workflow
    async def w(page: None) -> None: ...

    run = await w.run()
    assert told == ["first"]
    assert [type(told.error) for told in run.hook_errors] == [RuntimeError]


async def test_a_mapping_of_a_workflow_is_asked_about_the_group_under_keep_going() -> None:
    told: list[str] = []

    @task
    async def page() -> None:
        raise ValueError

    @workflow(
        keep_going=True,
        on_error={ValueError: lambda: told.append("value"), ExceptionGroup: lambda: told.append("group")},
    )
    async def w(page: None) -> None: ...

    await w.run()
    assert told == ["group"]


# Other options, and what stands in


async def test_with_options_gives_other_hooks_and_leaves_the_first_as_it_was() -> None:
    told: list[str] = []

    @task(on_start=lambda: told.append("page starts"), on_success=lambda: told.append("page"))
    async def page() -> None: ...

    @workflow(on_start=lambda: told.append("w starts"), on_success=lambda: told.append("w"))
    async def w(page: None) -> None: ...

    other = page.with_options(on_success=lambda: told.append("other page"))
    await w.with_options(needs={"page": other}, on_success=lambda: told.append("other w"))()
    assert told == ["w starts", "page starts", "other page", "other w"]
    told.clear()
    await w.with_options(on_start=None)()
    assert told == ["page starts", "page", "w"]
    told.clear()
    await w()
    assert told == ["w starts", "page starts", "page", "w"]


async def test_hooks_of_defaults_are_called_for_each_task_that_has_none_of_that_option() -> None:
    own: list[Any] = []
    default: list[Any] = []
    starts: list[Any] = []

    @task(on_success=asks(own, "task", "url"))
    async def page(url: str) -> None: ...

    @task
    async def other(url: str) -> None: ...

    defaults: Any = {"on_success": asks(default, "task", "url"), "on_start": asks(starts, "task")}

    @workflow(after=[page, other], defaults=defaults)
    async def w(url: str) -> None: ...

    await w("x")
    assert own == [("page", "x")]
    assert default == [("other", "x")]
    assert sorted(starts) == ["other", "page"]


async def test_hooks_stay_with_a_function_that_stands_in_and_arguments_it_does_not_take_are_none() -> None:
    told: list[Any] = []

    def note(url: Any, inputs: Mapping[str, Any], depth: Any = "deep") -> None:
        told.append((url, dict(inputs), depth))

    @task(on_start=note, on_success=note)
    async def page(url: str, depth: int) -> str:
        return f"{url} {depth}"

    @workflow
    async def w(url: str, depth: int, page: str) -> str:
        return page

    async def fake(depth: int) -> str:
        return f"fake {depth}"

    assert await w.override(page=lambda: "fake")("x", 3) == "fake"
    assert told == [(None, {}, "deep")] * 2
    told.clear()
    assert await w.override(page=fake)("x", 3) == "fake 3"
    assert told == [(None, {"depth": 3}, 3)] * 2


async def test_what_recovers_stays_with_a_function_that_stands_in_and_arguments_it_does_not_take_are_none() -> None:
    @task
    async def spare(url: str, depth: int = 7) -> Any:
        return "spare", url, depth

    def cached(url: str, depth: int = 7) -> Any:
        return "cached", url, depth

    @task(recover={ValueError: spare, KeyError: cached})
    async def page(url: str) -> Any:
        return url

    @workflow
    async def w(url: str, page: Any) -> Any:
        return page

    def fake(error: type[Exception]) -> Callable[[], Any]:
        def fail() -> Any:
            raise error

        return fail

    assert await w.override(page=fake(ValueError))("x") == ("spare", None, 7)
    assert await w.override(page=fake(KeyError))("x") == ("cached", None, 7)


async def test_hooks_stay_with_a_mock_that_stands_in_and_get_all_arguments() -> None:
    told: list[Any] = []

    @task(on_success=asks(told, "url", "result"))
    async def page(url: str) -> str:
        return url

    @workflow
    async def w(url: str, page: str) -> str:
        return page

    assert await w.override(page=Mock(return_value="fake"))("x") == "fake"
    assert told == [("x", "fake")]


# Events


async def test_an_event_can_be_read_aloud(no_waiting: None) -> None:
    told: list[str] = []

    def note(event: Event) -> None:
        clock, _, rest = str(event).partition(" ")
        assert clock == event.time.strftime("%H:%M:%S")
        told.append(rest)

    hooks: dict[str, Any] = dict.fromkeys(HOOKS, note)
    attempts = play(ConnectionError("down"), ValueError(), KeyError("lost"))

    @task(retries=Retry(2, delay=0.25, factor=5, jitter=0), **hooks)
    async def page() -> str:
        return str(attempts())

    @task(when=lambda: False)
    async def skipped() -> None: ...

    @task
    async def words(page: str) -> None: ...

    @workflow(keep_going=True, **hooks)
    async def w(skipped: None, words: None) -> None: ...

    await w.run()
    of_page = [text for text in told if text.startswith("w.page: ")]
    assert of_page == [
        "w.page: running",
        "w.page: running",
        "w.page: running",
        *["w.page: retrying, again in 0.25 s after ConnectionError: down"] * 4,
        *["w.page: running, attempt 2"] * 2,
        *["w.page: retrying, attempt 2, again in 1.25 s after ValueError"] * 4,
        *["w.page: running, attempt 3"] * 2,
        *["w.page: failed, attempt 3 after KeyError: 'lost'"] * 3,
    ]
    group = "ExceptionGroup: 1 task of workflow 'w' failed (1 sub-exception)"
    assert [text for text in told if text not in of_page] == [
        "w: running",
        "w: running",
        "w.skipped: skipped",
        "w.words: upstream_failed after KeyError: 'lost'",
        f"w: failed after {group}",
        f"w: failed after {group}",
    ]


async def test_an_event_of_what_goes_well_can_be_read_aloud() -> None:
    told: list[Event] = []

    @task(on_success=told.append)
    async def page() -> str:
        return "<html>"

    @workflow(on_success=told.append)
    async def w(page: str) -> None: ...

    await w()
    assert [str(event).partition(" ")[2] for event in told] == ["w.page: completed", "w: completed"]


async def test_an_event_cannot_be_changed_nor_what_is_in_it() -> None:
    events: list[Event] = []

    @task(on_state=events.append, metadata={"owner": "web"})
    async def page(url: str) -> str:
        return url

    @task
    async def plain(url: str) -> str:
        return url

    @workflow(on_state=events.append, metadata={"night": True})
    async def w(url: str, page: str, plain: str) -> str:
        return page

    await w("x")
    assert {event.task for event in events} == {"page", "plain", None}
    for event in events:
        changed: Any = event
        for name in (*NAMES, "kind", "time"):
            with pytest.raises(AttributeError):
                setattr(changed, name, None)
        for mapping in (changed.inputs, changed.metadata):
            with pytest.raises(TypeError):
                mapping["url"] = "y"
        assert isinstance(event.errors, tuple)
    assert page._options["metadata"] == {"owner": "web"}


# What is refused


def error_of(decorate: Any, function: Any, **options: Any) -> Any:
    with pytest.raises(OptionError) as caught:
        decorate(function, **options)
    with pytest.raises(OptionError) as again:
        decorate(**options)(function)
    assert str(again.value) == str(caught.value)
    return caught.value


def read(page: str, depth: int = 1, *rest: str, **more: str) -> None: ...


both = pytest.mark.parametrize(("decorate", "subject"), [(task, "task 'read'"), (workflow, "workflow 'read'")])


def alert(eror: Any) -> None: ...


def deepen(dept: Any) -> None: ...


def post(channel: Any, text: Any, error: Any) -> None: ...


def second_name(event: Any, /, second: Any) -> None: ...


def second_place(event: Any, second: Any, /) -> None: ...


def second_keyword(*events: Any, second: Any) -> None: ...


class Asker:
    def __call__(self, second: Any) -> None: ...


@both
@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize(
    ("hook", "name", "text"),
    [
        (alert, "alert", "'eror', which it cannot get. Did you mean 'error'?"),
        (deepen, "deepen", "'dept', which it cannot get. Did you mean 'depth'?"),
        (post, "post", "'channel', which it cannot get."),
        (functools.partial(post, "#web"), "post", "'text', which it cannot get."),
        (second_name, "second_name", "'second', which it cannot get."),
        (second_place, "second_place", "'second', which it cannot get."),
        (second_keyword, "second_keyword", "'second', which it cannot get."),
        (Asker(), "Asker.__call__", "'second', which it cannot get."),
    ],
    ids=name_of,
)
def test_a_hook_that_asks_for_what_there_is_not_is_refused_with_the_nearest_and_the_list(
    decorate: Any, subject: str, option: str, hook: Any, name: str, text: str
) -> None:
    error = error_of(decorate, read, **{option: hook})
    arguments = "'page', 'depth', 'rest' and 'more'"
    assert str(error) == (
        f"Cannot define {subject}: {name!r} in {option}= asks for {text} It can get {KNOWN}, {arguments}."
    )
    assert type(error) is OptionError
    assert (error.option, error.value) == (option, hook)


@both
@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize("hook", [5, "print", object], ids=repr)
def test_a_hook_that_cannot_be_called_is_refused(decorate: Any, subject: str, option: str, hook: Any) -> None:
    hook = hook() if hook is object else hook
    shown = repr(hook)
    error = error_of(decorate, read, **{option: hook})
    assert str(error) == f"Cannot define {subject}: {option}={shown} cannot be called. Give a function."
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == (option, hook)
    error = error_of(decorate, read, **{option: [print, hook]})
    assert str(error).endswith(f" has {shown} in it, which cannot be called. Give a function.")
    assert type(error) is OptionTypeError


@both
@pytest.mark.parametrize("option", [option for option in HOOKS if option != "on_error"])
def test_a_mapping_for_another_option_than_on_error_is_refused(decorate: Any, subject: str, option: str) -> None:
    error = error_of(decorate, read, **{option: {ValueError: print}})
    assert str(error) == (
        f"Cannot define {subject}: {option}={{<class 'ValueError'>: <built-in function print>}} is a mapping, which "
        "only on_error= can be. Give a function, or a list of functions."
    )
    assert type(error) is OptionTypeError
    assert error.option == option


@both
@pytest.mark.parametrize("key", ["ValueError", 5, int, (ValueError, KeyError), ValueError("x")], ids=repr)
def test_a_mapping_with_keys_that_are_no_types_of_errors_is_refused(decorate: Any, subject: str, key: Any) -> None:
    error = error_of(decorate, read, on_error={KeyError: print, key: print})
    assert str(error).endswith(
        f" has the key {key!r}, which is no type of error. Give one, as in {{ConnectionError: ...}}."
    )
    assert str(error).startswith(f"Cannot define {subject}: on_error=")
    assert type(error) is OptionTypeError
    assert error.option == "on_error"


@both
@pytest.mark.parametrize("hook", [5, None, "print", [print]], ids=repr)
def test_a_mapping_with_what_cannot_be_called_is_refused(decorate: Any, subject: str, hook: Any) -> None:
    error = error_of(decorate, read, on_error={KeyError: print, ValueError: hook})
    assert str(error).endswith(f" gives ValueError {hook!r}, which cannot be called. Give a function.")
    assert type(error) is OptionTypeError


@both
def test_a_hook_of_a_mapping_that_asks_for_what_there_is_not_is_refused(decorate: Any, subject: str) -> None:
    error = error_of(decorate, read, on_error={KeyError: print, ValueError: alert})
    assert str(error).startswith(f"Cannot define {subject}: 'alert' in on_error= asks for 'eror', ")


def test_with_options_refuses_hooks_as_the_decorators_do() -> None:
    for made, subject in ((task(read), "task 'read'"), (workflow(read), "workflow 'read'")):
        change: Any = made.with_options
        with pytest.raises(OptionError, match=f"Cannot define {subject}: 'alert' in on_success= asks for 'eror', "):
            change(on_success=alert)


def test_lists_and_mappings_of_hooks_are_copied() -> None:
    hooks: list[Any] = [print]
    by_type: dict[type[BaseException], Any] = {ValueError: print}
    made = task(read, on_success=hooks, on_error=by_type)
    hooks.append(5)
    by_type[KeyError] = 5
    again = made.with_options(name="again")
    assert again._options["on_success"] == (print,)
    assert again._options["on_error"] == {ValueError: print}


def test_a_hook_of_a_workflow_that_asks_for_what_a_task_gives_is_a_problem_of_the_graph() -> None:
    @task
    def fetch() -> str:
        return "<html>"

    def announce(page: str) -> None: ...

    def celebrate(page: str = "none", url: str = "") -> None: ...

    @workflow(needs={"page": fetch}, on_success=[print, announce, celebrate])
    def w(url: str, page: str) -> None: ...

    error = fail_to_build(w)
    assert str(error) == (
        "Cannot build workflow 'w': 'announce' in on_success= asks for 'page', which is no input but what task "
        "'fetch' gives. Ask for run: in a call of w.run(), run.tasks['fetch'].result has it."
    )
    assert isinstance(error, HookArgumentError)
    assert (error.workflow, error.function, error.option, error.hook) == ("w", "w", "on_success", announce)
    with pytest.raises(HookArgumentError):
        w("x")
    assert w.with_options(needs={"page": None}).graph.inputs == ("url", "page")
    assert w.with_options(on_success=celebrate).graph.inputs == ("url",)


async def test_a_default_keeps_a_workflow_s_hook_from_being_given_what_a_task_gives() -> None:
    told: list[Any] = []

    @task
    async def page() -> str:
        return "<html>"

    @workflow(on_success=asks(told, page="default", url="default"))
    async def w(url: str, page: str) -> None: ...

    await w("x")
    assert told == [("default", "x")]


def test_check_reports_hooks_that_cannot_be_served_among_the_problems() -> None:
    @task
    def page(url: str) -> str:
        return url

    @task
    def words(page: str) -> None: ...

    def by_page(page: str) -> None: ...

    def by_url(url: str) -> None: ...

    @workflow(on_start=by_page, on_error={ValueError: by_page}, defaults={"on_success": by_url})
    def w(url: str, page: str, words: None, lost: str, *rest: str) -> None: ...

    with pytest.raises(GraphError) as caught:
        w.check()
    problems = caught.value.problems
    hooks = [problem for problem in problems if isinstance(problem, HookArgumentError)]
    assert [(problem.function, problem.option, problem.hook) for problem in hooks] == [
        ("w", "on_start", by_page),
        ("w", "on_error", by_page),
        ("words", "on_success", by_url),
    ]
    assert len(problems) == 4
    assert str(hooks[2]).startswith("Cannot build workflow 'w': its defaults do not fit task 'words': ")
    assert "'by_url' in on_success= asks for 'url', which it cannot get." in str(hooks[2])
