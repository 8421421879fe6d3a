"""`with_options(needs={"text": "before"})` renames an input, and `needs={"text": some_task}` fills it."""

import inspect
from typing import Any

import pytest

from flowdeco import InputError, MissingDependencyError, UnknownTaskError, task, value, workflow
from tests.support.check import find_problem
from tests.support.naming import mention


@task
def words(text: str) -> list[str]:
    return text.split()


@task
def size(words: list[str], text: str) -> tuple[int, str]:
    return len(words), text


@workflow
def measured(text: str, size: Any, unit: str = "words") -> Any:
    return text, size, unit


before = measured.with_options(needs={"text": "first"}, name="before")
after = measured.with_options(needs={"text": "last"}, name="after")


@workflow(needs={"pair": [before, after]})
def both(first: str, last: str, pair: Any) -> Any:
    return pair


EXPECTED = ("a b", (2, "a b"), "words")

mention(words, size)


def test_a_renamed_input_has_its_new_name_outside_and_its_own_in_every_task() -> None:
    assert before(first="a b") == before("a b") == EXPECTED
    with pytest.raises(InputError, match="unexpected keyword argument 'text'"):
        before(text="a b")


def test_one_workflow_is_used_twice_with_different_inputs() -> None:
    assert both("a b", "c") == [EXPECTED, ("c", (1, "c"), "words")]
    both.check(types=True)


async def test_an_async_workflow_is_used_twice_with_different_inputs() -> None:
    @workflow
    async def counted(text: str, size: Any) -> Any:
        return text, size

    first = counted.with_options(needs={"text": "one"})
    second = counted.with_options(needs={"text": "two"})

    @workflow(needs={"pair": [first, second]})
    async def w(one: str, two: str, pair: Any) -> Any:
        return pair

    assert await w("a b", "c") == [("a b", (2, "a b")), ("c", (1, "c"))]


def test_the_workflow_that_was_renamed_stays_as_it_is() -> None:
    assert measured(text="a b") == EXPECTED


def test_a_new_name_replaces_the_one_before() -> None:
    assert before.with_options(needs={"text": "other"})(other="a b") == EXPECTED
    assert before.with_options(needs={"text": "text"})(text="a b") == EXPECTED
    assert before.with_options(needs=None)(text="a b") == EXPECTED


def test_the_signature_has_the_new_name_and_what_the_parameter_says_of_it() -> None:
    renamed = measured.with_options(needs={"unit": "kind"})
    assert list(inspect.signature(before).parameters) == ["first", "unit"]
    assert inspect.signature(renamed).parameters["kind"].default == "words"
    assert renamed("a b", kind="tokens")[2] == "tokens"


def test_two_inputs_can_swap_their_names() -> None:
    @task
    def shown(left: int, right: int) -> Any:
        return left, right

    @workflow
    def pair(left: int, right: int, shown: Any) -> Any:
        return left, right, shown

    assert pair.with_options(needs={"left": "right", "right": "left"})(left=1, right=2) == (2, 1, (2, 1))


def test_two_inputs_can_become_one_also_by_the_name_of_one_of_them() -> None:
    @workflow
    def pair(left: int, right: int = 3) -> Any:
        return left, right

    assert pair.with_options(needs={"left": "side", "right": "side"})(side=1) == (1, 1)
    assert pair.with_options(needs={"left": "right"})() == (3, 3)


def test_inside_the_new_name_means_nothing() -> None:
    @task
    def asks(first: str) -> str:
        return first

    @workflow
    def w(text: str, asks: str) -> str:
        return asks

    with pytest.raises(MissingDependencyError, match="task 'asks' needs 'first'"):
        w.with_options(needs={"text": "first"}).check()


