"""The options of a task that workflows within share are those that it has in them."""

from typing import Any

import pytest

from flowdeco import task, workflow


@pytest.mark.parametrize("own", [{}, {"timeout": 60}])
async def test_the_defaults_of_the_workflow_around_do_not_concern_what_those_within_share(own: dict[str, Any]) -> None:
    attempts: list[str] = []

    @task(**own)
    async def load() -> None:
        attempts.append("load")
        raise ValueError("load")

    @workflow
    async def first(load: Any) -> Any:
        return load

    @workflow
    async def second(load: Any) -> Any:
        return load

    @workflow(defaults={"retries": 3, "recover": lambda: "made good"})
    async def around(first: Any, second: Any) -> Any:
        return first, second

    with pytest.raises(ValueError, match="load"):
        await around()
    assert attempts == ["load"]  # once for both, and not tried again
