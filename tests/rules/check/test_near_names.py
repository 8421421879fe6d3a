"""A parameter that takes its default, and a task or an input that has nearly its name: a silent wrong result."""

import functools
from typing import Any

import pytest

from flowdeco import NearNameError, Workflow, task, workflow
from tests.support.check import find_problem, messages
from tests.support.modules import make_module
from tests.support.naming import mention


@task
def discount() -> float:
    return 0.5


@task(outputs=("forecast", "residuals"))
def fitted() -> tuple[int, int]:
    return 1, 2


def near_names(w: Workflow[Any, Any]) -> set[tuple[str, str, str]]:
    """What `check` finds of it: who, its parameter, and what was perhaps meant."""
    try:
        w.check()
    except NearNameError as error:
        return {(error.function, error.parameter, error.near)}
    except ValueError as error:
        problems = getattr(error, "problems", ())
        assert all(isinstance(problem, NearNameError) for problem in problems)
        return {(problem.function, problem.parameter, problem.near) for problem in problems}
    return set()


def test_a_parameter_that_nearly_names_a_task_is_reported_and_the_call_still_runs() -> None:
    @task
    def price(base: float, discont: float = 0.0) -> float:
        return base * (1 - discont)

    @workflow
    def offer(base: float, price: float) -> float:
        return price

    assert offer(2.0) == 2.0
    error = find_problem(offer)
    assert isinstance(error, NearNameError)
    assert (error.workflow, error.function, error.parameter, error.near) == ("offer", "price", "discont", "discount")
    assert str(error) == (
        "Cannot accept workflow 'offer': task 'price' takes the default of its parameter 'discont', and there is a "
        "task 'discount'. Rename one of them, or write needs={'discont': None} if it is meant so."
    )


@pytest.mark.parametrize("kind", ["async", "def", "method", "partial"])
def test_it_is_found_of_every_kind_of_function(kind: str) -> None:
    async def awaited(discont: float = 0.0) -> float:
        return discont

    def plain(discont: float = 0.0) -> float:
        return discont

    class Shop:
        def price(self, discont: float = 0.0) -> float:
            return discont

    def more(base: float, discont: float = 0.0) -> float:
        return base + discont

    functions: Any = {"async": awaited, "def": plain, "method": Shop().price, "partial": functools.partial(more, 1.0)}

    @workflow(needs={"x": task(functions[kind], name="price")})
    def w(x: Any) -> None: ...

    assert near_names(w) == {("price", "discont", "discount")}


def test_it_is_found_of_conditions_and_of_the_workflow_s_inputs() -> None:
    def is_wanted(discont: float = 0.0) -> bool:
        return not discont

    @task(when=is_wanted)
    def price() -> float:
        return 1.0

    @workflow
    def w(price: float = 0.0, *, discoount: float = 0.0) -> None: ...

    assert near_names(w) == {("price", "discont", "discount"), ("w", "discoount", "discount")}
    assert (
        "Cannot accept workflow 'w': workflow 'w' has an input with a default, 'discoount', and there is a task "
        "'discount'. Rename one of them, or write needs={'discoount': None} if it is meant so."
    ) in messages(find_problem(w))


def test_it_is_found_of_inputs_outputs_and_tasks_wherever_they_are_in_reach() -> None:
    library = make_module("library", "@task\ndef temperature(): ...")

    @task
    def price(curency: str = "EUR", forcast: int = 0, temprature: int = 0, dicsount: int = 0) -> float:
        return 1.0

    @workflow(tasks=[library])
    def w(currency: str, price: float, temperature: Any) -> None: ...

    assert near_names(w) == {
        ("price", "curency", "currency"),
        ("price", "forcast", "forecast"),
        ("price", "temprature", "temperature"),
        ("price", "dicsount", "discount"),
    }
    assert "and there is an input 'currency'." in messages(find_problem(w))[0]