def test_a_when_a_recovery_and_a_hook_get_it_by_its_own_name() -> None:
    told: list[str] = []

    def is_wanted(text: str) -> bool:
        return text != "no"

    def save(text: str) -> str:
        return f"saved {text}"

    def tell(text: str) -> None:
        told.append(text)

    def tell_outside(first: str) -> None:
        told.append(first.upper())

    @task(when=is_wanted, recover=save)
    def fails(text: str) -> str:
        raise ValueError(text)

    @workflow(on_success=tell)
    def w(text: str, fails: str | None = None) -> Any:
        return fails

    renamed = w.with_options(needs={"text": "first"})
    assert (renamed("yes"), renamed("no")) == ("saved yes", None)
    assert told == ["yes", "no"]
    renamed.with_options(on_success=tell_outside)("yes")
    assert told[2:] == ["YES"]
    assert renamed.run("yes").inputs == {"first": "yes"}


def test_a_task_fills_an_input_for_every_task_that_names_it() -> None:
    @task
    def read(path: str) -> str:
        return f"read {path}"

    filled = measured.with_options(needs={"text": read})
    with pytest.raises(MissingDependencyError, match="task 'read' needs 'path'"):
        filled.check()

    @task
    def fixed() -> str:
        return "a b"

    filled = measured.with_options(needs={"text": fixed})
    assert filled() == EXPECTED
    assert filled.override(fixed="c")() == filled.override(text="c")() == ("c", (1, "c"), "words")


def test_a_list_of_tasks_fills_an_input() -> None:
    @task
    def total(parts: list[int]) -> int:
        return sum(parts)

    @workflow
    def w(parts: list[int], total: int) -> Any:
        return parts, total

    assert w.with_options(needs={"parts": [task(lambda: 1), task(lambda: 2)]})() == ([1, 2], 3)


def test_an_input_is_filled_by_a_task_whose_name_is_given() -> None:
    @workflow(tasks={"greeting": task(lambda: "hello you")})
    def w(text: str, size: Any) -> Any:
        return text, size

    assert w.with_options(needs={"text": "greeting"})() == ("hello you", (2, "hello you"))


def test_a_name_that_a_parameter_of_a_task_has_does_not_become_an_input_by_being_misspelt() -> None:
    @workflow(needs={"size": "sise"})
    def w(text: str, size: Any) -> Any:
        return size

    error = find_problem(w)
    assert "workflow 'w' needs 'sise', and no task or input has that name. Did you mean 'size'?" in str(error)


def test_a_missing_input_that_is_nearly_a_task_says_so() -> None:
    @workflow(needs={"parts": "wrods"})
    def w(parts: Any) -> Any:
        return parts

    with pytest.raises(InputError, match=r"missing 1 required argument: 'wrods'\. Did you mean the task 'words'"):
        w()


def test_override_reaches_renamed_workflows_and_says_what_is_an_input() -> None:
    assert both.override(words=["x"])("a b", "c") == [("a b", (1, "a b"), "words"), ("c", (1, "c"), "words")]
    assert both.override({before: "B"})("a b", "c") == ["B", ("c", (1, "c"), "words")]
    assert before.override(size=0)(first="a") == ("a", 0, "words")

    def fake(first: str) -> str:
        return first

    assert both.override({before: fake})("a b", "c")[0] == "a b"
    with pytest.raises(UnknownTaskError, match="'first' is an input"):
        before.override(first=1)


def test_the_graph_shows_the_new_name() -> None:
    text = str(before.graph)
    assert text.startswith("before(first, unit)\n├── first as text (input)\n")
    assert ("first", "words", "text") in before.graph.edges
    assert 'label="first"' in before.graph.to_dot()


def test_a_task_nearer_than_a_renamed_input_is_reported_by_check() -> None:
    @task
    def text() -> str:
        return "near"

    @task
    def reads(text: str) -> str:
        return text

    @workflow(needs={"text": None})
    def w(text: str, reads: str) -> str:
        return reads

    assert "receives the task 'text' that is in reach" in str(find_problem(w))
    mention(text)


def test_what_fills_an_input_does_not_get_itself_under_that_name() -> None:
    @task
    def clean(text: str = " a b ") -> str:
        return text.strip()

    assert measured.with_options(needs={"text": clean})() == EXPECTED


def test_a_method_s_input_is_renamed() -> None:
    class Shop:
        @workflow
        def offer(self, text: str, size: Any) -> Any:
            return self, text, size

        renamed = offer.with_options(needs={"text": "first"})

    shop = Shop()
    assert shop.renamed(first="a b") == (shop, "a b", (2, "a b"))


