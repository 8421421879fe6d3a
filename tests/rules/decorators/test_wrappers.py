"""What `functools.wraps` has put around a task or workflow is what is called, wherever a task may stand."""

import functools
from typing import Any

import anyio
import pytest

from flowdeco import AmbiguousNameError, Retry, task, workflow
from tests.conftest import Backend
from tests.support.decorators import awaiting, by_name, handing_on, spy
from tests.support.naming import fail_to_build, make_module, mention, on


@task
def price(item: str) -> float:
    return len(item)


@task
async def rate(currency: str) -> float:
    await anyio.lowlevel.checkpoint()
    return len(currency)


@workflow
def offer(item: str, currency: str, price: float, rate: float) -> float:
    return price * rate


@workflow
async def quote(item: str, price: float) -> float:
    await anyio.lowlevel.checkpoint()
    return price


@workflow
def double(number: int) -> int:
    return 2 * number


def alone(r: Any) -> Any:
    return r


def with_item(item: str, r: Any) -> Any:
    return r


def with_two(item: str, r: Any, s: Any) -> Any:
    return r, s


def with_size(item: str, size: int) -> int:
    return size


def with_first(first: Any) -> Any:
    return first


def size_of(item: str) -> int:
    return len(item)


TASKS = pytest.mark.parametrize(("name", "wrapped", "argument"), [("price", price, "tea"), ("rate", rate, "EUR")])


@TASKS
def test_what_wraps_a_task_stands_in_for_it(name: str, wrapped: Any, argument: str, backend: Backend) -> None:
    noting = spy(wrapped)
    assert on(offer.override({name: noting}), backend)("tea", "EUR") == 9
    assert on(offer.override({wrapped: noting}), backend)("tea", "EUR") == 9
    assert noting.calls == [((argument,), {})] * 2


@TASKS
@pytest.mark.parametrize("decorate", [handing_on, awaiting, by_name])
def test_a_task_may_be_made_of_what_wraps_one(
    name: str, wrapped: Any, argument: str, decorate: Any, backend: Backend
) -> None:
    noting = spy(wrapped)
    made = task(decorate(noting), name="made")

    @workflow(needs={"result": made})
    def w(item: str, currency: str, result: Any) -> Any:
        return result

    assert on(w, backend)("tea", "EUR") == 3
    assert len(noting.calls) == 1
    assert {node.name for node in w.graph} == {"made"}


def traced(function: Any) -> Any:
    """A decorator that makes a task of a task."""
    return task(spy(function))


def test_a_decorator_may_return_a_task_of_a_task(backend: Backend) -> None:
    @traced
    @task
    def size(item: str) -> int:
        return len(item)

    @workflow
    def w(item: str, size: int) -> int:
        return size

    assert on(w, backend)("tea") == 3
    assert size.__wrapped__.calls == [(("tea",), {})]


def test_what_wraps_a_task_is_found_by_name(backend: Backend) -> None:
    @spy
    @task
    def size(item: str) -> int:
        return len(item)

    @workflow
    def w(item: str, size: int) -> int:
        return size

    assert on(w, backend)("tea") == 3
    assert size.calls == [(("tea",), {})]
    assert [node.step for node in w.graph] == [size]


def test_what_wraps_a_task_is_found_by_name_in_a_module(backend: Backend) -> None:
    text = "@spy\n@task\ndef size(item): return len(item)\n@task\ndef doubled(size): return 2 * size"
    module = make_module("sizes", text, spy=spy, task=task)

    @workflow(tasks=[module])
    def w(item: str, doubled: int) -> int:
        return doubled

    assert on(w, backend)("tea") == 6
    assert len(module.size.calls) == 1


def test_a_name_that_comes_to_be_bound_to_a_wrapper_is_read_anew() -> None:
    module = make_module("changing", "@workflow\ndef w(size='none'): return size", workflow=workflow, size=len)
    del module.size
    assert module.w() == "none"
    module.size = spy(task(lambda: 3))
    assert module.w() == 3
    module.size = spy(task(lambda: 4))
    assert module.w() == 4


def test_what_wraps_a_task_is_taken_by_each_option_that_takes_a_task(backend: Backend) -> None:
    noting, first, last, saved = spy(price), spy(task(lambda: 1)), spy(task(lambda: 2)), spy(task(lambda: 5))

    @task
    def failing() -> int:
        raise LookupError

    mending = failing.with_options(recover=saved)

    @task(needs={"value": noting, "more": [noting, rate], "less": {"a": noting}}, after=first)
    def gathered(value: float, more: list[float], less: dict[str, float]) -> Any:
        return value, more, less

    tasks: dict[str, Any] = {"text": gathered, "mended": mending}

    @workflow(tasks=tasks, after=[last])
    def w(item: str, currency: str, text: Any, mended: int) -> Any:
        return text, mended

    assert on(w, backend)("tea", "EUR") == ((3, [3, 3], {"a": 3}), 5)
    for each in (noting, first, last, saved):
        assert len(each.calls) == 1, each


