"""The same function with other options."""

from functools import partial
from typing import Any

import anyio
import pytest

from flowdeco import OptionError, OptionTypeError, task, value, workflow
from tests.support.naming import mention, take
from tests.support.pages import page

mention(page)


@workflow
async def summary(url: Any, page: Any) -> Any:
    await anyio.lowlevel.checkpoint()
    return url, page


async def test_with_options_makes_a_workflow_of_the_same_function_and_leaves_the_first_as_it_was() -> None:
    quick = summary.with_options(name="quick", timeout=5)
    assert (quick.name, quick.timeout) == ("quick", 5)
    assert (summary.name, summary.timeout) == ("summary", None)
    assert await quick(url="x") == ("x", "<x>")


async def test_with_options_names_what_else_is_needed() -> None:
    @task
    def other() -> str:
        return "other"

    @task
    def before() -> str:
        ran.append("before")
        return "before"

    ran: list[str] = []
    assert await summary.with_options(needs={"page": other})(url="x") == ("x", "other")
    assert await summary.with_options(tasks={"page": other})(url="x") == ("x", "other")
    assert await summary.with_options(needs={"page": None}, after=before)("x", "y") == ("x", "y")
    assert ran == ["before"]


@task
async def live_rate() -> float:
    return 7.0


@task
def fixed_rate() -> float:
    return 8.0


def labelled(text: str, rate: float = 1.0) -> Any:
    return text, rate


async def test_needs_of_a_workflow_is_changed_parameter_by_parameter() -> None:
    @workflow(needs={"rate": live_rate})
    async def offer(text: str, rate: float = 1.0) -> Any:
        return text, rate

    renamed = offer.with_options(needs={"text": "draft"})
    assert await renamed(draft="t") == ("t", 7.0)
    assert await renamed.with_options(needs={"rate": fixed_rate})(draft="t") == ("t", 8.0)
    assert await renamed.with_options(needs={"rate": None})(draft="t", rate=2.0) == ("t", 2.0)
    assert await renamed.with_options(needs={})(draft="t") == ("t", 7.0)
    assert await renamed.with_options(name="named")(draft="t") == ("t", 7.0)
    assert await offer(text="t") == ("t", 7.0)


async def test_needs_of_a_task_is_changed_parameter_by_parameter() -> None:
    @task(needs={"rate": live_rate, "text": value("t")})
    def offer(text: str, rate: float = 1.0) -> Any:
        return text, rate

    async def give(made: Any) -> Any:
        return await workflow(take, needs={"given": made}).call()

    assert await give(offer.with_options(needs={"text": value("u")})) == ("u", 7.0)
    assert await give(offer.with_options(needs={"rate": fixed_rate})) == ("t", 8.0)
    assert await give(offer) == ("t", 7.0)
    bound = task(partial(labelled, "p"), needs={"rate": live_rate})
    assert await give(bound.with_options(needs={})) == ("p", 7.0)


async def test_an_input_called_state_stays_one_when_another_parameter_is_changed() -> None:
    @workflow(needs={"state": None})
    async def land(state: str, rate: float = 1.0) -> Any:
        return state, rate

    assert await land.with_options(needs={"rate": live_rate})(state="Ohio") == ("Ohio", 7.0)


async def test_a_method_and_an_override_keep_their_needs_as_well() -> None:
    class Shop:
        @workflow(needs={"rate": live_rate})
        async def offer(self, text: str, rate: float = 1.0) -> Any:
            return text, rate

        renamed = offer.with_options(needs={"text": "draft"})

    shop: Any = Shop()
    assert await shop.renamed(draft="t") == ("t", 7.0)
    overridden = Shop.offer.override(live_rate=9.0).with_options(needs={"text": "draft"})
    assert await overridden(shop, draft="t") == ("t", 9.0)


async def test_needs_is_taken_away_as_a_whole_with_none() -> None:
    plain = workflow(labelled, needs={"rate": live_rate, "text": "draft"}).with_options(needs=None)
    assert await plain.call(text="t") == ("t", 1.0)
    assert plain.needs == {}


async def test_what_a_condition_alone_needed_goes_with_the_condition() -> None:
    def is_enough(least: float, rate: float) -> bool:
        return rate > least

    def is_any(most: float) -> bool:
        return most > 0

    @task(needs={"rate": live_rate, "least": value(9.0)}, when=is_enough)
    def offer(rate: float) -> float:
        return rate

    w = workflow(take, needs={"given": offer})
    assert (await w.run_async()).tasks[offer].status == "skipped"
    for changed in (offer.with_options(when=None), offer.with_options(when=is_any, needs={"most": live_rate})):
        assert "least" not in changed.needs
        assert await workflow(take, needs={"given": changed}).call() == 7.0


def test_needs_that_is_no_mapping_is_refused_as_by_the_decorator() -> None:
    made: Any = workflow(labelled, needs={"rate": live_rate})
    with pytest.raises(OptionTypeError, match=r"needs=\['rate'\] is not a mapping"):
        made.with_options(needs=["rate"])
    with pytest.raises(OptionError, match="names 'raet', which is not a parameter of the function"):
        made.with_options(needs={"raet": live_rate})


def test_with_options_rejects_an_option_that_does_not_exist() -> None:
    unknown: dict[str, Any] = {"timeuot": 5}
    with pytest.raises(OptionTypeError) as caught:
        summary.with_options(**unknown)
    assert str(caught.value) == (
        "Cannot change workflow 'summary': there is no option 'timeuot'. Did you mean 'timeout'? "
        "It has 'name', 'needs', 'after', 'calls', 'tasks', 'settled', 'each', 'more', 'ahead', 'key', 'timeout', "
        "'keep_going', 'share', 'defaults', 'state', "
        "'on_state', 'on_start', 'on_success', 'on_retry', 'on_error', 'hook_errors', 'metadata', 'backend' and "
        "'backend_options'."
    )


async def test_a_workflow_with_other_options_is_a_node_of_its_own() -> None:
    again = summary.with_options(name="again")

    @workflow(needs={"second": again})
    async def w(url: Any, summary: Any, second: Any) -> Any:
        return summary, second

    assert [node.name for node in w.graph] == ["page", "summary", "again"]  # both need page, which runs once
    assert await w("x") == (("x", "<x>"), ("x", "<x>"))


async def test_the_outermost_backend_counts() -> None:
    other = summary.with_options(backend="trio")

    @workflow(needs={"second": other})
    async def w(url: Any, second: Any) -> Any:
        return second

    assert await w("x") == ("x", "<x>")
