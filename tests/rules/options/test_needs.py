"""`needs=` and `after=` are checked when the decorator runs."""

from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, task, workflow
from tests.support.names_rules import page
from tests.support.naming import take
from tests.support.options import both, error_of, read
from tests.support.steps import web


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
        f"Cannot define {subject}: needs={{'pgae': <task 'page'>}} names 'pgae', which is not a parameter of the "
        "function. Did you mean 'page'?"
    )
    assert type(error) is OptionError
    assert str(error_of(decorate, needs={5: page})) == (
        f"Cannot define {subject}: needs={{5: <task 'page'>}} names 5, which is not a parameter of the function. "
        "It has 'page', 'rest', 'depth' and 'more'."
    )
    assert str(error_of(decorate, lambda: 1, name="none", needs={"x": page})) == (
        f"Cannot define {subject.replace('read', 'none')}: needs={{'x': <task 'page'>}} names 'x', which is not a "
        "parameter of the function. It has none."
    )


@both
@pytest.mark.parametrize(
    ("need", "part"),
    [(5, 5), ({"key": 5}, 5), ([None], None), ({"key": None}, None), ([[page]], [page])],
    ids=["a number", "in a dict", "None in a list", "None in a dict", "a list in a list"],
)
def test_needs_of_what_is_no_task_are_refused(decorate: Any, subject: str, need: Any, part: Any) -> None:
    error = error_of(decorate, needs={"page": need})
    assert str(error).partition(" gives ")[2] == (
        f"'page' {part!r}, which is not a task, a workflow, a name, or a list or dict of these. "
        f"For a constant, write value({part!r})."
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
        "which is not a valid name for an argument."
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
    assert " is not a task, a workflow, a name, or a list of these." in str(error)
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == ("after", after)
