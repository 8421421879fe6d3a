"""Wrappers around functions that are no tasks: hooks, conditions, recoveries, and what answers at once."""

import copy
import functools
import pickle
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from flowdeco import OptionError, Retry, State, field, task, workflow
from tests.conftest import Backend
from tests.support.decorators import by_name, by_position, handing_on, spy
from tests.support.naming import make_module, mention, on, take
from tests.support.signature import a, result_of

DECORATORS = pytest.mark.parametrize("decorate", [handing_on, by_name, by_position])


def failing(a: str) -> str:
    raise LookupError(a)


@DECORATORS
def test_hooks_are_called_as_they_can_be(decorate: Callable[..., Any], backend: Backend) -> None:
    told: list[Any] = []

    @decorate
    def note(a: str, error: BaseException, attempt: int) -> None:
        told.append((a, type(error), attempt))

    @decorate
    async def note_later(error: BaseException) -> None:
        await anyio.lowlevel.checkpoint()
        told.append(type(error))

    with pytest.raises(LookupError):
        result_of(failing, backend, on_error=[note, note_later])
    assert told == [("a", LookupError, 1), LookupError]


def upper(a: str) -> str:
    return a.upper()


def renamed(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(first: Any, second: Any) -> Any:
        return function(first, second)

    return wrapper


def test_a_hook_whose_wrapper_calls_its_parameters_otherwise_gets_them_by_position(backend: Backend) -> None:
    told: list[Any] = []

    @renamed
    def note(a: str, attempt: int) -> None:
        told.append((a, attempt))

    assert result_of(upper, backend, on_success=note) == "A"
    assert told == [("a", 1)]


@DECORATORS
def test_recoveries_and_conditions_are_called_as_they_can_be(decorate: Callable[..., Any], backend: Backend) -> None:
    @decorate
    async def mended(a: str, error: BaseException) -> str:
        await anyio.lowlevel.checkpoint()
        return f"mended {a}"

    @decorate
    async def asked(a: str) -> bool:
        await anyio.lowlevel.checkpoint()
        return a == "a"

    @decorate
    def delay(error: BaseException, attempt: int) -> float:
        return 0

    retries = Retry(1, delay=delay)
    assert result_of(failing, backend, recover=mended, when=asked, retries=retries) == "mended a"


async def late(error: Any) -> bool:
    return True


@DECORATORS
def test_what_has_to_answer_at_once_may_not_be_async_within_a_wrapper_either(decorate: Callable[..., Any]) -> None:
    with pytest.raises(OptionError, match="is an async function"):
        Retry(1, on=decorate(late))
    with pytest.raises(OptionError, match="is async or yields"):

        class Notes(State):
            number: int = field(0, validate=decorate(late))

        mention(Notes)


# What a wrapper keeps of its being a task is nobody else's.


@spy
@task(limit=2)
def priced(item: str) -> str:
    return item


class Wrapping:
    """A wrapper that is copied and pickled with all that it has."""

    def __init__(self, function: Any) -> None:
        functools.update_wrapper(self, function)

    def __call__(self, item: str) -> str:
        return f"wrapped {item}"


def test_a_wrapper_that_was_taken_for_a_task_may_be_copied_and_sent(backend: Backend) -> None:
    wrapping = Wrapping(priced.__wrapped__)
    needs: dict[str, Any] = {"r": wrapping}
    assert workflow(with_item, needs=needs)("tea") == "wrapped tea"
    vars(wrapping).pop("__wrapped__")  # which cannot be pickled by the name that the other has
    for twin in (copy.copy(wrapping), copy.deepcopy(wrapping), pickle.loads(pickle.dumps(wrapping))):
        assert twin("tea") == "wrapped tea"


def with_item(item: str, r: Any) -> Any:
    return r


def test_a_copy_of_a_wrapper_is_a_task_of_its_own(backend: Backend) -> None:
    wrapping = Wrapping(priced.__wrapped__)
    needs: list[dict[str, Any]] = [{"r": wrapping}, {"r": copy.copy(wrapping)}]
    first, second = (workflow(with_item, needs=each) for each in needs)
    assert on(first, backend)("tea") == on(second, backend)("tea") == "wrapped tea"
    assert first.graph.nodes[0].step is wrapping
    assert second.graph.nodes[0].step is not wrapping


def test_a_wrapper_at_the_top_of_a_module_runs_in_a_process() -> None:
    sent = priced.__wrapped__.with_options(run_in="process")
    text = "noting = wrap(sent)\n@workflow\ndef w(item, noting): return noting"
    module = make_module("sending", text, wrap=handing_on, sent=sent, workflow=workflow)
    module.noting.__module__, module.noting.__qualname__ = __name__, "priced"
    assert result_in_process(module) == "tea"


def result_in_process(module: Any) -> Any:
    globals()["priced"], kept = module.noting, priced
    try:
        return module.w("tea")
    finally:
        globals()["priced"] = kept


@pytest.mark.parametrize("wrap", [spy, handing_on])
def test_static_methods_may_be_wrapped(wrap: Any, backend: Backend) -> None:
    class Shop:
        @staticmethod
        @wrap  # type: ignore[untyped-decorator, misc, unused-ignore]  # which one it is does not matter
        @task
        def price(item: str) -> str:
            return item

        @workflow
        @staticmethod
        def offer(item: str, price: str) -> str:
            return price

    shop: Any = Shop
    assert on(shop.offer, backend)("tea") == "tea"
    assert workflow(take, needs={"given": shop.price}, tasks={"item": a})() == "a"


def test_a_partial_method_is_bound_as_far_as_it_says(backend: Backend) -> None:
    class Shop:
        def order(self, item: str, amount: int, city: str) -> Any:
            return item, amount, city

        one = functools.partialmethod(order, amount=1)
        tea = functools.partialmethod(order, "tea")

    made = task(Shop().one, name="one"), task(Shop().tea, name="tea")

    @workflow(needs={"made": list(made)})
    def w(item: str, amount: int, city: str, made: Any) -> Any:
        return made

    assert on(w, backend)("coffee", 5, "Bern") == [("coffee", 1, "Bern"), ("tea", 5, "Bern")]
