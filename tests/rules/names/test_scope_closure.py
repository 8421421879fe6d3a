"""Where a function is defined: its closure."""

from collections.abc import Callable
from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, on


def test_the_closure_goes_after_the_place_of_the_decorator_and_before_the_module(backend: Backend) -> None:
    def outer() -> Any:
        source = task(lambda: "closed over")

        def read(x: str) -> Any:
            return x, source

        return read

    def make_local() -> Any:
        source = task(lambda: "local")
        return task(outer(), needs={"x": "source"}), source

    here = task(outer(), needs={"x": "source"})
    same = make_module("same", "made = task(read, needs={'x': 'source'})", task=task, read=outer()).made
    text = (
        "source = task(lambda: 'at hand')\ndef outer():\n    source = 'closed over'\n    return lambda x: (x, source)\n"
    )
    at_hand = make_module("at_hand", text + "made = task(outer(), needs={'x': 'source'})", task=task).made
    text = "source = task(lambda: 'elsewhere')\nmade = task(read, needs={'x': 'source'})"
    elsewhere = make_module("elsewhere", text, task=task, read=outer()).made

    @workflow(needs={"xs": [here, same, at_hand, elsewhere, make_local()[0]]})
    def w(xs: Any) -> Any:
        return [x for x, _ in xs]

    assert on(w, backend)() == ["closed over", "closed over", "at hand", "elsewhere", "local"]


def test_a_closed_over_variable_is_read_when_the_workflow_runs(backend: Backend) -> None:
    def make() -> tuple[Any, Callable[[Any], None]]:
        value: Any = task(lambda: "before")

        @workflow(needs={"x": "value"})
        def closing(x: str) -> Any:
            return x, value

        def change(new: Any) -> None:
            nonlocal value
            value = new

        return closing, change

    closing, change = make()
    assert on(closing, backend)()[0] == "before"
    change(task(lambda: "after"))
    assert on(closing, backend)()[0] == "after"
