"""The graph of many tasks is folded on its page, and what is in each fold is there."""

from collections.abc import Callable
from functools import wraps
from itertools import product
from typing import Any

from flowdeco import task, workflow
from tests.support.picture import make_chain, make_wide
from tests.support.report import boxes_of, page_of

TIMES = "\N{MULTIPLICATION SIGN}"


def giving(number: int) -> Callable[[], int]:
    def give() -> int:
        return number

    return give


def failing() -> Callable[[], int]:
    def fail() -> int:
        raise ValueError("no")

    return fail


def test_a_small_graph_is_drawn_whole() -> None:
    page = page_of(make_wide(40).run("x"))
    assert len(page.of("svg")) == 1
    assert "All " not in page.text["graph"]


def test_tasks_made_in_a_loop_are_one_box_that_leads_to_a_list_of_them() -> None:
    run = make_wide(170).run("x")
    assert boxes_of(run.to_html()) == ["url", f"✓ t… {TIMES} 170", "✓ wide"]
    page = page_of(run)
    [members] = page.of("ul", "members")
    assert f"#{members['id']}" in {each.get("href") for each in page.of("a")}
    assert len([each for each in page.of("a") if str(each["href"]).startswith("#task-")]) >= 170
    assert "All 172 boxes" in page.text["graph"]


def test_a_chain_is_one_box() -> None:
    assert boxes_of(make_chain(1000).run("x").to_html()) == ["url", f"✓ t… {TIMES} 1,000", "✓ chain"]


def test_those_that_stand_differently_are_boxes_of_their_own() -> None:
    def load(number: int) -> int:
        if number % 50 == 7:
            raise ValueError(number)
        return number

    nodes: dict[str, Any] = {}
    for number in range(170):
        given: Any = task(giving(number), name=f"n{number}")
        nodes[f"t{number}"] = task(load, name=f"load{number}", needs={"number": given})

    @workflow(keep_going=True, needs={"nodes": nodes})
    def w(nodes: Any) -> None: ...

    labels = boxes_of(w.run().to_html())
    assert f"✓ n… {TIMES} 170" in labels
    assert f"✗ load… {TIMES} 4" in labels
    assert f"✓ load… {TIMES} 166" in labels


def test_of_a_box_of_those_that_stand_differently_each_count_stands_in_the_pill_of_the_status() -> None:
    nodes: Any = {}
    for number, name in enumerate(map("".join, product("abcdefghijklm", repeat=2))):
        step = giving(number) if number < 60 else failing()
        step.__name__ = name  # else they would be alike
        nodes[name] = task(step, name=name)

    @workflow(keep_going=True, needs={"nodes": nodes})
    def w(nodes: Any) -> None: ...

    assert "✓ 60 completed ✗ 109 failed" in page_of(w.run()).text["graph"]


def test_one_function_under_many_names_is_one_box() -> None:
    def fetch() -> int:
        return 1

    names = [f"{one}{other}" for one in ("north", "south", "east", "west", "up", "down") for other in "abcdefghij"]
    nodes: Any = {name: task(fetch, name=name) for name in names}

    @workflow(needs={"nodes": nodes})
    def w(nodes: Any) -> None: ...

    assert boxes_of(w.run().to_html()) == [f"✓ northa … downj {TIMES} 60", "✓ w"]


def test_functions_behind_one_wrapper_are_not_alike() -> None:
    def traced(function: Callable[[], int]) -> Callable[[], int]:
        @wraps(function)
        def wrapper() -> int:
            return function()

        return wrapper

    def north() -> int:
        return 1

    def south() -> int:
        return 2

    nodes: dict[str, Any] = {f"n{n}": task(traced(north), name=f"n{n}") for n in range(40)}
    nodes |= {f"s{n}": task(traced(south), name=f"s{n}") for n in range(40)}

    @workflow(needs={"nodes": nodes})
    def w(nodes: Any) -> None: ...

    assert boxes_of(w.run().to_html()) == [f"✓ n… {TIMES} 40", f"✓ s… {TIMES} 40", "✓ w"]
