"""The tables of the page on hooks: each row of what happens in which order is made to happen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import OptionError, Retry, Skip, Task, task, workflow
from tests.support.clock import AT_ONCE, Clock, given_time
from tests.support.document import GUIDE, Document

PAGE = Document(GUIDE / "hooks.md")
HOOKS = ("on_start", "on_success", "on_retry", "on_error")


class Story:
    """What happens to one task, as its hooks are told, within some time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.told: list[str] = []

    def hook(self, name: str, error: Exception | None = None) -> Callable[[], None]:
        def hook() -> None:
            self.told.append(name)
            if error is not None:
                raise error

        return hook

    def task(self, function: Callable[..., Any], **options: Any) -> Task[..., Any]:
        """Return a task of which all is told that `options` leave open."""
        hooks = {name: self.hook(name) for name in HOOKS}
        given: dict[str, Any] = {"name": "it", "on_state": self.note_status, **hooks, **options}
        return task(function, **given)

    def note_status(self, status: str) -> None:
        self.told.append(f"*{status}*")

    async def wait(self) -> None:
        self.clock.reach()
        await anyio.sleep_forever()


def give() -> int:
    return 1


def fail() -> int:
    raise ValueError


def skip() -> int:
    raise Skip


def succeed_later() -> Callable[[], int]:
    attempts = iter([fail, give])
    return lambda: next(attempts)()


def take(it: object) -> object:
    return it


def tell_alone(story: Story, function: Callable[..., Any], options: dict[str, Any], **of_workflow: Any) -> None:
    it = story.task(function, **options)
    workflow(take, name="w", needs={"it": it}, **of_workflow).run()


def tell_after(story: Story, before: Callable[..., Any], **of_workflow: Any) -> None:
    it = story.task(take, needs={"it": task(before, name="before")})
    workflow(take, name="w", needs={"it": it}, **of_workflow).run()


def tell_override(story: Story, instead: Any) -> None:
    it = story.task(fail)
    workflow(take, name="w", needs={"it": it}).override({it: instead}).run()


ONCE_MORE = Retry(1, delay=0)

ROWS: dict[str, Callable[[Story], None]] = {
    "success": lambda s: tell_alone(s, give, {}),
    "success at the second attempt": lambda s: tell_alone(s, succeed_later(), {"retries": ONCE_MORE}),
    "an error, also a timeout, and no attempt left": lambda s: tell_alone(s, fail, {}),
    "an error that `recover=` makes good": lambda s: tell_alone(s, fail, {"recover": s.hook("recover")}),
    "an error, and `recover=` fails, too": lambda s: tell_alone(s, fail, {"recover": s.hook("recover", OSError())}),
    "`Skip` in the task": lambda s: tell_alone(s, skip, {}),
    "skipped by `when=` or since what it needs was": lambda s: tell_alone(s, give, {"when": lambda: False}),
    "`on_start` raises, which forbids the task to run": lambda s: tell_alone(
        s, give, {"on_start": s.hook("on_start", PermissionError())}
    ),
    "the run is cancelled, or takes too long": lambda s: tell_alone(s, s.wait, {}, timeout=s.clock.seconds),
    "cancelled before it began": lambda s: tell_after(s, fail),
    "what it needs has failed, and the run goes on": lambda s: tell_after(s, fail, keep_going=True),
    "`override` puts a value in its place": lambda s: tell_override(s, 1),
    "`override` puts a function in its place": lambda s: tell_override(s, give),
    "`on_success` raises": lambda s: tell_alone(s, give, {"on_success": s.hook("on_success", OSError())}),
    '`on_success` raises, with `hook_errors="raise"`': lambda s: tell_alone(
        s, give, {"on_success": s.hook("on_success", OSError())}, hook_errors="raise"
    ),
}


def rows_of_the_table() -> dict[str, list[str]]:
    """Return what the page says of each case."""
    table = PAGE.text.split("| what happens | in order |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [line.strip("|").split(" | ") for line in table.splitlines()]
    return {case.strip(): [told.strip(" `") for told in order.split(", ")] for case, order in rows}


@pytest.mark.parametrize("case", rows_of_the_table())
@given_time
def test_hooks_are_told_in_the_order_of_the_table(clock: Clock, case: str) -> None:
    story = Story(clock)
    ROWS[case](story)
    if "too long" not in case:
        clock.reach()
    assert (story.told or ["nothing"]) == rows_of_the_table()[case]


def test_a_timeout_is_told_as_any_other_error() -> None:
    story = Story(Clock(AT_ONCE))
    tell_alone(story, story.wait, {"timeout": AT_ONCE})
    assert story.told == rows_of_the_table()["an error, also a timeout, and no attempt left"]


def test_what_is_skipped_since_what_it_needs_was_is_told_as_what_when_skips() -> None:
    story = Story(Clock(AT_ONCE))
    tell_after(story, skip)
    assert story.told == rows_of_the_table()["skipped by `when=` or since what it needs was"]


def test_the_table_of_names_lists_what_a_hook_can_ask_for() -> None:
    def asks_too_much(unheard_of: object) -> None: ...

    with pytest.raises(OptionError) as caught:
        task(give, on_error=asks_too_much)
    can_get = re.findall(r"'(\w+)'", str(caught.value).partition("It can get")[2])
    table = PAGE.text.split("| a parameter named | receives |")[1].split("\n\n")[0]
    names = [name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.strip("| ").split(" | ")[0])]
    assert sorted(names) == sorted(can_get)
