"""A mock is a function to be called, also one that is made to look like a task or a workflow."""

import functools
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from flowdeco import OptionTypeError, Task, Workflow, task, workflow
from tests.conftest import Backend
from tests.support.naming import make_module, on


@task(retries=1)
def price(item: str) -> float:
    raise AssertionError


@task
async def rate(currency: str) -> float:
    raise AssertionError


@workflow
def double(number: int) -> int:
    raise AssertionError


@workflow
async def half(number: int) -> int:
    raise AssertionError


@workflow
def offer(item: str, currency: str, number: int, price: float, rate: float, double: int, half: int) -> Any:
    return price, rate, double, half


REPLACED = ["price", "rate", "double", "half"]
ARGUMENTS = {"price": "tea", "rate": "EUR", "double": 4, "half": 4}
MAKERS: dict[str, Callable[[Any], Any]] = {
    "create_autospec(task)": mock.create_autospec,
    "Mock(spec=task)": lambda face: mock.Mock(spec=face),
    "MagicMock(spec=task)": lambda face: mock.MagicMock(spec=face),
    "Mock(spec=Task)": lambda face: mock.Mock(spec=Task),
    "Mock(spec=Workflow)": lambda face: mock.Mock(spec=Workflow),
    "Mock()": lambda face: mock.Mock(),
    "AsyncMock(spec=task)": lambda face: mock.AsyncMock(spec=face),
    "AsyncMock()": lambda face: mock.AsyncMock(),
    "a copy of its signature": lambda face: mock.create_autospec(face.__wrapped__),
}
MADE = pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))


@MADE
@pytest.mark.parametrize("name", REPLACED)
def test_a_mock_is_called_in_the_place_of_what_it_replaces(make: Any, name: str, backend: Backend) -> None:
    mocks = {each: make(globals()[each]) for each in REPLACED}
    for each, made in mocks.items():
        made.return_value = f"{each} of a mock"
    assert on(offer.override(mocks), backend)("tea", "EUR", 4) == tuple(f"{each} of a mock" for each in REPLACED)
    mocks[name].assert_called_once_with(ARGUMENTS[name])


def test_a_mock_s_side_effect_is_tried_again_as_the_task_says(backend: Backend) -> None:
    flaky = mock.create_autospec(price, side_effect=[ConnectionError, 4.0])
    others: dict[str, Any] = dict.fromkeys(["rate", "double", "half"], 1)
    assert on(offer.override(price=flaky, **others), backend)("tea", "EUR", 4)[0] == 4.0
    assert flaky.call_count == 2


def test_an_async_mock_is_awaited_on_the_event_loop() -> None:
    w = offer.override(price=mock.AsyncMock(return_value=2.0), rate=1, double=1, half=1)
    replaced = [node.definition for node in w.graph if node.name == "price"]
    assert [definition.signature.kind for definition in replaced] == ["async"]
    assert w("tea", "EUR", 4)[0] == 2.0


@MADE
@pytest.mark.parametrize("option", ["needs", "tasks", "after", "tasks list", "needs list"])
def test_a_mock_is_refused_where_only_a_task_can_stand(make: Any, option: str) -> None:
    made = make(price)
    options: dict[str, dict[str, Any]] = {
        "needs": {"needs": {"price": made}},
        "needs list": {"needs": {"price": [rate, made]}},
        "tasks": {"tasks": {"price": made}},
        "tasks list": {"tasks": [made]},
        "after": {"after": made},
    }

    def w(price: Any) -> Any:
        return price

    with pytest.raises(OptionTypeError) as caught:
        workflow(w, **options[option])
    if isinstance(made, mock.NonCallableMock):
        assert "is a mock, not a task: override() takes one in the place of a task's function." in str(caught.value)


@MADE
def test_a_name_that_is_bound_to_a_mock_means_no_task(make: Any) -> None:
    module = make_module("mocked", "@workflow\ndef w(price='none'): return price", workflow=workflow)
    module.price = make(price)
    assert module.w() == "none"


def test_a_task_may_be_made_of_a_mock_that_says_what_it_takes(backend: Backend) -> None:
    fake = mock.create_autospec(price.__wrapped__, return_value=3.0)
    made = task(fake, name="price")

    @workflow(needs={"price": made})
    def w(item: str, price: float) -> float:
        return price

    assert on(w, backend)("tea") == 3.0


def test_a_task_that_calls_a_mock_is_a_task(backend: Backend) -> None:
    fake = mock.create_autospec(price, return_value=3.0)

    @task
    @functools.wraps(price)
    def faked(item: str) -> Any:
        return fake(item)

    @workflow(needs={"price": faked})
    def w(item: str, price: float) -> float:
        return price

    assert on(w, backend)("tea") == 3.0
    assert isinstance(faked, Task)
