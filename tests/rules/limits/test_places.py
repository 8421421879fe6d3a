"""`limit=` on real tasks: never more at once than allowed, first come first served, nobody waits for ever."""

import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import anyio
import pytest
from anyio import CancelScope, Event, create_task_group, fail_after, sleep_forever, to_thread, wait_all_tasks_blocked
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeco import Limit, LimitError, Outcome, Retry, Run, Skip, Status, TaskTimeoutError, Workflow, task, workflow
from tests.conftest import ASYNCIO, TRIO, Backend
from tests.support.naming import take

PATIENCE = 30  # seconds; a test that waits that long has failed
INSTANT = 1e-6  # seconds: over at the first wait


class Gauge:
    """How many run, and how many did at most. From any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.times = 0

    @contextmanager
    def one_more(self, places: int = 1) -> Generator[None]:
        with self.lock:
            self.now += places
            self.times += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self.lock:
                self.now -= places


def run_on(backend: Backend, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    return anyio.run(function, *args, backend=backend[0], backend_options=backend[1])


def is_free(*limits: Limit) -> bool:
    """Whether no place is taken and nobody waits, as the limit itself says."""
    return all(repr(limit).endswith(f": 0 of {limit.capacity} places taken>") for limit in limits)


def alone(made: Any, **options: Any) -> Workflow[Any, Any]:
    """Return a workflow of one task."""

    @workflow(needs={"given": made}, **options)
    async def w(given: Any) -> Any:
        return given

    return w


# Random schedules


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


@settings(max_examples=60)
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


# Whose turn it is


class Line:
    """Tasks that wait until told. `served` are those that have begun, in that order."""

    def __init__(self) -> None:
        self.served: list[str] = []
        self.go = Event()

    def make(self, name: str, limit: Any, **options: Any) -> Any:
        async def stand() -> str:
            self.served.append(name)
            await self.go.wait()
            return name

        return task(stand, name=name, limit=limit, **options)


async def test_who_comes_first_is_served_first_whatever_workflow_it_is_of() -> None:
    limit, line = Limit(1), Line()
    gates = [Event() for _ in range(5)]

    def make(number: int) -> Workflow[Any, Any]:
        async def stand() -> None:
            line.served.append(str(number))
            await gates[number].wait()

        return alone(task(stand, limit=limit))

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for number in range(5):
                group.start_soon(make(number).call)
                await wait_all_tasks_blocked()
            for number in range(5):
                assert line.served == [str(n) for n in range(number + 1)]
                gates[number].set()
                await wait_all_tasks_blocked()
    assert is_free(limit)


async def test_a_task_of_many_places_is_not_starved_by_those_of_one() -> None:
    limit, first, line = Limit(3), Line(), Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(first.make("first", limit)).call)
            await wait_all_tasks_blocked()
            for name, places in (("large", 3), ("small", 1), ("smaller", 1)):
                group.start_soon(alone(line.make(name, {limit: places})).call)
                await wait_all_tasks_blocked()
            assert line.served == []
            assert repr(limit) == "<Limit: 1 of 3 places taken, 3 waiting>"
            first.go.set()
            await wait_all_tasks_blocked()
            assert line.served == ["large"]
            line.go.set()
    assert sorted(line.served) == ["large", "small", "smaller"]
    assert is_free(limit)


async def test_a_task_waits_for_places_of_all_the_limits_that_it_names() -> None:
    gpu, api = Limit(4, "gpu"), Limit(2, "api")
    line = Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for name in ("one", "two"):
                group.start_soon(alone(line.make(name, {gpu: 2, api: 1})).call)
                await wait_all_tasks_blocked()
            assert (repr(gpu), repr(api)) == (
                "<Limit 'gpu': 4 of 4 places taken>",
                "<Limit 'api': 2 of 2 places taken>",
            )
            group.start_soon(alone(line.make("three", {api: 1, gpu: 1})).call)
            await wait_all_tasks_blocked()
            assert line.served == ["one", "two"]
            line.go.set()
    assert line.served[2:] == ["three"]
    assert is_free(gpu, api)


async def test_two_limits_in_opposite_orders_do_not_hold_each_other_up() -> None:
    gpu, api = Limit(1), Limit(1)
    holders, line = Line(), Line()
    line.go.set()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holders.make("gpu", gpu)).call)
            group.start_soon(alone(holders.make("api", api)).call)
            await wait_all_tasks_blocked()
            for number in range(10):
                group.start_soon(alone(line.make(f"there{number}", {gpu: 1, api: 1})).call)
                group.start_soon(alone(line.make(f"back{number}", {api: 1, gpu: 1})).call)
            await wait_all_tasks_blocked()
            holders.go.set()
    assert len(line.served) == 20
    assert is_free(gpu, api)


async def test_a_number_is_a_limit_of_the_task_itself_in_all_its_runs() -> None:
    line = Line()
    one, other = line.make("one", 1), line.make("other", 1)
    w = workflow(take, needs={"given": [one, other]})
    again = one.with_options(name="again")
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for each in (w, w, w.override(other="value"), alone(one), alone(again)):
                group.start_soon(each.call)
            await wait_all_tasks_blocked()
            assert sorted(line.served) == ["one", "one", "other"]  # with other options, it is another task
            line.go.set()
    assert sorted(line.served) == ["one"] * 5 + ["other"] * 2


async def test_what_stands_in_for_a_task_takes_the_places_that_it_took() -> None:
    limit, line = Limit(1), Line()
    made = line.make("made", limit)
    taken: list[str] = []
    w = alone(made)
    assert await w.override(made=lambda: taken.append(repr(limit))).call() is None
    assert taken == ["<Limit: 1 of 1 places taken>"]
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await wait_all_tasks_blocked()
            assert await w.override(made="value")() == "value"
            line.go.set()
    assert is_free(limit)


# Many runs, many threads


class Swarm(NamedTuple):
    """A workflow of many tasks with the same limit, and how many of them run."""

    w: Workflow[Any, Any]
    gauge: Gauge
    limit: Limit


def make_swarm(size: int, capacity: int, *, mixed: bool) -> Swarm:
    gauge, limit = Gauge(), Limit(capacity)

    async def work() -> None:
        with gauge.one_more():
            await checkpoint()

    def work_in_thread() -> None:
        with gauge.one_more():
            pass

    functions: list[Callable[[], Any]] = [work, work_in_thread if mixed else work]
    made = [task(functions[i % 2], name=f"t{i}", limit=limit) for i in range(size)]
    return Swarm(workflow(take, needs={"given": made}), gauge, limit)


@pytest.mark.parametrize("other", [ASYNCIO, TRIO], ids=["asyncio", "trio"])
@pytest.mark.parametrize("mixed", [False, True], ids=["async", "mixed"])
def test_two_event_loops_in_two_threads_never_take_more_than_there_is(
    backend: Backend, other: Backend, mixed: bool
) -> None:
    rounds, size = (10, 100) if not mixed else (3, 50)
    swarm = make_swarm(size, 3, mixed=mixed)
    started = threading.Barrier(2)
    errors: list[BaseException] = []

    async def run_all() -> None:
        started.wait(PATIENCE)
        with fail_after(PATIENCE):
            async with create_task_group() as group:
                for _ in range(rounds):
                    group.start_soon(swarm.w.call)

    def run_elsewhere() -> None:
        try:
            run_on(other, run_all)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run_elsewhere, daemon=True)
    thread.start()
    run_on(backend, run_all)
    thread.join(PATIENCE)
    assert (thread.is_alive(), errors) == (False, [])
    assert swarm.gauge.times == 2 * rounds * size
    assert (swarm.gauge.now, swarm.gauge.most) == (0, 3)
    assert is_free(swarm.limit)


# Between attempts


@pytest.mark.parametrize("kind", ["async", "def", "loop"])
async def test_the_place_is_free_while_a_task_waits_for_its_next_attempt(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, waits, over = Limit(1), Event(), Event()
    seen: list[str] = []

    async def wait_for_the_other(delay: float) -> None:
        seen.append(f"waits {delay:g}: {limit!r}")
        waits.set()
        await over.wait()

    monkeypatch.setattr("flowdeco._runner.lifecycle.sleep", wait_for_the_other)

    def fail_once() -> str:
        seen.append(f"flaky: {limit!r}")
        if len(seen) == 1:
            raise ValueError("no")
        return "good"

    async def fail_once_async() -> str:
        return fail_once()

    flaky = task(
        fail_once_async if kind == "async" else fail_once,
        limit=limit,
        retries=Retry(1, delay=5, jitter=0),
        run_in="loop" if kind == "loop" else None,
    )

    @task(limit=limit)
    async def other() -> None:
        seen.append(f"other: {limit!r}")
        over.set()

    async def run_other() -> None:
        await waits.wait()
        await alone(other)()

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(run_other)
            assert await alone(flaky)() == "good"
    taken, free = "<Limit: 1 of 1 places taken>", "<Limit: 0 of 1 places taken>"
    assert seen == [f"flaky: {taken}", f"waits 5: {free}", f"other: {taken}", f"flaky: {taken}"]
    assert is_free(limit)


async def test_a_task_that_is_tried_again_stands_in_line_again() -> None:
    limit, line = Limit(1), Line()
    gate = Event()
    attempts: list[int] = []

    async def fail_once() -> None:
        attempts.append(1)
        line.served.append("flaky")
        await gate.wait()
        if len(attempts) == 1:
            raise ValueError("no")

    flaky = task(fail_once, limit=limit, retries=Retry(1, delay=0))
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(flaky).call)
            await wait_all_tasks_blocked()
            group.start_soon(alone(line.make("other", limit)).call)
            await wait_all_tasks_blocked()
            gate.set()
            await wait_all_tasks_blocked()
            assert line.served == ["flaky", "other"]
            line.go.set()
    assert line.served == ["flaky", "other", "flaky"]


async def test_an_abandoned_attempt_keeps_its_place_until_its_thread_has_ended() -> None:
    limit, line, go = Limit(1), Line(), threading.Event()

    def block() -> None:
        assert go.wait(PATIENCE)

    stuck = task(block, limit=limit, timeout=0.05)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            with pytest.raises(TaskTimeoutError) as caught:
                await alone(stuck)()
            assert caught.value.abandoned
            assert repr(limit) == "<Limit: 1 of 1 places taken>"
            group.start_soon(alone(line.make("next", limit)).call)
            await wait_all_tasks_blocked()
            assert (line.served, repr(limit)) == ([], "<Limit: 1 of 1 places taken, 1 waiting>")
            line.go.set()
            go.set()
    assert line.served == ["next"]
    assert is_free(limit)


# Recovery, skips, cancellation


@pytest.mark.parametrize("kind", ["async", "def"])
async def test_a_task_that_recovers_may_have_the_same_limit(kind: str) -> None:
    limit = Limit(1)
    seen: list[str] = []

    def cached() -> str:
        seen.append(repr(limit))
        return "cached"

    async def cached_async() -> str:
        return cached()

    cache = task(cached_async if kind == "async" else cached, name="cache", limit=limit)

    @task(limit=limit, recover=cache, retries=Retry(1, delay=0))
    async def page() -> str:
        seen.append(repr(limit))
        raise ValueError("no")

    with fail_after(PATIENCE):
        assert await workflow(take, needs={"given": [page, page.with_options(name="p2")]}).call() == ["cached"] * 2
    assert len(seen) == 6
    assert all(text.startswith("<Limit: 1 of 1 places taken") for text in seen)
    assert is_free(limit)


async def test_a_task_that_is_skipped_gives_its_place_back_and_one_whose_when_is_false_takes_none() -> None:
    limit = Limit(1)
    taken: list[str] = []

    def note() -> bool:
        taken.append(repr(limit))
        return False

    @task(limit=limit)
    async def skips() -> None:
        raise Skip("not today")

    w = alone(skips, settled="given")
    assert (await w()).reason == "not today"
    assert (await alone(skips.with_options(when=note), settled="given")()).skipped
    assert taken == ["<Limit: 0 of 1 places taken>"]
    assert is_free(limit)


@pytest.mark.parametrize("option", ["on_state", "on_start", "on_success", "on_error"])
async def test_a_hook_that_fails_the_task_takes_no_place_with_it(option: str) -> None:
    limit = Limit(1)

    def fail() -> None:
        raise ValueError("hook")

    hook: Any = {option: fail}

    async def work() -> None:
        if option == "on_error":
            raise KeyError("task")

    made = task(work, limit=limit, **hook)
    with pytest.raises((ValueError, KeyError)):
        await alone(made, hook_errors="raise")()
    assert is_free(limit)


@pytest.mark.parametrize("how", ["scope", "timeout", "failure"])
async def test_cancelled_as_a_whole_it_leaves_every_place_free(how: str) -> None:
    limit, other, line = Limit(2), Limit(1), Line()
    full = Event()
    go = threading.Event()

    def block() -> None:
        anyio.from_thread.run_sync(full.set)
        while not go.wait(0.001):
            anyio.from_thread.check_cancelled()

    @task(limit=other)
    async def nested() -> None:
        await sleep_forever()

    @workflow(needs={"given": nested})
    async def inner(given: None) -> None: ...

    @task(limit=other)
    async def calls() -> None:
        await inner()

    @task
    async def fails() -> None:
        await full.wait()
        if how == "failure":
            raise ValueError("no")
        await sleep_forever()

    tasks = [line.make(f"t{i}", {limit: 1, other: 1} if i % 3 == 0 else limit) for i in range(6)]
    w = workflow(
        take,
        needs={"given": [calls, fails, task(block, limit=limit), *tasks]},
        timeout=0.2 if how == "timeout" else None,
    )
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            if how == "scope":
                group.start_soon(w.call)
                await full.wait()
                await wait_all_tasks_blocked()
                assert not is_free(limit)
                group.cancel_scope.cancel()
            else:
                with pytest.raises(TimeoutError if how == "timeout" else ValueError):
                    await w.call()
    assert is_free(limit, other)
    with fail_after(PATIENCE):
        line.go.set()
        await alone(line.make("all", {limit: 2, other: 1}))()


# What runs inside a task that holds places


@pytest.mark.parametrize("own_call", ["call", "plain"])
async def test_an_async_task_may_call_a_workflow_whose_task_has_the_same_limit(own_call: str) -> None:
    limit = Limit(1)

    @task(limit=limit)
    async def small() -> str:
        await checkpoint()
        return repr(limit)

    @workflow
    async def inner(small: str) -> str:
        return small

    @task(limit=limit)
    async def outer() -> str:
        return await (inner() if own_call == "plain" else inner.call())

    with fail_after(PATIENCE):
        assert await alone(outer)() == "<Limit: 1 of 1 places taken>"
    assert is_free(limit)


@pytest.mark.parametrize("inner_kind", ["async", "def"])
def test_a_def_task_may_call_a_workflow_plainly_whose_task_has_the_same_limit(
    backend: Backend, inner_kind: str
) -> None:
    limit = Limit(1)

    def small() -> str:
        return repr(limit)

    async def small_async() -> str:
        await checkpoint()
        return small()

    @workflow(needs={"given": task(small if inner_kind == "def" else small_async, limit=limit)})
    def inner(given: str) -> str:
        return given

    @task(limit=limit)
    def outer() -> str:
        return inner()

    @workflow(backend=backend[0], backend_options=backend[1])
    def w(outer: str) -> str:
        return outer

    assert w() == "<Limit: 1 of 1 places taken>"
    assert is_free(limit)


async def test_what_runs_inside_shares_the_places_of_the_task_around_it() -> None:
    limit, gauge = Limit(5), Gauge()

    async def small() -> None:
        with gauge.one_more():
            await wait_all_tasks_blocked()

    @workflow(needs={"given": [task(small, name=f"s{i}", limit=limit) for i in range(6)]})
    async def inner(given: list[None]) -> None: ...

    @task(limit={limit: 2})
    async def outer() -> None:
        await inner()

    with fail_after(PATIENCE):
        await alone(outer)()
        assert gauge.most == 2
        await inner()
    assert gauge.most == 5
    assert is_free(limit)


async def test_a_workflow_that_is_a_node_is_inside_nobody_s_places() -> None:
    limit, line = Limit(2), Line()

    @workflow(needs={"given": [line.make("n1", limit), line.make("n2", {limit: 2})]})
    async def inner(given: Any) -> Any:
        return given

    w = workflow(take, needs={"given": [line.make("outside", limit), inner]})
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(w.call)
            await wait_all_tasks_blocked()
            line.go.set()
    assert sorted(line.served) == ["n1", "n2", "outside"]
    assert is_free(limit)


async def test_inside_a_task_more_places_than_it_holds_are_an_error_that_says_so() -> None:
    gpu = Limit(3, "gpu")
    attempts: list[str] = []

    @task(limit={gpu: 3}, retries=Retry(5, delay=0), on_retry=lambda: attempts.append("retry"))
    async def large() -> None: ...

    @workflow
    async def inner(large: None) -> None: ...

    @task(limit={gpu: 2})
    async def outer() -> None:
        await inner()

    with fail_after(PATIENCE):
        with pytest.raises(LimitError) as caught:
            await alone(outer)()
    assert str(caught.value) == (
        "Cannot take limit 'gpu': 3 places are needed inside a task that holds 2, so waiting for more might never end. "
        "Give the task around it 3, or call it outside that task."
    )
    assert (caught.value.limit, caught.value.demanded, caught.value.held) == (gpu, 3, 2)
    assert caught.value.__notes__[0] == "Raised by task 'large' of workflow 'inner'."
    assert attempts == []
    assert is_free(gpu)
    await inner()


async def test_a_task_whose_inside_needs_more_than_it_holds_may_recover() -> None:
    gpu = Limit(2)

    @task(limit={gpu: 2}, recover=lambda: "recovered")
    async def large() -> str:
        return "large"

    @workflow
    async def inner(large: str) -> str:
        return large

    @task(limit=gpu)
    async def outer() -> str:
        return await inner()

    with fail_after(PATIENCE):
        assert await alone(outer)() == "recovered"
        assert await inner() == "large"
    assert is_free(gpu)


# Many of them on few threads


@contextmanager
def few_threads(number: int) -> Generator[None]:
    limiter = to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, number
    try:
        yield
    finally:
        limiter.total_tokens = before


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("inner_kind", ["async", "def"])
async def test_a_hundred_blocking_calls_inside_limited_tasks_find_threads_and_places(
    threads: int, inner_kind: str
) -> None:
    limit, gauge = Limit(2), Gauge()

    def small() -> int:
        with gauge.one_more():
            return 1

    async def small_async() -> int:
        await checkpoint()
        return small()

    @workflow(needs={"given": task(small if inner_kind == "def" else small_async, name="small", limit=limit)})
    def inner(given: int) -> int:
        return given

    def call() -> int:
        return inner()

    w = workflow(take, needs={"given": [task(call, name=f"c{i}", limit=limit) for i in range(100)]})
    with fail_after(PATIENCE), few_threads(threads):
        assert await w.call() == [1] * 100
    assert gauge.most <= 2
    assert is_free(limit)


class Crowd:
    """Limited and unlimited tasks, `def` and `async def`, that call workflows of such tasks, which call others."""

    def __init__(self, capacity: int) -> None:
        self.limit = Limit(capacity)
        self.gauge = Gauge()

    def leaf(self, kind: str) -> Any:
        def work() -> int:
            with self.gauge.one_more():
                return 1

        async def work_async() -> int:
            with self.gauge.one_more():
                await checkpoint()
                return 1

        return task(work if "def" in kind else work_async, limit=self.limit if "limited" in kind else None)

    def caller(self, kind: str, inside: Any, name: str) -> Any:
        def call() -> int:
            return sum(inner())

        async def call_async() -> int:
            return sum(await inner.call())

        inner = workflow(take, needs={"given": [inside.with_options(name=f"i{n}") for n in range(2)]})
        return task(call if "def" in kind else call_async, name=name, limit=self.limit if "limited" in kind else None)


KINDS = ["def", "async", "limited def", "limited async"]


@settings(max_examples=40)
@given(
    shapes=st.lists(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3), min_size=1, max_size=8),
    capacity=st.integers(1, 2),
    threads=st.integers(1, 2),
)
def test_tasks_that_call_workflows_in_turn_never_wait_for_each_other(
    backend: Backend, shapes: list[list[str]], capacity: int, threads: int
) -> None:
    crowd = Crowd(capacity)
    nodes: list[Any] = []
    for number, (innermost, *around) in enumerate(shapes):
        made = crowd.leaf(innermost).with_options(name=f"n{number}")
        for kind in around:
            made = crowd.caller(kind, made, f"n{number}")
        nodes.append(made)

    async def main() -> None:
        with fail_after(PATIENCE), few_threads(threads):
            found: list[int] = await workflow(take, needs={"given": nodes}).call()
        assert found == [2 ** (len(shape) - 1) for shape in shapes]

    run_on(backend, main)
    assert is_free(crowd.limit)


async def test_one_that_holds_a_place_finds_a_thread_although_those_who_wait_for_it_hold_them_all() -> None:
    limit, line = Limit(1), Line()
    blocked = [Event(), Event()]

    @task(limit=limit)
    def small() -> str:
        return "small"

    @workflow
    def inner(small: str) -> str:
        return small

    def call(number: int) -> str:
        anyio.from_thread.run_sync(blocked[number].set)
        return inner()

    callers = [task(partial(call, number), name=f"c{number}") for number in range(2)]
    holder = line.make("holder", limit)
    with fail_after(PATIENCE), few_threads(2):
        async with create_task_group() as group:
            group.start_soon(alone(holder).call)  # so that the next in line is the one that needs a thread
            await wait_all_tasks_blocked()
            group.start_soon(alone(small).call)
            await wait_all_tasks_blocked()
            group.start_soon(workflow(take, needs={"given": callers}).call)
            for event in blocked:
                await event.wait()
            line.go.set()
    assert is_free(limit)


async def test_what_a_holder_calls_finds_a_thread_although_those_who_wait_for_it_hold_them_all() -> None:
    limit = Limit(1)
    blocked = [Event(), Event()]

    @task(limit=limit)
    def small() -> str:
        return "small"

    @workflow
    def inner(small: str) -> str:
        return small

    @workflow(needs={"given": task(lambda: "plain", name="plain")})
    async def needs_thread(given: str) -> str:
        return given

    @task(limit=limit)
    async def holder() -> str:
        for event in blocked:
            await event.wait()
        await wait_all_tasks_blocked()
        return await needs_thread()

    def call(number: int) -> str:
        anyio.from_thread.run_sync(blocked[number].set)
        return inner()

    callers = [task(partial(call, number), name=f"c{number}", after=()) for number in range(2)]
    with fail_after(PATIENCE), few_threads(2):
        async with create_task_group() as group:
            group.start_soon(alone(holder).call)
            await wait_all_tasks_blocked()
            group.start_soon(workflow(take, needs={"given": callers}).call)
    assert is_free(limit)


# What the record says


async def test_a_task_is_pending_while_it_waits_for_a_place_and_running_when_it_has_it() -> None:
    limit, holder, line = Limit(1), Line(), Line()
    runs: list[Run[Any]] = []
    states: list[str] = []

    def note(status: Status, previous: Status) -> None:
        states.append(f"{previous} {status}")

    @task
    async def look(run: Run[Any]) -> None:
        runs.append(run)

    waits = line.make("waits", limit, on_state=note)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holder.make("holder", limit)).call)
            await wait_all_tasks_blocked()
            group.start_soon(workflow(take, needs={"given": [look, waits]}).call)
            await wait_all_tasks_blocked()
            [record] = [run.tasks["waits"] for run in runs]
            assert (record.status, record.attempts, record.started, states) == (Status.PENDING, 0, None, [])
            holder.go.set()
            await wait_all_tasks_blocked()
            assert (record.status, record.attempts, states) == (Status.RUNNING, 1, ["pending running"])
            assert record.started is not None
            line.go.set()
    assert runs[0].tasks["waits"].status is Status.COMPLETED
    assert states == ["pending running", "running completed"]


async def test_one_cancelled_while_it_waits_for_a_place_is_cancelled_and_has_made_no_attempt() -> None:
    limit, holder, line = Limit(1), Line(), Line()

    @task
    async def fails() -> None:
        await wait_all_tasks_blocked()
        raise ValueError("no")

    waits = line.make("waits", limit)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holder.make("holder", limit)).call)
            await wait_all_tasks_blocked()
            run = await alone(waits, after=fails).run()
            assert isinstance(run.error, ValueError)
            assert (run.tasks["waits"].status, run.tasks["waits"].attempts) == (Status.CANCELLED, 0)
            assert repr(limit) == "<Limit: 1 of 1 places taken>"
            holder.go.set()
    assert line.served == []


async def test_the_time_that_a_task_waits_for_its_place_does_not_count_against_its_timeout() -> None:
    limit, holder = Limit(1), Line()

    @task(limit=limit, timeout=INSTANT)
    async def quick() -> str:
        return "quick"

    found: list[str] = []

    async def run_quick() -> None:
        found.append(await alone(quick)())

    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(alone(holder.make("holder", limit)).call)
            await wait_all_tasks_blocked()
            group.start_soon(run_quick)
            await wait_all_tasks_blocked()
            holder.go.set()
    assert found == ["quick"]
