"""Modules, tasks and graphs made for one test."""

from textwrap import dedent
from types import ModuleType
from typing import Any

from flowdeco import Graph, task, workflow
from tests.support.naming import take


def make_module(name: str, source: str, **names: Any) -> Any:
    """Return a module with this source, in which these names are bound before it runs."""
    module = ModuleType(name)
    vars(module).update(names)
    exec(compile("from flowdeco import task, workflow\n" + dedent(source), f"<{name}>", "exec"), vars(module))
    return module


def chain(length: int) -> Graph:
    """Return the graph of a workflow `w` that needs so many tasks in a row, `t0`, `t1` and so on."""
    last: Any = task(lambda: 0, name="t0")
    for number in range(1, length):
        last = _after(last, f"t{number}")
    return workflow(take, name="w", needs={"given": last}).graph


def _after(before: Any, name: str) -> Any:
    return task(take, name=name, needs={"given": before})