def test_what_wraps_a_task_may_be_a_condition(backend: Backend) -> None:
    @spy
    @task
    def asked(item: str) -> bool:
        return item == "tea"

    @task(when=asked)
    def size(item: str) -> int:
        return len(item)

    @workflow
    def w(item: str, size: int = 0) -> int:
        return size

    assert on(w, backend)("tea") == 3
    assert on(w, backend)("coffee") == 0
    assert len(asked.calls) == 2


def test_tasks_may_be_listed_by_what_wraps_them(backend: Backend) -> None:
    size = spy(task(size_of, name="size"))
    made: Any = workflow(tasks=[size])(with_size)
    assert on(made, backend)("tea") == 3
    assert len(size.calls) == 1
    made.check()


def test_a_wrapper_is_one_node_wherever_it_is_named() -> None:
    noting = spy(price)

    @task(needs={"value": noting})
    def one(value: float) -> float:
        return value

    @workflow(needs={"value": noting})
    def w(item: str, one: float, value: float) -> Any:
        return one, value

    assert w("tea") == (3, 3)
    assert len(noting.calls) == 1
    assert w.override({noting: 5})("tea") == (5, 5)
    assert w.override(price=6)("tea") == (6, 6)


def test_a_wrapper_of_a_wrapper_is_a_task_of_its_own() -> None:
    inner = spy(price)
    first: Any = workflow(needs={"r": inner})(with_item)
    assert first("tea") == 3
    outer = spy(inner)  # functools.wraps copies what the inner one has
    second: Any = workflow(needs={"r": outer, "s": inner})(with_two)
    assert second("tea") == (3, 3)
    assert (len(inner.calls), len(outer.calls)) == (3, 1)
    assert {node.name for node in second.graph} == {"price", "price (2)"}


class Counting:
    """A decorator that is a class, as `functools.update_wrapper` makes them."""

    def __init__(self, function: Any) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.count = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        return self.function(*args, **kwargs)


def test_a_wrapper_may_be_an_object_or_a_cache(backend: Backend) -> None:
    counting, cached = Counting(price), functools.lru_cache(price)

    @workflow(needs={"one": counting, "other": cached})  # type: ignore[dict-item]  # a wrapper is no task for a checker
    def w(item: str, one: float, other: float) -> Any:
        return one, other

    assert on(w, backend)("tea") == on(w, backend)("tea") == (3, 3)
    assert counting.count == 2
    assert cached.cache_info().misses == 1


# Options.


def attempts_of(made: Any, backend: Backend) -> int:
    w: Any = workflow(needs={"r": made})(alone)
    run = on(w, backend).run()
    assert isinstance(run.error, LookupError)
    attempts: int = run.tasks["flaky"].attempts
    return attempts


@task(retries=Retry(2, on=LookupError), metadata={"owner": "prices"})
def flaky() -> float:
    raise LookupError


def test_a_task_s_options_hold_for_what_wraps_it_and_once(backend: Backend) -> None:
    noting = spy(flaky)
    assert attempts_of(noting, backend) == len(noting.calls) == 3


def test_a_task_made_of_what_wraps_a_task_has_its_own_options_alone(backend: Backend) -> None:
    noting = spy(flaky)
    assert attempts_of(task(noting), backend) == len(noting.calls) == 1
    noting = spy(flaky)
    assert attempts_of(task(noting, retries=1), backend) == len(noting.calls) == 2


def test_what_stands_in_for_a_task_keeps_its_options_and_not_those_of_what_it_wraps(backend: Backend) -> None:
    @task(retries=1)
    def steady() -> float:
        return 1

    w: Any = workflow(needs={"r": steady})(alone)
    noting = spy(flaky)
    assert isinstance(on(w.override(steady=noting), backend).run().error, LookupError)
    assert len(noting.calls) == 2


def test_needs_after_outputs_and_settled_hold_for_what_wraps_a_task(backend: Backend) -> None:
    ran: list[str] = []

    @task
    def before() -> None:
        ran.append("before")

    @spy
    @task(needs={"text": "title"}, after=before, outputs=("first", "rest"), settled="number")
    def split(text: str, number: Any) -> Any:
        ran.append("split")
        return text[0], (text[1:], number.value)

    @workflow(tasks={"number": task(lambda: 7)})
    def w(title: str, first: str, rest: Any) -> Any:
        return first, rest

    assert on(w, backend)("tea") == ("t", ("ea", 7))
    assert ran == ["before", "split"]
    assert len(split.calls) == 1


