"""Looking on changes nothing: as many threads, the same order, whether a run is followed, logged, shown or hooked."""

import threading
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Task, task
from tests.conftest import TRIO, Backend
from tests.support.guard import hard_deadline
from tests.support.looking import HOOKS, LOOKS, Look, make, plain

ALL = {**LOOKS, **HOOKS}


def run_on(backend: Backend, look: Look, steps: list[Task[..., Any]]) -> None:
    with hard_deadline(120):
        anyio.run(look, steps, backend=backend[0], backend_options=backend[1])


def count_threads(backend: Backend, look: Look) -> int:
    """Return in how many threads 300 quick functions ran, on an event loop that had none before."""
    idents: set[int] = set()

    def quick() -> None:
        idents.add(threading.get_ident())

    run_on(backend, look, [task(quick, name=f"quick{number}") for number in range(300)])
    return len(idents)


@pytest.mark.parametrize("look", ALL)
def test_the_number_of_threads_does_not_change(look: str, backend: Backend) -> None:
    usual = count_threads(backend, plain)
    # A machine that holds a thread up for longer than the others wait makes one more.
    assert any(count_threads(backend, ALL[look]) <= usual + 2 for _ in range(3))


def make_graph(kind: str, order: list[str]) -> list[Task[..., Any]]:
    """Return 60 tasks, each of which needs up to three of those before it, and tells when it runs."""

    def make(name: str, needs: list[Task[..., Any]]) -> Task[..., Any]:
        def tell(needed: Any) -> None:
            order.append(name)

        async def tell_async(needed: Any) -> None:
            order.append(name)
            if kind == "waits":
                await checkpoint()
                order.append(f"{name} ends")

        if kind == "loop" or (kind == "mixed" and len(needs) % 2):
            return task(tell, name=name, needs={"needed": needs}, run_in="loop")
        return task(tell_async, name=name, needs={"needed": needs})

    steps: list[Task[..., Any]] = []
    for number in range(60):
        before = {number - 1 - (number * 7) % 11, number - 1 - (number * 5) % 13, number - 17}
        steps.append(make(f"n{number}", [steps[index] for index in sorted(before) if index >= 0]))
    return steps


def list_order(backend: Backend, look: Look, kind: str) -> list[str]:
    order: list[str] = []
    run_on(backend, look, make_graph(kind, order))
    return order


@pytest.mark.parametrize("look", LOOKS)
def test_the_number_of_threads_of_a_nested_run_does_not_change(look: str, backend: Backend) -> None:
    def count(looks: Look) -> int:
        idents: set[int] = set()

        def quick() -> None:
            idents.add(threading.get_ident())

        steps = [task(quick, name=f"quick{number}") for number in range(100)]
        run_on(backend, looks, [make(steps).with_options(name="inner")])  # type: ignore[list-item]
        return len(idents)

    usual = count(plain)
    assert any(count(ALL[look]) <= usual + 2 for _ in range(3))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", ["loop", "async", "mixed"])
def test_the_order_in_which_tasks_of_a_nested_run_run_does_not_change(
    look: str, kind: str, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowdeco._scheduler.loop_lane.SLICE", 60)
    orders: list[list[str]] = []
    for each in (plain, ALL[look]):
        order: list[str] = []
        inner: Any = make(make_graph(kind, order)).with_options(name="inner")
        run_on(backend, each, [inner])
        orders.append(order)
    assert orders[0] == orders[1]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", ["loop", "async", "mixed", "waits"])
def test_the_order_in_which_tasks_run_does_not_change(
    look: str, kind: str, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that holds the program up ends its turn on the event loop at another task.
    monkeypatch.setattr("flowdeco._scheduler.loop_lane.SLICE", 60)
    if kind == "waits" and backend == TRIO:
        pytest.skip("trio itself goes on in an order of chance")
    usual = list_order(backend, plain, kind)
    assert len(usual) == (120 if kind == "waits" else 60)
    assert list_order(backend, LOOKS[look], kind) == usual


@pytest.mark.parametrize("look", LOOKS)
def test_one_thread_carries_a_chain(look: str, backend: Backend) -> None:
    idents: list[int] = []

    def step(previous: Any) -> None:
        idents.append(threading.get_ident())

    last: Any = task(lambda: None)
    steps: list[Task[..., Any]] = []
    for number in range(50):
        steps.append(last := task(step, name=f"step{number}", needs={"previous": last}))
    run_on(backend, plain, steps)
    usual = len(set(idents))
    idents.clear()
    run_on(backend, LOOKS[look], steps)
    assert len(idents) == 50
    assert len(set(idents)) <= usual + 1
