"""Options are checked when the decorator runs."""

import copy
import math
import pickle
import sys
from decimal import Decimal
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, task, workflow
from tests.support.naming import take
from tests.support.steps import web


@task
def page() -> str:
    return "page"


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


# What is decorated


@pytest.mark.parametrize("function", [5, "page", [1]], ids=repr)
@pytest.mark.parametrize(("decorate", "kind"), [(task, "task"), (workflow, "workflow")])
def test_what_cannot_be_called_is_refused(decorate: Any, kind: str, function: Any) -> None:
    error = error_of(decorate, function)
    assert str(error) == f"Cannot make a {kind} of {function!r}: it cannot be called. Give a function."
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("function", function)


@pytest.mark.parametrize(("decorate", "kind"), [(task, "task"), (workflow, "workflow")])
def test_what_is_a_task_or_a_workflow_already_is_refused(decorate: Any, kind: str) -> None:
    error = error_of(decorate, page)
    assert str(error) == f"Cannot make a {kind} of <task 'page'>: it is one already. Use its with_options()."
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("function", page)
    body = workflow(read, needs={"rest": [], "more": {}})
    assert str(error_of(decorate, body)) == (
        f"Cannot make a {kind} of <workflow 'read'>: it is one already. Use its with_options()."
    )


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


# needs=


@both
def test_needs_that_are_no_mapping_are_refused(decorate: Any, subject: str) -> None:
    error = error_of(decorate, needs=[page])
    assert str(error) == (
        f"Cannot define {subject}: needs=[<task 'page'>] is not a mapping, as in needs={{'page': fetch}}."
    )
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("needs", [page])


@both
def test_needs_that_name_no_parameter_are_refused_with_the_nearest(decorate: Any, subject: str) -> None:
    error = error_of(decorate, needs={"pgae": page})
    assert str(error) == (
        f"Cannot define {subject}: needs={{'pgae': <task 'page'>}} names 'pgae', which is no parameter of the "
        "function. Did you mean 'page'?"
    )
    assert type(error) is OptionError
    assert str(error_of(decorate, needs={5: page})) == (
        f"Cannot define {subject}: needs={{5: <task 'page'>}} names 5, which is no parameter of the function. "
        "It has 'page', 'rest', 'depth' and 'more'."
    )
    assert str(error_of(decorate, lambda: 1, name="none", needs={"x": page})) == (
        f"Cannot define {subject.replace('read', 'none')}: needs={{'x': <task 'page'>}} names 'x', which is no "
        "parameter of the function. It has none."
    )


@both
@pytest.mark.parametrize(
    ("need", "part"),
    [(read, read), ([page, read], read), ({"key": 5}, 5), ([None], None), ({"key": None}, None), ([[page]], [page])],
    ids=["function", "in a list", "in a dict", "None in a list", "None in a dict", "a list in a list"],
)
def test_needs_of_what_is_no_task_are_refused(decorate: Any, subject: str, need: Any, part: Any) -> None:
    error = error_of(decorate, needs={"page": need})
    assert str(error).partition(" gives ")[2] == (
        f"'page' {part!r}, which is not a task, a workflow, a name, or a list or dict of these. "
        "Decorate a plain function with @task first."
    )
    assert str(error).startswith(f"Cannot define {subject}: needs=")
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("needs", {"page": need})


@both
def test_needs_of_args_are_a_list_and_of_kwargs_a_dict(decorate: Any, subject: str) -> None:
    assert str(error_of(decorate, needs={"rest": page})) == (
        f"Cannot define {subject}: needs={{'rest': <task 'page'>}} must give a list for 'rest'."
    )
    assert str(error_of(decorate, needs={"more": "page"})) == (
        f"Cannot define {subject}: needs={{'more': 'page'}} must give a dict for 'more'."
    )
    error = error_of(decorate, needs={"more": {5: page}})
    assert str(error) == (
        f"Cannot define {subject}: needs={{'more': {{5: <task 'page'>}}}} has the key 5 for 'more', "
        "which no argument can be called."
    )
    assert type(error) is OptionTypeError
    assert str(error_of(decorate, needs={"more": {"depth": page}})) == (
        f"Cannot define {subject}: needs={{'more': {{'depth': <task 'page'>}}}} has the key 'depth' for 'more', "
        "which is a parameter of its own."
    )


def test_needs_are_taken_as_they_are_when_the_decorator_runs() -> None:
    parts: list[Any] = [page]
    by_key: dict[str, Any] = {"key": page}
    needs: dict[str, Any] = {"page": parts, "depth": by_key, "rest": [], "more": {}}
    made = task(read, needs=needs)
    needs["page"] = web.load
    parts.append(web.load)
    by_key["more"] = web.load
    w = workflow(take, needs={"given": made})
    assert [node.step for node in w.graph] == [page, made]


# after=


