"""Everything wrong with a graph is found before it runs, and said at once."""

from typing import Any

import pytest

from flowdeco import (
    AmbiguousNameError,
    CycleError,
    GraphError,
    MethodError,
    MissingDependencyError,
    ShadowedInputError,
    UnmatchedParameterError,
    UnusedTaskError,
    Workflow,
    task,
    workflow,
)
from tests.support.modules import make_module, take


def find_problem(w: Workflow[Any, Any]) -> GraphError:
    """Return what `check` raises."""
    with pytest.raises(GraphError) as caught:
        w.check()
    return caught.value


def messages(error: GraphError) -> list[str]:
    return [str(problem) for problem in error.problems]


def test_a_sound_graph_has_no_problems() -> None:
    @task
    def page(url: Any) -> None: ...

    @workflow(tasks=[page])
    def w(url: Any, page: Any) -> None: ...

    w.check()


def test_a_single_problem_is_raised_itself_and_is_its_own_only_entry() -> None:
    @task
    def words(nowhere: Any) -> None: ...

    @workflow
    def w(words: Any) -> None: ...

    error = find_problem(w)
    assert type(error) is MissingDependencyError
    assert error.problems == (error,)
    assert (error.workflow, error.function, error.parameter) == ("w", "words", "nowhere")
    assert str(error) == (
        "Cannot build workflow 'w': task 'words' needs 'nowhere', and no task or input has that name. "
        "Add a parameter 'nowhere' to 'w' to make it an input, or say what it is with needs=."
    )


def test_every_problem_is_reported_at_once() -> None:
    @task
    def missing(pgae: Any) -> None: ...

    @task
    def page() -> None: ...

    @task
    def itself(itself: Any) -> None: ...

    @task
    def ping(pong: Any) -> None: ...

    @task
    def pong(ping: Any) -> None: ...

    @task
    def stars(*args: Any, **kwargs: Any) -> None: ...

    @task
    def unused() -> None: ...

    @workflow(tasks=[unused])
    def w(missing: Any, itself: Any, ping: Any, stars: Any) -> None: ...

    error = find_problem(w)
    assert type(error) is GraphError
    assert error.workflow == "w"
    assert {type(problem) for problem in error.problems} == {
        CycleError,
        MissingDependencyError,
        UnmatchedParameterError,
        UnusedTaskError,
    }
    assert str(error) == (
        "Cannot build workflow 'w': 6 problems.\n"
        "  - Cannot build workflow 'w': task 'missing' needs 'pgae', and no task or input has that name. "
        "Did you mean 'page'?\n"
        "  - Cannot build workflow 'w': task 'stars' needs 'args', and *args has no name to match. "
        "Fill it with needs={'args': ...}.\n"
        "  - Cannot build workflow 'w': task 'stars' needs 'kwargs', and **kwargs has no name to match. "
        "Fill it with needs={'kwargs': ...}.\n"
        "  - Cannot build workflow 'w': task 'itself' needs itself. "
        "Rename its parameter, or say what it is with needs=.\n"
        "  - Cannot build workflow 'w': its tasks need each other in a circle: ping -> pong -> ping. "
        "Rename a parameter, or cut one with needs=.\n"
        "  - Cannot vouch for workflow 'w': tasks= names task 'unused', which nothing needs. Take it out."
    )
    assert messages(error) == [line.removeprefix("  - ") for line in str(error).split("\n")[1:]]


def test_a_call_raises_only_what_keeps_it_from_running() -> None:
    @task
    def unused() -> None: ...

    @workflow(tasks=[unused])
    def w() -> int:
        return 1

    assert w() == 1
    assert type(find_problem(w)) is UnusedTaskError


def test_a_call_raises_every_problem_before_anything_runs() -> None:
    ran: list[str] = []

    @task
    def fine() -> None:
        ran.append("fine")

    @task
    def words(pgae: Any, lnks: Any) -> None: ...

    @workflow
    def w(fine: Any, words: Any) -> None: ...

    with pytest.raises(GraphError) as caught:
        w()
    assert [type(problem) for problem in caught.value.problems] == [MissingDependencyError] * 2
    assert ran == []


