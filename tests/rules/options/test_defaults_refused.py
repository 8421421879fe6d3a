"""What is refused as `defaults=`."""

import math
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, workflow
from tests.support.defaults import inner
from tests.support.names_rules import page
from tests.support.naming import take


@pytest.mark.parametrize("value", [5, "retries", [("retries", 2)], {"retries"}], ids=repr)
def test_defaults_that_are_no_mapping_are_refused(value: Any) -> None:
    says = f"Cannot define workflow 'take': defaults={value!r} is not a mapping. Give one, as in {{'retries': 2}}."
    error = refused(value)
    assert str(error) == says
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("defaults", value)


CAN_HAVE = (
    "It can have 'retries', 'timeout', 'recover', 'when', 'eager', 'limit', 'run_in', 'on_state', 'on_start', "
    "'on_success', 'on_retry', 'on_error' and 'metadata'."
)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("retires", " Did you mean 'retries'?"),
        ("on_eror", " Did you mean 'on_error'?"),
        *((option, "") for option in ("name", "needs", "outputs", "settled", "keep_going", "tasks", 5)),
        ("after", " Did you mean 'eager'?"),
    ],
)
def test_an_option_that_cannot_be_a_default_is_refused_with_the_nearest_and_the_list(option: Any, hint: str) -> None:
    error = refused({option: 1})
    says = f"Cannot define workflow 'take': defaults={{{option!r}: 1}} has {option!r} in it, which cannot be a default."
    assert str(error) == f"{says}{hint} {CAN_HAVE}"
    assert type(error) is OptionError
    assert (error.option, error.value) == ("defaults", {option: 1})


def refused(defaults: Any) -> OptionError:
    """Return the error of a workflow with such defaults, which is the same with `with_options`."""
    with pytest.raises(OptionError) as caught:
        workflow(take, defaults=defaults)
    with pytest.raises(OptionError) as again:
        workflow(take).with_options(defaults=defaults)
    assert str(again.value) == str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("option", "value", "kind", "reason"),
    [
        ("retries", True, OptionTypeError, "retries=True is not a number of attempts. Give retries=1 for one more."),
        (
            "retries",
            -1,
            OptionError,
            "retries=-1 is below zero. Give how many may follow the first, as in retries=3; 0 for none.",
        ),
        ("timeout", 0, OptionError, "timeout=0 is not above zero. Give seconds, or None for no limit."),
        ("timeout", "5", OptionTypeError, "timeout='5' is not a number. Give seconds, or None for no limit."),
        (
            "recover",
            5,
            OptionTypeError,
            "recover=5 cannot be called. Give a function that returns the value, or a task.",
        ),
        (
            "recover",
            inner,
            OptionTypeError,
            "recover=<workflow 'inner'> is a workflow, and that cannot recover a task. Give a function or a task.",
        ),
        (
            "when",
            5,
            OptionTypeError,
            "when=5 is not a function or a task. Give one whose parameters name what it needs to know.",
        ),
        ("eager", 1, OptionTypeError, "eager=1 is neither True nor False. Give one of them."),
        ("limit", 0, OptionError, "limit=0 is below one. Give at least 1, or None for no limit."),
        (
            "limit",
            "2",
            OptionTypeError,
            "limit='2' is not a number, a Limit, or a mapping as in {GPU: 2}. Give one of these, or None for no limit.",
        ),
        ("run_in", "thred", OptionError, "run_in='thred' is not a place to run in. Did you mean 'thread'?"),
        ("on_retry", 5, OptionTypeError, "on_retry=5 cannot be called. Give a function."),
        (
            "on_start",
            {},
            OptionTypeError,
            "on_start={} is a mapping, which only on_error= can be. Give a function, or a list of functions.",
        ),
        (
            "on_error",
            {5: 6},
            OptionTypeError,
            "on_error={5: 6} has the key 5, which is not an exception type. Give one, as in {ConnectionError: ...}.",
        ),
        (
            "metadata",
            5,
            OptionTypeError,
            "metadata=5 is not a mapping with strings for keys. Give one, as in {'owner': 'data team'}.",
        ),
    ],
)
def test_a_bad_default_is_refused_as_a_bad_option_is(
    option: str, value: Any, kind: type[OptionError], reason: str
) -> None:
    error = refused({option: value})
    assert str(error) == f"Cannot define the defaults of workflow 'take': {reason}"
    assert type(error) is kind
    assert (error.option, error.value) == (option, value)


def test_defaults_that_do_not_go_together_are_refused() -> None:
    error = refused({"run_in": "loop", "timeout": 5})
    assert str(error) == (
        "Cannot define the defaults of workflow 'take': timeout=5 cannot be combined with run_in=\"loop\": a def "
        "cannot be "
        "interrupted on the event loop. Remove one of them."
    )
    assert workflow(take, needs={"given": page}, defaults={"run_in": "loop", "timeout": math.inf})() == "page"