def test_what_the_wrapper_fills_itself_is_asked_of_nobody(backend: Backend) -> None:
    @task(needs={"client": "missing"})
    def page(url: str, client: str) -> str:
        return f"{url} by {client}"

    @functools.wraps(page)
    def with_client(url: str) -> str:
        return page(url, "client")

    @workflow(needs={"r": with_client})  # type: ignore[dict-item]  # a wrapper is no task for a checker
    def w(url: str, r: str) -> str:
        return r

    assert on(w, backend)("x") == "x by client"


def test_outputs_of_a_task_and_of_what_wraps_it_are_ambiguous() -> None:
    text = "@task(outputs=('first', 'rest'))\ndef split(): return 1, 2\nnoting = spy(split)"
    module = make_module("splits", text, spy=spy, task=task)
    w: Any = workflow(tasks=[module])(with_first)
    error = fail_to_build(w)
    assert isinstance(error, AmbiguousNameError)
    assert error.candidates == (module.split, module.noting)


def test_names_in_reach_of_a_task_are_in_reach_of_what_wraps_it(backend: Backend) -> None:
    def make() -> Any:
        @task
        def hidden() -> int:
            return 5

        @task
        def found(hidden: int) -> int:
            return hidden

        mention(hidden)
        return found

    found = make()
    for made in (spy(found), task(spy(found))):
        w: Any = workflow(needs={"r": made})(alone)
        assert on(w, backend)() == 5
    assert on(offer.override(price=spy(found), rate=1), backend)("tea", "EUR") == 5


# Workflows.


def spied_twice(function: Any) -> Any:
    return spy(traced(function))


@pytest.mark.parametrize("made", [spy, traced, spied_twice])
@pytest.mark.parametrize("wrapped", [offer, quote])
def test_what_wraps_a_workflow_is_a_task_that_calls_it(made: Any, wrapped: Any, backend: Backend) -> None:
    around = made(wrapped)

    @workflow(needs={"result": around})
    def w(item: str, currency: str, result: float) -> float:
        return result

    assert on(w, backend)("tea", "EUR") == (9 if wrapped is offer else 3)


def test_what_wraps_a_workflow_is_found_by_name_and_stands_in(backend: Backend) -> None:
    noting = spy(double)

    @workflow
    def w(number: int, noting: int) -> int:
        return noting

    @workflow
    def outer(number: int, double: int) -> int:
        return double

    assert on(w, backend)(4) == on(outer.override(double=noting), backend)(4) == 8
    assert len(noting.calls) == 2


def test_the_inputs_of_a_wrapped_workflow_are_those_that_it_has_when_it_runs(backend: Backend) -> None:
    text = "@workflow\ndef inner(item, price): return price\nmade = task(spy(inner))\nnoting = spy(inner)\n"
    text += "@workflow\ndef w(item, made): return made\n@workflow\ndef v(item, noting): return noting\n"
    module = make_module("late", text, workflow=workflow, task=task, spy=spy)
    module.price = price
    assert on(module.w, backend)("tea") == on(module.v, backend)("tea") == 3
    assert set(module.w.graph.inputs) == {"item"}


async def test_what_wraps_a_workflow_may_be_awaited_in_one() -> None:
    outer: Any = workflow(needs={"r": spy(quote)})(with_item)
    assert await outer.call("tea") == 3


def test_what_wraps_the_last_task_of_a_function_is_found_while_that_runs_and_where_a_decorator_follows() -> None:
    def make(*, follows: bool) -> Any:
        @workflow
        def w(item: str, size: int) -> int:
            return size

        @spy
        @task
        def size(item: str) -> int:
            return len(item)

        if follows:
            task(len)
        else:
            assert w("tea") == 3
        return w, size

    for follows in (True, False):
        w, size = make(follows=follows)
        assert w("tea") == 3
        assert len(size.calls) == 2 - follows


def run_to_its_end(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return anyio.run(functools.partial(function, *args, **kwargs))

    return wrapper


@workflow
@run_to_its_end
async def run_by_its_wrapper(number: int) -> int:
    return number + 1


def test_a_workflow_whose_wrapper_runs_the_coroutine_is_called_by_call_sync() -> None:
    assert run_by_its_wrapper.call_sync(number=1) == 2


async def test_a_workflow_whose_wrapper_runs_the_coroutine_is_awaited_as_any_async_def() -> None:
    assert await run_by_its_wrapper(number=1) == 2
    assert await run_by_its_wrapper.call(number=1) == 2
