"""Who reads a workflow as a function, as web frameworks do, gets the types of its inputs and of its result."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from flowdeco import Run, Workflow, task, value, workflow
from tests.support.naming import make_module, mention

if TYPE_CHECKING:
    from fractions import Fraction


class Cents(int):
    """A type of this module, which annotations name as a string."""


@task
def price(item: str, day: int = 1) -> Cents:
    return Cents(len(item) * day)


@task
def tax(price: Cents, item: str, rate: Annotated[Decimal, "between 0 and 1"]) -> Cents:
    return Cents(price * rate)


@task
def shipping(item: bytes) -> Cents:
    return Cents(len(item))


@workflow
def offer(item: str, rate: Annotated[Decimal, "of tax"], tax: Cents, *, note: Cents | None = None) -> list[Cents]:
    return [tax]


@workflow
async def bare(item, rate, tax): ...  # type: ignore[no-untyped-def]  # bare on purpose


mention(price, tax, shipping)


def hints_of(function: Any) -> dict[str, Any]:
    """What a signature says, which has to be what the annotations beside it say."""
    signature = inspect.signature(function)
    found = {p.name: p.annotation for p in signature.parameters.values() if p.annotation is not p.empty}
    if signature.return_annotation is not signature.empty:
        found["return"] = signature.return_annotation
    assert function.__annotations__ == found
    return found


@pytest.mark.parametrize("same", [offer, offer.with_options(timeout=1), offer.override(tax=Cents(1))])
def test_inputs_and_result_are_shown_as_types_though_they_were_written_as_strings(same: Workflow[Any, Any]) -> None:
    expected = {"item": str, "rate": Annotated[Decimal, "of tax"], "note": Cents | None, "return": list[Cents]}
    assert hints_of(same) == expected
    assert inspect.signature(same, eval_str=True) == inspect.signature(same)
    assert typing.get_type_hints(same, include_extras=True) == expected
    assert typing.get_type_hints(same) == {**expected, "rate": Decimal}
    assert inspect.get_annotations(same, eval_str=True) == expected


def test_defaults_and_kinds_of_parameters_are_shown() -> None:
    note = inspect.signature(offer).parameters["note"]
    assert (note.kind, note.default) == (inspect.Parameter.KEYWORD_ONLY, None)
    assert (offer.__defaults__, offer.__kwdefaults__) == (None, {"note": None})


def test_an_input_without_an_annotation_has_that_of_the_tasks_that_receive_it() -> None:
    assert hints_of(bare) == {"item": str, "rate": Annotated[Decimal, "between 0 and 1"]}


def test_an_annotation_of_the_workflow_itself_comes_first() -> None:
    @workflow
    def w(item: object, tax, rate): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w)["item"] is object


def test_tasks_that_do_not_agree_give_no_annotation() -> None:
    @workflow
    def w(item, rate, tax, shipping): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert "item" not in hints_of(w)
    assert "item" in hints_of(w.override(shipping=Cents(1)))


def test_a_task_that_runs_for_each_item_of_an_input_counts_with_a_list() -> None:
    @task(each={"line": "lines"})
    def words(line: str) -> int:
        return len(line)

    @workflow(each={"line": "pages"})
    def page(line: list[str]) -> int:
        return len(line)

    @workflow(tasks=[words, page])
    def w(lines, pages, words, page): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w) == {"lines": list[str], "pages": list[list[str]]}


def test_a_constant_is_compared_with_nothing() -> None:
    class Odd:
        """As an array, which gives no answer to whether it is equal to something."""

        def __eq__(self, other: object) -> bool:
            raise ValueError("neither true nor false")

        __hash__ = None  # type: ignore[assignment]

    @task(needs={"odd": value(Odd())})
    def use(odd: Any, item: str) -> str:
        return item

    @task(each={"odd": value([Odd()])})
    def each(odd: Any, item: str) -> str:
        return item

    @workflow(tasks=[use, each])
    def w(item, use, each): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w) == {"item": str}
    w.check(types=True)
    assert w("a") is None
    assert "each[]" in w.graph.to_mermaid()


def test_what_stands_in_for_a_task_counts_as_the_task() -> None:
    def fake(item: float) -> Cents:
        raise NotImplementedError

    @workflow
    def w(item, price): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w) == {"item": str}
    assert hints_of(w.override(price=fake)) == {"item": float}
    assert hints_of(w.override(price=value(fake))) == {}


def test_a_condition_counts_as_the_task_does() -> None:
    def is_wanted(gift: bool) -> bool:
        return gift

    @task(when=is_wanted)
    def ribbon() -> str:
        raise NotImplementedError

    @workflow
    def w(gift, ribbon): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w) == {"gift": bool}


def test_what_needs_gives_a_parameter_counts_for_the_input() -> None:
    @task(needs={"text": "item"})
    def length(text: str) -> int:
        raise NotImplementedError

    @workflow
    def w(item, length): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w) == {"item": str}


def test_an_input_with_another_name_outside_has_the_annotation_of_what_it_is_inside() -> None:
    renamed = offer.with_options(needs={"item": "article"})
    assert hints_of(renamed)["article"] is str
    assert hints_of(bare.with_options(needs={"item": "article"}))["article"] is str


def test_an_input_of_a_nested_workflow_has_its_annotation_or_that_of_its_tasks() -> None:
    @workflow
    def w(item, rate, note, bare, offer): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w) == {"item": str, "note": Cents | None}  # they do not agree on `rate`
    assert hints_of(w.override(offer=None)) == {"item": str, "rate": Annotated[Decimal, "between 0 and 1"]}


def test_what_cannot_be_evaluated_stays_as_it_was_written_and_keeps_nothing_else_from_it() -> None:
    @workflow
    def w(item: Fraction, count: int, tax: Fraction) -> str:
        raise NotImplementedError

    assert hints_of(w) == {"item": "Fraction", "count": int, "return": str}


def test_what_is_defined_later_is_evaluated_then() -> None:
    module = make_module("late_types", "@workflow\ndef w(item: 'Late', tax) -> 'Late': ...", workflow=workflow)
    assert hints_of(module.w) == {"item": "Late", "return": "Late"}
    module.Late = Late = type("Late", (), {})
    assert hints_of(module.w) == {"item": Late, "return": Late}


def test_names_of_the_function_around_it_are_known_where_it_closes_over_them() -> None:
    class Local: ...

    @workflow
    def w(item: Local) -> Local:
        return Local()

    assert hints_of(w) == {"item": Local, "return": Local}


def test_no_result_is_none() -> None:
    @workflow
    def w(item: str) -> None: ...

    assert hints_of(w) == {"item": str, "return": None}


def test_a_wrong_graph_keeps_no_signature_from_being_shown() -> None:
    @task
    def broken(nowhere: int) -> int:
        raise NotImplementedError

    @workflow
    def w(item: str, count, broken): ...  # type: ignore[no-untyped-def]  # bare on purpose

    assert hints_of(w) == {"item": str}


def test_a_task_that_is_bound_later_is_asked_from_then_on() -> None:
    module = make_module("late_task", "@workflow\ndef w(number, late): ...", workflow=workflow)
    assert hints_of(module.w) == {}

    def late(number: Cents) -> Cents:
        raise NotImplementedError

    module.late = task(late)
    assert hints_of(module.w) == {"number": Cents}


def test_the_inputs_of_a_method_are_shown_without_what_it_is_bound_to() -> None:
    class Shop:
        @workflow
        def offer(self, item: str, tax: Cents) -> Cents:
            return tax

    assert hints_of(Shop().offer) == {"item": str, "return": Cents}
    assert list(inspect.signature(Shop.offer).parameters) == ["self", "item"]


class Clerk:
    """Callable, as such or by a method, with annotations of its own."""

    def __call__(self, item: str, count: int = 1) -> Cents:
        raise NotImplementedError

    def serve(self, item: str, count: int = 1) -> Cents:
        raise NotImplementedError


def serve(item: str, count: int = 1) -> Cents:
    raise NotImplementedError


@functools.wraps(serve)
def wrapper(*args: Any, **kwargs: Any) -> Any: ...


@pytest.mark.parametrize(
    "function",
    [serve, wrapper, Clerk(), Clerk().serve, functools.partial(serve, count=2)],
    ids=["function", "wrapper", "instance", "method", "partial"],
)
def test_any_callable_shows_its_annotations(function: Callable[..., Any]) -> None:
    w: Workflow[Any, Any] = workflow(function, name="w")
    shown = hints_of(w)
    assert (shown["item"], shown["return"]) == (str, Cents)
    assert hints_of(w.call) == shown


def test_a_workflow_of_a_callable_without_a_name_passes_for_a_function_all_the_same() -> None:
    async def slow(item: str) -> str:
        raise NotImplementedError

    w = workflow(functools.partial(slow), name="w")
    assert inspect.iscoroutinefunction(w)
    assert inspect.iscoroutinefunction(workflow(functools.partial(slow)))
    assert (w.call.__name__, w.call.__qualname__) == ("call", "w.call")


def test_what_is_awaited_is_shown_as_what_comes_of_it() -> None:
    @workflow
    async def w(item: str) -> int:
        raise NotImplementedError

    assert hints_of(w)["return"] is hints_of(w.call)["return"] is int


@pytest.mark.parametrize("way", ["call", "call_sync"])
def test_a_way_to_call_shows_what_the_workflow_does(way: str) -> None:
    assert inspect.signature(getattr(offer, way)) == inspect.signature(offer)
    assert hints_of(getattr(offer, way)) == hints_of(offer)
    assert typing.get_type_hints(getattr(offer, way), include_extras=True) == hints_of(offer)


@pytest.mark.parametrize("way", ["run", "run_async", "run_sync"])
def test_a_way_to_the_record_shows_that_it_gives_a_run(way: str) -> None:
    assert hints_of(getattr(offer, way)) == {**hints_of(offer), "return": Run[list[Cents]]}
    assert hints_of(getattr(bare, way)) == {**hints_of(bare), "return": Run[Any]}


@pytest.mark.parametrize("way", ["call", "call_sync", "run_async"])
def test_an_input_may_be_called_as_what_methods_call_themselves(way: str) -> None:
    @workflow
    def w(self: str, self_: int) -> None: ...

    assert list(inspect.signature(getattr(w, way)).parameters) == ["self", "self_"]


def test_start_shows_that_it_gives_a_block() -> None:
    assert hints_of(offer.start)["return"] == AbstractAsyncContextManager[Run[list[Cents]]]


def test_a_wrapper_shows_what_the_workflow_does() -> None:
    @functools.wraps(offer)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return offer(*args, **kwargs)

    @functools.wraps(offer.call)
    async def awaited_wrapper(*args: Any, **kwargs: Any) -> Any:
        return await offer.call(*args, **kwargs)

    for same in (wrapper, awaited_wrapper):
        assert inspect.signature(same) == inspect.signature(offer)
        assert typing.get_type_hints(same, include_extras=True) == hints_of(offer)
    assert (wrapper.__name__, awaited_wrapper.__name__) == ("offer", "call")


def test_the_function_itself_is_what_unwrapping_leads_to() -> None:
    def function(item: str) -> str:
        return item

    w = workflow(function)
    assert inspect.unwrap(w) is w.__wrapped__ is function
    assert inspect.unwrap(w.call) == w.call  # that function is not what it calls


def test_the_annotations_of_the_class_are_its_own() -> None:
    assert "_definition" in inspect.get_annotations(Workflow)
    assert "item" not in inspect.get_annotations(Workflow)
