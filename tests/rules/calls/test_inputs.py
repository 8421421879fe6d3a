"""Inputs are checked like Python's own arguments, before anything runs."""

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import InputError, Run, Workflow, workflow
from tests.support.inputs import page, positional_only, ran, summary
from tests.support.naming import mention

mention(page)


@workflow
async def summary_async(url: Any, page: Any, size: int = 10, *, currency: str = "EUR") -> Any:
    return url, page, size, currency


@workflow
def nothing(page: Any = None) -> Any:
    return page


def message_of(w: Workflow[Any, Any], *args: Any, **kwargs: Any) -> str:
    """Return what a call with these arguments raises, which must not run anything."""
    ran.clear()
    with pytest.raises(InputError) as caught:
        w(*args, **kwargs)
    assert isinstance(caught.value, TypeError)
    assert caught.value.workflow == w.name
    assert ran == []
    return str(caught.value)


def test_a_missing_input_is_named() -> None:
    assert message_of(summary) == (
        "Cannot call workflow 'summary': missing 1 required argument: 'url'. "
        "Its inputs are 'url', 'size' and 'currency'."
    )


def test_all_missing_inputs_are_named() -> None:
    @workflow
    def w(a: Any, b: Any, c: Any = 1, *, d: Any) -> None: ...

    assert message_of(w) == (
        "Cannot call workflow 'w': missing 3 required arguments: 'a', 'b' and 'd'. "
        "Its inputs are 'a', 'b', 'c' and 'd'."
    )


def test_an_unknown_input_is_named_with_the_nearest() -> None:
    assert message_of(summary, ulr="x") == (
        "Cannot call workflow 'summary': got an unexpected keyword argument 'ulr'. Did you mean 'url'? "
        "Its inputs are 'url', 'size' and 'currency'."
    )
    assert message_of(summary, "x", nowhere="x") == (
        "Cannot call workflow 'summary': got an unexpected keyword argument 'nowhere'. "
        "Its inputs are 'url', 'size' and 'currency'."
    )


def test_an_argument_to_a_workflow_without_inputs_is_unknown() -> None:
    @workflow
    def w() -> None: ...

    assert message_of(w, x=1) == ("Cannot call workflow 'w': got an unexpected keyword argument 'x'. It has no inputs.")
    assert message_of(w, 1) == (
        "Cannot call workflow 'w': takes 0 positional arguments but 1 was given. It has no inputs."
    )


def test_a_task_given_as_an_argument_is_an_error_that_names_override() -> None:
    assert message_of(summary, url="x", page="<html>") == (
        "Cannot call workflow 'summary': got an unexpected keyword argument 'page'. That is a task, not an input: "
        "summary.override(page=...) replaces it. Its inputs are 'url', 'size' and 'currency'."
    )


@pytest.mark.parametrize("name", ["run", "state"])
def test_the_run_and_its_state_are_never_inputs(name: str) -> None:
    @workflow
    def w(url: Any, run: Run[Any], state: Any = None) -> Any:
        return run, state

    assert list(inspect.signature(w).parameters) == ["url"]
    assert w.graph.inputs == ("url",)
    assert message_of(w, url=1, **{name: 2}) == (
        f"Cannot call workflow 'w': got an unexpected keyword argument '{name}'. "
        f"Each run has a '{name}' of its own; needs={{'{name}': None}} makes it an input. Its inputs are 'url'."
    )
    run, state = w(url=1)
    assert isinstance(run, Run)
    assert state is run.state


def test_too_many_positional_arguments_are_counted() -> None:
    assert message_of(summary, 1, 2, 3, 4) == (
        "Cannot call workflow 'summary': takes 2 positional arguments but 4 were given. "
        "Its inputs are 'url', 'size' and 'currency'."
    )


def test_an_argument_given_twice_is_an_error() -> None:
    assert message_of(summary, 1, url=2) == (
        "Cannot call workflow 'summary': got multiple values for argument 'url'. "
        "Its inputs are 'url', 'size' and 'currency'."
    )


def test_a_positional_only_input_cannot_be_given_by_name() -> None:
    assert message_of(positional_only, first=1, second=2) == (
        "Cannot call workflow 'positional_only': got some positional-only arguments passed as keyword arguments: "
        "'first' and 'second'. Its inputs are 'first', 'second' and 'third'."
    )
    assert positional_only(1) == (1, 2, 3)
    assert positional_only(1, 5, third=6) == (1, 5, 6)


def test_a_keyword_only_input_cannot_be_given_by_position() -> None:
    assert message_of(summary, "x", 20, "USD").startswith(
        "Cannot call workflow 'summary': takes 2 positional arguments but 3 were given."
    )
    assert summary("x", currency="USD") == ("x", "<x>", 10, "USD")


def test_positional_arguments_skip_the_parameters_that_are_tasks() -> None:
    assert summary("x", 20) == ("x", "<x>", 20, "EUR")


def test_defaults_of_inputs_are_used_and_recorded() -> None:
    assert summary(url="x") == ("x", "<x>", 10, "EUR")
    assert dict(summary.run("x").inputs) == {"url": "x", "size": 10, "currency": "EUR"}


def test_a_default_of_an_input_reaches_tasks() -> None:
    @workflow
    def w(page: Any, url: str = "default") -> Any:
        return page

    assert w() == "<default>"


async def test_an_async_workflow_raises_bad_inputs_at_the_call_not_at_the_await() -> None:
    for call in (summary_async, summary_async.call, summary_async.run, summary.call):
        with pytest.raises(InputError, match="missing 1 required argument: 'url'"):
            call()  # type: ignore[unused-coroutine, unused-ignore]  # it raises


@pytest.mark.parametrize("how", ["call_sync", "run"])
def test_every_blocking_call_raises_bad_inputs(how: str) -> None:
    with pytest.raises(InputError, match="unexpected keyword argument 'ulr'"):
        getattr(summary, how)(ulr=1)


async def test_inputs_may_be_called_like_parameters_of_the_library_s_own() -> None:
    @workflow
    async def w(self: Any, args: Any, kwargs: Any, plan: Any, name: Any) -> Any:
        return self, args, kwargs, plan, name

    given = {"self": 1, "args": 2, "kwargs": 3, "plan": 4, "name": 5}
    assert (await w.call(**given)) == (1, 2, 3, 4, 5)


def like(a: Any, b: Any, /, c: Any, d: Any = 4, *, e: Any, f: Any = 6) -> Any:
    return a, b, c, d, e, f


like_workflow = workflow(like)

arguments = st.lists(st.integers(), max_size=6)

keywords = st.dictionaries(st.sampled_from("abcdefg"), st.integers(), max_size=5)


@given(arguments, keywords)
def test_arguments_are_bound_as_python_binds_them(args: list[int], kwargs: dict[str, int]) -> None:
    inputs = like_workflow._definition.compiler.plan().inputs
    try:
        expected = like(*args, **kwargs)
    except TypeError:
        with pytest.raises(InputError):
            inputs.bind(args, kwargs)
    else:
        bound = inputs.bind(args, kwargs)
        assert tuple(bound[name] for name in "abcdef") == expected