def test_it_is_found_in_workflows_within_and_of_what_they_take() -> None:
    @workflow
    def inner(curency: str = "EUR") -> str:
        return curency

    @workflow
    def outer(currency: str, inner: str) -> None: ...

    mention(inner)
    assert near_names(outer) == {("inner", "curency", "currency")}

    @task
    def price(discont: float = 0.0) -> float:
        return 1.0

    @workflow
    def within(price: float) -> float:
        return price

    @workflow
    def around(within: float) -> None: ...

    mention(price, within)
    assert near_names(around) == {("price", "discont", "discount")}


def test_a_task_is_found_that_lacks_a_default_s_name_itself() -> None:
    @task
    def rounding(discont: float = 0.0) -> float:
        return discont

    @task
    def price(roundin_g: int = 0, rouunding: int = 0) -> float:
        return 1.0

    @workflow
    def w(rounding: float, price: float) -> None: ...

    assert near_names(w) == {
        ("rounding", "discont", "discount"),
        ("price", "roundin_g", "rounding"),
        ("price", "rouunding", "rounding"),
    }


def test_what_is_meant_so_is_said_with_needs() -> None:
    @task(needs={"discont": None})
    def price(discont: float = 0.0) -> float:
        return discont

    @workflow(needs={"discoount": None})
    def w(price: float, discoount: float = 0.0) -> None: ...

    w.check()


def test_a_parameter_that_receives_something_or_stands_beside_the_other_is_let_pass() -> None:
    @task
    def discont() -> float:
        return 0.1

    @task
    def price(discont: float = 0.0, run: Any = 1, state: Any = 2) -> float:
        return discont

    @task
    def both(discount: float, discoount: float = 0.0) -> float:
        return discount

    @workflow
    def w(price: float, both: float) -> None: ...

    mention(discont)
    w.check()


def test_usual_names_are_let_pass() -> None:
    names = "urls page row limits cached x1 content train_x max_price"
    module = make_module(
        "usual",
        "".join(f"@task\ndef {name}(): ...\n" for name in names.split())
        + "@task\ndef f(url='', pages=1, rows=(), limit=4, cache=True, x2=0, context=None, train_y=(), min_price=0): 1",
    )

    @workflow(tasks=[module.f])
    def w(f: Any, x: int = 0, y: int = 1, data: Any = None, date: Any = None) -> None: ...

    w.check()


def test_an_override_is_checked_like_what_it_replaces() -> None:
    def price(discont: float = 0.0) -> float:
        return discont

    @workflow
    def w(fitted: Any) -> None: ...

    assert near_names(w.override(fitted=price)) == {("fitted", "discont", "discount")}
    assert near_names(w) == set()


# A default, and a helper of the very name: usual, and no problem.


def shuffle(rows: list[int]) -> list[int]:
    return rows[::-1]


async def headers() -> dict[str, str]:
    return {}


class Client:
    """A helper that is no function."""


client = functools.partial(Client)


@task
async def fetched(path: str, headers: dict[str, str] | None = None, client: Any = None, shuffle: bool = True) -> Any:
    return path, headers, client, shuffle


async def test_an_optional_argument_called_as_a_helper_beside_the_task_is_let_pass() -> None:
    def normalize(values: list[int]) -> list[int]:
        return values

    def verbose() -> None: ...

    def is_wanted(verbose: bool = True) -> bool:
        return verbose

    @task(when=is_wanted)
    def cleaned(fetched: Any, normalize: bool = True) -> Any:
        return fetched, normalize

    @workflow
    async def w(path: str, cleaned: Any, headers: Any = None, normalize: bool = False) -> Any:
        return cleaned

    mention(normalize, verbose)
    w.check()
    assert await w("p") == (("p", None, None, True), False)  # it receives the inputs of these names, never the helpers


def test_a_helper_of_the_very_name_hides_no_task_of_nearly_the_name() -> None:
    @task
    def shufle() -> int:
        return 1

    @workflow
    def w(path: str, fetched: Any) -> None: ...

    mention(shufle)
    assert near_names(w) == {("fetched", "shuffle", "shufle")}
