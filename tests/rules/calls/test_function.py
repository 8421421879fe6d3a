"""A workflow is still a function."""

from typing import Any

import pytest

from flowdeco import workflow
from tests.support.calls import awaited, counted, plain
from tests.support.naming import mention

mention(counted)


def test_a_workflow_keeps_the_function_s_name_and_documentation() -> None:
    @workflow
    def documented(number: int) -> None:
        """Say what it is for."""

    assert vars(documented)["__name__"] == "documented"
    assert documented.__doc__ == "Say what it is for."
    assert documented.__module__ == __name__
    assert repr(documented) == "<workflow 'documented'>"


@pytest.mark.parametrize("how", ["__call__", "call", "run", "run_async"])
def test_a_workflow_that_is_never_awaited_is_named_in_the_warning(how: str) -> None:
    with pytest.warns(RuntimeWarning, match="^coroutine 'awaited' was never awaited$"):
        getattr(awaited, how)(number=1)


@pytest.mark.parametrize("how", ["call", "run_async"])
def test_a_def_workflow_that_is_never_awaited_is_named_in_the_warning(how: str) -> None:
    with pytest.warns(RuntimeWarning, match="^coroutine 'plain' was never awaited$"):
        getattr(plain, how)(number=1)


def test_a_workflow_may_be_a_method() -> None:
    class Shop:
        currency = "EUR"

        @workflow
        def offer(self, number: Any, counted: Any) -> Any:
            return self.currency, counted

    assert Shop().offer(number=1) == ("EUR", 3)
    assert Shop().offer(1) == ("EUR", 3)
