"""The signature and the help of a workflow show its inputs."""

import inspect
import pydoc
import re
from typing import Any

import pytest

from flowdeco import MissingDependencyError, Workflow, task, workflow
from tests.support.inputs import page, positional_only, summary
from tests.support.naming import mention

mention(page)


def help_of(value: object) -> str:
    """Return what `help` shows, without the backspaces that make it bold."""
    return re.sub(".\x08", "", pydoc.render_doc(value))


def test_the_signature_shows_just_the_inputs() -> None:
    shown = "(url: Any, size: int = 10, *, currency: str = 'EUR') -> Any"
    assert str(inspect.signature(summary)).replace("typing.", "") == shown
    shown = "(first: Any, second: Any = 2, /, third: Any = 3) -> Any"
    assert str(inspect.signature(positional_only)).replace("typing.", "") == shown
    assert summary.graph.inputs == ("url", "size", "currency")


def test_a_name_that_becomes_a_task_later_is_no_input_any_more() -> None:
    names: dict[str, Any] = {"workflow": workflow}
    exec("@workflow\ndef w(later, url): return later", names)
    assert str(inspect.signature(names["w"])) == "(later, url)"
    names["later"] = task(lambda: 1)
    assert str(inspect.signature(names["w"])) == "(url)"
    assert names["w"](url="x") == 1


def test_the_signature_can_be_shown_when_the_graph_is_wrong() -> None:
    @task
    def broken(nowhere: Any) -> None: ...

    @workflow
    def w(url: str, broken: Any) -> None: ...

    with pytest.raises(MissingDependencyError):
        w.check()
    assert str(inspect.signature(w)) == "(url: str) -> None"
    assert "w(url: str) -> None" in help_of(w)


def test_the_signature_of_the_class_can_be_shown() -> None:
    assert str(inspect.signature(Workflow)) != ""
    assert "Made by `@workflow`" in help_of(Workflow)


def test_help_shows_the_workflow_s_own_text_and_inputs() -> None:
    @workflow
    def documented(url: str, page: Any) -> int:
        """Say what it is for."""
        return len(url)

    for name, value in (("documented", documented), ("call", documented.call), ("run_async", documented.run_async)):
        assert f"{name}(url: str) -> " in help_of(value)
        assert "Say what it is for." in help_of(value)


def test_the_help_of_a_way_to_call_a_workflow_that_says_nothing_is_the_way_s_own() -> None:
    assert "Run it and block until it is done" in help_of(summary.call_sync)
