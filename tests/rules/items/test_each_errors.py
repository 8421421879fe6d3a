"""What `each=`, `stream=`, `more=` and `key=` ask for and cannot have is an error before anything runs."""

from typing import Any

import pytest

from flowdeco import (
    AxisError,
    CycleError,
    EachError,
    GraphError,
    MissingDependencyError,
    SettledError,
    task,
    value,
    workflow,
)
from tests.support.check import find_problem

decorate: Any = task


@task
def pages() -> list[str]:
    return []


@task
def sites() -> list[str]:
    return []


@task(each={"page": pages})
def text(page: str) -> str:
    return page


@task(each={"site": sites})
def head(site: str) -> str:
    return site


def one(a: Any) -> Any:
    return a


def two(a: Any, b: Any) -> Any:
    return a, b


def asking(names: str) -> Any:
    """A function that has these parameters."""
    return eval(f"lambda {names}: []")


def problem(function: Any, **options: Any) -> GraphError:
    """What is wrong with a workflow of which one task has these options."""

    @workflow(needs={"given": decorate(function, name="f", **options)})
    def w(urls: list[str], depth: int, given: Any) -> None: ...

    return find_problem(w)


def fits(function: Any, **options: Any) -> None:
    @workflow(needs={"given": decorate(function, name="f", **options)})
    def w(urls: list[str], depth: int, given: Any) -> None: ...

    w.check()


def test_two_different_axes_are_an_error_that_names_both() -> None:
    error = problem(two, each={"a": text, "b": head})
    assert type(error) is AxisError
    assert isinstance(error, EachError)
    assert (error.function, error.parameter) == ("f", "a")
    assert str(error) == (
        "Cannot build workflow 'w': task 'f' would go item by item over task 'pages' (by 'a') and task 'sites' "
        "(by 'b'), and their items do not belong together. Receive one of them as a whole list, or zip them in a task "
        "and name that in each=."
    )


def test_two_axes_and_a_collection_besides_are_an_error_too() -> None:
    assert isinstance(problem(asking("a, b, c"), each={"a": text, "b": head, "c": "urls"}), AxisError)


@pytest.mark.parametrize(
    ("other", "label"),
    [
        ("urls", "input 'urls'"),
        (sites, "task 'sites'"),
        (value([1]), "value([1])"),
        ([sites, "depth"], "[task 'sites', input 'depth']"),
    ],
    ids=["input", "task", "value", "several"],
)
def test_a_collection_beside_what_was_made_of_another_one_item_by_item_is_an_error(other: Any, label: str) -> None:
    error = problem(two, each={"a": text, "b": other})
    assert type(error) is AxisError
    assert (error.function, error.parameter) == ("f", "a")
    assert f"would go item by item over task 'pages' (by 'a') and {label} (by 'b'), and their" in str(error)


def test_what_was_made_of_the_source_of_an_axis_and_not_of_its_results_is_an_error_beside_these() -> None:
    @task
    def ranks(pages: Any) -> Any: ...

    assert isinstance(problem(two, each={"a": text, "b": ranks}), AxisError)


def test_what_was_made_of_all_results_of_a_mapped_task_may_stand_beside_these_whatever_lies_between() -> None:
    @task
    def norm(text: Any) -> Any: ...

    @task(each={"number": norm})
    def half(number: Any) -> Any: ...

    @task(when=half)
    def told() -> Any: ...

    fits(two, each={"a": text, "b": norm})
    fits(two, each={"a": text, "b": [norm, sites]})
    fits(two, each={"a": text, "b": told})
    both = task(two, name="both", each={"a": text, "b": norm})
    fits(two, each={"a": both, "b": text})
    fits(two, each={"a": both, "b": norm})


def test_what_stands_in_for_a_task_may_stand_where_that_did() -> None:
    @task
    def norm(text: Any) -> Any: ...

    @task
    def fake() -> Any: ...

    @workflow(needs={"given": decorate(two, name="f", each={"a": text, "b": norm})})
    def w(urls: list[str], depth: int, given: Any) -> None: ...

    w.override(norm=[1, 2]).check()
    w.override(norm=fake).check()
    w.override(text=["a"]).check()


