"""A branch that is not taken costs nothing: what only it needs does not run."""

from typing import Any

import pytest
from anyio import Event

from flowdeco import Run, Skip, Status, Task, task, workflow
from tests.support.naming import mention
from tests.support.outcomes import each_way, fail, make_task, plain, statuses_of

NOT_NEEDED = "not needed"


def make_note(log: list[str], name: str, way: str, **options: Any) -> Task[..., Any]:
    """Return a task that notes that it ran, and gives its name."""

    def act() -> str:
        log.append(name)
        return name

    return make_task(way, name, act, **options)


@pytest.mark.parametrize("wanted", [True, False])
@each_way
async def test_what_only_a_branch_needs_runs_when_it_is_taken_and_not_otherwise(way: str, wanted: bool) -> None:
    log: list[str] = []
    base = make_note(log, "base", way)
    costly = make_note(log, "costly", way, after=base)

    @task(when=plain(lambda wanted: wanted), needs={"costly": costly})
    async def branch(costly: str) -> str:
        return costly

    @workflow
    async def w(wanted: bool, branch: str = "none") -> str:
        return branch

    run = await w.run(wanted)
    if wanted:
        assert (run.result, log) == ("costly", ["base", "costly"])
    else:
        assert (run.result, log) == ("none", [])
        assert statuses_of(run) == {"base": "skipped", "costly": "skipped", "branch": "skipped"}
        assert {run.tasks[name].reason for name in ("base", "costly")} == {NOT_NEEDED}
        assert run.tasks["costly"].attempts == 0
    mention(branch)


@each_way
async def test_what_somebody_else_needs_runs_all_the_same(way: str) -> None:
    log: list[str] = []
    shared = make_note(log, "shared", way)

    @task(when=lambda: False, needs={"given": shared})
    async def branch(given: str) -> str:
        raise AssertionError

    @workflow(needs={"shared": shared})
    async def w(shared: str, branch: str = "none") -> Any:
        return shared, branch

    mention(branch)
    assert await w() == ("shared", "none")
    assert log == ["shared"]


async def test_a_shared_need_starts_at_the_first_demand() -> None:
    started = Event()

    @task
    async def shared() -> str:
        started.set()
        return "shared"

    async def late() -> bool:
        await started.wait()  # or it would be for ever
        return False

    @task(when=lambda: True)
    async def first(shared: str) -> str:
        return shared

    @task(when=late)
    async def second(shared: str) -> str:
        raise AssertionError

    @workflow
    async def w(first: str, second: str = "none") -> Any:
        return first, second

    mention(shared)
    assert await w() == ("shared", "none")


async def test_what_a_condition_needs_does_not_wait_for_it_and_what_needs_it_is_demanded_with_it() -> None:
    log: list[str] = []
    source = make_note(log, "source", "async")
    costly = make_note(log, "costly", "async")

    @task(needs={"source": source})
    async def asked(source: str) -> bool:
        log.append("asked")
        return source != "source"

    @task(when=asked, needs={"costly": costly})
    async def branch(costly: str) -> str:
        raise AssertionError

    @workflow
    async def w(branch: str = "none") -> str:
        return branch

    mention(branch)
    assert await w() == "none"
    assert log == ["source", "asked"]


async def test_a_branch_in_a_branch_is_asked_only_when_that_is_taken() -> None:
    log: list[str] = []
    source = make_note(log, "source", "async")

    @task(when=plain(lambda source: source), needs={"source": source})
    async def inner() -> str:
        return "inner"

    @task(when=plain(lambda wanted: wanted))
    async def outer(inner: str) -> str:
        return f"outer of {inner}"

    @workflow(tasks=[source])
    async def w(wanted: bool, outer: str = "none") -> str:
        return outer

    mention(inner, outer)
    run = await w.run(wanted=False)
    assert (run.result, log) == ("none", [])
    assert statuses_of(run) == {"source": "skipped", "inner": "skipped", "outer": "skipped"}
    assert run.tasks["inner"].reason == run.tasks["source"].reason == NOT_NEEDED
    assert await w(wanted=True) == "outer of inner"


async def test_the_condition_is_asked_when_what_it_needs_is_there_whatever_else_is_under_way() -> None:
    asked = Event()

    @task
    async def slow() -> str:
        await asked.wait()
        return "slow"

    def ask() -> bool:
        return True

    async def ask_and_tell() -> bool:
        asked.set()
        return ask()

    @task(when=ask_and_tell)
    async def branch(slow: str) -> str:
        return slow

    @workflow
    async def w(slow: str, branch: str) -> Any:
        return slow, branch

    mention(slow)
    assert await w() == ("slow", "slow")


