"""Names in very large graphs: nothing recurses, nothing is quadratic."""

from typing import Any

import pytest

from flowdeco import CycleError, task, workflow
from tests.conftest import Backend
from tests.support.naming import fail_to_build, make_module, on, take


def make_chain(count: int) -> Any:
    lines = ["@task\nasync def n0(): return 0"]
    lines += [f"@task\nasync def n{i}(n{i - 1}): return n{i - 1} + 1" for i in range(1, count)]
    lines += [f"@workflow\ndef w(n{count - 1}): return n{count - 1}"]
    return make_module("chain", "\n".join(lines), task=task, workflow=workflow)


@pytest.fixture(scope="module")
def chain() -> Any:
    return make_chain(10_000)


def test_a_chain_of_ten_thousand_tasks_is_built_and_run(chain: Any, backend: Backend) -> None:
    assert len(chain.w.graph) == 10_000
    chain.w.check()
    assert on(chain.w, backend)() == 9_999


def test_a_circle_of_ten_thousand_tasks_is_reported() -> None:
    module = make_chain(10_000)
    exec("@task\nasync def n0(n9999): return 0", module.__dict__)
    error: Any = fail_to_build(module.w)
    assert isinstance(error, CycleError)
    assert len(error.path) == 10_001


def test_a_task_of_five_thousand_parameters_gets_them_all(backend: Backend) -> None:
    names = [f"p{i}" for i in range(5_000)]
    text = "\n".join(f"@task\nasync def {name}(): return {i}" for i, name in enumerate(names))
    text += f"\n@task\nasync def wide({', '.join(names)}): return [{', '.join(names)}]"
    module = make_module("wide", text + "\n@workflow\ndef w(wide): return wide", task=task, workflow=workflow)
    assert on(module.w, backend)() == list(range(5_000))


def test_five_thousand_missing_names_are_reported_at_once() -> None:
    text = "\n".join(f"@task\ndef t{i}(missing{i}): ..." for i in range(5_000))
    module = make_module("missing", text, task=task)
    w = workflow(take, name="w", needs={"given": [getattr(module, f"t{i}") for i in range(5_000)]})
    assert len(fail_to_build(w).problems) == 5_000
