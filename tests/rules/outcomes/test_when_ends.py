"""What a predicate may do: fail, skip with a reason, be asked once."""

from functools import partial
from typing import Any

import pytest
from anyio import Event, from_thread

from flowdeco import Outcome, task, workflow
from tests.support.naming import make_module
from tests.support.outcomes import AGAIN, fail, outcome_of, refuse


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_predicate_that_raises_fails_its_task_before_any_attempt(is_async: bool) -> None:
    async def fail_async() -> None:
        fail()

    ask = fail_async if is_async else fail

    @task(when=ask, retries=AGAIN)
    async def page() -> None:
        raise AssertionError

    def save(error: Exception, attempt: int, x: int) -> Any:
        return str(error), attempt, x

    @task(when=ask, recover=save)
    async def saved(x: int = 5) -> Any:
        raise AssertionError

    @workflow(settled="page")
    async def w(page: Outcome[None], saved: Any) -> Any:
        return page.error, saved

    run = await w.run()
    assert [(f.task, f.attempt) for f in sorted(run.errors)] == [("page", 0), ("saved", 0)]
    assert run.result == (run.tasks["page"].error, ("no", 0, 5))
    assert (run.tasks["page"].attempts, run.tasks["saved"].attempts) == (0, 0)


def if_long(text: str, *, at_least: int) -> bool:
    return len(text) >= at_least


class Answer:
    def __call__(self) -> bool:
        return False

    def no(self) -> bool:
        return False


nameless = make_module("shop", "\nnameless = lambda text, limit=3: False").nameless


@pytest.mark.parametrize(
    ("predicate", "told"),
    [
        (nameless, "lambda text, limit (shop.py, line 2)"),
        (partial(nameless, limit=5), "lambda text, limit (shop.py, line 2)"),
        (partial(if_long, at_least=5), "if_long"),
        (Answer(), "Answer"),
        (Answer().no, "no"),
        (task(nameless), "lambda text, limit (shop.py, line 2)"),
    ],
    ids=["lambda", "partial of a lambda", "partial", "object", "method", "task of a lambda"],
)
async def test_the_reason_says_where_a_predicate_without_a_name_stands(predicate: Any, told: str) -> None:
    @task(when=predicate)
    async def page() -> None:
        raise AssertionError

    @workflow(needs={"page": page}, settled="page")
    async def w(text: str, page: Outcome[None]) -> Any:
        return page.reason

    assert await w(text="") == f"when={told} gave false"


@pytest.mark.parametrize("kind", ["def", "async def", "task", "workflow"])
async def test_the_reason_names_the_predicate_as_the_record_does(kind: str) -> None:
    def ask() -> bool:
        return False

    async def ask_async() -> bool:
        return False

    predicates: dict[str, Any] = {
        "def": ask,
        "async def": ask_async,
        "task": task(ask, name="asked"),
        "workflow": workflow(ask_async, name="asked"),
    }

    @task(when=predicates[kind])
    async def page() -> None:
        raise AssertionError

    outcome, _ = await outcome_of(page)
    named = {"def": "ask", "async def": "ask_async"}.get(kind, "asked")
    assert outcome.reason == f"when={named} gave false"


async def test_a_predicate_may_raise_skip_with_a_reason_of_its_own() -> None:
    @task(when=refuse)
    async def page() -> None:
        raise AssertionError

    @workflow
    async def w(page: None) -> None: ...

    assert (await w.run()).tasks["page"].reason == "no news"


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_predicate_is_asked_once_and_before_a_place_in_the_limit_is_taken(is_async: bool) -> None:
    asked: list[str] = []
    free = Event()

    def ask() -> bool:
        asked.append("asked")
        from_thread.run_sync(free.set)
        return True

    async def ask_async() -> bool:
        asked.append("asked")
        free.set()
        return True

    @task(limit=1, when=ask_async if is_async else ask, retries=AGAIN)
    async def second() -> int:
        if len(asked) < 3:
            asked.append("attempt")
            raise ValueError("no")
        return 1

    limited = second._definition.policy.limit

    @task
    async def holds() -> None:
        assert limited is not None
        hold = await limited.acquire()
        await free.wait()
        hold.release()

    @workflow
    async def w(holds: None, second: int) -> int:
        return second

    assert await w() == 1
    assert asked == ["asked", "attempt", "attempt"]


async def test_hooks_of_a_task_with_a_predicate_are_told_the_defaults_of_its_arguments() -> None:
    seen: list[int] = []

    def see(x: int) -> None:
        seen.append(x)

    @task(when=lambda: True, on_start=see, on_success=see)
    async def page(x: int = 5) -> int:
        return x

    @workflow
    async def w(page: int) -> int:
        return page

    assert await w() == 5
    assert seen == [5, 5]
