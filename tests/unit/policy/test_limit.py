"""A limit as an object, and as an option."""

import copy
import pickle
from typing import Any

import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from flowdeco._base.errors import OptionError, OptionTypeError
from flowdeco._policy.limit import Limit
from flowdeco._policy.limit_option import check_limit
from tests.support.limit import Line, demand


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ((0,), OptionError, "Cannot define limit: capacity=0 is below one"),
        ((-1, "gpu"), OptionError, "Cannot define limit 'gpu': capacity=-1 is below one"),
        ((True,), OptionTypeError, "capacity=True is not a whole number"),
        ((1.0,), OptionTypeError, "capacity=1.0 is not a whole number"),
        (("4",), OptionTypeError, "capacity='4' is not a whole number"),
        ((1, 3), OptionTypeError, "name=3 is not a string"),
        ((1, ""), OptionError, "name='' is empty"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(arguments: tuple[Any, ...], kind: type[OptionError], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        Limit(*arguments)
    assert type(caught.value) is kind
    assert says in str(caught.value)


def test_a_limit_never_changes_and_is_equal_to_itself_alone() -> None:
    one, other = Limit(2, "gpu"), Limit(2, "gpu")
    assert (one.capacity, one.name, Limit(1).name) == (2, "gpu", None)
    assert len({one, other, one}) == 2
    for name in ("capacity", "name"):
        with pytest.raises(AttributeError):
            setattr(one, name, 5)


async def test_the_repr_says_how_many_places_are_taken_and_how_many_wait() -> None:
    gpu, line = Limit(2, "gpu"), Line()
    assert (repr(gpu), repr(Limit(1))) == ("<Limit 'gpu': 0 of 2 places taken>", "<Limit: 0 of 1 places taken>")
    async with create_task_group() as group:
        for _ in range(3):
            group.start_soon(line.stand, "one", demand(gpu))
        await wait_all_tasks_blocked()
        assert repr(gpu) == "<Limit 'gpu': 2 of 2 places taken, 1 waiting>"
        line.go.set()


def test_a_copied_limit_is_the_same_and_a_pickled_one_another() -> None:
    gpu = Limit(2, "gpu")
    assert copy.copy(gpu) is gpu
    assert copy.deepcopy([gpu]) == [gpu]
    again: Limit = pickle.loads(pickle.dumps(gpu))
    assert again is not gpu
    assert (again.capacity, again.name) == (2, "gpu")


def test_the_option_takes_a_number_a_limit_or_a_mapping() -> None:
    gpu, disk = Limit(4), Limit(1)
    assert check_limit("task 'page'", None) is None
    assert check_limit("task 'page'", {}) is None
    assert demand(gpu).pairs == ((gpu, 1),)
    ((own, places),) = demand(3).pairs
    assert (own.capacity, places) == (3, 1)
    assert demand(3) != demand(3)
    places_of = {disk: 1, gpu: 2}
    wanted = demand(places_of)
    places_of.clear()
    assert wanted.pairs == ((gpu, 2), (disk, 1)) == demand({gpu: 2, disk: 1}).pairs


GPU = Limit(2, "gpu")


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        (0, OptionError, "limit=0 is below one. Give at least 1, or None for no limit."),
        (True, OptionTypeError, "limit=True is not a number, a Limit, or a mapping"),
        (1.5, OptionTypeError, "limit=1.5 is not a number"),
        ([GPU], OptionTypeError, "is not a number, a Limit, or a mapping"),
        ({"gpu": 1}, OptionTypeError, "names 'gpu', which is not a Limit"),
        ({GPU: True}, OptionTypeError, "asks for True places of limit 'gpu'. Give a whole number."),
        ({GPU: 0}, OptionError, "asks for 0 places of limit 'gpu'. Give at least 1."),
        ({GPU: 3}, OptionError, "asks for 3 places of limit 'gpu', which has 2. Ask for at most that many."),
        ({Limit(1): 2}, OptionError, "asks for 2 places of an unnamed limit, which has 1. Ask for at most that many."),
    ],
)
def test_an_option_that_can_never_be_met_is_refused(value: object, kind: type[OptionError], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_limit("task 'page'", value)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("Cannot define task 'page': limit=")
    assert says in str(caught.value)
    assert caught.value.option == "limit"
    assert caught.value.value is value
