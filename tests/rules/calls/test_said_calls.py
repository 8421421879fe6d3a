"""`calls=` says what a task or a workflow's function calls: it is drawn, checked, and can be overridden by name."""

from typing import Any

import pytest

from flowdeco import (
    GraphError,
    MissingDependencyError,
    OptionTypeError,
    UnknownTaskError,
    task,
    value,
    workflow,
)


@task
async def embed(text: str) -> str:
    return f"<{text}>"


@task(calls="embed")
async def search(query: str) -> str:
    return await embed.call(query)


@task
async def load(url: str) -> str:
    return url


@workflow
async def page(url: str, load: str) -> str:
    return load


@task(calls=[search, page])
async def agent(topic: str) -> list[str]:
    return [await search.call(topic), await page.call(url="u")]


@workflow(calls=[search])
async def w(topic: str, agent: list[str]) -> list[str]:
    return [*agent, await search.call("body")]


async def test_it_changes_nothing_of_what_runs() -> None:
    run = await w.run_async("tea")
    assert run.result == ["<tea>", "u", "<body>"]
    assert list(run.tasks) == ["agent"]


def twice(query: str) -> str:
    return query * 2


def none() -> str:
    return "none"


@task
def numbered(query: str, more: int = 1) -> str:
    return f"{query}{more}"


def big(url: str) -> str:
    return url.upper()


REPLACED: list[tuple[dict[Any, Any], list[str]]] = [
    ({"search": "S"}, ["S", "u", "S"]),
    ({search: "S"}, ["S", "u", "S"]),
    ({"embed": "E"}, ["E", "u", "E"]),
    ({"search": twice}, ["teatea", "u", "bodybody"]),
    ({"search": none}, ["none", "u", "none"]),
    ({"search": numbered}, ["tea1", "u", "body1"]),
    ({"page": "P"}, ["<tea>", "P", "<body>"]),
    ({page: big}, ["<tea>", "U", "<body>"]),
    ({"load": "L"}, ["<tea>", "L", "<body>"]),
    ({load: big}, ["<tea>", "U", "<body>"]),
]


@pytest.mark.parametrize(("replacements", "result"), REPLACED)
async def test_what_is_called_is_overridden_by_its_name_or_itself(replacements: Any, result: list[str]) -> None:
    other = w.override(replacements)
    assert (await other("tea")) == result
    assert (await w("tea")) == ["<tea>", "u", "<body>"]


async def test_an_override_reaches_calls_of_a_task_of_the_graph_whether_they_are_named_or_not() -> None:
    @task
    async def number() -> int:
        return 1

    @workflow
    async def sums(number: int) -> int:
        return number + await task_that_calls.call()

    @task
    async def task_that_calls() -> int:
        return await number.call()

    assert await sums() == 2
    assert await sums.override(number=5)() == 10


async def test_overrides_of_overrides_reach_calls() -> None:
    assert await w.override(search="first").override(search="second")("tea") == ["second", "u", "second"]
    assert await w.override(search=twice).override({search: "second"})("tea") == [
        "second",
        "u",
        "second",
    ]


async def test_a_value_in_the_place_of_a_call_stands_in_the_record() -> None:
    run = await w.override(search=value("S")).run_async("tea")
    (call,) = run.calls
    assert (call.path, call.status, call.result, call.attempts) == ("search#1", "completed", "S", 0)


def test_what_is_called_and_not_named_cannot_be_overridden() -> None:
    @task
    async def caller() -> str:
        return await search.call("tea")

    @workflow
    async def plain(caller: str) -> str:
        return caller

    with pytest.raises(UnknownTaskError) as caught:
        plain.override({search: "S"})
    assert str(caught.value) == (
        "Cannot override workflow 'plain': it has no task <task 'search'>. "
        "If a task calls it, say so there: calls=[search]. It has 'caller'."
    )


def test_it_is_drawn() -> None:
    assert str(w.graph).splitlines() == [
        "w(topic)",
        "├── topic (input)",
        "├── agent",
        "│   ├── topic (input)",
        "│   ├── search (called)",
        "│   │   └── embed (called)",
        "│   └── page (workflow) (called)",
        "└── search (called) ↑",
    ]
    drawn = w.graph.to_mermaid()
    for line in ('n1["search"]', 'n1 -.->|"calls"| n4', 'n2 -.->|"calls"| n4', 'n1 -.->|"calls"| n5'):
        assert line in drawn
    assert 'n3 -> n1 [label="calls" style=dashed]' in w.graph.to_dot()
    assert 'class="line calls' in (w.graph._repr_svg_() or "")


def test_what_calls_itself_is_drawn_without_a_circle() -> None:
    @workflow(calls="count")
    async def count(number: int) -> int:
        return number and 1 + await count(number - 1)

    count.check()
    assert "(called)" in str(count.graph)
    assert count.graph._repr_svg_()


async def test_the_report_of_a_run_shows_what_is_called() -> None:
    assert "calls" in (await w.run_async("tea")).to_html()


def test_a_workflow_that_is_called_is_checked() -> None:
    @task
    def needs(nothing_at_all: int) -> int:
        return nothing_at_all

    @workflow(needs={"needs": needs})
    async def wrong(needs: int) -> int:
        return needs

    @workflow(calls=[wrong])
    async def outer() -> None: ...

    with pytest.raises(MissingDependencyError, match="nothing_at_all"):
        outer.check()


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ("serch", "workflow 'outer' has 'serch' in calls=, which is no task. Did you mean 'search'?"),
        ("topic", "workflow 'outer' has 'topic' in calls=, which is an input. Remove it."),
        (
            task(lambda: 1, name="asks", when=search),
            "workflow 'outer' has 'asks' in calls=, which has a task as its when=, and a call gets no result of one.",
        ),
    ],
)
def test_what_cannot_be_called_is_a_graph_error(calls: Any, reason: str) -> None:
    @workflow(calls=calls)
    async def outer(topic: str) -> None: ...

    with pytest.raises(GraphError) as caught:
        outer.check()
    assert str(caught.value).startswith(f"Cannot build workflow 'outer': {reason}")


@pytest.mark.parametrize("decorate", [task, workflow])
def test_what_is_no_task_is_refused(decorate: Any) -> None:
    with pytest.raises(OptionTypeError) as caught:
        decorate(lambda: None, name="f", calls=[5])
    assert str(caught.value).startswith(f"Cannot define {decorate.__name__} 'f': calls=[5] is not a task, a workflow")


def test_other_options_say_other_calls() -> None:
    assert "(called)" not in str(w.with_options(calls=None, tasks={"agent": agent.with_options(calls=None)}).graph)
