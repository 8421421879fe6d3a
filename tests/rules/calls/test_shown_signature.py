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
    assert str(inspect.signature(summary)) == "(url, size=10, *, currency='EUR')"
    assert str(inspect.signature(positional_only)) == "(first, second=2, /, third=3)"
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
    def w(url: Any, broken: Any) -> None: ...

    with pytest.raises(MissingDependencyError):
        w.check()
    assert str(inspect.signature(w)) == "(url)"
    assert "w(url)" in help_of(w)


def test_the_signature_of_the_class_can_be_shown() -> None:
    assert str(inspect.signature(Workflow)) != ""
    assert "Made by `@workflow`" in help_of(Workflow)


def test_help_shows_the_workflow_s_own_text_and_inputs() -> None:
    @workflow
    def documented(url: Any, page: Any) -> None:
        """Say what it is for."""

    shown = help_of(documented)
    assert "documented(url)" in shown
    assert "Say what it is for." in shown
