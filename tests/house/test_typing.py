"""What the files in `typing_cases` tell the type checkers is true when it is run.

The checkers themselves look at these files when they look at the tests.
"""

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import anyio
import pytest

from tests.house.typing_cases import options, resources, tasks, workflows


def cases_of(module: ModuleType) -> list[Any]:
    return [pytest.param(f, id=name) for name, f in vars(module).items() if name.startswith("check_")]


@pytest.mark.parametrize(
    "case", [case for module in (options, resources, tasks, workflows) for case in cases_of(module)]
)
def test_what_the_type_checkers_are_told_runs(case: Callable[[], Any]) -> None:
    if inspect.iscoroutinefunction(case):
        anyio.run(case)
    else:
        case()
