"""What is refused as a hook."""

import functools
from typing import Any

import pytest

from flowdeco import GraphError, HookArgumentError, OptionError, OptionTypeError, task, workflow
from tests.support.hooks import HOOKS, KNOWN, asks, both, name_of
from tests.support.naming import fail_to_build
from tests.support.options import error_of


def read(page: str, depth: int = 1, *rest: str, **more: str) -> None: ...


def alert(eror: Any) -> None: ...


def deepen(dept: Any) -> None: ...


def post(channel: Any, text: Any, error: Any) -> None: ...


def second_name(event: Any, /, second: Any) -> None: ...


def second_place(event: Any, second: Any, /) -> None: ...


def second_keyword(*events: Any, second: Any) -> None: ...


class Asker:
    def __call__(self, second: Any) -> None: ...


@both
@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize(
    ("hook", "name", "text"),
    [
        (alert, "alert", "'eror', which it cannot get. Did you mean 'error'?"),
        (deepen, "deepen", "'dept', which it cannot get. Did you mean 'depth'?"),
        (post, "post", "'channel', which it cannot get."),
        (functools.partial(post, "#web"), "post", "'text', which it cannot get."),
        (second_name, "second_name", "'second', which it cannot get."),
        (second_place, "second_place", "'second', which it cannot get."),
        (second_keyword, "second_keyword", "'second', which it cannot get."),
        (Asker(), "Asker.__call__", "'second', which it cannot get."),
    ],
    ids=name_of,
)
def test_a_hook_that_asks_for_what_there_is_not_is_refused_with_the_nearest_and_the_list(
    decorate: Any, subject: str, option: str, hook: Any, name: str, text: str
) -> None:
    error = error_of(decorate, read, **{option: hook})
    arguments = "'page', 'depth', 'rest' and 'more'"
    assert str(error) == (
        f"Cannot define {subject}: {name!r} in {option}= asks for {text} It can get {KNOWN}, {arguments}."
    )
    assert type(error) is OptionError
    assert (error.option, error.value) == (option, hook)


@both
@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize("hook", [5, "print", object], ids=repr)
def test_a_hook_that_cannot_be_called_is_refused(decorate: Any, subject: str, option: str, hook: Any) -> None:
    hook = hook() if hook is object else hook
    shown = repr(hook)
    error = error_of(decorate, read, **{option: hook})
    assert str(error) == f"Cannot define {subject}: {option}={shown} cannot be called. Give a function."
    assert type(error) is OptionTypeError
    assert (error.option, error.value) == (option, hook)
    error = error_of(decorate, read, **{option: [print, hook]})
    assert str(error).endswith(f" has {shown} in it, which cannot be called. Give a function.")
    assert type(error) is OptionTypeError


@both
@pytest.mark.parametrize("option", [option for option in HOOKS if option != "on_error"])
def test_a_mapping_for_another_option_than_on_error_is_refused(decorate: Any, subject: str, option: str) -> None:
    error = error_of(decorate, read, **{option: {ValueError: print}})
    assert str(error) == (
        f"Cannot define {subject}: {option}={{<class 'ValueError'>: <built-in function print>}} is a mapping, which "
        "only on_error= can be. Give a function, or a list of functions."
    )
    assert type(error) is OptionTypeError
    assert error.option == option


@both
@pytest.mark.parametrize("key", ["ValueError", 5, int, (ValueError, KeyError), ValueError("x")], ids=repr)
def test_a_mapping_with_keys_that_are_no_types_of_errors_is_refused(decorate: Any, subject: str, key: Any) -> None:
    error = error_of(decorate, read, on_error={KeyError: print, key: print})
    assert str(error).endswith(
        f" has the key {key!r}, which is not an exception type. Give one, as in {{ConnectionError: ...}}."
    )
    assert str(error).startswith(f"Cannot define {subject}: on_error=")
    assert type(error) is OptionTypeError
    assert error.option == "on_error"


@both
@pytest.mark.parametrize("hook", [5, None, "print", [print]], ids=repr)
def test_a_mapping_with_what_cannot_be_called_is_refused(decorate: Any, subject: str, hook: Any) -> None:
    error = error_of(decorate, read, on_error={KeyError: print, ValueError: hook})
    assert str(error).endswith(f" gives ValueError {hook!r}, which cannot be called. Give a function.")
    assert type(error) is OptionTypeError


