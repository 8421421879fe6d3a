"""`with_options()` checks as the decorator did."""

import re
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, task, workflow
from tests.support.names_rules import page
from tests.support.options import read


def test_an_option_that_does_not_exist_is_refused_with_the_nearest() -> None:
    change: Any = page.with_options
    with pytest.raises(OptionTypeError) as caught:
        change(timout=5)
    assert str(caught.value) == (
        "Cannot change task 'page': there is no option 'timout'. Did you mean 'timeout'? "
        "It has 'name', 'needs', 'after', 'calls', 'outputs', 'settled', 'each', 'stream', 'more', 'ahead', 'key', "
        "'retries', 'timeout', 'recover', 'when', 'eager', 'limit', 'run_in', 'on_state', 'on_start', 'on_success', "
        "'on_retry', 'on_error' and 'metadata'."
    )
    assert (caught.value.option, caught.value.value) == ("timout", 5)
    change = workflow(lambda: 1, name="w").with_options
    with pytest.raises(OptionTypeError) as caught:
        change(outputs=("x",))
    assert str(caught.value) == (
        "Cannot change workflow 'w': there is no option 'outputs'. "
        "It has 'name', 'needs', 'after', 'calls', 'tasks', 'settled', 'each', 'more', 'ahead', 'key', 'timeout', "
        "'keep_going', 'share', 'defaults', 'state', "
        "'on_state', 'on_start', 'on_success', 'on_retry', 'on_error', 'hook_errors', 'metadata', 'backend' and "
        "'backend_options'."
    )


def test_other_options_are_checked_too() -> None:
    with pytest.raises(OptionError) as caught:
        page.with_options(timeout=-1)
    assert str(caught.value) == (
        "Cannot define task 'page': timeout=-1 is not above zero. Give seconds, or None for no limit."
    )


def test_other_options_leave_the_rest_and_the_original_as_they_are() -> None:
    made = task(read, name="first", needs={"page": page, "rest": [], "more": {}}, after=page, outputs=["x"], timeout=5)
    changed = made.with_options(name="second", timeout=None)
    assert (changed.name, changed.timeout, changed.outputs, changed.after) == ("second", None, ("x",), (page,))
    assert changed.needs == made.needs
    assert (made.name, made.timeout) == ("first", 5)
    assert type(changed) is type(made)
    assert changed.with_options(name=None).name == "read"


OF_TASKS = {
    *("name", "needs", "after", "outputs", "settled", "retries", "timeout", "recover", "when", "eager"),
    *("limit", "run_in"),
    *("on_state", "on_start", "on_success", "on_retry", "on_error", "metadata"),
    *("each", "stream", "more", "ahead", "key", "calls"),
}


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("retry", "Did you mean 'retries'? "),
        ("time_out", "Did you mean 'timeout'? "),
        ("unlike", ""),
        ("keep_going", "It is one of @workflow. "),
    ],
)
def test_the_decorator_refuses_an_option_that_does_not_exist(option: str, hint: str) -> None:
    decorate: Any = task
    for args in ((), (read,)):
        with pytest.raises(OptionTypeError) as caught:
            decorate(*args, **{option: 3})
        text, _, known = str(caught.value).partition("It has ")
        assert text == f"Cannot define a task: there is no option {option!r}. {hint}"
        assert set(re.findall(r"'(\w+)'", known)) == OF_TASKS
        assert (caught.value.option, caught.value.value) == (option, 3)


def test_a_workflow_s_option_of_its_tasks_is_one_of_its_defaults() -> None:
    decorate: Any = workflow
    change: Any = workflow(lambda: 1, name="w").with_options
    for make, start in ((decorate, "Cannot define a workflow"), (change, "Cannot change workflow 'w'")):
        with pytest.raises(OptionTypeError) as caught:
            make(retries=3)
        assert str(caught.value).startswith(
            f"{start}: there is no option 'retries'. defaults={{'retries': 3}} gives it to all of its tasks. It has "
        )
    with pytest.raises(OptionTypeError, match=r"there is no option 'keepgoing'\. Did you mean 'keep_going'"):
        decorate(keepgoing=True)
