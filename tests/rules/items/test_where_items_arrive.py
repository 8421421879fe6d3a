"""Items arrive at parameters of every kind, of methods, partials and wrappers; names mean what they always mean."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from flowdeco import task, value, workflow
from tests.support.naming import mention


@task
async def xs() -> list[int]:
    return [1, 2]


@task(each={"a": xs, "b": value([3, 4]), "c": value([5, 6])})
async def kinds(a: int, /, b: int, *, c: int, d: int = 9) -> Any:
    return a, b, c, d


mention(xs, kinds)


async def test_a_parameter_of_any_kind_receives_an_item() -> None:
    @task(each={("a", "b"): value([(1, 2)]), "c": value([7])})
    async def apart(a: int, /, *, b: int, c: int) -> Any:
        return a, b, c

    @workflow(tasks=[apart])
    async def w(kinds: Any, apart: Any) -> Any:
        return kinds, apart

    assert await w() == ([(1, 3, 5, 9), (2, 4, 6, 9)], [(1, 2, 7)])


async def test_what_a_partial_has_bound_is_bound_for_each_item() -> None:
    def power(base: int, exponent: int, offset: int) -> int:
        return int(base**exponent) + offset

    powers = task(partial(power, 2), name="powers", each={"exponent": xs}, needs={"offset": value(10)})

    @workflow(needs={"powers": powers})
    async def w(powers: list[int]) -> list[int]:
        return powers

    assert await w() == [12, 14]


async def test_a_wrapper_around_a_mapped_task_is_what_runs_for_each_item() -> None:
    def shout(function: Callable[..., Any]) -> Any:
        @wraps(function)
        async def inner(*args: Any, **kwargs: Any) -> Any:
            return "!", await function(*args, **kwargs)

        return inner

    @workflow(needs={"loud": shout(kinds)})
    async def w(loud: Any) -> Any:
        return loud

    assert await w() == [("!", (1, 3, 5, 9)), ("!", (2, 4, 6, 9))]


async def test_a_bound_method_is_mapped() -> None:
    class Scale:
        factor = 3

        async def times(self, x: int) -> int:
            return x * self.factor

    @workflow(needs={"times": task(Scale().times, each={"x": xs})})
    async def w(times: list[int]) -> list[int]:
        return times

    assert await w() == [3, 6]


class Site:
    @staticmethod
    @task
    def pages() -> list[int]:
        return [1, 2]

    @staticmethod
    @task(each={"page": pages})
    def text(page: int) -> int:
        return page * 10

    @staticmethod
    @task(each="text")
    def longer(text: int) -> int:
        return text + 1

    @workflow
    async def read(self, text: list[int], longer: list[int]) -> Any:
        return text, longer


class OtherSite(Site):
    @staticmethod
    @task
    def pages() -> list[int]:
        return [5]


async def test_a_subclass_gives_another_collection_under_the_name() -> None:
    assert await Site().read() == ([10, 20], [11, 21])
    assert await OtherSite().read() == ([50], [51])


async def test_an_input_that_has_the_name_of_a_parameter_for_items_is_another_thing() -> None:
    @workflow
    async def w(a: int, kinds: Any) -> Any:
        return a, kinds

    assert await w(5) == (5, [(1, 3, 5, 9), (2, 4, 6, 9)])


async def test_a_condition_of_the_defaults_asks_by_the_names_of_the_workflow() -> None:
    def wanted(a: bool) -> bool:
        return a

    @workflow(defaults={"when": wanted})
    async def w(a: bool, kinds: Any = "skipped") -> Any:
        return kinds

    assert await w(True) == [(1, 3, 5, 9), (2, 4, 6, 9)]
    assert await w(False) in ("skipped", [])


async def test_a_task_that_recovers_gets_the_item() -> None:
    @task
    async def instead(x: int, error: Exception) -> Any:
        return x, type(error).__name__

    @task(each={"x": xs}, recover=instead)
    async def failing(x: int) -> Any:
        raise ValueError(x)

    @workflow(tasks=[failing])
    async def w(failing: Any) -> Any:
        return failing

    assert await w() == [(1, "ValueError"), (2, "ValueError")]