@both
def test_a_hook_of_a_mapping_that_asks_for_what_there_is_not_is_refused(decorate: Any, subject: str) -> None:
    error = error_of(decorate, read, on_error={KeyError: print, ValueError: alert})
    assert str(error).startswith(f"Cannot define {subject}: 'alert' in on_error= asks for 'eror', ")


def test_with_options_refuses_hooks_as_the_decorators_do() -> None:
    for made, subject in ((task(read), "task 'read'"), (workflow(read), "workflow 'read'")):
        change: Any = made.with_options
        with pytest.raises(OptionError, match=f"Cannot define {subject}: 'alert' in on_success= asks for 'eror', "):
            change(on_success=alert)


def test_lists_and_mappings_of_hooks_are_copied() -> None:
    hooks: list[Any] = [print]
    by_type: dict[type[BaseException], Any] = {ValueError: print}
    made = task(read, on_success=hooks, on_error=by_type)
    hooks.append(5)
    by_type[KeyError] = 5
    again = made.with_options(name="again")
    assert again._definition.options["on_success"] == (print,)
    assert again._definition.options["on_error"] == {ValueError: print}


def test_a_hook_of_a_workflow_that_asks_for_what_a_task_gives_is_a_problem_of_the_graph() -> None:
    @task
    def fetch() -> str:
        return "<html>"

    def announce(page: str) -> None: ...

    def celebrate(page: str = "none", url: str = "") -> None: ...

    @workflow(needs={"page": fetch}, on_success=[print, announce, celebrate])
    def w(url: str, page: str) -> None: ...

    error = fail_to_build(w)
    assert str(error) == (
        "Cannot build workflow 'w': 'announce' in on_success= asks for 'page', which is not an input but the result "
        "of task "
        "'fetch'. Ask for run: in a call of w.run(), run.tasks['fetch'].result has it."
    )
    assert isinstance(error, HookArgumentError)
    assert (error.workflow, error.function, error.option, error.hook) == ("w", "w", "on_success", announce)
    with pytest.raises(HookArgumentError):
        w("x")
    assert w.with_options(needs={"page": None}).graph.inputs == ("url", "page")
    assert w.with_options(on_success=celebrate).graph.inputs == ("url",)


async def test_a_default_keeps_a_workflow_s_hook_from_being_given_what_a_task_gives() -> None:
    told: list[Any] = []

    @task
    async def page() -> str:
        return "<html>"

    @workflow(on_success=asks(told, page="default", url="default"))
    async def w(url: str, page: str) -> None: ...

    await w("x")
    assert told == [("default", "x")]


def test_check_reports_hooks_that_cannot_be_served_among_the_problems() -> None:
    @task
    def page(url: str) -> str:
        return url

    @task
    def words(page: str) -> None: ...

    def by_page(page: str) -> None: ...

    def by_url(url: str) -> None: ...

    @workflow(on_start=by_page, on_error={ValueError: by_page}, defaults={"on_success": by_url})
    def w(url: str, page: str, words: None, lost: str, *rest: str) -> None: ...

    with pytest.raises(GraphError) as caught:
        w.check()
    problems = caught.value.problems
    hooks = [problem for problem in problems if isinstance(problem, HookArgumentError)]
    assert [(problem.function, problem.option, problem.hook) for problem in hooks] == [
        ("w", "on_start", by_page),
        ("w", "on_error", by_page),
        ("words", "on_success", by_url),
    ]
    assert len(problems) == 4
    assert str(hooks[2]).startswith("Cannot build workflow 'w': its defaults do not fit task 'words': ")
    assert "'by_url' in on_success= asks for 'url', which it cannot get." in str(hooks[2])


def test_a_parameter_called_as_what_hooks_can_get_is_told_once() -> None:
    def read_state(state: Any) -> None: ...

    def tell(missing: Any) -> None: ...

    error = error_of(workflow, read_state, on_success=tell)
    assert str(error).endswith(f"which it cannot get. It can get {KNOWN.rpartition(', ')[0]} and 'item'.")
