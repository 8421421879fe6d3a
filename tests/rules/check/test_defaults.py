"""What is wrong with hooks and recoveries of `defaults=` is found before a graph runs."""

from typing import Any

import pytest

from flowdeco import GraphError, HookArgumentError, task, workflow
from tests.support.check_policies import ask_url, messages, page, problems_of, words
from tests.support.hooks import KNOWN


def ask_url_or_not(url: str = "") -> None: ...


@pytest.mark.parametrize("option", ["on_state", "on_start", "on_success", "on_retry", "on_error", "recover"])
def test_a_default_that_asks_for_what_a_task_does_not_have_is_reported_for_each_such_task(option: Any) -> None:
    unfit: Any = {option: ask_url}

    @workflow(needs={"given": [words, page, words.with_options(name="more")]}, defaults=unfit)
    def w(url: str, given: Any) -> Any:
        return given

    asks = f"'ask_url' in {option}= asks for 'url', which it cannot get."
    can_get = f"It can get {KNOWN} and 'page'. Give its parameter a default."
    assert messages(w) == [
        f"Cannot build workflow 'w': its defaults do not fit task 'words': {asks} {can_get}",
        f"Cannot build workflow 'w': its defaults do not fit task 'more': {asks} {can_get}",
    ]
    for problem, name in zip(problems_of(w), ("words", "more"), strict=True):
        assert isinstance(problem, HookArgumentError)
        assert (problem.workflow, problem.function, problem.option, problem.hook) == ("w", name, option, ask_url)
    with pytest.raises(GraphError) as caught:
        w("x")
    assert len(caught.value.problems) == 2


def test_a_default_task_to_recover_that_asks_for_what_a_task_does_not_have_is_reported() -> None:
    @task
    def cache(url: str, *, prompt: str) -> str:
        return url + prompt

    @workflow(defaults={"recover": cache})
    def w(url: str, page: Any) -> Any:
        return page

    (says,) = messages(w)
    assert says == (
        "Cannot build workflow 'w': its defaults do not fit task 'page': 'cache' in recover= asks for 'prompt', which "
        f"it cannot get. It can get {KNOWN} and 'url'. Give its parameter a default."
    )


@pytest.mark.parametrize("option", ["on_state", "on_start", "on_success", "on_retry", "on_error", "recover"])
def test_a_default_that_need_not_have_it_or_is_not_used_fits(option: Any) -> None:
    optional: Any = {option: ask_url_or_not}
    own: Any = {option: lambda: None}
    needed: Any = {option: ask_url}

    @workflow(needs={"given": [words, page]}, defaults=optional)
    def w(url: str, given: Any) -> Any:
        return given

    w.check()
    w.with_options(defaults=needed, needs={"given": [words.with_options(**own), page]}).check()
    assert len(problems_of(w.with_options(defaults=needed))) == 1


def test_what_stands_in_for_a_task_may_lack_what_a_default_asks_for() -> None:
    urls: list[str | None] = []

    def note(url: str) -> None:
        urls.append(url)

    @workflow(defaults={"on_success": note})
    def w(url: str, page: Any) -> Any:
        return page

    w.check()
    w.override(page=lambda: "fake").check()
    assert w.override(page=lambda: "fake")("x") == "fake"
    assert w("x") == "x"
    assert urls == [None, "x"]


def test_the_tasks_of_a_workflow_inside_are_not_under_these_defaults_but_under_its_own() -> None:
    @workflow(needs={"given": words})
    def inner(url: str, given: Any) -> Any:
        return given

    @workflow(defaults={"on_error": ask_url})
    def w(url: str, inner: Any) -> Any:
        return inner

    w.check()
    bad = inner.with_options(defaults={"on_error": ask_url})
    (problem, *more) = problems_of(w.with_options(needs={"inner": bad}))
    assert str(problem).startswith("Cannot build workflow 'inner': its defaults do not fit task 'words': 'ask_url' in ")
    assert more == []