@pytest.mark.parametrize(
    ("name", "what"), [("run", "the run itself"), ("state", "the state of the run")], ids=["run", "state"]
)
def test_the_run_and_its_state_have_no_items(name: str, what: str) -> None:
    error = problem(one, each={"a": name})
    assert isinstance(error, EachError)
    assert str(error) == (
        f"Cannot build workflow 'w': task 'f' has 'a' in each=, and that is {what}, which has no items. "
        "Name what gives a collection."
    )


def test_a_collection_that_nothing_gives_is_missing_even_where_the_parameter_has_a_default() -> None:
    def defaulted(a: str = "x") -> str:
        return a

    for function in (one, defaulted):
        error = problem(function, each="a")
        assert isinstance(error, MissingDependencyError)
        assert "task 'f' needs 'a', and no task or input has that name." in str(error)
    assert str(problem(one, each={"a": "pagse"})).endswith("no task or input has that name. Did you mean 'pages'?")


def test_texts_in_a_list_are_names_and_the_error_says_how_to_write_texts() -> None:
    error = problem(one, each={"a": ["tea", pages]})
    assert str(error) == (
        "Cannot build workflow 'w': task 'f' needs 'tea', and no task or input has that name. Add a parameter 'tea' to "
        "'w' to make it an input, or write each={'a': value(['tea'])}."
    )


def test_a_task_mapped_over_itself_is_a_circle() -> None:
    @task(each={"a": "again"})
    def again(a: Any) -> Any:
        return a

    @workflow
    def w(again: Any) -> None: ...

    assert isinstance(find_problem(w), CycleError)


@pytest.mark.parametrize(
    ("needs", "what"),
    [
        ("urls", "an input, which is there before anything runs"),
        ("run", "no task"),
        (value([1]), "no task"),
        ([pages, sites], "no task"),
        (None, "no task"),
    ],
    ids=["input", "run", "value", "list", "nothing"],
)
def test_only_a_task_gives_a_stream(needs: Any, what: str) -> None:
    def defaulted(a: Any = None) -> Any:
        return a

    error = problem(defaulted, stream="a", needs={"a": needs})
    assert isinstance(error, EachError)
    assert str(error) == (
        f"Cannot build workflow 'w': task 'f' has 'a' in stream=, and that is {what}. Remove it from stream=, or give "
        "the parameter the name of a task that yields or has each=."
    )


def test_a_stream_of_nothing_is_reported_once() -> None:
    assert isinstance(problem(one, stream="a"), MissingDependencyError)


def test_what_is_settled_item_by_item_comes_from_a_task() -> None:
    fits(one, each={"a": text}, settled="a")
    assert isinstance(problem(one, each={"a": "urls"}, settled="a"), SettledError)


def test_settled_of_several_tasks_whose_results_are_the_items_is_said_of_a_list() -> None:
    error = problem(one, each={"a": [pages, sites]}, settled="a")
    assert isinstance(error, EachError)
    assert str(error) == (
        "Cannot build workflow 'w': task 'f' has 'a' in settled= and, over a list of several, in each=. Give that list "
        "to needs= instead: settled= then gives an Outcome of each."
    )


def test_more_adds_to_one_collection() -> None:
    fits(one, each={"a": pages}, more=asking("result, item, index, urls, depth"))
    fits(one, each={"a": text}, more=asking("result, a"))
    error = problem(two, each={"a": pages, "b": sites}, more=asking("result"))
    assert isinstance(error, EachError)
    assert str(error) == (
        "Cannot build workflow 'w': task 'f' has more=, and is mapped over task 'pages' and task 'sites' in step. What "
        "comes besides could be told for one of them only. Make one collection of them in a task."
    )


