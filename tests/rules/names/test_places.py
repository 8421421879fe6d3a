"""The rules of names from the third to the fifth: where the function is, the inputs, where the workflow is."""

from typing import Any

from flowdeco import AmbiguousNameError, task, workflow
from tests.conftest import Backend
from tests.support.names_rules import inner, page
from tests.support.naming import fail_to_build, mention, on
from tests.support.steps import disk, library, web

mention(inner, page)


# Rules 3 to 5: where the function is, the inputs, where the workflow is


def test_a_parameter_receives_the_task_that_it_names_where_its_function_is(backend: Backend) -> None:
    @workflow(needs={"words": disk.words, "load": web.load})
    def w(words: Any, load: Any) -> Any:
        return words, load

    assert on(w, backend)() == (["from", "the", "disk"], "from the web")


def test_the_task_where_the_function_is_comes_before_an_input(backend: Backend) -> None:
    @workflow(tasks=[library.listing])
    def w(folder: str, listing: str) -> Any:
        return folder, listing

    assert on(w, backend)(folder="mine") == ("mine", "files of the library's own folder")


def test_an_input_comes_before_the_task_where_the_workflow_is(backend: Backend) -> None:
    @task
    def url() -> str:
        return "a task"

    @task
    def open_url(url: str) -> str:
        return url

    @workflow(needs={"url": None, "fetch": web.fetch})
    def w(url: str, fetch: str, open_url: str) -> Any:
        return fetch, open_url

    # The nearest to open_url is the task; fetch, of another module, knows it not.
    assert on(w, backend)(url="an input") == ("page of an input", "a task")


def test_a_name_left_open_by_a_library_is_filled_where_the_workflow_is(backend: Backend) -> None:
    @task
    def source() -> str:
        return "my source"

    @workflow(tasks=[library.report])
    def w(report: str) -> str:
        return report

    assert on(w, backend)() == "report on my source"


def test_a_name_left_open_by_a_library_is_filled_by_an_input(backend: Backend) -> None:
    @workflow(tasks=[library.report])
    def w(source: str, report: str) -> str:
        return report

    assert on(w, backend)(source="an input") == "report on an input"


def test_a_name_left_open_by_a_library_is_filled_from_the_list_of_tasks(backend: Backend) -> None:
    source = task(lambda: "listed", name="source")
    w: Any = workflow(_body_of_report, tasks=[library, source])
    del source
    assert on(w, backend)() == "report on listed"


def _body_of_report(report: str) -> str:
    return report


def test_tasks_may_be_modules_and_parts_of_results(backend: Backend) -> None:
    split = task(lambda: (1, 2), name="split", outputs=("train", "test"))
    w: Any = workflow(_body_of_split, tasks=[web, split])
    del split
    assert on(w, backend)() == (1, 2, "the head")


def _body_of_split(train: int, test: int, head: str) -> Any:
    return train, test, head


def test_the_task_where_the_workflow_is_comes_before_the_list_of_tasks(backend: Backend) -> None:
    @workflow(tasks=[task(lambda: "listed", name="page")])
    def w(page: str) -> str:
        return page

    assert on(w, backend)() == "page"


def test_a_name_that_two_listed_tasks_have_is_ambiguous() -> None:
    @workflow(tasks=[web, disk.load])
    def w(load: str) -> str:
        return load

    error = fail_to_build(w)
    assert str(error) == (
        "Cannot build workflow 'w': workflow 'w' needs 'load', and more than one task gives it: "
        "'tests.support.steps.disk.load' and "
        "'tests.support.steps.web.load'. Say which with needs= or tasks={'load': ...}."
    )
    assert isinstance(error, AmbiguousNameError)
    assert error.candidates == (disk.load, web.load)
    assert w.with_options(tasks={"load": web.load})() == "from the web"
    assert w.with_options(needs={"load": disk.load})() == "from the disk"


def test_a_task_that_is_listed_twice_is_not_ambiguous() -> None:
    @workflow(tasks=[web, web.load, web.load])
    def w(load: str) -> str:
        return load

    assert w.graph.nodes[0].step is web.load


def test_a_part_of_two_tasks_results_is_ambiguous() -> None:
    first = task(lambda: {"train": 1}, name="first", outputs=["train"])
    second = task(lambda: {"train": 2}, name="second", outputs=["train"])

    @workflow
    def w(train: int) -> int:
        return train

    error = fail_to_build(w)
    assert str(error) == (
        "Cannot build workflow 'w': workflow 'w' needs 'train', and more than one task gives it: "
        "'tests.rules.names.test_places.first' and 'tests.rules.names.test_places.second'. "
        "Say which with needs= or tasks={'train': ...}."
    )
    assert isinstance(error, AmbiguousNameError)
    assert error.candidates == (first, second)
