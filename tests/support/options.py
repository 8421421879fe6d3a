"""What the tests of options share."""

from typing import Any

import pytest

from flowdeco import OptionError, task, workflow


def read(page: str, *rest: str, depth: int = 1, **more: str) -> str:
    return page


def error_of(decorate: Any, function: Any = read, **options: Any) -> Any:
    with pytest.raises(OptionError) as caught:
        decorate(function, **options)
    with pytest.raises(OptionError) as again:
        decorate(**options)(function)
    assert str(again.value) == str(caught.value)
    return caught.value


both = pytest.mark.parametrize(("decorate", "subject"), [(task, "task 'read'"), (workflow, "workflow 'read'")])