def test_more_asks_for_what_the_task_has_or_what_is_there_from_the_outset() -> None:
    fits(two, each={"a": pages}, needs={"b": sites}, more=asking("result, a, b"))
    error = problem(one, each={"a": pages}, more=asking("result, sites"))
    assert isinstance(error, EachError)
    assert (error.function, error.parameter) == ("f", "sites")
    assert str(error) == (
        "Cannot build workflow 'w': task 'f' has a more= that asks for 'sites', which the task itself does not "
        "receive. Give it a parameter 'sites' as well, or ask for its result, the item or inputs."
    )
    for name in ("run", "state", "text"):
        assert f"asks for {name!r}" in str(problem(one, each={"a": pages}, more=asking(f"result, {name}")))


@task
def total(text: list[str]) -> int:
    return len(text)


def test_more_is_on_no_task_that_begins_when_another_has_ended_for_all_items() -> None:
    error = problem(two, each={"a": pages}, needs={"b": total}, more=asking("result"))
    assert isinstance(error, EachError)
    assert error.function == "f"
    assert str(error) == (
        "Cannot build workflow 'w': task 'f' has more=, and begins only when task 'text' has ended for all items. What "
        "it adds would come too late. Receive only what belongs to the item, or put more= on 'text'."
    )
    fits(two, each={"a": pages}, needs={"b": sites}, more=asking("result"))


def test_nor_on_one_that_goes_on_with_such_a_task() -> None:
    @task(each={"page": pages})
    def share(page: str, total: int) -> float:
        return len(page) / total

    assert "begins only when task 'text' has ended" in str(problem(one, each={"a": share}, more=asking("result")))


def test_what_needs_the_whole_of_a_task_with_more_may_come_after_it() -> None:
    crawl = decorate(one, name="crawl", each={"a": pages}, more=asking("result"))
    fits(two, each={"a": pages}, needs={"b": crawl})


def test_a_key_asks_for_what_is_there_when_the_item_comes() -> None:
    fits(one, each={"a": pages}, key=asking("a, index, item, urls, depth"))
    fits(one, each={"a": text}, key=asking("a, index"))
    for function in (one, asking("a, sites")):
        error = problem(function, each={"a": pages}, key=asking("a, sites"))
        assert isinstance(error, EachError)
        assert (error.function, error.parameter) == ("f", "sites")
        assert str(error) == (
            "Cannot build workflow 'w': task 'f' has a key= that asks for 'sites', which is not there yet when an item "
            "comes and gets its key. Ask for the item, its index or inputs."
        )


def test_a_key_beside_more_rests_on_the_item_alone() -> None:
    error = problem(one, each={"a": text}, more=asking("result"), key=asking("a"))
    assert str(error) == (
        "Cannot build workflow 'w': task 'f' has a key= that asks for 'a', which is there only when the item is under "
        "way; with more=, the key decides whether it is new. Ask for the item, its index or inputs."
    )


@pytest.mark.parametrize(("option", "name"), [("more", "resutl"), ("key", "result"), ("key", "nothing")])
def test_a_name_in_more_or_key_that_means_nothing_is_missing(option: str, name: str) -> None:
    error = problem(one, each={"a": pages}, **{option: asking(name)})
    assert isinstance(error, MissingDependencyError)
    assert f"{option}= of task 'f' needs {name!r}, and no task or input has that name." in str(error)


def test_check_reports_all_of_it_at_once() -> None:
    @task(each={"a": text, "b": head})
    def torn(a: Any, b: Any) -> None: ...

    @task(stream="urls")
    def streamed(urls: Any) -> None: ...

    @task(each={"a": "state"})
    def stateful(a: Any) -> None: ...

    @workflow
    def w(urls: list[str], torn: Any, streamed: Any, stateful: Any) -> None: ...

    with pytest.raises(GraphError) as caught:
        w.check()
    assert sorted(type(each).__name__ for each in caught.value.problems) == ["AxisError", "EachError", "EachError"]
