"""What type checkers make of options that name tasks of different types."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

import flowdeco
from flowdeco import Outcome, Task, Workflow, task, value, workflow


@task
def half(n: int) -> float:
    return n / 2


@task
async def letters(text: str = "ab", *, deep: bool = False) -> list[str]:
    return [*text]


@workflow
def inner(n: int = 4) -> bool:
    return n > 3


@workflow
async def awaited(n: int = 4) -> bytes:
    return b"x" * n


class Shop:
    @task
    def price(self, item: str) -> float:
        return 1.0


def take(given: Any) -> Any:
    return given


def generate() -> Iterator[Task[..., Any]]:
    yield half
    yield letters


def check_tasks_by_name_may_be_of_any_types() -> None:
    @workflow(tasks={"a": half, "b": letters, "c": inner, "d": awaited})
    def of_tasks(n: int, a: float, b: list[str], c: bool, d: bytes) -> bool:
        return c

    assert_type(of_tasks, Workflow[bool, bool])
    assert_type(of_tasks(n=6), bool)
    assert_type(workflow(take, tasks={"half": half, "price": Shop.price}), Workflow[Any, Any])
    assert_type(of_tasks.with_options(tasks={"a": half, "b": letters}), Workflow[bool, bool])


def check_tasks_in_a_collection_may_be_of_any_types() -> None:
    @workflow(tasks=[half, letters, inner, awaited, flowdeco])
    def of_list(n: int, half: float) -> float:
        return half

    assert_type(of_list(3), float)
    workflow(take, tasks=(half, letters, flowdeco))
    workflow(take, tasks={half, letters})
    workflow(take, tasks=generate())
    workflow(take, tasks=(each for each in (half, inner)))
    by_name: dict[str, Task[..., Any]] = {"half": half, "letters": letters}
    workflow(take, tasks=by_name)
    workflow(take, tasks=by_name.values())
    workflows: list[Workflow[Any, Any]] = [inner, awaited]
    workflow(take, tasks=workflows, after=workflows, needs={"given": workflows})


def check_needs_and_after_may_be_of_any_types_and_kinds() -> None:
    @task(needs={"x": [half, "text"], "y": {"a": half, "b": letters, "c": inner}, "z": value(3)}, after=(half, inner))
    def gathered(x: list[Any], y: dict[str, Any], z: int) -> int:
        return z

    @workflow(
        needs={"x": half, "y": "letters", "z": [half, letters], "u": None, "v": value(1)}, after=[half, "letters"]
    )
    def body(x: float, y: list[str], z: list[Any], u: int, v: int) -> int:
        return u + v

    @workflow(needs={"x": half, "y": letters}, after=[half, letters, inner, awaited])
    async def only_tasks(x: float, y: list[str]) -> None: ...

    assert_type(gathered([], {}, 1), int)
    assert_type(body.with_options(needs={"x": [half, letters]}, after=[letters, inner]), Workflow[int, int])
    half.with_options(needs={"n": {"a": half, "b": letters}}, after=[inner, half])
    many = [task(take, name=str(number)) for number in range(3)]
    workflow(take, needs={"given": many}, tasks=many, after=many)


def check_what_recovers_and_what_decides_may_be_tasks_of_any_types() -> None:
    @task(when=inner, recover={ValueError: half, KeyError: letters}, on_error={ValueError: print, KeyError: half})
    def recovered(n: int) -> float:
        return n

    @workflow(
        defaults={"recover": half, "when": letters, "retries": 2}, settled=["x", "y"], needs={"x": half, "y": inner}
    )
    def settled(x: Outcome[float], y: Outcome[bool]) -> float:
        return x.unwrap()

    assert_type(recovered(1), float)
    assert_type(settled.timeout, float | None)


def name_item(n: float) -> str:
    return str(n)


def find_more(result: float, item: int) -> list[int] | None:
    return None


def check_what_runs_for_each_item_stays_the_function_of_one() -> None:
    @task(each={"n": value([1, 2]), ("a", "b"): letters}, key=name_item, ahead=3)
    def one(n: int, a: str, b: str) -> float:
        return n

    @task(each="n", more=find_more, limit=2, settled="n")
    async def crawled(n: Outcome[int]) -> float:
        return 1.0

    @task(stream={"x": "ended", "y": "source"})
    def streamed(x: Iterator[float], y: Iterator[str]) -> Iterator[int]:
        yield 1

    @task(stream=["x"], each=None)
    async def folded(x: AsyncIterator[float]) -> float:
        return 1.0

    @task(stream=False, ahead=2)
    def collected() -> Iterator[int]:
        yield 1

    assert_type(one(1, "a", "b"), float)
    assert_type(one.with_options(each={"n": [half, "numbers"], ("a", "b"): "pairs"}, key=None)(1, "a", "b"), float)
    sources: dict[str, Task[..., Any]] = {"n": half}
    half.with_options(each=sources, stream=None, more=find_more, ahead=None)
    one.with_options(each=["n", "a"], stream=None)

    @workflow(each={"n": "numbers"}, key=name_item, more=find_more, ahead=2, tasks=[one, crawled, streamed, folded])
    def each(n: int, half: float) -> float:
        return half

    assert_type(each, Workflow[float, float])
    assert_type(each.with_options(each={"n": letters}, key=None), Workflow[float, float])


def check_overrides_may_be_of_any_types() -> None:
    @workflow(tasks=[half, letters, inner])
    def offer(n: int, half: float, letters: list[str], inner: bool) -> float:
        return half

    given = offer.override({half: 1.0, letters: lambda: ["x"], inner: value(True)})
    assert_type(given, Workflow[float, float])
    assert_type(given(1), float)
    assert_type(offer.override({half: letters, letters: inner, "inner": half}), Workflow[float, float])
    assert_type(offer.override(half=inner, letters=[], inner=lambda: True), Workflow[float, float])
