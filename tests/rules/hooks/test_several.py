"""Which of several hooks is called."""

import functools
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow


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
