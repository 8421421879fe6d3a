"""What is wrong with names, and with `tasks=`."""

from typing import Any

from flowdeco import AmbiguousNameError, MethodError, ShadowedInputError, UnusedTaskError, task, workflow
from tests.support.check import find_problem, messages
from tests.support.modules import make_module


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
        "method without its instance. Make a task of the bound method: task(instance.method)."
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
        "Cannot build workflow 'w': task 'total' needs 'load', and more than one task gives it: 'shop.load' and "
        "'bank.load'. "
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
            "Cannot build workflow 'w': workflow 'w' needs 'load', and more than one task gives it: 'shop.load' "
            "and 'bank.load'. "
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
        "Cannot build workflow 'w': task 'fit' needs 'train', and more than one task gives it: 'split.first' and "
        "'split.second'. "
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
        "Cannot accept workflow 'w': task 'fetch' receives the task 'url' that is in reach where it is "
        "defined, not the input of that name. Rename the input, or say which with needs=."
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
    assert str(error) == ("Cannot accept workflow 'w': tasks= names task 'extra', which nothing needs. Remove it.")


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
        f"Cannot accept workflow 'w': tasks= names {what}, which nothing needs. Remove it."
        for what in ("module 'empty'", "task 'extra'", "workflow 'flow'")
    ]


def test_what_is_unused_only_because_of_an_override_is_no_problem() -> None:
    used = make_module("used", "@task\ndef page(): ...\n@task\ndef words(page): ...")

    @workflow(tasks=[used.page, used.words])
    def w(words: Any) -> None: ...

    w.override(words=[]).check()
