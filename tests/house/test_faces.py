"""What users see of a task, a workflow and a run is what the documentation tells of: they are faces, and thin."""

from typing import Any
from unittest.mock import Mock

import pytest

from flowdeco import Resource, Run, Task, Workflow, resource, task, workflow

DECORATED = "after name needs outputs settled timeout with_options"
PUBLIC = {
    Resource: f"{DECORATED} close_timeout scope",
    Task: f"{DECORATED} call call_sync",
    Workflow: f"{DECORATED} call call_sync check graph opened override run run_async run_sync start",
    Run: "calls cancel critical_path duration error errors events finished history hook_errors id inputs metadata "
    "metrics of reason resources result started state status tasks to_html to_mermaid workflow",
}


@pytest.mark.parametrize("face", PUBLIC, ids=lambda face: face.__name__)
def test_a_face_has_its_documented_names_and_no_others(face: type) -> None:
    assert [name for name in dir(face) if not name.startswith("_")] == sorted(PUBLIC[face].split())


@pytest.mark.parametrize("face", PUBLIC, ids=lambda face: face.__name__)
def test_what_a_face_has_is_documented(face: type) -> None:
    assert [name for name in PUBLIC[face].split() if not getattr(face, name).__doc__] == []


def plain(a: int = 1) -> int:
    """Documented."""
    return a


@pytest.mark.parametrize("decorate", [task, resource, workflow])
def test_a_face_holds_its_definition_and_what_wraps_brings(decorate: Any) -> None:
    wrapped = {"__module__", "__name__", "__qualname__", "__doc__", "__wrapped__"}
    if decorate is not workflow:  # a workflow's are those of its inputs
        wrapped.add("__annotations__")
    held: set[str] = set(decorate(plain).__dict__)
    assert held - {"__type_params__", "__annotate__"} == wrapped


@pytest.mark.parametrize("decorate", [task, resource, workflow])
def test_each_face_has_a_definition_of_its_own(decorate: Any) -> None:
    made = decorate(plain)
    again = made.with_options(name="again")
    assert made._definition is not again._definition
    assert (made._definition.face, again._definition.face) == (made, again)
    assert (made.name, again.name) == ("plain", "again")


def test_an_overridden_workflow_has_a_definition_of_its_own() -> None:
    number = task(plain, name="number")
    w = workflow(plain, needs={"a": number})
    other = w.override(number=2)
    assert (w(), other()) == (1, 2)
    assert other._definition is not w._definition
    assert other._definition.face is other


def test_a_graph_shows_the_face_itself() -> None:
    number = task(plain, name="number")
    inner = workflow(plain, needs={"a": number})
    outer = workflow(plain, needs={"a": inner})
    assert [node.step for node in outer.graph] == [inner]
    assert [node.step for node in inner.graph] == [number]


def test_what_looks_like_a_task_is_none() -> None:
    mock: Any = Mock(spec=task(plain))
    wrong: list[dict[str, Any]] = [{"needs": {"a": mock}}, {"after": mock}, {"after": [mock]}]
    for options in wrong:
        with pytest.raises(TypeError):
            task(plain, **options)
