"""In which surroundings a task runs."""

import decimal
from contextvars import Context

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.engine import variable


@pytest.mark.parametrize("kind", ["async", "def", "waits"])
async def test_a_task_sees_the_caller_s_context_and_none_that_another_task_set(kind: str) -> None:
    seen: list[str] = []

    async def setter_async() -> None:
        seen.append(variable.get())
        variable.set("by a task")

    async def setter_waits() -> None:
        seen.append(variable.get())
        variable.set("by a task")
        await checkpoint()
        seen.append(variable.get().replace("by a task", "by the caller"))

    def setter_def() -> None:
        seen.append(variable.get())
        variable.set("by a task")

    first = task({"async": setter_async, "def": setter_def, "waits": setter_waits}[kind], name="first")

    @task(needs={"first": first})
    async def dependant(first: None) -> None:
        seen.append(variable.get())

    @task(needs={"first": first})
    def dependant_in_thread(first: None) -> None:
        seen.append(variable.get())

    @workflow
    async def apart(dependant: None, dependant_in_thread: None) -> str:
        return variable.get()

    token = variable.set("by the caller")
    try:
        assert await apart() == "by the caller"
        assert variable.get() == "by the caller"
    finally:
        variable.reset(token)
    assert set(seen) == {"by the caller"}


def test_what_a_library_keeps_in_a_context_variable_behind_one_s_back_is_a_task_s_own(backend: Backend) -> None:
    @task
    async def rounding() -> None:
        decimal.getcontext().prec = 3

    @task
    async def exact(rounding: None) -> int:
        return decimal.getcontext().prec

    @task
    def exact_in_thread(rounding: None) -> int:
        return decimal.getcontext().prec

    @workflow
    async def precisions(exact: int, exact_in_thread: int) -> tuple[int, int]:
        return exact, exact_in_thread

    # An empty context, in which nobody has asked for the decimal context yet: asking is what sets it.
    found = Context().run(anyio.run, precisions, backend=backend[0], backend_options=backend[1])
    assert found == (28, 28)
