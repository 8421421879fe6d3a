"""A forgotten `@task`: what refers to a plain function, or to another callable, is an error that says so."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from flowdeco import InputError, MissingDependencyError, OptionTypeError, UnknownTaskError, task, value, workflow
from tests.support.naming import fail_to_build, make_module, mention, take


def b() -> int:
    return 1


nameless: Any = lambda: 1  # noqa: E731
rows: list[int] = []
bound = rows.append
half = functools.partial(b)


class Page:
    def __init__(self) -> None: ...

    def read(self) -> None: ...


read = Page().read


def reader_of(name: str) -> Any:
    """A task with a parameter of that name, which it looks up here."""
    return make_module("reader", f"@task\ndef reader({name}): ...", **globals()).reader


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b", "'b' is a plain function: decorate it with @task."),
        ("nameless", "'nameless' is a lambda: write nameless = task(...) around it."),
        ("Page", "'Page' is a class, not a task: task(Page) makes one of it."),
        ("half", "'half' is a partial, not a task: task(half) makes one of it."),
        ("read", "'read' is a method, not a task: task(read) makes one of it."),
        ("bound", "'bound' is a builtin_function_or_method, not a task: task(bound) makes one of it."),
    ],
)
def test_a_name_that_refers_to_what_is_no_task_is_an_error_that_says_what_it_is(name: str, text: str) -> None:
    @workflow(needs={"given": reader_of(name)})
    def w(given: Any) -> None: ...

    error = fail_to_build(w)
    assert isinstance(error, MissingDependencyError)
    assert str(error) == f"Cannot build workflow 'w': task 'reader' needs {name!r}, and {text}"
    assert (error.function, error.parameter) == ("reader", name)


@pytest.mark.parametrize("make", ["w.graph", "w()", "w.check()", "w.run()"])
def test_it_is_said_however_the_graph_is_built(make: str) -> None:
    @workflow(needs={"given": reader_of("b")})
    def w(given: Any) -> None: ...

    with pytest.raises(MissingDependencyError, match="'b' is a plain function: decorate it with @task"):
        eval(make, {"w": w})


def test_it_is_said_of_functions_beside_the_task_in_a_local_scope() -> None:
    def make() -> Any:
        def step() -> int:
            return 1

        class kind: ...  # noqa: N801 - for a parameter of that name

        @task
        def reader(step: Any) -> None: ...

        @task
        def other(kind: Any) -> None: ...

        mention(step, kind)

        @workflow
        def w(reader: Any, other: Any) -> None: ...

        return w

    plain, other = fail_to_build(make()).problems
    assert str(plain).endswith("task 'reader' needs 'step', and 'step' is a plain function: decorate it with @task.")
    assert str(other).endswith("Add a parameter 'kind' to 'w' to make it an input, or say what it is with needs=.")


def test_it_is_said_of_what_a_closure_and_a_module_of_tasks_have() -> None:
    def step() -> int:
        return 1

    def make() -> Any:
        @task
        def reader(step: Any) -> Any:
            return step

        @task
        def closed(other: Any, depth: int = 0) -> Any:
            return step

        return reader, closed

    reader, closed = make()
    library = make_module("library", "def other(): ...")

    @workflow(tasks=[library], needs={"x": reader, "y": closed})
    def w(x: Any, y: Any) -> None: ...

    assert [str(problem).partition(", and ")[2] for problem in fail_to_build(w).problems] == [
        "'step' is a plain function: decorate it with @task.",
        "'other' is a plain function: decorate it with @task.",
    ]


@pytest.mark.parametrize("decorate", [task, workflow])
@pytest.mark.parametrize("need", [b, [b], {"key": b}], ids=["alone", "in a list", "in a dict"])
def test_it_is_said_of_functions_in_needs(decorate: Any, need: Any) -> None:
    with pytest.raises(OptionTypeError) as caught:
        decorate(take, name="f", needs={"given": need})
    assert str(caught.value).endswith(
        "a name, or a list or dict of these. 'b' is a plain function: decorate it with @task."
    )


@pytest.mark.parametrize("decorate", [task, workflow])
def test_it_is_said_of_other_callables_in_needs_that_may_be_meant_as_they_are(decorate: Any) -> None:
    with pytest.raises(OptionTypeError) as caught:
        decorate(take, name="f", needs={"given": Page})
    assert str(caught.value).endswith(
        f"'Page' is a class, not a task: task(Page) makes one of it. To hand it over as it is, write value({Page!r})."
    )
    with pytest.raises(OptionTypeError, match=r"these\. Write task\(\.\.\.\) around a lambda\."):
        decorate(take, name="f", needs={"given": nameless})


@pytest.mark.parametrize("decorate", [task, workflow])
@pytest.mark.parametrize("after", [b, [b]], ids=["alone", "in a list"])
def test_it_is_said_of_functions_in_after(decorate: Any, after: Any) -> None:
    with pytest.raises(OptionTypeError, match=r"'b' is a plain function: decorate it with @task\.$"):
        decorate(lambda: 1, name="f", after=after)


def test_it_is_said_of_names_in_after_and_in_needs() -> None:
    @workflow(after="b", needs={"x": ["b"]})
    def w(x: Any) -> None: ...

    needed, after = fail_to_build(w).problems
    assert str(needed) == (
        "Cannot build workflow 'w': workflow 'w' needs 'b', and 'b' is a plain function: decorate it with @task."
    )
    assert str(after) == (
        "Cannot build workflow 'w': after='b' of workflow 'w' names no task. "
        "'b' is a plain function: decorate it with @task."
    )


def test_an_input_in_after_is_told_from_what_names_nothing() -> None:
    @workflow(after="item")
    def w(item: str) -> str:
        return item

    assert str(fail_to_build(w)) == (
        "Cannot build workflow 'w': after='item' of workflow 'w' names an input, which is there before anything runs. "
        "Remove it."
    )


@pytest.mark.parametrize("name", ["task", "workflow", "value", "InputError"])
def test_what_a_module_has_of_the_library_is_not_taken_for_a_forgotten_task(name: str) -> None:
    @workflow(needs={"given": reader_of(name)})
    def w(given: Any) -> None: ...

    assert str(fail_to_build(w)) == (
        f"Cannot build workflow 'w': task 'reader' needs {name!r}, and no task or input has that name. "
        f"Add a parameter {name!r} to 'w' to make it an input, or say what it is with needs=."
    )
    made = make_module("inputs", f"@workflow\ndef w({name}): ...", **globals()).w
    with pytest.raises(InputError) as caught:
        made()
    assert "Did you mean" not in str(caught.value)
    make_module("defaults", f"@workflow\ndef w({name}=None): ...", **globals()).w.check()


@pytest.mark.parametrize("tasks", [[b], {"b": b}], ids=["list", "mapping"])
def test_it_is_said_of_functions_in_tasks(tasks: Any) -> None:
    with pytest.raises(OptionTypeError, match=r"'b' is a plain function: decorate it with @task\.$"):
        workflow(lambda: 1, name="w", tasks=tasks)


def test_a_key_of_tasks_that_no_parameter_can_be_called_is_refused() -> None:
    given: Any = {5: task(b)}
    with pytest.raises(OptionTypeError, match=r"has the key 5, which is not a valid name for a parameter\.$"):
        workflow(lambda: 1, name="w", tasks=given)


def test_it_is_said_of_an_input_of_a_workflow_that_a_call_does_not_give() -> None:
    @workflow
    def w(b: Any) -> Any:
        return b

    assert w(b=2) == 2
    with pytest.raises(InputError) as caught:
        w()
    assert str(caught.value) == (
        "Cannot call workflow 'w': missing 1 required argument: 'b'. Did you mean the function 'b'? "
        "Decorate it with @task. Its inputs are 'b'."
    )


@pytest.mark.parametrize("key", ["b", b], ids=["by name", "itself"])
def test_it_is_said_of_what_override_names(key: Any) -> None:
    @workflow
    def w(b: int = 0) -> int:
        return b

    with pytest.raises(UnknownTaskError, match="'b' is an input" if key == "b" else "'b' is a plain function: dec"):
        w.override({key: 1})

    @workflow(needs={"b": value(1)})
    def other(b: int) -> int:
        return b

    with pytest.raises(UnknownTaskError, match=r"'b' is a plain function: decorate it with @task\."):
        other.override({key: 1})


def test_a_plain_function_does_no_harm_where_a_task_or_an_input_has_the_name() -> None:
    @task
    def reader(b: Any) -> Any:
        return b

    @workflow
    def w(b: Any, reader: Any) -> Any:
        return reader

    @workflow(tasks={"b": task(lambda: 5)})
    def v(reader: Any) -> Any:
        return reader

    assert (w(b=2), v()) == (2, 5)


def test_a_function_is_handed_over_as_it_is_by_value() -> None:
    @task(needs={"call": value(b)})
    def reader(call: Callable[[], int]) -> int:
        return call() + 1

    @workflow
    def w(reader: int) -> int:
        return reader

    assert w() == 2


def loud(function: Any) -> Any:
    """A decorator without `functools.wraps`."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@loud
