"""An option error is what Python would raise; and tasks are pickled and copied as functions are."""

import copy
import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, resource, task, workflow
from tests.support.names_rules import page
from tests.support.options import error_of
from tests.support.steps import web


def test_option_errors_are_value_errors_and_where_it_fits_type_errors() -> None:
    assert issubclass(OptionError, ValueError)
    assert issubclass(OptionTypeError, (OptionError, TypeError))
    assert not issubclass(OptionError, TypeError)


class Unspeakable:
    """Cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_a_value_that_cannot_be_shown_is_refused_all_the_same() -> None:
    assert str(error_of(task, timeout=Unspeakable())) == (
        "Cannot define task 'read': timeout=<Unspeakable> is not a number. Give seconds, or None for no limit."
    )


# Tasks are pickled and copied as functions are


def test_a_task_is_pickled_by_its_name_and_copied_as_itself() -> None:
    assert pickle.loads(pickle.dumps(page)) is page
    assert pickle.loads(pickle.dumps([web.fetch, web.load])) == [web.fetch, web.load]
    assert copy.copy(page) is page
    assert copy.deepcopy({"key": page})["key"] is page
    local = task(lambda: 1)
    assert copy.deepcopy(local) is local
    for elsewhere in (local, page.with_options(timeout=5)):
        with pytest.raises((pickle.PicklingError, AttributeError)):
            pickle.dumps(elsewhere)
    assert sys.modules[page.__module__].page is page


def test_what_has_no_name_is_called_by_its_parameters_and_where_it_stands() -> None:
    decorators: list[tuple[str, Any]] = [("task", task), ("workflow", workflow), ("resource", resource)]
    same: Callable[[Any], Any] = lambda url: url  # noqa: E731
    for kind, decorate in decorators:
        with pytest.raises(OptionError) as caught:
            decorate(same, timeout="soon")
        said = rf"Cannot define {kind} 'lambda url \(test_option_errors.py, line \d+\)': timeout='soon' is not a number"
        assert re.match(said, str(caught.value))
