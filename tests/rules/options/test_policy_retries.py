"""`retries=`, `recover=` and `when=` are checked when the decorator runs."""

import math
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, Retry, task
from tests.support.names_rules import page
from tests.support.options import error_of
from tests.support.policy_options import CAN_GET, SUBJECT, ask_url, give_items, inner, refuse, shortened

TIMES = "Give how many may follow the first, as in retries=3; 0 for none."


@task
def smaller(page: str, *, prompt: str) -> str:
    return page + prompt


@pytest.mark.parametrize("value", ["3", 1.5, 2.0, math.nan, math.inf, [3], Retry, ValueError], ids=repr)
def test_retries_that_are_no_number_and_no_retry_are_refused(value: Any) -> None:
    error = error_of(task, retries=value)
    says = f"{SUBJECT}retries={value!r} is not a number of attempts or a Retry. {TIMES}"
    refuse(error, says, kind=OptionTypeError, option="retries", value=value)


@pytest.mark.parametrize(("value", "advice"), [(True, "retries=1 for one more"), (False, "retries=0 for none")])
def test_retries_that_are_true_or_false_are_refused_with_what_may_be_meant(value: bool, advice: str) -> None:
    error = error_of(task, retries=value)
    says = f"{SUBJECT}retries={value} is not a number of attempts. Give {advice}."
    refuse(error, says, kind=OptionTypeError, option="retries", value=value)


def test_retries_below_zero_are_refused() -> None:
    says = f"{SUBJECT}retries=-1 is below zero. {TIMES}"
    refuse(error_of(task, retries=-1), says, kind=OptionError, option="retries", value=-1)


# recover=


@pytest.mark.parametrize("value", [5, "page", [page], {page}, True], ids=lambda v: type(v).__name__)
def test_a_recover_that_cannot_be_called_is_refused(value: Any) -> None:
    error = error_of(task, recover=value)
    says = f"{SUBJECT}recover={value!r} cannot be called. Give a function that returns the value, or a task."
    refuse(error, says, kind=OptionTypeError, option="recover", value=value)


def test_a_workflow_cannot_recover_a_task() -> None:
    error = error_of(task, recover=inner)
    says = f"{SUBJECT}recover=<workflow 'inner'> is a workflow, and that cannot recover a task. "
    refuse(error, says + "Give a function or a task.", kind=OptionTypeError, option="recover", value=inner)
    value = {KeyError: page, ValueError: inner}
    error = error_of(task, recover=value)
    says = f"{SUBJECT}recover={shortened(value)} has <workflow 'inner'> in it, which is a workflow, and that cannot "
    says += "recover a task. Give a function or a task."
    refuse(error, says, kind=OptionTypeError, option="recover", value=value)


@pytest.mark.parametrize("value", [ask_url, {ValueError: ask_url}], ids=["function", "mapping"])
def test_a_recovery_that_asks_for_what_there_is_not_is_refused(value: Any) -> None:
    says = f"{SUBJECT}'ask_url' in recover= asks for 'url', which it cannot get. {CAN_GET}"
    refuse(error_of(task, recover=value), says, kind=OptionError, option="recover", value=ask_url)


@pytest.mark.parametrize("value", [smaller, {ValueError: smaller}], ids=["task", "mapping"])
def test_a_task_that_recovers_cannot_ask_for_what_there_is_not_either(value: Any) -> None:
    says = f"{SUBJECT}'smaller' in recover= asks for 'prompt', which it cannot get. {CAN_GET}"
    error = error_of(task, recover=value)
    assert str(error) == says
    assert (type(error), error.option, error.value) == (OptionError, "recover", smaller)


@pytest.mark.parametrize("key", [5, "ValueError", int], ids=repr)
def test_a_recover_by_what_is_no_type_of_error_is_refused(key: Any) -> None:
    value = {key: print}
    says = f"{SUBJECT}recover={value!r} has the key {key!r}, which is not an exception type. "
    says += "Give one, as in {ConnectionError: ...}."
    refuse(error_of(task, recover=value), says, kind=OptionTypeError, option="recover", value=value)


def test_a_recover_by_type_must_give_what_can_be_called() -> None:
    value = {ValueError: "x"}
    says = f"{SUBJECT}recover={value!r} gives ValueError 'x', which cannot be called. Give a function."
    refuse(error_of(task, recover=value), says, kind=OptionTypeError, option="recover", value=value)


# when=


@pytest.mark.parametrize("value", [5, "page", True, [page], {}], ids=repr)
def test_a_when_that_cannot_be_called_is_refused(value: Any) -> None:
    says = f"{SUBJECT}when={value!r} is not a function or a task. Give one whose parameters name what it needs to know."
    refuse(error_of(task, when=value), says, kind=OptionTypeError, option="when", value=value)


def test_a_when_that_does_not_say_what_it_takes_is_refused() -> None:
    says = f"{SUBJECT}when={iter!r} has parameters that cannot be read. Wrap it in a def."
    refuse(error_of(task, when=iter), says, kind=OptionTypeError, option="when", value=iter)


def test_a_when_that_yields_is_refused_as_it_would_always_be_true() -> None:
    says = f"{SUBJECT}when={shortened(give_items)} yields instead of returning a value. Let it return one."
    refuse(error_of(task, when=give_items), says, kind=OptionTypeError, option="when", value=give_items)
