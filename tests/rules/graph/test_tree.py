"""How a graph prints."""

from textwrap import dedent
from typing import Any

from flowdeco import task, workflow
from tests.support.modules import chain, make_module


def printed(text: str) -> str:
    return dedent(text).strip()


def test_a_workflow_without_tasks_prints_its_signature() -> None:
    @workflow
    def bare(a: Any, b: int = 1) -> None: ...

    assert str(bare.graph) == printed("""
        bare(a, b)
        ├── a (input)
        └── b (input)
    """)

    @workflow
    def empty() -> None: ...

    assert str(empty.graph) == "empty()"


def test_a_diamond_s_shared_task_is_drawn_out_once() -> None:
    @task
    def page(url: str) -> Any: ...

    @task
    def words(page: Any) -> Any: ...

    @task
    def links(page: Any) -> Any: ...

    @workflow
    def summary(url: Any, words: Any, links: Any) -> None: ...

    assert str(summary.graph) == printed("""
        summary(url)
        ├── url (input)
        ├── words
        │   └── page
        │       └── url (input)
        └── links
            └── page ↑
    """)


def test_a_shared_task_that_needs_nothing_has_nothing_to_look_for_above() -> None:
    @task
    def one() -> Any: ...

    @task
    def two(one: Any) -> Any: ...

    @workflow
    def w(one: Any, two: Any) -> None: ...

    assert str(w.graph) == printed("""
        w()
        ├── one
        └── two
            └── one
    """)


def test_what_only_has_to_have_ended_before_is_marked() -> None:
    @task
    def clean() -> None: ...

    @task(after=clean)
    def build() -> None: ...

    @workflow(after=[build, clean])
    def release(build: Any) -> None: ...

    assert str(release.graph) == printed("""
        release()
        ├── build
        │   └── clean (after)
        ├── build (after) ↑
        └── clean (after)
    """)


def test_an_output_is_drawn_as_a_part_of_its_task() -> None:
    @task(outputs=("train", "test"))
    def split(path: Any) -> Any: ...

    @task(needs={"data": "test"})
    def score(train: Any, data: Any) -> Any: ...

    @workflow
    def learn(path: Any, score: Any) -> None: ...

    assert str(learn.graph) == printed("""
        learn(path)
        ├── path (input)
        └── score
            ├── split[train]
            │   └── path (input)
            └── split[test] as data ↑
    """)


def test_a_list_of_needs_is_drawn_entry_by_entry() -> None:
    @task
    def north() -> Any: ...

    @task
    def south() -> Any: ...

    @workflow(needs={"regions": [north, south], "named": {"n": north, "u": "url"}})
    def w(url: Any, regions: Any, named: Any) -> None: ...

    assert str(w.graph) == printed("""
        w(url)
        ├── url (input)
        ├── north as regions
        ├── south as regions
        ├── north as named
        └── url as named (input)
    """)


def test_the_run_and_its_state_are_drawn_and_defaults_are_not() -> None:
    @task
    def log(run: Any, state: Any, level: int = 0) -> None: ...

    @workflow
    def w(log: Any) -> None: ...

    assert str(w.graph) == printed("""
        w()
        └── log
            ├── run
            └── state
    """)


def test_a_workflow_within_is_one_line_with_what_it_needs() -> None:
    @task
    def page(url: str) -> Any: ...

    @workflow
    def inner(url: Any, page: Any) -> None: ...

    @task
    def host(url: str) -> Any: ...

    @workflow(needs={"answer": inner})
    def outer(url: Any, answer: Any, host: Any) -> None: ...

    assert str(outer.graph) == printed("""
        outer(url)
        ├── url (input)
        ├── inner as answer (workflow)
        │   └── url (input)
        └── host
            └── url (input)
    """)


def test_a_replaced_task_is_marked_and_what_it_needed_is_not_drawn() -> None:
    @task
    def page(url: str) -> Any: ...

    @task
    def words(page: Any) -> Any: ...

    @workflow
    def summary(url: Any, words: Any) -> None: ...

    assert str(summary.override(page="<html>").graph) == printed("""
        summary(url)
        ├── url (input)
        └── words
            └── page (replaced)
    """)


def test_qualified_names_are_drawn_in_full() -> None:
    one = make_module("one", "@task\ndef load(): ...")
    two = make_module("two", "@task\ndef load(): ...")

    @workflow(needs={"load": one.load, "other": two.load})
    def w(load: Any, other: Any) -> None: ...

    assert str(w.graph) == printed("""
        w()
        ├── one.load
        └── two.load as other
    """)


def test_a_deep_branch_goes_on_in_a_paragraph_of_its_own() -> None:
    lines = str(chain(23)).split("\n")
    assert lines[:2] == ["w()", "└── t22 as given"]
    assert lines[19:] == [
        "    " * 18 + "└── t4 as given",
        "    " * 19 + "└── t3 as given ↓",
        "",
        "t3 …",
        "└── t2 as given",
        "    └── t1 as given",
        "        └── t0 as given",
    ]


def test_a_chain_of_10_000_prints_in_lines_of_bounded_length() -> None:
    lines = str(chain(10_000)).split("\n")
    assert len(lines) == 10_001 + 2 * 499
    assert max(map(len, lines)) < 120


def test_a_wide_graph_prints_each_node_once_per_reader() -> None:
    names = [f"t{number}" for number in range(2_000)]
    source = "\n".join(f"@task\ndef {name}(): ..." for name in names)
    module = make_module("wide", f"{source}\n@task\ndef total({', '.join(names)}): ...")

    @workflow(needs={"total": module.total, "again": module.total})
    def w(total: Any, again: Any) -> None: ...

    lines = str(w.graph).split("\n")
    assert len(lines) == 2_003
    assert lines[-1] == "└── total as again ↑"
