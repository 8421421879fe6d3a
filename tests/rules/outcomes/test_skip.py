"""A task or a workflow that raises `Skip` is skipped, and what needs it too."""

import logging
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from flowdeco import Skip, Status, task, workflow
from tests.conftest import Backend
from tests.support.naming import on
from tests.support.outcomes import AGAIN, each_way, make_task, refuse, statuses_of


@each_way
async def test_a_task_that_raises_skip_is_skipped_and_that_is_no_error(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    def refuse_and_count() -> None:
        calls.append("call")
        raise Skip("no news")

    page = make_task(way, "page", refuse_and_count, retries=AGAIN, recover=calls.append)

    @task
    async def words(page: str) -> str:
        raise AssertionError

    @workflow(tasks=[page, words])
    async def w(words: str) -> str:
        raise AssertionError

    run = await w.run()
    assert calls == ["call"]
    assert statuses_of(run) == {"page": "skipped", "words": "skipped"}
    assert (run.status, run.result, run.error, run.errors) == (Status.SKIPPED, None, None, [])
    page_record, words_record = run.tasks["page"], run.tasks["words"]
    assert (page_record.reason, page_record.error, page_record.attempts) == ("no news", None, 1)
    assert (words_record.reason, words_record.error, words_record.attempts) == ("'page' was skipped: no news", None, 0)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@each_way
async def test_a_call_of_a_workflow_that_needs_a_skipped_task_raises_the_skip(way: str) -> None:
    page = make_task(way, "page", refuse)

    @workflow(tasks=[page])
    async def w(page: str) -> str:
        raise AssertionError

    with pytest.raises(Skip) as caught:
        await w()
    assert type(caught.value) is Skip
    assert caught.value.reason == str(caught.value) == "'page' was skipped: no news"


def test_a_plain_call_raises_the_skip_of_its_tasks_and_that_of_its_own_function(backend: Backend) -> None:
    @task
    async def page() -> None:
        raise Skip("no news")

    @workflow
    def needs_it(page: str) -> None:
        raise AssertionError

    @workflow
    def skips() -> None:
        raise Skip("not today")

    with pytest.raises(Skip, match=r"^'page' was skipped: no news$"):
        on(needs_it, backend)()
    with pytest.raises(Skip, match=r"^not today$"):
        on(skips, backend)()
    for w in (needs_it, skips):
        run = on(w, backend).run()
        assert (run.status, run.error, run.result) == (Status.SKIPPED, None, None)


async def test_an_async_workflow_that_raises_skip_is_skipped() -> None:
    skip = Skip("not today")

    @workflow
    async def w() -> None:
        await checkpoint()
        raise skip

    with pytest.raises(Skip) as caught:
        await w()
    assert caught.value is skip
    run = await w.run()
    assert (run.status, run.error, run.errors) == (Status.SKIPPED, None, [])


async def test_a_skip_without_a_reason_has_an_empty_one_everywhere() -> None:
    @task
    async def page() -> None:
        raise Skip

    @task
    async def words(page: None) -> None: ...

    @workflow(settled=("page", "words"))
    async def w(page: Any, words: Any) -> Any:
        return page.reason, words.reason

    run = await w.run()
    assert run.result == ("", "'page' was skipped")
    assert (run.tasks["page"].reason, run.tasks["words"].reason) == ("", "'page' was skipped")


async def test_what_is_skipped_down_a_chain_names_the_task_that_began_it() -> None:
    @task
    async def page() -> None:
        raise Skip("no news")

    @task
    async def words(page: None) -> None: ...

    @task
    async def count(words: None) -> None: ...

    @workflow
    async def w(count: None) -> None: ...

    run = await w.run()
    assert {record.reason for record in run.tasks.values()} == {"no news", "'page' was skipped: no news"}
    with pytest.raises(Skip, match=r"^'page' was skipped: no news$"):
        await w()


@pytest.mark.parametrize("in_body", [False, True])
async def test_a_workflow_that_is_skipped_is_a_skipped_node_and_names_itself_to_those_that_need_it(
    in_body: bool,
) -> None:
    @task
    async def page() -> None:
        if not in_body:
            raise Skip("no news")

    @workflow
    async def inner(page: None) -> None:
        raise Skip("not today")

    @task
    async def words(inner: None) -> None: ...

    @workflow
    async def w(words: None) -> None: ...

    run = await w.run()
    why = "not today" if in_body else "'page' was skipped: no news"
    assert statuses_of(run) == {"inner": "skipped", "words": "skipped"}
    assert run.tasks["inner"].reason == why
    assert run.tasks["words"].reason == f"'inner' was skipped: {why}"
