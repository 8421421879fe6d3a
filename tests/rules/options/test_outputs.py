"""`outputs=`, `tasks=` and `backend=` are checked when the decorator runs."""

from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, task, workflow
from tests.support.names_rules import page
from tests.support.options import error_of
from tests.support.steps import web


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
        f"Cannot define task 'read': outputs=('train', {name!r}) has {name!r} in it, which is not a valid name for "
        "a parameter."
    )
    assert type(error) is OptionError


def test_outputs_of_equal_names_are_refused() -> None:
    assert str(error_of(task, outputs=("train", "train"))) == (
        "Cannot define task 'read': outputs=('train', 'train') names the same output twice."
    )


def test_no_outputs_are_none() -> None:
    assert task(lambda: 1, outputs=()).outputs == ()
    assert task(lambda: 1, outputs=["x"]).outputs == ("x",)


# tasks=


@pytest.mark.parametrize("part", [5, None, "page"], ids=lambda v: type(v).__name__)
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
        f"Cannot define workflow 'read': backend={backend!r} is not an event loop. Give 'asyncio' or 'trio'."
    )
    assert type(error) is OptionError
    assert (error.option, error.value) == ("backend", backend)


def test_backend_options_that_are_no_mapping_are_refused() -> None:
    error = error_of(workflow, backend_options=["debug"])
    assert str(error) == (
        "Cannot define workflow 'read': backend_options=['debug'] is not a mapping, as in {'use_uvloop': True}."
    )
    assert type(error) is OptionTypeError
