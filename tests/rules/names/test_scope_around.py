"""Where a function is defined: the functions and classes around it."""

from typing import Any

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import mention, on
from tests.support.scope import shared, source

mention(shared)


mention(source)


# Functions around, and classes


def test_a_local_scope_goes_before_the_closure_and_the_module(backend: Backend) -> None:
    def outer() -> Any:
        @task
        def a() -> str:
            return "outer a"

        @task
        def b() -> str:
            return "outer b"

        def middle() -> Any:
            @task
            def b() -> str:
                return "inner b"

            @workflow
            def w(a: str, b: str, source: str) -> Any:
                return a, b, source

            return w

        return middle(), a, b

    assert on(outer()[0], backend)() == ("outer a", "inner b", "the module's")


def test_an_enclosing_function_that_is_over_is_reached_through_the_closure(backend: Backend) -> None:
    def outer() -> Any:
        @task
        def seen() -> str:
            return "seen"

        @task
        def unseen() -> str:
            return "unseen"

        def inner() -> Any:
            @workflow
            def w(seen: str, unseen: str) -> Any:
                return seen, unseen, look

            def look() -> Any:
                return seen

            return w

        return inner, unseen

    # As with any variable, it is the code that names it which keeps it.
    w = outer()[0]()
    assert w.graph.inputs == ("unseen",)
    assert on(w, backend)(unseen=1)[:2] == ("seen", 1)


def test_a_method_s_body_sees_the_function_around_its_class(backend: Backend) -> None:
    def outer() -> Any:
        class Builder:
            def build(self) -> Any:
                @workflow
                def w(late: str) -> str:
                    return late

                return w

        w = Builder().build()

        @task
        def late() -> str:
            return "late"

        return w, late

    assert on(outer()[0], backend)() == "late"


def test_a_class_body_is_a_scope(backend: Backend) -> None:
    class Steps:
        @workflow
        def w(late: Any, source: Any) -> Any:  # noqa: N805
            return late, source

        @task
        def late(source: Any) -> Any:  # noqa: N805
            return f"late, {source}"

        @task
        def source() -> str:
            return "the class's"

    assert on(Steps.w, backend)() == ("late, the class's", "the class's")


def test_a_class_body_in_a_function_sees_the_function_s_names(backend: Backend) -> None:
    def make() -> Any:
        @task
        def outside() -> str:
            return "outside"

        class Steps:
            @workflow
            def w(outside: Any, inside: Any) -> Any:  # noqa: N805
                return outside, inside

            @task
            def inside() -> str:
                return "inside"

        return Steps, outside

    assert on(make()[0].w, backend)() == ("outside", "inside")


def test_a_function_in_a_class_does_not_see_the_names_of_the_class() -> None:
    class Steps:
        @task
        def hidden() -> str:
            return "hidden"

        @staticmethod
        def build() -> Any:
            @workflow
            def w(hidden: str) -> str:
                return hidden

            return w

    assert Steps.build().graph.inputs == ("hidden",)


def test_a_class_body_goes_before_the_closure(backend: Backend) -> None:
    def make() -> Any:
        x = task(lambda: "the function's")

        def read() -> Any:
            return x

        class Steps:
            x = task(lambda: "the class's")

            @workflow(needs={"y": "x"})
            def w(y: Any) -> Any:  # noqa: N805
                return y, x

        return Steps, read

    made = make()[0]
    assert on(made.w, backend)()[0] == "the class's"


def test_other_names_of_a_task_around_are_found_when_the_function_within_is_called(backend: Backend) -> None:
    def make() -> Any:
        one = two = three = four = five = six = 0
        first = task(lambda: 1)
        alias = first

        def inner() -> Any:
            @workflow
            def w(alias: int) -> int:
                return alias

            return w

        return inner(), first, alias, (one, two, three, four, five, six)

    assert on(make()[0], backend)() == 1


def test_a_task_defined_after_the_functions_within_were_called_is_found(backend: Backend) -> None:
    def make(number: int) -> Any:
        @workflow
        def w(late: int) -> Any:
            return late, number

        return w

    made = [make(number) for number in range(3)]

    @task
    def late() -> str:
        return "late"

    assert [on(w, backend)() for w in made] == [("late", number) for number in range(3)]
    assert late() == "late"
