"""What a skipped task leaves to others: their defaults, or a skip of their own."""

from typing import Any

import pytest

from flowdeco import Outcome, Skip, Status, Task, task, workflow
from tests.support.naming import mention
from tests.support.outcomes import each_way, make_task, refuse, statuses_of


@each_way
async def test_a_parameter_with_a_default_takes_it_instead_of_a_skipped_result(way: str) -> None:
    page = make_task(way, "page", refuse)
    other = make_task(way, "other", lambda: "other")

    def give(other: str, page: str = "first", last: str = "last", *, more: str = "more", page_too: str = "kw") -> Any:
        return other, page, last, more, page_too

    async def give_async(
        other: str, page: str = "first", last: str = "last", *, more: str = "more", page_too: str = "kw"
    ) -> Any:
        return other, page, last, more, page_too

    given = task(give if way == "def" else give_async, name="given", needs={"last": other, "page_too": page})

    @workflow(tasks=[page, other, given])
    async def w(given: Any, page: str = "body", *, other: str) -> Any:
        return given, page, other

    assert await w() == (("other", "first", "other", "more", "kw"), "body", "other")
    assert statuses_of(await w.run()) == {"page": "skipped", "other": "completed", "given": "completed"}


@pytest.mark.parametrize("needs", [["page", "page"], {"a": "page"}])
async def test_a_list_or_dict_of_which_all_is_skipped_is_the_default(needs: Any) -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def one() -> int:
        return 1

    @task(needs={"given": needs, "others": ["one", "one"]})
    async def with_default(given: Any = "default", *, others: Any = None) -> Any:
        return given, others

    @task(needs={"given": needs})
    async def without(given: Any) -> Any: ...

    @workflow(needs={"given": needs})
    async def w(with_default: Any, without: Any = "skipped", given: Any = "default") -> Any:
        return with_default, without, given

    mention(page, one)
    assert await w() == (("default", [1, 1]), "skipped", "default")


async def test_args_and_kwargs_have_no_default_so_a_skipped_part_skips_their_task() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task(needs={"pages": [page]})
    async def by_position(*pages: Any) -> None: ...

    @task(needs={"pages": {"page": page}})
    async def by_name(**pages: Any) -> None: ...

    @workflow(after=[by_position, by_name])
    async def w() -> int:
        return 1

    run = await w.run()
    assert run.result == 1
    assert statuses_of(run) == {"page": "skipped", "by_position": "skipped", "by_name": "skipped"}


@workflow
async def only_page(page: str = "default") -> Any:
    return page


@workflow
async def page_between(first: str, page: str = "default", last: str = "") -> Any:
    return first, page, last


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize(
    ("inner", "result"), [(only_page, "default"), (page_between, ("first", "default", "last"))], ids=["one", "three"]
)
async def test_an_input_of_a_workflow_inside_takes_its_default_too(inner: Any, result: Any, watched: bool) -> None:
    @task
    async def page() -> None:
        raise Skip

    first = make_task("async", "first", lambda: "first")
    last = make_task("async", "last", lambda: "last")

    def watch() -> None: ...

    @workflow(tasks=[page, first, last], needs={"inner": inner}, on_state=watch if watched else None)
    async def w(inner: Any) -> Any:
        return inner

    assert await w() == result


async def test_a_failed_dependency_is_never_replaced_by_the_default_and_counts_for_more_than_a_skip() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def bad() -> None:
        raise ValueError("no")

    @task
    async def words(page: None, bad: str = "default") -> None:
        raise AssertionError

    @workflow(settled="words")
    async def w(words: Outcome[None]) -> Any:
        return words.status, words.error, words.reason

    run = await w.run()
    assert run.result == ("upstream_failed", run.tasks["bad"].error, None)
    assert run.tasks["words"].error is run.tasks["bad"].error


async def test_what_comes_after_a_skipped_task_runs_and_after_a_failed_one_does_not() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def bad() -> None:
        raise ValueError("no")

    @task(after=page)
    async def after_skipped() -> int:
        return 1

    @task(after=[page, bad])
    async def after_failed() -> None:
        raise AssertionError

    @workflow(settled=("after_skipped", "after_failed"), after=page)
    async def w(after_skipped: Any, after_failed: Any) -> Any:
        return after_skipped.value, after_failed.status

    assert await w() == (1, "upstream_failed")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_chain_of_ten_thousand_is_skipped_or_fails_upstream_without_recursion() -> None:
    @task
    async def first(fails: bool) -> None:
        if fails:
            raise ValueError("no")
        raise Skip("no news")

    async def follow(given: None) -> None:
        raise AssertionError

    step: Task[..., Any] = first
    for index in range(10_000):
        step = task(follow, name=f"n{index}", needs={"given": step})

    @workflow(needs={"last": step}, settled="last")
    async def w(fails: bool, last: Outcome[None]) -> Any:
        return last

    last = await w(False)
    assert (last.status, last.reason) == (Status.SKIPPED, "'first' was skipped: no news")
    last = await w(True)
    assert (last.status, str(last.error)) == (Status.UPSTREAM_FAILED, "no")