# Names.


def test_a_near_miss_is_named_among_tasks_inputs_and_outputs() -> None:
    @task
    def page() -> None: ...

    @task(outputs=("train", "test"))
    def split() -> None: ...

    @task
    def reader(pagee: Any, curency: Any, tarin: Any) -> None: ...

    @workflow
    def w(currency: Any, reader: Any) -> None: ...

    assert [message.rpartition("name. ")[2] for message in messages(find_problem(w))] == [
        "Did you mean 'page'?",
        "Did you mean 'currency'?",
        "Did you mean 'train'?",
    ]


def test_a_method_used_as_a_task_is_an_error_that_says_so() -> None:
    class Shop:
        @task
        def price(self, item: str) -> float:
            return 1.0

    @workflow(needs={"price": Shop.price})
    def offer(item: str, price: Any) -> None: ...

    error = find_problem(offer)
    assert isinstance(error, MethodError)
    assert (error.function, error.parameter) == ("price", "self")
    assert str(error) == (
        "Cannot build workflow 'offer': task 'price' needs 'self', and no task or input has that name: it is a "
        "method. Make a task of the bound one, task(instance.method)."
    )


def test_a_name_in_two_modules_of_tasks_is_ambiguous_and_neither_counts_as_unused() -> None:
    shop = make_module("shop", "@task\ndef load(): ...")
    bank = make_module("bank", "@task\ndef load(): ...")

    @task
    def total(load: Any) -> None: ...

    @workflow(tasks=[shop, bank])
    def w(total: Any) -> None: ...

    error = find_problem(w)
    assert isinstance(error, AmbiguousNameError)
    assert (error.function, error.parameter, error.candidates) == ("total", "load", (shop.load, bank.load))
    assert str(error) == (
        "Cannot build workflow 'w': task 'total' needs 'load', and that may be 'shop.load' and 'bank.load'. "
        "Say which with needs= or tasks={'load': ...}."
    )


def test_one_task_in_two_modules_of_tasks_is_not_ambiguous() -> None:
    shop = make_module("shop", "@task\ndef load(): ...")
    bank = make_module("bank", "", load=shop.load)

    @workflow(tasks=[shop, bank])
    def w(load: Any) -> None: ...

    w.check()


def test_two_tasks_of_one_name_in_tasks_are_ambiguous() -> None:
    shop = make_module("shop", "@task\ndef load(): ...")
    bank = make_module("bank", "@task\ndef load(): ...")

    @workflow(tasks=[shop.load, bank.load])
    def w(load: Any) -> None: ...

    assert messages(find_problem(w)) == [
        (
            "Cannot build workflow 'w': workflow 'w' needs 'load', and that may be 'shop.load' and 'bank.load'. "
            "Say which with needs= or tasks={'load': ...}."
        )
    ]


def test_two_tasks_with_the_same_output_are_ambiguous() -> None:
    module = make_module(
        "split",
        """
        @task(outputs=("train", "test"))
        def first(): ...
        @task(outputs=("train", "rest"))
        def second(): ...
        @task
        def fit(train): ...
        """,
    )

    @workflow(needs={"fit": module.fit})
    def w(fit: Any) -> None: ...

    error = find_problem(w)
    assert isinstance(error, AmbiguousNameError)
    assert error.candidates == (module.first, module.second)
    assert str(error) == (
        "Cannot build workflow 'w': task 'fit' needs 'train', and that may be 'split.first' and 'split.second'. "
        "Say which with needs= or tasks={'train': ...}."
    )


