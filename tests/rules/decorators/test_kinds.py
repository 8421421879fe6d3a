"""What kind of function it is, is read through `functools.wraps`; where that misleads, what it returns decides."""

import functools
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

from flowdeco import OptionTypeError, TaskTimeoutError, task, workflow
from tests.conftest import Backend
from tests.support.clock import Clock, given_time
from tests.support.decorators import awaiting, by_name, handing_on
from tests.support.naming import on
from tests.support.signature import a, result_of

DECORATORS = pytest.mark.parametrize("decorate", [handing_on, by_name])


async def fetched(a: str) -> str:
    await anyio.lowlevel.checkpoint()
    return f"fetched {a}"


def items(a: str) -> Iterator[str]:
    yield a
    yield a


async def async_items(a: str) -> AsyncIterator[str]:
    yield a
    yield a


@DECORATORS
@pytest.mark.parametrize("timeout", [None, 60])
def test_what_a_def_around_an_async_def_returns_is_awaited(
    decorate: Callable[..., Any], timeout: float | None, backend: Backend
) -> None:
    assert result_of(decorate(fetched), backend, timeout=timeout) == "fetched a"


@DECORATORS
@pytest.mark.parametrize("function", [items, async_items])
@pytest.mark.parametrize("options", [{}, {"timeout": 60}, {"run_in": "loop"}])
def test_what_is_yielded_through_a_wrapper_is_gathered(
    decorate: Callable[..., Any], function: Any, options: dict[str, Any], backend: Backend
) -> None:
    assert result_of(decorate(function), backend, **options) == ["a", "a"]
    assert result_of(decorate(decorate(function)), backend, **options) == ["a", "a"]


@pytest.mark.parametrize("function", [items, async_items])
def test_an_async_def_around_what_yields_gives_a_list(function: Any, backend: Backend) -> None:
    assert result_of(awaiting(function), backend) == ["a", "a"]
    assert result_of(awaiting(task(function)), backend, timeout=60) == ["a", "a"]


def test_retries_apply_to_what_a_generator_within_a_wrapper_raises(backend: Backend) -> None:
    attempts: list[int] = []

    @handing_on
    def flaky() -> Iterator[str]:
        attempts.append(len(attempts))
        yield "first"
        if len(attempts) < 3:
            raise ConnectionError
        yield "second"

    assert result_of(flaky, backend, retries=2) == ["first", "second"]
    assert attempts == [0, 1, 2]


@given_time
def test_a_timeout_ends_the_await_of_what_a_def_returned(clock: Clock, backend: Backend) -> None:
    @handing_on
    async def slow() -> None:
        clock.reach()
        await anyio.sleep_forever()

    with pytest.raises(TaskTimeoutError):
        result_of(slow, backend, timeout=clock.seconds)


@pytest.mark.parametrize("run_in", ["process", "loop"])
@pytest.mark.parametrize("function", [fetched, async_items])
def test_a_default_place_to_run_in_passes_a_def_around_an_async_def_by(
    function: Any, run_in: Any, backend: Backend
) -> None:
    made = task(handing_on(function))

    @workflow(needs={"result": made}, tasks={"a": a}, defaults={"run_in": run_in})
    def w(result: Any) -> Any:
        return result

    if run_in == "loop":
        assert on(w, backend)() == ("fetched a" if function is fetched else ["a", "a"])
    assert w.graph.policy_of(w.graph.nodes[-1]).run_in is None


def test_a_def_around_an_async_def_may_give_a_result_itself(backend: Backend) -> None:
    @functools.wraps(fetched)
    def cached(a: str) -> str:
        return f"{a} from {threading.current_thread() is threading.main_thread()}"

    # Called as any def is: it may block.
    assert result_of(cached, backend) == "a from False"
    assert result_of(cached, backend, run_in="loop") == "a from True"


def test_a_def_may_run_an_async_def_to_its_end(backend: Backend) -> None:
    @functools.wraps(fetched)
    def blocking(a: str) -> Any:
        return anyio.run(fetched, a, backend=backend[0], backend_options=backend[1])

    assert result_of(blocking, backend) == "fetched a"


