"""`each=`, `stream=`, `more=`, `ahead=` and `key=` are checked when the decorator runs."""

from collections.abc import Iterator
from typing import Any

import pytest

from flowdeco import OptionError, OptionTypeError, task, value, workflow

decorate: Any = task
decorate_workflow: Any = workflow


@task
def pages() -> list[str]:
    return []


def text(page: str, depth: int = 0, *rest: str, **more: str) -> str:
    return page


def yielding(page: str) -> Iterator[str]:
    yield page


def name_page(page: str) -> str:
    return page


def of_any(*args: str) -> str:
    return ""


async def awaited(page: str) -> str:
    return page


NO_PARAMETER = "names no parameter. Say which one receives the items, as in each={'page': pages}, or leave it out."
ONE_OF_EACH = "which has no items one after the other. Give what needs= takes: a task, a workflow, a name, a list of "


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"each": "pge"}, "each='pge' names 'pge', which is not a parameter of the function. Did you mean 'page'?"),
        (
            {"each": "rest"},
            "each='rest' names *rest, which takes any number of arguments. Give it a parameter of its own.",
        ),
        (
            {"each": {"more": "pages"}},
            "each={'more': 'pages'} names **more, which takes any number of arguments. Give it a parameter of its own.",
        ),
        ({"each": ()}, f"each=() {NO_PARAMETER}"),
        ({"each": {}}, f"each={{}} {NO_PARAMETER}"),
        ({"each": ["page", "page"]}, "each=['page', 'page'] names 'page' twice."),
        ({"each": {("page", "page"): "pages"}}, "each={('page', 'page'): 'pages'} names 'page' twice."),
        (
            {"each": [("page", "depth")]},
            (
                "each=[('page', 'depth')] has the tuple ('page', 'depth') in it without a collection whose items are "
                "taken apart for it. Name one, as in each={('page', 'depth'): grid}."
            ),
        ),
        (
            {"each": {"page": pages}, "needs": {"page": pages}},
            (
                "needs={'page': <task 'pages'>} gives 'page' something that each= gives items for already. "
                "Remove it from one of them."
            ),
        ),
        (
            {"each": "page", "stream": "page"},
            "stream='page' names 'page', which each= gives one item at a time. Remove it from one of them.",
        ),
        ({"stream": "pge"}, "stream='pge' names 'pge', which is not a parameter of the function. Did you mean 'page'?"),
        (
            {"stream": {"page": "last"}},
            (
                "stream={'page': 'last'} gives 'page' 'last'. Give 'source' for the order of the source, or 'ended' "
                "for that in which the items end."
            ),
        ),
        (
            {"stream": False},
            (
                "stream=False is for a function that yields: there is nothing to be handed on before it returns. "
                "Remove it."
            ),
        ),
        ({"each": "page", "ahead": 0}, "ahead=0 is below 1: no item could ever begin."),
        (
            {"ahead": 3},
            "ahead=3 is for what yields items or has each= or stream=, and this has none of these. Remove it.",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(OptionError) as caught:
        decorate(text, **options)
    assert str(caught.value) == f"Cannot define task 'text': {reason}"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"each": 3},
            "each=3 is not the name of a parameter, a list of names, or a mapping as in each={'page': pages}.",
        ),
        ({"each": [3]}, "each=[3] has 3 in it, which is not the name of a parameter."),
        (
            {"each": {3: "pages"}},
            "each={3: 'pages'} has the key 3, which is neither a parameter nor a tuple of them.",
        ),
        (
            {"each": {(): "pages"}},
            "each={(): 'pages'} has the key (), which is neither a parameter nor a tuple of them.",
        ),
        ({"each": {"page": None}}, f"each={{'page': None}} gives 'page' None, {ONE_OF_EACH}these, or value([...])."),
        (
            {"each": {"page": {"a": "pages"}}},
            f"each={{'page': {{'a': 'pages'}}}} gives 'page' a mapping, {ONE_OF_EACH}these, or value([...]).",
        ),
        (
            {"each": {"page": [1, 2]}},
            (
                "each={'page': [1, 2]} gives 'page' [1, 2], which is not what needs= takes: a task, a workflow, "
                "a name, or a list of these. For a constant, write value([1, 2])."
            ),
        ),
        (
            {"each": {"page": range(3)}},
            (
                "each={'page': range(0, 3)} gives 'page' range(0, 3), which is not what needs= takes: a task, "
                "a workflow, a name, or a list of these. For a constant, write value(range(0, 3))."
            ),
        ),
        (
            {"each": {"page": 3}},
            "each={'page': 3} gives 'page' 3, which has no items: it cannot be iterated. Give a list.",
        ),
        (
            {"each": {"page": value(3)}},
            "each={'page': value(3)} gives 'page' 3, which has no items: it cannot be iterated. Give a list.",
        ),
        (
            {"each": {"page": value("abc")}},
            (
                "each={'page': value('abc')} gives 'page' the text 'abc', whose items are its letters. "
                "Give a list of texts: value(['abc'])."
            ),
        ),
        (
            {"stream": True},
            (
                "stream=True is not the name of a parameter, a list of names, a mapping of names to 'source' or "
                "'ended', or False."
            ),
        ),
        (
            {"each": "page", "ahead": 2.5},
            "ahead=2.5 is not a whole number. Give how many items may be begun and unfinished.",
        ),
        (
            {"each": "page", "ahead": True},
            "ahead=True is not a whole number. Give how many items may be begun and unfinished.",
        ),
        (
            {"each": "page", "key": 3},
            "key=3 is not a function. Give a function whose parameters name what it needs to know.",
        ),
        (
            {"each": "page", "more": pages},
            "more=<task 'pages'> is a task or a workflow. Give a function whose parameters name what it needs to know.",
        ),
    ],
)
def test_what_is_of_the_wrong_type_is_refused_with_a_reason(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(OptionTypeError) as caught:
        decorate(text, **options)
    assert str(caught.value) == f"Cannot define task 'text': {reason}"


@pytest.mark.parametrize("used_up", [iter([1]), (number for number in [1]), map(str, [1])], ids=["iter", "gen", "map"])
def test_an_iterator_would_be_used_up_by_the_first_run(used_up: Any) -> None:
    for given in (value(used_up), used_up):
        with pytest.raises(OptionTypeError, match="gives 'page' an iterator, which the first run would use up"):
            decorate(text, each={"page": given})


@pytest.mark.parametrize("option", ["more", "key"])
def test_a_function_beside_each_answers_at_once_and_names_what_it_asks_for(option: str) -> None:
    def refused(function: Any) -> str:
        with pytest.raises(OptionError) as caught:
            decorate(text, each="page", **{option: function})
        return str(caught.value)

    assert refused(awaited).endswith("> is an async def, and has to answer at once. Give a plain def.")
    assert refused(of_any).endswith(
        " has 'args', which takes any number of arguments and has no name to match. Name each one."
    )
    with pytest.raises(OptionError) as caught:
        decorate(text, **{option: yielding})
    assert "is for a task that is run once an item: it stands beside each=. Add each=, or remove it." in str(
        caught.value
    )


def test_more_may_yield_and_a_key_may_not() -> None:
    decorate(text, each="page", more=yielding)
    with pytest.raises(OptionTypeError, match=r"key=.* yields instead of returning a value\. Let it return one\."):
        decorate(text, each="page", key=yielding)


def test_what_yields_may_say_how_far_it_runs_ahead_and_whether_it_is_collected() -> None:
    decorate(yielding, ahead=3, stream=False)


def test_a_source_by_name_and_needs_of_that_parameter_go_together() -> None:
    decorate(text, each="page", needs={"page": pages})
    decorate(text, each={"page": [pages, "others"]})


def test_with_options_checks_changes_and_keeps_the_rest() -> None:
    made = decorate(text, each={"page": pages}, key=name_page, ahead=3)
    renamed = made.with_options(name="other")
    assert renamed._definition.items.each == made._definition.items.each
    assert renamed._definition.items.ahead == 3
    assert renamed._definition.items.key.scope == made._definition.items.key.scope
    with pytest.raises(OptionError, match=r"key=.* stands beside each="):
        made.with_options(each=None, ahead=None)
    assert not made.with_options(each=None, ahead=None, key=None)._definition.items.each
    with pytest.raises(OptionError, match="names 'pge', which is not a parameter"):
        made.with_options(each="pge")


def test_what_was_given_may_change_later_without_effect() -> None:
    each: dict[str, Any] = {"page": [pages]}
    made = decorate(text, each=each)
    each["page"].clear()
    each["depth"] = pages
    assert made.with_options(name="other")._definition.items.each == made._definition.items.each
    assert made._definition.items.each[0].need == (pages,)


def test_a_workflow_receives_no_stream_and_its_defaults_say_nothing_of_items() -> None:
    with pytest.raises(OptionTypeError) as caught:
        decorate_workflow(text, stream="page")
    assert str(caught.value).startswith(
        "Cannot define a workflow: there is no option 'stream'. It is one of @task: a workflow's own function is "
        "called when all items have ended. It has "
    )
    for option in ("each", "stream", "more", "ahead", "key"):
        with pytest.raises(OptionError, match=f"has '{option}' in it, which cannot be a default"):
            decorate_workflow(text, defaults={option: None})


def test_a_workflow_checks_them_as_a_task_does() -> None:
    def count(page: str) -> int:
        return len(page)

    for options, reason in (
        ({"each": "pge"}, "each='pge' names 'pge', which is not a parameter"),
        ({"ahead": 2}, "ahead=2 is for what yields items or has each="),
        ({"key": len}, "is for a task that is run once an item"),
    ):
        with pytest.raises(OptionError, match=reason):
            decorate_workflow(count, **options)
    decorate_workflow(count, each={"page": pages}, needs={"page": "line"}, ahead=2, key=count)
