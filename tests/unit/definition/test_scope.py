"""What a scope keeps, what it does not look at, and that it does so while the code is being traced."""

import gc
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from weakref import ref

import pytest

from flowdeco import Workflow, task, workflow
from flowdeco._definition.scope import LocalScope
from tests.support.naming import make_module, mention, take

untraced = pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer writes back what a frame was asked for")


class Thing:
    """Something large."""


class Touchy:
    """An object that cannot be asked anything."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("do not ask for my class")

    @__class__.setter
    def __class__(self, value: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"do not ask for {name}")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not compare me")

    def __bool__(self) -> bool:
        raise RuntimeError("I am neither true nor false")

    __hash__ = None  # type: ignore[assignment]  # as Python says it


def test_only_the_tasks_are_kept_of_a_local_scope() -> None:
    things: list[ref[Thing]] = []

    def make(argument: Thing) -> Workflow[Any, Any]:
        local = Thing()
        things.extend([ref(argument), ref(local)])

        @task
        def page() -> int:
            return 1

        made = task(take, needs={"given": page})
        mention(local, made)

        @workflow
        def w(page: int, made: int) -> Any:
            return page, made

        return w

    w = make(Thing())
    # At once, when the function returns: not only when the garbage collector comes by.
    assert [thing() for thing in things] == [None, None]
    assert w() == (1, 1)


def test_only_the_tasks_are_kept_of_the_functions_around() -> None:
    things: list[ref[Thing]] = []

    def outer() -> Workflow[Any, Any]:
        local = Thing()
        things.append(ref(local))
        page = task(lambda: 1)

        def inner() -> Any:
            @workflow
            def w(page: int) -> int:
                return page

            return w

        mention(local, page)
        made: Workflow[Any, Any] = inner()
        return made

    w = outer()
    assert things[0]() is None
    assert w() == 1


def test_a_task_that_is_bound_no_more_is_let_go() -> None:
    def make() -> Any:
        tasks: list[ref[Any]] = []
        page: Any = None
        for _ in range(10):
            page = task(lambda: 1)
            tasks.append(ref(page))
            task(page.__wrapped__)
        gc.collect()
        assert sum(one() is not None for one in tasks) == 1
        return page

    assert make()() == 1


def make_small() -> Any:
    @task
    async def page() -> int:
        return 1

    @workflow
    def w(page: int) -> int:
        return page

    return w


def test_a_scope_is_let_go_with_its_tasks() -> None:
    w = make_small()
    tasks = [ref(w), ref(w.graph.nodes[0].step)]
    assert w() == 1
    del w
    gc.collect()
    assert [one() for one in tasks] == [None, None]


@untraced
def test_what_a_function_deletes_is_let_go_while_it_is_being_executed() -> None:
    thing, other = Thing(), Thing()
    things = [ref(thing), ref(other)]

    @task
    def page() -> int:
        return 1

    @workflow
    def w(page: int) -> int:
        return page

    del thing
    assert things[0]() is None
    assert w() == 1
    del other
    assert things[1]() is None


def test_what_locals_has_given_is_not_taken_away() -> None:
    number = 5
    variables = locals()

    @workflow
    def w(page: int) -> int:
        return page

    assert variables["number"] == number
    assert w(page=2) == 2
    assert variables["number"] == number


def test_objects_that_cannot_be_asked_anything_are_left_alone() -> None:
    touchy: Any = Touchy()

    @workflow
    def w(page: int, touchy: Any = 1) -> Any:
        return page, touchy

    @task
    def page(touchy: Any) -> Any:
        return touchy

    assert w() == (1, 1)
    module = make_module(
        "m",
        "@workflow\ndef w(page, touchy=1): return page, touchy\n@task\ndef page(): return 3",
        task=task,
        workflow=workflow,
    )
    module.touchy = touchy
    assert module.w() == (3, 1)
    module.w.check()


def test_objects_that_cannot_be_asked_anything_may_be_called_for() -> None:
    module = make_module("m", "@workflow\ndef w(thing): return thing", workflow=workflow, thing=Touchy())
    assert module.w(thing=1) == 1


@contextmanager
def tracing(trace: Callable[[FrameType, str, Any], Any]) -> Generator[None]:
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def trace_all(frame: FrameType, event: str, argument: Any) -> Any:
    return trace_all


def trace_calls(frame: FrameType, event: str, argument: Any) -> None: ...


def make(number: int) -> Any:
    @workflow
    def w(last: Any) -> Any:
        return last

    @task
    def last(made: Any) -> Any:
        return made, number

    made = task(lambda: 1)

    class Steps:
        @workflow
        def inside(one: Any) -> Any:  # noqa: N805
            return one

        two = task(lambda: 2)

        @task
        def one(two: Any, made: Any) -> Any:  # noqa: N805
            return two, made

    return w, Steps, made


@pytest.mark.parametrize("trace", [trace_all, trace_calls])
def test_scopes_are_the_same_while_the_code_is_being_traced(trace: Any) -> None:
    with tracing(trace):
        made = [make(number) for number in range(3)]
        assert [w() for w, _, _ in made] == [(1, number) for number in range(3)]
        assert [steps.inside() for _, steps, _ in made] == [(2, 1)] * 3


def make_one(which: str) -> Any:
    """Decorate one of two functions, the later one further down; return what is in its reach."""
    if which == "first":

        @task
        def first() -> int:
            return 1

        return names_in_reach(first)
    one = two = three = four = five = six = seven = eight = nine = 0

    @task
    def second() -> int:
        return one + two + three + four + five + six + seven + eight + nine

    return names_in_reach(second)


def names_in_reach(made: Any) -> set[str]:
    return {
        name for namespace in made._definition.scope if isinstance(namespace, LocalScope) for name in namespace.bindings
    }


def test_one_execution_of_a_body_knows_nothing_of_the_one_before() -> None:
    # From the same place, so that the frames look alike and have the same place in memory.
    found = [make_one(which) for which in ("first", "second", "second", "first", "second")]
    assert found == [{"first"}, {"second"}, {"second"}, {"first"}, {"second"}]


def make_with_call() -> Any:
    one = two = three = four = five = six = seven = eight = nine = ten = 0

    @task
    def first() -> int:
        return one + two + three + four + five

    def page() -> int:
        return six + seven + eight + nine + ten

    made = task(page)

    @task
    def last() -> int:
        return 1

    mention(made)
    return names_in_reach(last), names_in_reach(first), page


def test_a_function_that_is_handed_to_task_stays_a_function() -> None:
    last, first, page = make_with_call()
    assert "page" not in last | first
    assert {"first", "last"} <= last
    assert page() == 0


def test_a_scope_is_not_read_again_for_each_of_many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    look = LocalScope.look

    def count(self: LocalScope, *args: Any) -> Any:
        looks.append(self)
        return look(self, *args)

    monkeypatch.setattr(LocalScope, "look", count)
    lines = [f"  @task\n  def t{n}(): return {n}" for n in range(400)]
    names: dict[str, Any] = {"task": task}
    exec("\n".join(["def make():", *lines, "  return t399"]), names)
    made = names["make"]()
    assert names_in_reach(made) == {f"t{n}" for n in range(400)}
    assert len(looks) < 40
