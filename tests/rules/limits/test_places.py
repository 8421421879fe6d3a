"""Never more at once than a limit allows, under random schedules."""

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Limit, Outcome, Retry, Skip, task, workflow
from tests.conftest import Backend
from tests.support.example import examples
from tests.support.limit import run_on
from tests.support.limits import INSTANT, PATIENCE, Gauge, alone, is_free
from tests.support.naming import take


class Job(NamedTuple):
    """One task: where it runs, how many attempts fail, how it ends, and how long until it is let go."""

    place: str
    failures: int
    end: str
    pause: int


jobs = st.builds(
    Job,
    st.sampled_from(["async", "def", "loop", "items", "suspends"]),
    st.integers(0, 2),
    st.sampled_from(["good", "good", "bad", "skip", "slow", "cancelled"]),
    st.integers(0, 3),
)


class Actor:
    """Makes a task of a job, which holds a place until it is let go."""

    def __init__(self, job: Job, gauge: Gauge) -> None:
        self.job = job
        self.gauge = gauge
        self.attempts = 0
        self.gate = Event()
        self.thread_gate = threading.Event()
        self.scope = CancelScope()

    def let_go(self) -> None:
        if self.job.end == "cancelled":
            self.scope.cancel()
        self.gate.set()
        self.thread_gate.set()

    def make(self, name: str, limit: Limit) -> Any:
        functions = {"def": self.block, "loop": self.rush, "items": self.give_items, "suspends": self.suspend}
        slow = self.job.end == "slow" and self.job.place in ("async", "suspends")
        return task(
            functions.get(self.job.place, self.wait),
            name=name,
            limit=limit,
            retries=Retry(2, delay=0),
            run_in="loop" if self.job.place == "loop" else None,
            timeout=INSTANT if slow else None,
        )

    def finish(self) -> str:
        self.attempts += 1
        if self.attempts <= self.job.failures or self.job.end == "bad":
            raise ValueError("no")
        if self.job.end == "skip":
            raise Skip("not today")
        return "good"

    async def wait(self) -> str:
        with self.gauge.one_more():
            await self.gate.wait()
            return self.finish()

    async def suspend(self) -> str:
        with self.gauge.one_more():
            for _ in range(self.job.pause):
                await checkpoint()
            return self.finish()

    def block(self) -> str:
        with self.gauge.one_more():
            assert self.thread_gate.wait(PATIENCE)
            return self.finish()

    def rush(self) -> str:
        with self.gauge.one_more():
            return self.finish()

    def give_items(self) -> Iterator[str]:
        with self.gauge.one_more():
            assert self.thread_gate.wait(PATIENCE)
            yield self.finish()


async def play(limit: Limit, todo: list[Job], order: list[int], together: bool) -> Gauge:
    """Run the jobs, let them go in that order, and return how many ran at once."""
    gauge = Gauge()
    actors = [Actor(job, gauge) for job in todo]
    made = {f"t{i}": actor.make(f"t{i}", limit) for i, actor in enumerate(actors)}

    @workflow(needs={"given": made}, settled="given")
    async def all_of_them(given: dict[str, Outcome[Any]]) -> None: ...

    async def run_one(name: str, scope: CancelScope) -> None:
        with scope:
            await alone(made[name], settled="given")()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            if together:
                group.start_soon(all_of_them)
            else:
                for name, actor in zip(made, actors, strict=True):
                    group.start_soon(run_one, name, actor.scope)
            for index in order:
                for _ in range(todo[index].pause):
                    await checkpoint()
                actors[index].let_go()
    return gauge


@examples(0.6)
@given(data=st.data(), together=st.booleans(), todo=st.lists(jobs, min_size=1, max_size=8))
def test_two_places_are_never_taken_by_three(
    backend: Backend, data: st.DataObject, together: bool, todo: list[Job]
) -> None:
    limit = Limit(2)
    order: list[int] = data.draw(st.permutations(range(len(todo))))
    gauge = run_on(backend, play, limit, todo, order, together)
    assert gauge.most <= 2
    assert gauge.now == 0
    assert is_free(limit)


@pytest.mark.parametrize("together", [True, False])
async def test_as_many_run_at_once_as_there_are_places(together: bool) -> None:
    limit = Limit(2)
    todo = [Job("async", 0, "good", 0)] * 6
    gauge = Gauge()
    actors = [Actor(job, gauge) for job in todo]
    made = [actor.make(f"t{i}", limit) for i, actor in enumerate(actors)]
    w = workflow(take, needs={"given": made})
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for each in [w] if together else [alone(one) for one in made]:
                group.start_soon(each.call)
            for left in range(len(todo), 0, -1):
                await wait_all_tasks_blocked()
                assert gauge.now == min(left, 2)
                running = [actor for actor in actors if not actor.gate.is_set() and is_waiting(actor)]
                running[0].let_go()
    assert (gauge.most, gauge.times) == (2, 6)
    assert is_free(limit)


def is_waiting(actor: Actor) -> bool:
    return actor.gate.statistics().tasks_waiting > 0
