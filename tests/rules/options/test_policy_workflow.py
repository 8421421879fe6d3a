"""What only a workflow has is checked when the decorator runs."""

from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, State, field, workflow
from tests.support.options import error_of
from tests.support.policy_options import refuse


@pytest.mark.parametrize("value", [None, 0, 1, "yes"], ids=repr)
def test_keep_going_is_true_or_false(value: Any) -> None:
    says = f"Cannot define workflow 'read': keep_going={value!r} is neither True nor False. Give one of them."
    refuse(error_of(workflow, keep_going=value), says, kind=OptionTypeError, option="keep_going", value=value)


@pytest.mark.parametrize("value", ["rise", "", None, True, ["log"]], ids=repr)
def test_hook_errors_are_logged_or_raised(value: Any) -> None:
    says = f"Cannot define workflow 'read': hook_errors={value!r} is neither 'log' nor 'raise'. Give one of them."
    kind = OptionError if isinstance(value, str) else OptionTypeError
    refuse(error_of(workflow, hook_errors=value), says, kind=kind, option="hook_errors", value=value)


class Budget(State):
    tokens: int
    spent: float = field(0.0)


@pytest.mark.parametrize("value", [5, "budget", int, dict], ids=repr)
def test_a_state_that_is_none_is_refused(value: Any) -> None:
    says = f"Cannot define workflow 'read': state={value!r} is not a state. Give a subclass of State, or an instance."
    refuse(error_of(workflow, state=value), says, kind=OptionTypeError, option="state", value=value)


def test_a_mapping_for_a_state_is_refused_with_how_to_make_one_of_it() -> None:
    value = {"tokens": 1}
    says = f"Cannot define workflow 'read': state={value!r} is not a state. Give State({{...}})."
    refuse(error_of(workflow, state=value), says, kind=OptionTypeError, option="state", value=value)


def test_a_state_that_cannot_be_made_for_each_run_is_refused() -> None:
    says = f"Cannot define workflow 'read': state={Budget!r} cannot be made for each run: there is no default for "
    says += "'tokens'. "
    says += "Give it one, or give an instance."
    refuse(error_of(workflow, state=Budget), says, kind=OptionError, option="state", value=Budget)
    assert workflow(lambda: 1, state=Budget(tokens=5))() == 1