@task
async def reads(state: Any, run: Any) -> Any:
    return state, run


@workflow(needs={"state": None, "run": None})
async def surveyed(state: Any, run: Any, reads: Any) -> Any:
    return state, run, reads


mention(reads)


async def test_inputs_called_state_and_run_are_renamed_for_every_task_that_names_them() -> None:
    moved = surveyed.with_options(needs={"state": "land", "run": "time"})
    assert list(inspect.signature(moved).parameters) == ["land", "time"]
    assert await moved(land="Uri", time=3) == ("Uri", 3, ("Uri", 3))
    assert await moved.with_options(needs={"run": None})("Uri", 4) == ("Uri", 4, ("Uri", 4))

    @workflow(needs={"state": "land", "run": "time"})
    async def at_once(state: Any, run: Any, reads: Any) -> Any:
        return state, run, reads

    assert await at_once(land="Uri", time=3) == ("Uri", 3, ("Uri", 3))


async def test_a_nested_workflow_s_inputs_called_state_and_run_are_renamed() -> None:
    @workflow(needs={"inner": surveyed.with_options(needs={"state": "land", "run": "time"})})
    async def w(land: str, time: int, inner: Any) -> Any:
        return inner

    assert await w("Uri", 3) == ("Uri", 3, ("Uri", 3))


async def test_inputs_called_state_and_run_are_filled_for_every_task_that_names_them() -> None:
    @task
    async def seven() -> int:
        return 7

    filled = surveyed.with_options(needs={"state": seven, "run": value(8)})
    assert await filled() == (7, 8, (7, 8))
    named = surveyed.with_options(needs={"state": "seven"}, tasks=[seven])
    assert await named(run=1) == (7, 1, (7, 1))


def test_a_hook_gets_the_run_and_its_state_however_such_inputs_are_called() -> None:
    told: list[object] = []

    def tell(state: Any, run: Any) -> None:
        told.extend([state, run])

    def tell_outside(state: Any, land: str) -> None:
        told.extend([state, land])

    @workflow(needs={"state": None}, on_success=tell)
    def w(state: str) -> str:
        return state

    renamed = w.with_options(needs={"state": "land"})
    record = renamed.run(land="Uri")
    assert told == [record.state, record]
    record = renamed.with_options(on_success=tell_outside).run(land="Uri")
    assert told[2:] == [record.state, "Uri"]


def test_an_input_that_would_be_called_state_is_told_to_have_another_name() -> None:
    renamed = measured.with_options(needs={"text": "state"})
    with pytest.raises(InputError, match=r"Each run has a 'state' of its own; give the input another name\."):
        renamed(state="a b")


@task
async def louder(text: str) -> str:
    return text.upper()


@workflow
async def repeated(text: str, louder: str) -> Any:
    return text, louder


@pytest.mark.parametrize("need", [louder, "louder", [louder, louder]])
def test_a_task_that_fills_the_input_that_it_needs_is_told_so(need: Any) -> None:
    with pytest.raises(MissingDependencyError) as caught:
        repeated.with_options(needs={"text": need}).check()
    assert str(caught.value) == (
        "Cannot build workflow 'repeated': task 'louder' needs 'text', and needs= of 'repeated' fills that with "
        "'louder' itself. Fill it with a task that does not need it."
    )


@pytest.mark.parametrize("name", ["not ok", "class", "", "a.b", "1st"])
def test_an_input_gets_no_name_that_an_argument_cannot_have(name: str) -> None:
    renamed = measured.with_options(needs={"text": name})
    with pytest.raises(MissingDependencyError) as caught:
        renamed(**{name: "a b"})
    assert str(caught.value) == (
        f"Cannot build workflow 'measured': workflow 'measured' needs {name!r}, and no task or input has that name. "
        f"No input can be called so. For the text itself, write needs={{'text': value({name!r})}}."
    )
    assert list(inspect.signature(renamed).parameters) == ["unit"]


def test_a_name_that_some_statements_only_use_can_be_an_input_s() -> None:
    assert measured.with_options(needs={"text": "match"})(match="a b") == EXPECTED