async def test_what_a_task_comes_after_has_ended_before_its_condition_is_asked() -> None:
    log: list[str] = []
    before = make_note(log, "before", "waits")

    def ask() -> bool:
        log.append("asked")
        return False

    @task(when=ask, after=before)
    async def branch() -> str:
        raise AssertionError

    @workflow
    async def w(branch: str = "none") -> str:
        return branch

    mention(branch)
    await w()
    assert log == ["before", "asked"]


@pytest.mark.parametrize("where", ["task", "with_options", "defaults"])
async def test_eager_starts_what_a_branch_needs_before_its_condition_is_known(where: str) -> None:
    started = Event()

    @task
    async def costly() -> str:
        started.set()
        return "costly"

    async def ask() -> bool:
        await started.wait()  # or it would be for ever
        return False

    async def run_it(costly: str) -> str:
        raise AssertionError

    branch = task(run_it, name="branch", when=ask, eager=True if where == "task" else None)
    if where == "with_options":
        branch = branch.with_options(eager=True)

    @workflow(needs={"branch": branch}, defaults={"eager": True} if where == "defaults" else None)
    async def w(branch: str = "none") -> str:
        return branch

    mention(costly)
    run = await w.run()
    assert run.result == "none"
    assert statuses_of(run) == {"costly": "completed", "branch": "skipped"}


async def test_eager_false_of_a_task_counts_more_than_that_of_the_defaults() -> None:
    log: list[str] = []
    costly = make_note(log, "costly", "async")

    @task(when=lambda: False, eager=False, needs={"costly": costly})
    async def branch(costly: str) -> str:
        raise AssertionError

    @workflow(defaults={"eager": True})
    async def w(branch: str = "none") -> str:
        return branch

    mention(branch)
    assert await w() == "none"
    assert log == []


@pytest.mark.parametrize("ends", ["skipped", "failed"])
async def test_a_false_condition_skips_whatever_becomes_of_the_rest(ends: str) -> None:
    def act() -> str:
        if ends == "failed":
            fail()
        raise Skip("no news")

    page = make_task("async", "page", act)

    @task(when=lambda: False, needs={"page": page}, eager=True)
    async def branch(page: str) -> str:
        raise AssertionError

    @workflow(tasks=[page], settled=("page", "branch"))
    async def w(page: Any, branch: Any) -> Any:
        return page.status, branch.status, branch.reason

    mention(branch)
    status, branched, reason = await w()
    assert (status, branched) == (ends, Status.SKIPPED)
    assert reason is not None
    assert reason.endswith("gave false")


@pytest.mark.parametrize("keep_going", [False, True])
@pytest.mark.parametrize("ends", ["skipped", "failed"])
@each_way
async def test_a_true_condition_leaves_a_task_to_what_it_needs(way: str, ends: str, keep_going: bool) -> None:
    def act() -> str:
        if ends == "failed":
            fail()
        raise Skip("no news")

    page = make_task(way, "page", act)

    async def give(page: str = "default") -> str:
        return page

    async def never(page: str) -> str:
        raise AssertionError

    with_default = task(give, name="with_default", when=lambda: True, needs={"page": page})
    without = task(never, name="without", when=lambda: True, needs={"page": page})

    @workflow(tasks=[with_default, without], settled=("with_default", "without"), keep_going=keep_going)
    async def w(with_default: Any, without: Any) -> Any:
        return with_default, without

    run = await w.run()
    assert run.result is not None
    given, not_given = run.result
    if ends == "skipped":
        assert (given.value, not_given.status, not_given.reason) == (
            "default",
            Status.SKIPPED,
            "'page' was skipped: no news",
        )
    else:
        assert {given.status, not_given.status} == {Status.UPSTREAM_FAILED}
        assert given.error is not_given.error is run.tasks["page"].error


