"""Modules made for one test."""

from textwrap import dedent
from types import ModuleType
from typing import Any


def make_module(name: str, source: str, **names: Any) -> ModuleType:
    """Return a module with this source, in which these names are bound before it runs."""
    module = ModuleType(name)
    vars(module).update(names)
    exec(compile("from flowdeco import task, workflow\n" + dedent(source), f"<{name}>", "exec"), vars(module))
    return module
