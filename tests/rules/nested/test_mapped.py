"""Tasks with `each=` that several workflows share, and workflows with `each=`."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from flowdeco import EachError, Outcome, Skip, task, workflow
from tests.support.naming import mention

ran: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def _forget() -> None:
    ran.clear()


@task
async def pages(site: str) -> list[str]:
    ran["pages"] += 1
    return [f"{site}/{number}" for number in range(3)]


@task(each={"page": pages})
async def text(page: str) -> str:
    ran["text"] += 1
    return page.upper()


@task(each={"text": text})
async def length(text: str) -> int:
    ran["length"] += 1
    if text.endswith("1"):
        raise Skip("the second")
    return len(text)


@task
async def total(length: list[int]) -> int:
    return sum(length)


@workflow
async def summary(site: str, total: int) -> int:
    return total


@workflow
async def report(site: str, text: list[str]) -> str:
    return " ".join(text)


mention(pages, text, length, total, summary, report)


async def test_a_mapped_task_that_is_read_as_a_whole_within_runs_once_around() -> None:
    @workflow
    async def w(site: str, report: str, text: list[str]) -> Any:
        return report, text

    assert await w("a") == ("A/0 A/1 A/2", ["A/0", "A/1", "A/2"])
    assert ran == {"pages": 1, "text": 3}


async def test_a_mapped_task_with_its_item_by_item_readers_runs_once_around() -> None:
    @workflow
    async def w(site: str, summary: int, length: list[int]) -> Any:
        return summary, length

    assert await w("a") == (6, [3, 3])
    assert ran == {"pages": 1, "text": 3, "length": 3}


async def test_two_workflows_within_share_a_whole_chain_of_mapped_tasks() -> None:
    other = summary.with_options(name="other")

    @workflow(tasks={"other": other})
    async def w(site: str, summary: int, other: int, report: str) -> Any:
        return summary, other, report

    assert await w("a") == (6, 6, "A/0 A/1 A/2")
    assert ran == {"pages": 1, "text": 3, "length": 3}


async def test_a_mapped_task_that_is_read_item_by_item_within_alone_runs_once_around() -> None:
    @workflow
    async def w(site: str, summary: int, text: list[str]) -> Any:
        return summary, text

    assert await w("a") == (6, ["A/0", "A/1", "A/2"])
    assert ran == {"pages": 1, "text": 3, "length": 3}


async def test_a_stream_within_is_one_of_the_list_around() -> None:
    @task(stream="text")
    async def first(text: AsyncIterator[str]) -> str:
        return await anext(text)

    @workflow
    async def inner(site: str, first: str) -> str:
        return first

    @workflow(tasks={"inner": inner})
    async def w(site: str, inner: str, text: list[str]) -> Any:
        return inner, text

    mention(first)
    assert await w("a") == ("A/0", ["A/0", "A/1", "A/2"])
    assert ran == {"pages": 1, "text": 3}


async def test_an_output_of_all_items_is_a_list_within_too() -> None:
    @task(each={"page": pages}, outputs=("first", "last"))
    async def ends(page: str) -> tuple[str, str]:
        ran["ends"] += 1
        return page[0], page[-1]

    @task(each={"digit": "last"})
    async def doubled(digit: str) -> int:
        return 2 * int(digit)

    @workflow
    async def firsts(site: str, first: list[str]) -> Any:
        return first

    @workflow
    async def doubles(site: str, doubled: list[int]) -> Any:
        return doubled

    @workflow(tasks={"firsts": firsts, "doubles": doubles})
    async def w(site: str, firsts: Any, doubles: Any, last: list[str]) -> Any:
        return firsts, doubles, last

    mention(ends, doubled)
    assert await w("a") == (["a", "a", "a"], [0, 2, 4], ["0", "1", "2"])
    assert ran == {"pages": 1, "ends": 3}


async def test_outcomes_within_are_of_every_item() -> None:
    @task(each={"text": text}, settled="text")
    async def told(text: Outcome[str]) -> str:
        return text.status

    @workflow(settled="length")
    async def inner(site: str, length: list[Outcome[int]], told: list[str]) -> Any:
        return [each.status for each in length], told

    @workflow(tasks={"inner": inner})
    async def w(site: str, inner: Any, length: list[int], text: list[str]) -> Any:
        return inner, length, text

    mention(told)
    statuses = ["completed", "skipped", "completed"]
    assert await w("a") == ((statuses, ["completed"] * 3), [3, 3], ["A/0", "A/2"])


async def test_a_default_for_a_skipped_item_is_taken_within_too() -> None:
    @task(each={"length": length})
    async def known(length: int = -1) -> int:
        return length

    @workflow
    async def inner(site: str, known: list[int]) -> list[int]:
        return known

    @workflow(tasks={"inner": inner})
    async def w(site: str, inner: list[int], length: list[int]) -> Any:
        return inner, length

    mention(known)
    assert await w("a") == ([3, -1, 3], [3, 3])


async def test_what_goes_in_step_within_goes_so_by_the_items_of_the_source() -> None:
    @task(each={"page": pages, "length": length})
    async def pair(page: str, length: int) -> tuple[str, int]:
        return page, length

    @workflow
    async def inner(site: str, pair: list[Any]) -> list[Any]:
        return pair

    @workflow(tasks={"inner": inner})
    async def w(site: str, inner: list[Any], length: list[int]) -> Any:
        return inner, length

    mention(pair)
    assert await w("a") == ([("a/0", 3), ("a/2", 3)], [3, 3])


async def test_lists_that_a_task_within_receives_together_hold_the_same_items() -> None:
    @workflow
    async def pairs(site: str, text: list[str], length: list[int]) -> Any:
        return list(zip(text, length, strict=True))

    @workflow(tasks={"pairs": pairs})
    async def w(site: str, pairs: Any, text: list[str], total: int) -> Any:
        return pairs, total

    assert await w("a") == ([("A/0", 3), ("A/2", 3)], 6)


async def test_lists_that_a_workflow_is_given_together_hold_the_same_items_in_it() -> None:
    @task
    async def counted(texts: list[str]) -> int:
        return len(texts)

    @workflow
    async def inner(texts: list[str], lengths: list[int], counted: int) -> Any:
        return len(texts), len(lengths), counted

    @workflow(tasks={"inner": inner, "texts": text, "lengths": length})
    async def w(site: str, inner: Any, text: list[str]) -> Any:
        return inner, len(text)

    mention(counted)
    assert await w("a") == ((2, 2, 2), 3)


async def test_what_more_adds_is_there_for_all_of_the_axis_within() -> None:
    def find_more(result: str) -> list[str]:
        return ["b"]

    @task(each={"page": pages}, more=find_more)
    async def crawled(page: str) -> str:
        ran["crawled"] += 1
        return page

    @task(each={"page": pages})
    async def visited(page: str) -> str:
        return page

    @workflow
    async def inner(site: str, crawled: list[str], visited: list[str]) -> Any:
        return visited

    @workflow(tasks={"inner": inner})
    async def w(site: str, inner: Any, crawled: list[str]) -> Any:
        return inner, crawled

    mention(visited)
    assert await w("a") == (["a/0", "a/1", "a/2", "b"], ["a/0", "a/1", "a/2", "b"])


async def test_a_workflow_runs_once_for_each_item_and_called_it_takes_one() -> None:
    @task
    async def words(line: str) -> list[str]:
        return line.split()

    @workflow(each="line")
    async def counted(line: str, words: list[str]) -> int:
        return len(words)

    @workflow(tasks={"counted": counted})
    async def w(line: list[str], counted: list[int]) -> list[int]:
        return counted

    mention(words)
    assert await counted("one two") == 2
    assert await w(["one two", "", "three"]) == [2, 0, 1]


async def test_a_workflow_for_each_item_shares_what_needs_no_item_with_the_one_around() -> None:
    @task
    async def weight() -> int:
        ran["weight"] += 1
        return 10

    @task
    async def weighed(number: int, weight: int) -> int:
        ran["weighed"] += 1
        return number * weight

    @workflow(each={"number": "numbers"})
    async def one(number: int, weighed: int) -> int:
        return weighed

    @workflow(tasks={"one": one})
    async def w(numbers: list[int], one: list[int], weight: int) -> Any:
        return one, weight

    mention(weighed)
    assert await w([1, 2, 3]) == ([10, 20, 30], 10)
    assert ran == {"weight": 1, "weighed": 3}


async def test_a_renamed_input_of_a_workflow_receives_the_items() -> None:
    @workflow(each="line", needs={"line": "row"})
    async def first(line: str) -> str:
        return line[0]

    @workflow(tasks={"first": first})
    async def own(row: list[str], first: list[str]) -> Any:
        return first

    @workflow(tasks={"first": first.with_options(each={"line": "rows"})})
    async def mapped(rows: list[str], first: list[str]) -> Any:
        return first

    assert await own(["ab", "cd"]) == ["a", "c"]
    assert await mapped(["ab", "cd"]) == ["a", "c"]


async def test_nested_maps_run_one_within_the_other() -> None:
    @task(each="word")
    async def size(word: str) -> int:
        return len(word)

    @workflow(each={"word": "line"})
    async def sizes(word: list[str], size: list[int]) -> int:
        return sum(size)

    @workflow(each={"line": "chapter"}, tasks={"sizes": sizes})
    async def chapters(line: list[list[str]], sizes: list[int]) -> list[int]:
        return sizes

    @workflow(tasks={"chapters": chapters})
    async def book(chapter: list[list[list[str]]], chapters: list[list[int]]) -> Any:
        return chapters

    mention(size)
    assert await book([[["a", "bc"], ["d"]], [], [["efg"]]]) == [[3, 1], [], [3]]


def test_what_a_workflow_is_mapped_over_must_be_one_of_its_inputs() -> None:
    @workflow(each={"text": "texts"})
    async def inner(text: str, site: str) -> str:
        return text

    @workflow(tasks={"inner": inner})
    async def w(site: str, texts: list[str], inner: Any) -> Any:
        return inner

    with pytest.raises(EachError) as caught:
        w.check()
    assert str(caught.value) == (
        "Cannot build workflow 'w': workflow 'inner' has 'text' in each=, which is none of its inputs, as a task, the "
        "run or needs= gives it. Give the parameter another name, or say needs={'text': None}, which makes it an input."
    )
    assert (caught.value.function, caught.value.parameter) == ("inner", "text")
    as_said = inner.with_options(name="inner", needs={"text": None})
    w.with_options(tasks={"inner": as_said}).check()
