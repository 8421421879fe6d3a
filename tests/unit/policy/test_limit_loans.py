"""A loan of places to what runs inside."""

import pytest
from anyio import Event, create_task_group, fail_after, from_thread, to_thread, wait_all_tasks_blocked

from flowdeco._base.errors import FlowdecoError, LimitError
from flowdeco._policy.limit import Hold, Limit
from flowdeco._policy.pool import Waiter
from tests.conftest import Backend
from tests.support.limit import PATIENCE, Line, demand, free, run_on


async def test_what_runs_inside_takes_the_places_that_are_held_and_those_that_are_free() -> None:
    gpu = Limit(5)
    hold = await demand({gpu: 2}).acquire()
    line = Line(lender=hold)
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            for name in "abcdef":
                group.start_soon(line.stand, name, demand(gpu))
            await wait_all_tasks_blocked()
            assert len(line.served) == 5
            line.go.set()
    assert len(line.served) == 6
    hold.release()
    assert free(gpu) == 5


async def test_what_runs_outside_takes_nothing_from_a_loan() -> None:
    gpu = Limit(1)
    hold = await demand(gpu).acquire()
    inside, outside = Line(lender=hold), Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(inside.stand, "inside", demand(gpu))
            group.start_soon(outside.stand, "outside", demand(gpu))
            await wait_all_tasks_blocked()
            assert (inside.served, outside.served) == (["inside"], [])
            inside.go.set()
            await wait_all_tasks_blocked()
            assert outside.served == []
            hold.release()
            outside.go.set()
    assert outside.served == ["outside"]


async def test_a_limit_that_is_not_held_is_taken_from_itself_inside_too() -> None:
    gpu, disk = Limit(1), Limit(1)
    (await demand(gpu).acquire()).lend()
    hold = await demand({gpu: 1, disk: 1}).acquire()
    assert (free(gpu), free(disk)) == (0, 0)
    hold.release()
    assert (free(gpu), free(disk)) == (0, 1)


@pytest.mark.parametrize("own_loop", [False, True])
async def test_a_loan_reaches_worker_threads_and_the_event_loops_in_them(backend: Backend, own_loop: bool) -> None:
    gpu = Limit(1)

    def work() -> Hold:
        hold: Hold = run_on(backend, demand(gpu).acquire) if own_loop else from_thread.run(demand(gpu).acquire)
        return hold

    outer = await demand(gpu).acquire()
    outer.lend()
    with fail_after(PATIENCE):
        inner = await to_thread.run_sync(work)
    outer.release()
    assert free(gpu) == 0
    inner.release()
    assert free(gpu) == 1


async def test_more_than_the_task_around_holds_is_an_error_before_it_waits_for_anything() -> None:
    disk, gpu = Limit(1), Limit(3, "gpu")
    outer = await demand({gpu: 2}).acquire()
    await demand(disk).acquire()
    outer.lend()
    with fail_after(PATIENCE), pytest.raises(LimitError) as caught:
        await demand({disk: 1, gpu: 3}).acquire()
    assert str(caught.value) == (
        "Cannot take limit 'gpu': 3 places are needed inside a task that holds 2, so waiting for more might never end. "
        "Give the task around it 3, or call it outside that task."
    )
    assert (caught.value.limit, caught.value.demanded, caught.value.held) == (gpu, 3, 2)
    assert isinstance(caught.value, FlowdecoError)
    assert isinstance(caught.value, RuntimeError)
    (await demand({gpu: 2}).acquire()).release()


async def test_the_innermost_holder_is_the_one_that_lends() -> None:
    gpu, disk = Limit(4), Limit(1)
    outer = await demand({gpu: 3, disk: 1}).acquire()
    outer.lend()
    inner = await demand({gpu: 2}).acquire()
    inner.lend()
    inner.lend()  # the same places, not as many again
    with pytest.raises(LimitError, match="holds 2, so"):
        await demand({gpu: 3}).acquire()
    with fail_after(PATIENCE):
        innermost = await demand({gpu: 2, disk: 1}).acquire()
    assert (free(gpu), free(disk)) == (1, 0)
    for hold in (innermost, inner, outer):
        hold.release()
    assert (free(gpu), free(disk)) == (4, 1)


async def test_after_its_holder_a_loan_is_taken_from_what_it_came_from() -> None:
    gpu = Limit(3)
    outer = await demand({gpu: 2}).acquire()
    outer.lend()
    inner = await demand(gpu).acquire()
    inner.lend()
    inner.release()
    with fail_after(PATIENCE), pytest.raises(LimitError, match="holds 2, so"):
        await demand({gpu: 3}).acquire()
    outer.release()
    with fail_after(PATIENCE):
        hold = await demand({gpu: 3}).acquire()
    assert free(gpu) == 0
    hold.release()
    assert free(gpu) == 3


async def test_a_borrowed_place_in_use_comes_back_when_its_user_releases_it() -> None:
    gpu = Limit(3)
    outer = await demand({gpu: 3}).acquire()
    outer.lend()
    borrowed = await demand(gpu).acquire()
    outer.release()
    assert free(gpu) == 2
    borrowed.release()
    assert free(gpu) == 3


async def test_one_that_waits_for_a_loan_when_it_ends_waits_for_the_limit() -> None:
    gpu = Limit(1)
    outer = await demand(gpu).acquire()
    lent, outside = Line(lender=outer), Line()
    with fail_after(PATIENCE):
        async with create_task_group() as group:
            group.start_soon(lent.stand, "first", demand(gpu))
            await wait_all_tasks_blocked()
            group.start_soon(lent.stand, "second", demand(gpu))
            await wait_all_tasks_blocked()
            loan = outer.find_loan(gpu, 1)
            assert loan is not None
            outer.release()
            await wait_all_tasks_blocked()
            assert lent.served == ["first"]
            assert (loan.waiting, gpu._pool.waiting) == (0, 1)
            group.start_soon(outside.stand, "outside", demand(gpu))
            lent.go.set()
            outside.go.set()
    assert lent.served == ["first", "second"]
    assert outside.served == ["outside"]
    assert free(gpu) == 1


async def test_one_that_comes_to_a_loan_just_when_it_ends_is_sent_on() -> None:
    gpu = Limit(1)
    outer = await demand(gpu).acquire()
    outer.lend()
    loan = outer.find_loan(gpu, 1)
    assert loan is not None
    outer.release()
    woken = Event()
    waiter = Waiter(1, woken.set)
    loan.queue(waiter)
    with fail_after(PATIENCE):
        await woken.wait()
    assert not waiter.granted
    assert loan.waiting == 0
    assert free(gpu) == 1
