"""The first two rules of names: what is given by hand."""

import inspect
from typing import Any

from flowdeco import MissingDependencyError, task, workflow
from tests.conftest import Backend
from tests.support.names_rules import inner, other, page
from tests.support.naming import fail_to_build, mention, on
from tests.support.steps import library

mention(page, other, inner)


# Rule 1: needs=


def test_needs_gives_a_parameter_another_task_than_its_name_does(backend: Backend) -> None:
    @task(needs={"page": other})
    def read(page: Any) -> Any:
        return page

    @workflow
    def w(read: Any) -> Any:
        return read

    assert on(w, backend)() == "other"


def test_needs_gives_a_workflow(backend: Backend) -> None:
    @workflow(needs={"x": inner})
    def w(x: Any, place: str) -> Any:
        return x

    assert on(w, backend)(place="here") == "inner of here"


def test_needs_gives_what_a_name_means_in_the_place_of_the_function(backend: Backend) -> None:
    @task(needs={"x": "page"})
    def read(x: Any) -> Any:
        return x

    @workflow(needs={"y": "read"})
    def w(y: Any) -> Any:
        return y

    assert on(w, backend)() == "page"


def test_needs_gives_a_list_or_a_dict_of_results_in_their_order(backend: Backend) -> None:
    @workflow(needs={"xs": [other, "page", other], "ys": {"b": "page", "a": inner}, "none": [], "nothing": {}})
    def w(xs: Any, ys: Any, none: Any, nothing: Any) -> Any:
        return xs, list(ys.items()), none, nothing

    assert on(w, backend)() == (["other", "page", "other"], [("b", "page"), ("a", "inner of nowhere")], [], {})


def test_needs_fills_args_with_a_list_and_kwargs_with_a_dict(backend: Backend) -> None:
    @task(needs={"args": [page, "other"], "more": {"a": other, "b": "page"}})
    def read(*args: Any, **more: Any) -> Any:
        return args, more

    @workflow
    def w(read: Any) -> Any:
        return read

    assert on(w, backend)() == (("page", "other"), {"a": "other", "b": "page"})


def test_a_name_in_needs_may_be_an_input_wherever_it_stands(backend: Backend) -> None:
    @workflow(needs={"first": "url", "both": ["url", page]})
    def w(first: Any, both: Any, url: str) -> Any:
        return first, both, url

    assert on(w, backend)("u") == ("u", ["u", "page"], "u")
    assert list(inspect.signature(w).parameters) == ["url"]


def test_a_name_in_needs_that_means_nothing_is_an_error_even_if_the_parameter_has_a_default() -> None:
    @task(needs={"x": "pge"})
    def read(x: int = 1) -> Any:
        return x

    @workflow
    def w(read: Any) -> Any:
        return read

    error = fail_to_build(w)
    assert str(error) == (
        "Cannot build workflow 'w': task 'read' needs 'pge', and no task or input has that name. Did you mean 'page'?"
    )
    assert isinstance(error, MissingDependencyError)
    assert (error.workflow, error.function, error.parameter) == ("w", "read", "pge")


def test_a_name_among_several_in_the_needs_of_a_workflow_is_no_input_by_being_there() -> None:
    @workflow(needs={"x": ["pages_of_url"]})
    def w(x: Any) -> Any:
        return x

    assert str(fail_to_build(w)) == (
        "Cannot build workflow 'w': workflow 'w' needs 'pages_of_url', and no task or input has that name. "
        "Add a parameter 'pages_of_url' to 'w' to make it an input, or write needs={'x': value('pages_of_url')}."
    )


def test_a_need_of_none_leaves_a_parameter_its_default(backend: Backend) -> None:
    @task(needs={"page": None})
    def read(page: str = "default", other: str = "default") -> Any:
        return page, other

    @workflow
    def w(read: Any) -> Any:
        return read

    assert on(w, backend)() == ("default", "other")


def test_a_need_of_none_without_a_default_is_an_error() -> None:
    @task(needs={"page": None})
    def read(page: str) -> Any:
        return page

    @workflow
    def w(read: Any) -> Any:
        return read

    assert str(fail_to_build(w)) == (
        "Cannot build workflow 'w': task 'read' needs 'page', and needs= says that 'page' is not a dependency, "
        "and it has no default. Give it one."
    )


def test_a_need_of_none_makes_a_workflow_s_parameter_an_input(backend: Backend) -> None:
    @workflow(needs={"page": None})
    def w(page: str, other: str) -> Any:
        return page, other

    assert on(w, backend)(page="mine") == ("mine", "other")
    assert list(inspect.signature(w).parameters) == ["page"]


def test_needs_comes_before_names_given_by_hand(backend: Backend) -> None:
    @workflow(needs={"x": other}, tasks={"x": page})
    def w(x: Any) -> Any:
        return x

    assert on(w, backend)() == "other"


# Rule 2: tasks={...}


def test_a_name_given_by_hand_comes_before_the_task_of_that_name(backend: Backend) -> None:
    @workflow(tasks={"page": other})
    def w(page: Any) -> Any:
        return page

    assert on(w, backend)() == "other"


def test_a_name_given_by_hand_holds_for_every_function_of_the_workflow(backend: Backend) -> None:
    given: Any = {"folder": page, "source": other, "listing": library.listing, "report": library.report}

    @workflow(tasks=given)
    def w(listing: str, report: str) -> Any:
        return listing, report

    assert on(w, backend)() == ("files of page", "report on other")
