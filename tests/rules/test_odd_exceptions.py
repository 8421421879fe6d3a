"""Exceptions that take no attribute, or whose truth cannot be asked for, come out as they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from flowdeco import Outcome, Retry, Run, Status, task, workflow


@dataclass(frozen=True)
class FrozenError(Exception):
    """Takes no attribute, so no note either."""

    reason: str


class SlottedError(Exception):
    """Refuses whatever is set on it."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot set {name}")


class TruthlessError(Exception):
    """Cannot say whether it is true."""

    def __bool__(self) -> bool:
        raise RuntimeError("its truth was asked for")


class UncomparableError(Exception):
    """Cannot be compared, nor be in a set."""

    __hash__ = None  # type: ignore[assignment]  # on purpose

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("it was compared")


class FalseError(Exception):
    """Counts as false."""

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


def ignore() -> None: ...


MAKES: list[Callable[[str], Exception]] = [FrozenError, SlottedError, TruthlessError, UncomparableError, FalseError]
pytestmark = pytest.mark.parametrize("make", MAKES)


def raising(error: Exception, kind: str = "def") -> Any:
    def fail(**_: Any) -> Any:
        raise error

    def fail_def() -> Any:
        raise error

    async def fail_async() -> Any:
        raise error

    return {"hook": fail, "def": fail_def, "async": fail_async}[kind]


async def call(step: Any, **options: Any) -> tuple[BaseException, Run[Any]]:
    """Return what a call raises, and the run that it came out of."""

    @workflow(name="w", after=step, **options)
    async def w() -> None: ...

    with anyio.fail_after(60), pytest.raises(Exception) as caught:
        await w()
    with anyio.fail_after(60):
        run = await w.run()
    assert run.status is Status.FAILED
    assert run.error is caught.value or isinstance(run.error, ExceptionGroup)
    return caught.value, run


@pytest.mark.parametrize("kind", ["def", "async"])
@pytest.mark.parametrize("policy", [{}, {"retries": Retry(1, delay=0)}, {"timeout": 60}, {"on_error": ignore}])
async def test_one_that_a_task_raises(make: Any, kind: str, policy: dict[str, Any]) -> None:
    error = make("no")
    raised, run = await call(task(raising(error, kind), name="step", **policy))
    assert raised is error
    assert run.tasks["step"].error is error


@pytest.mark.parametrize("kind", ["def", "async"])
async def test_one_that_recover_raises(make: Any, kind: str) -> None:
    error = make("no")
    raised, _ = await call(task(raising(ValueError("first")), name="step", recover=raising(error, kind)))
    assert raised is error


async def test_one_that_the_predicate_of_a_retry_raises(make: Any) -> None:
    error = make("no")

    def on(_: BaseException) -> bool:
        raise error

    raised, _ = await call(task(raising(ValueError("first")), name="step", retries=Retry(1, on=on, delay=0)))
    assert raised is error


async def test_one_that_the_delay_of_a_retry_raises(make: Any) -> None:
    error = make("no")

    def delay(error: BaseException) -> float:
        raise made

    made = error
    raised, _ = await call(task(raising(ValueError("first")), name="step", retries=Retry(1, delay=delay)))
    assert raised is error


@pytest.mark.parametrize("kind", ["def", "async"])
async def test_one_that_when_raises(make: Any, kind: str) -> None:
    error = make("no")
    raised, _ = await call(task(lambda: None, name="step", when=raising(error, kind)))
    assert raised is error


@pytest.mark.parametrize("kind", ["def", "async"])
async def test_one_that_on_start_raises(make: Any, kind: str) -> None:
    error = make("no")
    raised, _ = await call(task(lambda: None, name="step", on_start=raising(error, kind)))
    assert raised is error


async def test_one_that_a_hook_raises_is_kept(make: Any) -> None:
    error = make("no")

    @workflow(after=task(lambda: None, name="step", on_success=raising(error)))
    async def w() -> None: ...

    with anyio.fail_after(60):
        run = await w.run()
    assert run.status is Status.COMPLETED
    assert len(run.hook_errors) == 1
    assert run.hook_errors[0].error is error


async def test_one_under_keep_going(make: Any) -> None:
    errors = [make("one"), make("two")]
    steps = [task(raising(error), name=f"step{number}") for number, error in enumerate(errors)]
    ran: list[int] = []

    def note() -> None:
        ran.append(1)

    steps.append(task(note, name="other"))
    raised, _ = await call(steps, keep_going=True)
    group: Any = raised
    assert type(group) is ExceptionGroup
    assert {id(error) for error in group.exceptions} == {id(error) for error in errors}
    assert ran == [1, 1]


async def test_one_that_is_received_as_an_outcome(make: Any) -> None:
    error = make("no")

    @workflow(needs={"got": task(raising(error), name="step")}, settled="got")
    async def w(got: Outcome[None]) -> Outcome[None]:
        return got

    with anyio.fail_after(60):
        assert (await w()).error is error


async def test_one_in_a_nested_workflow_and_in_the_body(make: Any) -> None:
    error = make("no")

    @workflow
    async def inner() -> None:
        raise error

    raised, _ = await call(inner)
    assert raised is error


async def test_two_at_once(make: Any) -> None:
    errors = [make("one"), make("two")]

    async def fail_later() -> None:
        try:
            await anyio.sleep(60)
        finally:
            raise errors[1]

    raised, _ = await call([task(fail_later, name="later"), task(raising(errors[0]), name="now")])
    assert raised is errors[0]
