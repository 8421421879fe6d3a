"""What policies need is in the graph."""

from typing import Any

from flowdeco import task, workflow
from tests.support.naming import edges_of


def test_the_graph_has_an_edge_for_what_a_predicate_needs_and_check_finds_nothing_wrong() -> None:
    @task
    async def weather() -> str:
        return "fine"

    @task
    async def answer() -> str:
        return "yes"

    @task
    async def asked() -> bool:
        return True

    def ask(weather: str, answer: str, day: str) -> bool:
        return True

    @task(when=ask, settled="weather")
    async def walk(weather: Any) -> None: ...

    @task(when=asked)
    async def swim() -> None: ...

    @workflow(settled="walk", keep_going=True)
    async def w(day: str, walk: Any, swim: None) -> None: ...

    w.check()
    w.check(types=True)
    assert edges_of(w) == {
        ("weather", "walk", "weather"),
        ("answer", "walk", "answer"),
        ("day", "walk", "day"),
        ("asked", "swim", None),
        ("day", "w", "day"),
        ("walk", "w", "walk"),
        ("swim", "w", "swim"),
    }
    assert str(w.graph).splitlines() == [
        "w(day)",
        "├── day (input)",
        "├── walk",
        "│   ├── weather",
        "│   ├── weather (when)",
        "│   ├── answer (when)",
        "│   └── day (input) (when)",
        "└── swim",
        "    └── asked (when)",
    ]
