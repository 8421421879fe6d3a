"""Graphs of all shapes give what a naive evaluation gives."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Task, task, workflow
from tests.conftest import Backend
from tests.support.example import examples

Kind = str
Shape = list[tuple[Kind, list[int]]]

KINDS = ["async", "waits", "sleeps", "def", "def timed", "async timed", "generator", "nested"]


@st.composite
def shapes(draw: st.DrawFn, most: int = 14) -> Shape:
    """For each node its kind, and the earlier nodes that it needs."""
    count = draw(st.integers(1, most))
    return [
        (
            draw(st.sampled_from(KINDS)),
            draw(st.lists(st.integers(0, i - 1), unique=True, max_size=4)) if i else [],
        )
        for i in range(count)
    ]


def evaluate(shape: Shape) -> list[Any]:
    """Return what each node gives, computed in order."""
    results: list[Any] = []
    for index, (kind, needs) in enumerate(shape):
        value = (index, [results[i] for i in needs])
        results.append([value] if kind == "generator" else value)
    return results


def make_task(index: int, kind: Kind, calls: Counter[int]) -> Callable[..., Any]:
    """Return a function of this kind that notes its call and gives its index and its arguments."""

    def plain(parts: list[Any]) -> Any:
        calls[index] += 1
        return index, parts

    async def quick(parts: list[Any]) -> Any:
        return plain(parts)

    async def waits(parts: list[Any]) -> Any:
        await checkpoint()
        return plain(parts)

    async def sleeps(parts: list[Any]) -> Any:
        await anyio.sleep(0.0001 * (index % 3))
        return plain(parts)

    def generator(parts: list[Any]) -> Any:
        yield plain(parts)

    functions = {"async": quick, "waits": waits, "sleeps": sleeps, "generator": generator, "async timed": waits}
    return functions.get(kind, plain)


def make_tasks(shape: Shape, order: list[int], calls: Counter[int]) -> dict[str, Task[..., Any]]:
    """Return the tasks by name, defined in the given order: by their names they refer forwards, too."""
    made: dict[str, Task[..., Any]] = {}
    for index in order:
        kind, needs = shape[index]
        function = make_task(index, kind, calls)
        parts = [f"n{i}" for i in needs]
        if kind == "nested":
            made[f"given{index}"] = task(collect_parts, needs={"parts": parts})
            made[f"n{index}"] = task(first_of, needs={"value": make_nested(function, f"given{index}")})
        else:
            timeout = 60 if kind.endswith("timed") else None
            made[f"n{index}"] = task(function, needs={"parts": parts}, timeout=timeout)
    return made


def make_nested(function: Callable[..., Any], given: str) -> Any:
    """Return a workflow that runs the function with its input, which is called `given`."""
    inner = task(function, needs={"parts": given})
    namespace: dict[str, Any] = {}
    exec(f"async def nested(inner, {given}): return inner", namespace)
    return workflow(namespace["nested"], needs={"inner": inner})


async def collect_parts(parts: list[Any]) -> list[Any]:
    return parts


async def first_of(value: Any) -> Any:
    return value


@given(data=st.data(), shape=shapes())
@examples(0.7)
def test_any_graph_gives_what_a_naive_evaluation_gives_and_runs_each_task_once(
    data: st.DataObject, shape: Shape, backend: Backend
) -> None:
    calls: Counter[int] = Counter()
    order = data.draw(st.permutations(range(len(shape))))
    tasks = make_tasks(shape, list(order), calls)

    @workflow(needs={"results": [f"n{i}" for i in range(len(shape))]}, tasks=tasks)
    async def everything(results: list[Any]) -> list[Any]:
        return results

    results = anyio.run(everything, backend=backend[0], backend_options=backend[1])
    assert results == evaluate(shape)
    assert calls == Counter(range(len(shape)))
