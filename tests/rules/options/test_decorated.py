"""What may be decorated, how long it may take, and what it may be called."""

import math
from decimal import Decimal
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, task, workflow
from tests.support.names_rules import page
from tests.support.options import both, error_of, read


@pytest.mark.parametrize("function", [5, "page", [1]], ids=repr)
@pytest.mark.parametrize(("decorate", "kind"), [(task, "task"), (workflow, "workflow")])
def test_what_cannot_be_called_is_refused(decorate: Any, kind: str, function: Any) -> None:
    error = error_of(decorate, function)
    assert str(error) == f"Cannot make a {kind} of {function!r}: it cannot be called. Give a function."
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("function", function)


AGAIN = "it is one already. For other options, use its with_options()."
EITHER = "a function is a task or a workflow. Remove @task: a workflow can be named where a task can."


@pytest.mark.parametrize(
    ("decorate", "kind", "of_task", "of_workflow"),
    [(task, "task", AGAIN, EITHER), (workflow, "workflow", EITHER, AGAIN)],
)
def test_what_is_a_task_or_a_workflow_already_is_refused(
    decorate: Any, kind: str, of_task: str, of_workflow: str
) -> None:
    error = error_of(decorate, page)
    assert str(error) == f"Cannot make a {kind} of <task 'page'>: {of_task}"
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("function", page)
    body = workflow(read, needs={"rest": [], "more": {}})
    assert str(error_of(decorate, body)) == f"Cannot make a {kind} of <workflow 'read'>: {of_workflow}"


# timeout=


@both
@pytest.mark.parametrize("timeout", [0, -1, -0.5, math.nan, -math.inf], ids=repr)
def test_a_timeout_that_is_not_above_zero_is_refused(decorate: Any, subject: str, timeout: float) -> None:
    error = error_of(decorate, timeout=timeout)
    assert str(error) == (
        f"Cannot define {subject}: timeout={timeout!r} is not above zero. Give seconds, or None for no limit."
    )
    assert type(error) is OptionError
    assert error.option == "timeout"
    assert error.value is timeout


@both
@pytest.mark.parametrize("timeout", [True, "5", [5], Decimal(5), 5j], ids=repr)
def test_a_timeout_that_is_no_number_is_refused(decorate: Any, subject: str, timeout: Any) -> None:
    error = error_of(decorate, timeout=timeout)
    assert str(error) == (
        f"Cannot define {subject}: timeout={timeout!r} is not a number. Give seconds, or None for no limit."
    )
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("timeout", timeout)


def test_a_timeout_that_no_clock_can_hold_is_refused() -> None:
    error = error_of(task, timeout=10**400)
    assert str(error) == (
        f"Cannot define task 'read': timeout={str(10**400)[:59]}… is too large. Give seconds, or None for no limit."
    )
    assert type(error) is OptionError


@pytest.mark.parametrize("timeout", [None, 1, 0.001, math.inf], ids=repr)
def test_a_timeout_of_seconds_or_none_is_kept(timeout: float | None) -> None:
    assert task(lambda: 1, timeout=timeout).timeout == timeout
    assert workflow(lambda: 1, timeout=timeout).timeout == timeout


# name=


@both
def test_a_name_that_is_no_string_or_empty_is_refused(decorate: Any, subject: str) -> None:
    error = error_of(decorate, name=5)
    assert str(error) == "Cannot define " + subject.replace("'read'", "5") + ": name=5 is not a string."
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("name", 5)
    error = error_of(decorate, name="")
    assert str(error) == f"Cannot define {subject}: name='' is empty. Leave it out to use the function's name."
    assert type(error) is OptionError