@task
def hidden() -> int:
    return 1


@loud
@workflow
def hidden_workflow() -> int:
    return 1


@pytest.mark.parametrize(("name", "kind"), [("hidden", "task"), ("hidden_workflow", "workflow")])
def test_a_wrapper_that_does_not_say_what_it_wraps_is_told_from_a_forgotten_task(name: str, kind: str) -> None:
    text = f"{name!r} is a plain function around a {kind}: use functools.wraps in the decorator above @{kind}."

    @workflow(needs={"given": reader_of(name)})
    def w(given: Any) -> None: ...

    assert str(fail_to_build(w)) == f"Cannot build workflow 'w': task 'reader' needs {name!r}, and {text}"
    made = make_module("inputs", f"@workflow\ndef w({name}): ...", **globals()).w
    with pytest.raises(InputError) as caught:
        made()
    assert str(caught.value) == (
        f"Cannot call workflow 'w': missing 1 required argument: {name!r}. {text} Its inputs are {name!r}."
    )


@pytest.mark.parametrize("decorate", [task, workflow])
def test_a_wrapper_below_that_does_not_say_what_it_wraps_is_found_by_its_parameters(decorate: Any) -> None:
    made = decorate(loud(b))
    w: Any = workflow(take, name="w", needs={"given": made}) if decorate is task else made
    kind = decorate.__name__
    for problem, stars in zip(fail_to_build(w).problems, ("*args", "**kwargs"), strict=True):
        assert str(problem).endswith(
            f"{kind} 'wrapper' needs '{stars.strip('*')}', and {stars} has no name to match. "
            f"Fill it with needs={{'{stars.strip('*')}': ...}}. "
            f"If it wraps another function, use functools.wraps in the decorator below @{kind}."
        )