def test_a_wrapper_of_a_generator_may_give_something_else(backend: Backend) -> None:
    @functools.wraps(items)
    def joined(a: str) -> str:
        return "-".join(items(a))

    @functools.wraps(items)
    def mapped(a: str) -> Iterator[str]:
        return map(str.upper, items(a))

    @functools.wraps(async_items)
    async def counted(a: str) -> int:
        return len([item async for item in async_items(a)])

    assert result_of(joined, backend) == "a-a"
    assert result_of(mapped, backend) == ["A", "A"]
    assert result_of(counted, backend) == 2


def test_a_context_manager_is_no_generator(backend: Backend) -> None:
    @contextmanager
    def opened(a: str) -> Generator[str]:
        yield a

    with result_of(opened, backend) as value:
        assert value == "a"


@workflow
@handing_on
async def report(city: str) -> str:
    await anyio.lowlevel.checkpoint()
    return f"report of {city}"


async def test_a_workflow_over_a_wrapper_of_an_async_def_is_awaited() -> None:
    assert await report("Bern") == await report.call("Bern") == "report of Bern"
    run = await report.run_async("Bern")
    assert run.result == "report of Bern"


def test_a_workflow_over_a_wrapper_of_an_async_def_is_called_plainly_too(backend: Backend) -> None:
    assert on(report, backend).call_sync("Bern") == "report of Bern"


async def test_a_workflow_over_a_wrapper_of_an_async_def_is_a_node_like_any_other() -> None:
    @workflow(needs={"given": report})
    def outer(city: str, given: str) -> str:
        return given

    assert await outer.call("Bern") == "report of Bern"


async def test_a_def_around_the_function_of_a_workflow_may_give_the_result_itself() -> None:
    @functools.wraps(fetched)
    def known(city: str) -> str:
        return f"known {city}"

    w: Any = workflow(known)
    assert await w.call() == await w() == "known a"


def hidden(city: str) -> Awaitable[str]:
    return fetched(city)


def test_what_a_def_workflow_returns_is_awaited_if_it_can_be(backend: Backend) -> None:
    w: Any = on(workflow(hidden), backend)
    told: list[str] = []

    def note(result: str) -> None:
        told.append(result)

    assert w("Bern") == w.run("Bern").result == "fetched Bern"
    assert w.with_options(on_success=note)("Bern") == "fetched Bern"
    assert told == ["fetched Bern"]


async def test_what_a_def_workflow_returns_is_awaited_under_call_if_it_can_be() -> None:
    w: Any = workflow(hidden)
    assert await w.call("Bern") == "fetched Bern"


def test_the_error_of_what_a_def_workflow_returns_is_its_own(backend: Backend) -> None:
    async def fail() -> None:
        await anyio.lowlevel.checkpoint()
        raise LookupError("nothing there")

    w: Any = on(workflow(lambda: fail()), backend)
    with pytest.raises(LookupError, match="nothing there"):
        w()
    assert w.run().status == "failed"


@pytest.mark.parametrize("decorate", [handing_on, awaiting])
@pytest.mark.parametrize("function", [items, async_items])
async def test_a_workflow_that_yields_through_a_wrapper_is_told_so(decorate: Any, function: Any) -> None:
    w: Any = workflow(decorate(function))
    with pytest.raises(OptionTypeError) as caught:
        await w.call()
    assert str(caught.value) == (
        f"Cannot finish workflow {function.__name__!r}: its function yields. Move what yields to a task, and return "
        "the result here."
    )


def test_a_workflow_may_make_a_list_of_what_it_wraps(backend: Backend) -> None:
    @functools.wraps(items)
    def listed(city: str) -> list[str]:
        return list(items(city))

    w: Any = workflow(listed)
    assert on(w, backend)() == ["a", "a"]


@pytest.mark.parametrize("function", [fetched, items])
def test_a_stand_in_s_kind_is_read_through_its_wrappers(function: Any, backend: Backend) -> None:
    @workflow(tasks={"a": a})
    def w(a: Any) -> Any:
        return a

    fake = handing_on(functools.partial(function, "x"))
    assert on(w.override(a=fake), backend)() == ("fetched x" if function is fetched else ["x", "x"])


def test_types_of_what_a_wrapper_of_a_generator_gives_are_not_guessed() -> None:
    @task
    @handing_on
    def parts(url: str) -> Iterator[str]:
        yield url

    @task
    @contextmanager
    def opened(url: str) -> Generator[str]:
        yield url

    @workflow(needs={"found": parts, "file": opened})
    def w(url: str, found: list[str], file: str) -> Any:
        return found

    w.check(types=True)
    assert inspect.signature(parts).return_annotation == Iterator[str]