@pytest.mark.parametrize("recovers", [False, True])
@each_way
async def test_a_condition_that_raises_demands_nothing_unless_the_task_recovers_with_it(
    way: str, recovers: bool
) -> None:
    log: list[str] = []
    costly = make_note(log, "costly", way)

    def save(error: Exception, costly: str) -> str:
        return f"{costly} instead of {error}"

    @task(when=fail, needs={"costly": costly}, recover=save if recovers else None)
    async def branch(costly: str) -> str:
        raise AssertionError

    @workflow(settled="branch")
    async def w(branch: Any) -> Any:
        return branch

    mention(branch)
    run = await w.run()
    assert run.result is not None
    if recovers:
        assert (run.result.value, log) == ("costly instead of no", ["costly"])
    else:
        assert (str(run.result.error), log, run.tasks["costly"].reason) == ("no", [], NOT_NEEDED)


async def test_an_error_of_a_condition_is_the_task_s_where_what_recovers_it_cannot_have_the_arguments() -> None:
    @task
    async def page() -> str:
        raise Skip("no news")

    def recover(page: str) -> str:
        return page

    @task(when=fail, recover=recover)
    async def branch(page: str) -> str:
        raise AssertionError

    @workflow(settled="branch")
    async def w(branch: Any) -> Any:
        return str(branch.error)

    mention(page, branch)
    assert await w() == "no"


@each_way
async def test_a_workflow_that_only_a_branch_needs_runs_when_that_is_taken(way: str) -> None:
    log: list[str] = []
    page = make_note(log, "page", way)

    @workflow(needs={"page": page})
    async def inner(page: str) -> str:
        log.append("inner")
        return page

    @task(when=plain(lambda wanted: wanted))
    async def branch(inner: str) -> str:
        return inner

    @workflow
    async def w(wanted: bool, branch: str = "none") -> str:
        return branch

    mention(inner, branch)
    assert (await w(wanted=False), log) == ("none", [])
    assert (await w(wanted=True), log) == ("page", ["page", "inner"])


async def test_a_branch_in_a_workflow_within_costs_nothing_there() -> None:
    log: list[str] = []
    costly = make_note(log, "costly", "async")

    @task(when=plain(lambda wanted: wanted), needs={"costly": costly})
    async def branch(costly: str) -> str:
        return costly

    @workflow
    async def inner(wanted: bool, branch: str = "none") -> str:
        return branch

    @workflow
    async def w(wanted: bool, inner: str) -> str:
        return inner

    mention(branch, inner)
    run = await w.run(wanted=False)
    assert (run.result, log) == ("none", [])
    assert run.tasks["inner"].run.tasks["costly"].reason == NOT_NEEDED
    assert (await w(wanted=True), log) == ("costly", ["costly"])


async def test_a_value_in_the_place_of_what_a_branch_needs_is_taken_and_nothing_runs_for_it() -> None:
    log: list[str] = []
    base = make_note(log, "base", "async")

    @task(needs={"base": base})
    def costly(base: str) -> str:
        return base

    @task(when=lambda: True, needs={"costly": costly})
    async def branch(costly: str) -> str:
        return costly

    @workflow
    async def w(branch: str) -> str:
        return branch

    mention(branch)
    assert await w.override({costly: "given"})() == "given"
    assert log == []
    assert await w.override({branch: "given"})() == "given"
    assert log == []


async def test_hooks_and_followers_hear_that_something_was_not_needed() -> None:
    told: list[Any] = []

    def tell(task: str | None, status: Status) -> None:
        if task is not None:
            told.append((task, status.value))

    costly = make_note([], "costly", "async", on_state=tell)

    @task(when=lambda: False, needs={"costly": costly})
    async def branch(costly: str) -> str:
        raise AssertionError

    @workflow(on_state=tell)
    async def w(branch: str = "none") -> str:
        return branch

    mention(branch)
    await w()
    assert told == [("branch", "skipped"), ("costly", "skipped"), ("costly", "skipped")]
    async with w.start() as run:
        events = [(event.task, event.status) async for event in run.events() if event.task is not None]
    assert events == [("branch", "skipped"), ("costly", "skipped")]


async def test_keep_going_demands_what_the_other_branches_need() -> None:
    log: list[str] = []
    one, other = make_note(log, "one", "async"), make_note(log, "other", "async")

    @task(when=fail, needs={"one": one})
    async def bad(one: str) -> str:
        raise AssertionError

    @task(when=lambda: True, needs={"other": other})
    async def good(other: str) -> str:
        return other

    @workflow(keep_going=True)
    async def w(bad: str, good: str) -> None: ...

    mention(bad, good)
    run: Run[Any] = await w.run()
    assert log == ["other"]
    assert statuses_of(run) == {"one": "skipped", "other": "completed", "bad": "failed", "good": "completed"}
