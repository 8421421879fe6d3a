"""The same function with other options."""

from typing import Any

import anyio
import pytest

from flowdeco import OptionTypeError, task, workflow
from tests.support.naming import mention
from tests.support.pages import page

mention(page)


@workflow
async def summary(url: Any, page: Any) -> Any:
    await anyio.lowlevel.checkpoint()
    return url, page


async def test_with_options_makes_a_workflow_of_the_same_function_and_leaves_the_first_as_it_was() -> None:
    quick = summary.with_options(name="quick", timeout=5)
    assert (quick.name, quick.timeout) == ("quick", 5)
    assert (summary.name, summary.timeout) == ("summary", None)
    assert await quick(url="x") == ("x", "<x>")


async def test_with_options_names_what_else_is_needed() -> None:
    @task
    def other() -> str:
        return "other"

    @task
    def before() -> str:
        ran.append("before")
        return "before"

    ran: list[str] = []
    assert await summary.with_options(needs={"page": other})(url="x") == ("x", "other")
    assert await summary.with_options(tasks={"page": other})(url="x") == ("x", "other")
    assert await summary.with_options(needs={"page": None}, after=before)("x", "y") == ("x", "y")
    assert ran == ["before"]


def test_with_options_rejects_an_option_that_does_not_exist() -> None:
    unknown: dict[str, Any] = {"timeuot": 5}
    with pytest.raises(OptionTypeError) as caught:
        summary.with_options(**unknown)
    assert str(caught.value) == (
        "Cannot change workflow 'summary': there is no option 'timeuot'. Did you mean 'timeout'? "
        "It has 'name', 'needs', 'after', 'tasks', 'settled', 'timeout', 'keep_going', 'share', 'defaults', 'state', "
        "'on_state', 'on_start', 'on_success', 'on_retry', 'on_error', 'hook_errors', 'metadata', 'backend' and "
        "'backend_options'."
    )


async def test_a_workflow_with_other_options_is_a_node_of_its_own() -> None:
    again = summary.with_options(name="again")

    @workflow(needs={"second": again})
    async def w(url: Any, summary: Any, second: Any) -> Any:
        return summary, second

    assert [node.name for node in w.graph] == ["page", "summary", "again"]  # both need page, which runs once
    assert await w("x") == (("x", "<x>"), ("x", "<x>"))


async def test_the_outermost_backend_counts() -> None:
    other = summary.with_options(backend="trio")

    @workflow(needs={"second": other})
    async def w(url: Any, second: Any) -> Any:
        return second

    assert await w("x") == ("x", "<x>")
