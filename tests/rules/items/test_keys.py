"""`key=` names an item, for the record."""

from __future__ import annotations

from typing import Any

import pytest

from flowdeco import DigestError, ItemKeyError, Outcome, Skip, task, workflow


async def keys_of(step: Any, *numbers: Any) -> list[Any]:
    @workflow(needs={"step": step})
    def w(numbers: Any, step: Any) -> None: ...

    run = await w.run_async(numbers)
    return [item.key for item in run.tasks[step].items]


async def test_it_is_called_with_what_the_task_receives() -> None:
    def name(numbers: int) -> str:
        return f"n{numbers}"

    def follow(ten: int) -> int:
        return ten + 1

    @task(each="numbers", key=name)
    async def tens(numbers: int) -> int:
        return 10 * numbers

    @task(each={"ten": tens}, key=follow)
    def more(ten: int) -> int:
        return ten

    assert await keys_of(tens, 3, 4) == ["n3", "n4"]
    assert await keys_of(more, 3, 4) == [31, 41]


async def test_it_may_ask_for_the_item_its_index_and_inputs() -> None:
    def name(low: int, item: Any, index: int, numbers: Any) -> Any:
        return low, item, index, len(numbers)

    @task(each={("low", "high"): "numbers"}, key=name)
    async def span(low: int, high: int) -> int:
        return high - low

    assert await keys_of(span, (1, 2), (3, 5)) == [(1, (1, 2), 0, 2), (3, (3, 5), 1, 2)]


async def test_a_failed_item_is_known_by_its_key() -> None:
    def negate(numbers: int) -> int:
        return -numbers

    @task(each="numbers", key=negate, retries=1)
    async def check(numbers: int) -> None:
        raise ValueError

    @workflow
    def w(numbers: Any, check: Any) -> None: ...

    run = await w.run_async([7])
    assert [(failure.index, failure.key) for failure in run.errors] == [(0, -7), (0, -7)]


async def test_two_items_with_the_same_key_are_an_error() -> None:
    def remainder(numbers: int) -> int:
        return numbers % 3

    @task(each="numbers", key=remainder)
    async def check(numbers: int) -> None: ...

    @workflow
    def w(numbers: Any, check: Any) -> None: ...

    with pytest.raises(ItemKeyError) as caught:
        await w.call([0, 1, 2, 3])
    text = "Cannot run task 'check' for item 3: its key= gives 0, as for item 0. Give each item a key of its own."
    assert str(caught.value) == text
    assert caught.value.indices == (0, 3)


def shout(text: str) -> str:
    return f"{text}!"


@task(each={"text": "texts"}, key=shout)
async def fetch(text: str) -> str:
    if text == "bad":
        raise ValueError(text)
    return text


@task(each={"page": fetch})
async def parse(page: str) -> str:
    if page == "empty":
        raise Skip("nothing there")
    return page


@task(each={"page": parse})
async def store(page: str) -> str:
    return page


TEXTS = ["a", "bad", "empty"]
NAMES = ["a!", "bad!", "empty!"]


async def test_the_stages_that_go_on_with_an_item_know_it_by_its_key() -> None:
    @workflow(settled=("fetch", "parse", "store"))
    def w(texts: Any, fetch: Any, parse: Any, store: Any) -> Any:
        return [[outcome.key for outcome in each] for each in (fetch, parse, store)]

    assert await w.call(TEXTS) == [NAMES] * 3
    run = await w.run_async(TEXTS)
    for name in ("fetch", "parse", "store"):
        items = run.tasks[name].items
        assert [item.key for item in items] == NAMES
        found = items.find("bad!")
        assert found is not None
        assert found.name == f"{name}[1]"


async def test_an_outcome_of_an_item_and_its_failure_have_the_key_of_an_earlier_stage() -> None:
    @task(each={"page": fetch})
    async def broken(page: str) -> str:
        raise ValueError(page)

    @task(each={"outcome": broken}, settled="outcome")
    async def look(outcome: Outcome[str]) -> Any:
        return outcome.key

    @workflow
    def w(texts: Any, look: list[Any]) -> Any:
        return look

    run = await w.run_async(["a", "b"])
    assert run.result == ["a!", "b!"]
    assert sorted((failure.task, failure.key) for failure in run.errors) == [("broken", "a!"), ("broken", "b!")]


async def test_a_stage_with_a_key_of_its_own_goes_by_that_and_hands_that_on() -> None:
    def number(index: int) -> int:
        return index

    @task(each={"page": fetch}, key=number)
    async def count(page: str) -> str:
        return page

    @task(each={"page": count})
    async def after(page: str) -> str:
        return page

    @workflow
    def w(texts: Any, after: Any, store: Any) -> None: ...

    run = await w.run_async(["a", "b"])
    keys = {name: [item.key for item in run.tasks[name].items] for name in ("count", "after", "store")}
    assert keys == {"count": [0, 1], "after": [0, 1], "store": ["a!", "b!"]}


async def test_of_two_keys_that_come_together_that_of_the_first_task_counts() -> None:
    def number(index: int) -> int:
        return index

    @task(each={"text": "texts"}, key=number)
    async def size(text: str) -> int:
        return len(text)

    @task(each={"size": size, "page": fetch})
    async def both(size: int, page: str) -> str:
        return page

    @workflow
    def w(texts: Any, fetch: Any, size: Any, both: Any) -> None: ...

    run = await w.run_async(["a", "b"])
    assert [item.key for item in run.tasks["both"].items] == ["a!", "b!"]


async def test_what_does_not_go_on_with_the_stage_that_has_a_key_has_none() -> None:
    @task(each={"text": "texts"})
    async def beside(text: str) -> str:
        return text

    @workflow
    def w(texts: Any, fetch: Any, beside: Any) -> None: ...

    run = await w.run_async(["a"])
    assert [item.key for item in run.tasks["beside"].items] == [None]


@pytest.mark.parametrize("giver", [fetch, store])
async def test_a_stage_that_waits_for_all_items_knows_them_by_the_key_of_an_earlier_one(giver: Any) -> None:
    @task(needs={"pages": giver})
    async def total(pages: list[str]) -> int:
        return len(pages)

    @task(each={"page": giver})
    async def share(page: str, total: int) -> str:
        return page

    @task(each={"page": share})
    async def after(page: str) -> str:
        return page

    @workflow(settled="after")
    def w(texts: Any, share: Any, after: Any) -> Any:
        return [outcome.key for outcome in after]

    assert await w.call(["a", "b"]) == ["a!", "b!"]
    run = await w.run_async(["a", "b"])
    assert [item.key for item in run.tasks["share"].items] == ["a!", "b!"]


@pytest.mark.parametrize("more", [None, lambda: None], ids=["each", "more"])
async def test_a_key_that_cannot_be_told_from_others_is_refused(more: Any) -> None:
    thing = object()

    def name(item: Any) -> object:
        return thing

    @task(each="numbers", key=name, more=more)
    async def check(numbers: int) -> None: ...

    @workflow
    def w(numbers: Any, check: Any) -> None: ...

    with pytest.raises(DigestError) as caught:
        await w.call([1])
    assert str(caught.value) == (
        f"Cannot tell the items of task 'check' apart: key= gives {thing!r}, which has no digest. Let it give a text, "
        "a number, or a tuple of these."
    )
    assert caught.value.value is thing
