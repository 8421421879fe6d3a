"""What is wrong with a graph for its policies is found before it runs, all of it at once."""

from typing import Any

import pytest

from flowdeco import (
    GraphError,
    HookArgumentError,
    MissingDependencyError,
    Outcome,
    SettledError,
    TypeMismatchError,
    UnusedTaskError,
    Workflow,
    task,
    workflow,
)
from tests.support.naming import make_module, take


def problems_of(w: Workflow[Any, Any], **how: Any) -> list[GraphError]:
    """Return what `check` finds; what keeps the workflow from running, a call raises as well."""
    with pytest.raises(GraphError) as caught:
        w.check(**how)
    return list(caught.value.problems)


def messages(w: Workflow[Any, Any], **how: Any) -> list[str]:
    return [str(problem) for problem in problems_of(w, **how)]


def ask_url(url: str) -> None: ...


def ask_page(page: str) -> str:
    return page


def ask_url_or_not(url: str = "") -> None: ...


@task
def page(url: str) -> str:
    return url


@task
def words(page: str) -> list[str]:
    return page.split()


KNOWN = (
    "'task', 'workflow', 'run', 'state', 'status', 'previous', 'attempt', 'error', 'errors', 'result', 'delay', "
    "'inputs', 'metadata', 'event'"
)


# when=


def test_a_when_that_names_nothing_is_reported_with_the_nearest() -> None:
    def if_wrods(wrods: list[str]) -> bool:
        return bool(wrods)

    def if_nothing(xyz: int) -> bool:
        return bool(xyz)

    cases: list[tuple[Any, str, str]] = [
        (if_wrods, "wrods", "Did you mean 'words'?"),
        (if_nothing, "xyz", "Add a parameter 'xyz' to 'w' to make it an input, or say what it is with needs=."),
    ]
    for when, name, way_out in cases:
        guarded = task(lambda: 1, name="guarded", when=when)

        @workflow(needs={"given": guarded})
        def w(url: str, given: int) -> int:
            return given

        (problem,) = problems_of(w)
        needs = f"when= of task 'guarded' needs {name!r}, and no task or input has that name."
        assert str(problem) == f"Cannot build workflow 'w': {needs} {way_out}"
        assert type(problem) is MissingDependencyError
        assert problem.parameter == name


def test_needs_fill_what_a_when_names() -> None:
    def if_it(given: str) -> bool:
        return bool(given)

    guarded = task(lambda: 1, name="guarded", when=if_it, needs={"given": page})

    @workflow(needs={"result": guarded})
    def w(url: str, result: int) -> int:
        return result

    w.check()
    assert w("x") == 1


def test_a_when_of_the_defaults_that_names_nothing_is_reported_once() -> None:
    def if_wrods(wrods: list[str]) -> bool:
        return bool(wrods)

    @workflow(needs={"given": [words, page]}, defaults={"when": if_wrods})
    def w(url: str, given: Any) -> Any:
        return given

    (problem,) = problems_of(w)
    assert str(problem) == (
        "Cannot build workflow 'w': when= in the defaults of workflow 'w' needs 'wrods', and no task or input has that "
        "name. Did you mean 'words'?"
    )
    with pytest.raises(MissingDependencyError):
        w("x")


# settled=


def test_settled_that_is_the_result_of_no_task_is_reported() -> None:
    def read(url: str, page: str, depth: int = 1, run: Any = None) -> None: ...

    every = ["url", "page", "depth", "run"]
    reads = task(read, settled=every)

    @workflow(needs={"reads": reads}, settled="url")
    def w(url: str, reads: None) -> None: ...

    way_out = "Take it out of settled=, or name a task."
    assert messages(w) == [
        f"Cannot build workflow 'w': {wants}. {way_out}"
        for wants in (
            "workflow 'w' wants 'url' settled, and that is an input",
            "task 'read' wants 'url' settled, and that is an input",
            "task 'read' wants 'depth' settled, and that is no task",
            "task 'read' wants 'run' settled, and that is no task",
        )
    ]
    assert {type(problem) for problem in problems_of(w)} == {SettledError}
    assert [(p.function, p.parameter) for p in problems_of(w) if isinstance(p, SettledError)] == [
        ("w", "url"),
        ("read", "url"),
        ("read", "depth"),
        ("read", "run"),
    ]


def test_settled_that_names_what_is_missing_anyway_is_reported_as_missing_too() -> None:
    @task(settled="pgae")
    def read(pgae: Outcome[str]) -> None: ...

    @workflow(tasks=[page])
    def w(url: str, read: None) -> None: ...

    assert [type(problem) for problem in problems_of(w)] == [MissingDependencyError, SettledError, UnusedTaskError]


# Hooks and recoveries of the defaults


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


# All at once