@both
@pytest.mark.parametrize("after", [read, 5, [page, read], [None], {"page": page}], ids=lambda v: type(v).__name__)
def test_an_after_that_is_no_task_is_refused(decorate: Any, subject: str, after: Any) -> None:
    error = error_of(decorate, after=after)
    assert str(error).startswith(f"Cannot define {subject}: after=")
    assert str(error).endswith(" is not a task, a workflow, a name, or a list of these.")
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("after", after)


# outputs=


@pytest.mark.parametrize("outputs", ["train", {"train", "test"}, 5], ids=lambda v: type(v).__name__)
def test_outputs_that_are_no_sequence_are_refused(outputs: Any) -> None:
    error = error_of(task, outputs=outputs)
    assert str(error) == (
        f'Cannot define task \'read\': outputs={outputs!r} is not a tuple of names, as in outputs=("train", "test").'
    )
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("outputs", outputs)


@pytest.mark.parametrize("name", ["two words", "", "5", 5, None], ids=repr)
def test_outputs_that_no_parameter_can_be_called_are_refused(name: Any) -> None:
    error = error_of(task, outputs=("train", name))
    assert str(error) == (
        f"Cannot define task 'read': outputs=('train', {name!r}) has {name!r} in it, which no parameter can be called."
    )
    assert type(error) is OptionError


def test_outputs_of_equal_names_are_refused() -> None:
    assert str(error_of(task, outputs=("train", "train"))) == (
        "Cannot define task 'read': outputs=('train', 'train') has a name twice."
    )


def test_no_outputs_are_none() -> None:
    assert task(lambda: 1, outputs=()).outputs == ()
    assert task(lambda: 1, outputs=["x"]).outputs == ("x",)


# tasks=


@pytest.mark.parametrize("part", [read, 5, None, "page"], ids=lambda v: type(v).__name__)
def test_tasks_that_are_no_tasks_are_refused(part: Any) -> None:
    error = error_of(workflow, tasks=[page, part])
    assert str(error).partition(" has ")[2] == f"{part!r} in it, which is not a task, a workflow or a module."
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("tasks", [page, part])
    error = error_of(workflow, tasks={"page": part})
    assert str(error).partition(" gives ")[2] == f"'page' {part!r}, which is not a task or a workflow."
    assert type(error) is OptionTypeError


@pytest.mark.parametrize("tasks", [5, "page", page], ids=lambda v: type(v).__name__)
def test_tasks_that_are_no_list_and_no_mapping_are_refused(tasks: Any) -> None:
    error = error_of(workflow, tasks=tasks)
    assert str(error) == (
        f"Cannot define workflow 'read': tasks={tasks!r} is not a list of tasks and modules, or a mapping of names "
        "to tasks."
    )
    assert type(error) is OptionTypeError


def test_tasks_may_come_out_of_an_iterator() -> None:
    def body(load: str) -> str:
        return load

    w: Any = workflow(body, tasks=iter([web]))
    assert w() == "from the web"
    assert w.with_options(timeout=5)() == "from the web"


# backend=


@pytest.mark.parametrize("backend", ["curio", "", 5, None], ids=repr)
def test_a_backend_that_anyio_does_not_know_is_refused(backend: Any) -> None:
    error = error_of(workflow, backend=backend)
    assert str(error) == (
        f"Cannot define workflow 'read': backend={backend!r} is no event loop. Give 'asyncio' or 'trio'."
    )
    assert type(error) is OptionError
    assert (error.option, error.value) == ("backend", backend)


def test_backend_options_that_are_no_mapping_are_refused() -> None:
    error = error_of(workflow, backend_options=["debug"])
    assert str(error) == (
        "Cannot define workflow 'read': backend_options=['debug'] is not a mapping, as in {'use_uvloop': True}."
    )
    assert type(error) is OptionTypeError


# with_options()


def test_an_option_that_does_not_exist_is_refused_with_the_nearest() -> None:
    change: Any = page.with_options
    with pytest.raises(OptionTypeError) as caught:
        change(timout=5)
    assert str(caught.value) == (
        "Cannot change task 'page': there is no option 'timout'. Did you mean 'timeout'? "
        "It has 'name', 'needs', 'after', 'outputs', 'settled', 'retries', 'timeout', 'recover', 'when', 'limit', "
        "'run_in', 'on_state', 'on_start', 'on_success', 'on_retry', 'on_error' and 'metadata'."
    )
    assert (caught.value.option, caught.value.value) == ("timout", 5)
    change = workflow(lambda: 1, name="w").with_options
    with pytest.raises(OptionTypeError) as caught:
        change(outputs=("x",))
    assert str(caught.value) == (
        "Cannot change workflow 'w': there is no option 'outputs'. "
        "It has 'name', 'needs', 'after', 'tasks', 'settled', 'timeout', 'keep_going', 'defaults', 'state', "
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


# An option error is what Python would raise


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