def test_an_input_that_a_library_s_own_task_shadows_is_reported() -> None:
    library = make_module("library", "@task\ndef url(): return 'theirs'\n@task\ndef fetch(url): return url")

    @workflow(needs={"page": library.fetch})
    def w(url: Any, page: Any) -> Any:
        return page

    assert w(url="mine") == "theirs"
    error = find_problem(w)
    assert isinstance(error, ShadowedInputError)
    assert (error.function, error.parameter) == ("fetch", "url")
    assert str(error) == (
        "Cannot vouch for workflow 'w': task 'fetch' takes 'url' from the task of that name that is nearer to it "
        "than the input. Rename the input, or say which with needs=."
    )


# tasks=


def test_an_entry_of_a_tasks_mapping_that_nothing_needs_is_reported() -> None:
    @task
    def page() -> None: ...

    @task
    def spare() -> None: ...

    @workflow(tasks={"page": page, "extra": spare})
    def w(page: Any) -> None: ...

    error = find_problem(w)
    assert isinstance(error, UnusedTaskError)
    assert error.task is spare
    assert str(error) == ("Cannot vouch for workflow 'w': tasks= names task 'extra', which nothing needs. Take it out.")


def test_a_task_a_workflow_or_a_module_in_tasks_that_nothing_needs_is_reported() -> None:
    used = make_module("used", "@task\ndef page(): ...\n@task\ndef spare(): ...")
    empty = make_module("empty", "")

    @task
    def extra() -> None: ...

    @workflow
    def flow() -> None: ...

    @workflow(tasks=[used, empty, extra, flow])
    def w(page: Any) -> None: ...

    error = find_problem(w)
    assert [getattr(problem, "task", None) for problem in error.problems] == [empty, extra, flow]
    assert messages(error) == [
        f"Cannot vouch for workflow 'w': tasks= names {what}, which nothing needs. Take it out."
        for what in ("module 'empty'", "task 'extra'", "workflow 'flow'")
    ]


def test_what_is_unused_only_because_of_an_override_is_no_problem() -> None:
    used = make_module("used", "@task\ndef page(): ...\n@task\ndef words(page): ...")

    @workflow(tasks=[used.page, used.words])
    def w(words: Any) -> None: ...

    w.override(words=[]).check()


# Workflows within.


def test_problems_of_workflows_within_are_reported_too_each_once() -> None:
    library = make_module("library", "@task\ndef url(): ...\n@task\ndef fetch(url): ...")

    @task
    def bad(nope: Any) -> None: ...

    @workflow(needs={"page": library.fetch})
    def inner(url: Any, page: Any, bad: Any) -> None: ...

    @workflow
    def middle(url: Any, inner: Any) -> None: ...

    @workflow
    def outer(url: Any, inner: Any, middle: Any) -> None: ...

    assert messages(find_problem(outer)) == [
        (
            "Cannot build workflow 'inner': task 'bad' needs 'nope', and no task or input has that name. "
            "Add a parameter 'nope' to 'inner' to make it an input, or say what it is with needs=."
        ),
        (
            "Cannot vouch for workflow 'inner': task 'fetch' takes 'url' from the task of that name that is nearer to "
            "it than the input. Rename the input, or say which with needs=."
        ),
    ]


def test_an_input_of_a_workflow_within_that_nothing_fills_is_a_missing_dependency() -> None:
    @workflow
    def inner(url: Any) -> None: ...

    @workflow
    def outer(inner: Any) -> None: ...

    assert messages(find_problem(outer)) == [
        (
            "Cannot build workflow 'outer': workflow 'inner' needs 'url', and no task or input has that name. "
            "Add a parameter 'url' to 'outer' to make it an input, or say what it is with needs=."
        )
    ]


# Many.


def test_5_000_missing_names_are_all_reported() -> None:
    names = [f"missing_{number}" for number in range(5_000)]
    known = "\n".join(f"@task\ndef known_{number}(): ..." for number in range(2_000))
    module = make_module("wide", f"{known}\n@task\ndef total({', '.join(names)}): ...")
    error = find_problem(workflow(take, name="w", needs={"given": module.total}))
    assert [getattr(problem, "parameter", None) for problem in error.problems] == names