def test_no_problem_hides_another() -> None:
    def if_nothing(nothing: int) -> bool:
        return bool(nothing)

    guarded = task(lambda: 1, name="guarded", when=if_nothing)

    def lose(wodrs: int) -> int:
        return wodrs

    def if_enabled(enabeld: bool) -> bool:
        return enabeld

    lost = task(lose, name="lost")
    settles = task(ask_url, name="settles", settled="url")

    @workflow(needs={"given": "missing"})
    async def inner(given: Any) -> None: ...

    @workflow(
        needs={"given": [guarded, lost, settles, words, inner]},
        tasks=[task(lambda: 1, name="unused")],
        settled="given",
        after="wrods",
        defaults={"on_error": ask_url, "recover": ask_page, "when": if_enabled},
    )
    def w(url: str, given: Any) -> Any:
        return given

    found = problems_of(w)
    assert sorted({type(problem).__name__ for problem in found}) == [
        "HookArgumentError",
        "MissingDependencyError",
        "SettledError",
        "UnusedTaskError",
    ]
    text = "\n".join(map(str, found))
    for says in (
        "after='wrods' of workflow 'w' names no task. Did you mean 'words'?",
        "when= of task 'guarded' needs 'nothing'",
        "when= in the defaults of workflow 'w' needs 'enabeld'",
        "task 'lost' needs 'wodrs'",
        "task 'settles' wants 'url' settled, and that is an input",
        "workflow 'inner' needs 'missing'",
        "tasks= names task 'unused', which nothing needs",
        *(f"its defaults do not fit task {name!r}: 'ask_url' in on_error=" for name in ("guarded", "lost", "words")),
        *(f"its defaults do not fit task {name!r}: 'ask_page' in recover=" for name in ("page", "settles")),
    ):
        assert says in text, says
    assert len(found) == 12
    with pytest.raises(GraphError) as caught:
        w("x")
    assert {str(problem) for problem in caught.value.problems} == {
        str(problem) for problem in found if not isinstance(problem, UnusedTaskError)
    }


# check(types=True)


@task
def number() -> int:
    return 1


def fits(function: Any, **options: Any) -> bool:
    w = workflow(take, needs={"given": task(function, name="consumer", needs={"x": number}, **options)})
    w.check()
    try:
        w.check(types=True)
    except TypeMismatchError:
        return False
    return True


def test_a_settled_parameter_takes_an_outcome() -> None:
    bare: Any = make_module("bare", "def function(x): ...").function

    def outcome(x: Outcome[int]) -> None: ...
    def any_outcome(x: Outcome[Any]) -> None: ...
    def or_none(x: Outcome[int] | None = None) -> None: ...
    def of_str(x: Outcome[str]) -> None: ...
    def plain(x: int) -> None: ...
    def thing(x: object) -> None: ...

    functions: list[Any] = [bare, outcome, any_outcome, or_none, thing]
    for function in functions:
        assert fits(function, settled="x"), function
    assert not fits(of_str, settled="x")
    assert not fits(plain, settled="x")
    assert fits(plain)
    assert not fits(outcome)


def test_a_settled_parameter_of_the_wrong_type_is_reported_with_why() -> None:
    @workflow(settled="number")
    def w(number: int) -> None: ...

    (says,) = messages(w, types=True)
    assert says == (
        "Cannot vouch for workflow 'w': workflow 'w' takes 'number' as int, and settled= gives it an Outcome. "
        "Mend one of the annotations."
    )


def test_the_settled_parts_of_a_result_are_outcomes_too() -> None:
    @task(outputs=("train", "test"))
    def split() -> tuple[int, int]:
        return 1, 2

    @workflow(settled=["train", "test"])
    def w(train: Outcome[int], test: int) -> None: ...

    (problem,) = problems_of(w, types=True)
    assert isinstance(problem, TypeMismatchError)
    assert (problem.function, problem.parameter) == ("w", "test")


def test_a_list_of_settled_results_is_a_list_of_outcomes() -> None:
    @workflow(needs={"x": [number, number]}, settled="x")
    def good(x: list[Outcome[int]]) -> None: ...

    @workflow(needs={"x": [number, number]}, settled="x")
    def bad(x: list[int]) -> None: ...

    good.check(types=True)
    (problem,) = problems_of(bad, types=True)
    assert "takes each of 'x' as int, and settled= gives it an Outcome" in str(problem)


def test_a_default_for_what_may_be_skipped_need_not_be_of_what_the_task_gives() -> None:
    @task(when=lambda: False)
    def maybe() -> int:
        return 1

    def with_default(x: int = 0) -> int:
        return x

    def with_none(x: int | None = None) -> int | None:
        return x

    for function, instead in ((with_default, 0), (with_none, None)):
        w = workflow(take, needs={"given": task(function, needs={"x": maybe})})
        w.check(types=True)
        assert w() == instead
