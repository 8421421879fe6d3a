"""`check(types=True)` compares the annotations of what is given with those of what takes it."""

import pickle
from collections.abc import Iterator
from typing import Any, cast

from flowdeco import task, workflow
from tests.support.naming import make_module, mention
from tests.support.types_of_edges import fits, number, problems_of, text, untyped

mention(text)


def test_a_result_that_a_parameter_does_not_take_is_found() -> None:
    @task
    def double(number: str) -> str:
        return 2 * number

    @workflow
    def w(double: str) -> str:
        return double

    (problem,) = problems_of(w)
    assert str(problem) == (
        "Cannot accept workflow 'w': task 'double' takes 'number' as str, and task 'number' gives int. "
        "Change one of the annotations."
    )
    assert problem.workflow == "w"
    assert (problem.function, problem.parameter) == ("double", "number")
    assert (problem.expected, problem.actual) == (str, int)
    assert pickle.loads(pickle.dumps(problem)).expected is str


def test_without_types_nothing_is_compared() -> None:
    @workflow
    def w(number: str) -> None: ...

    w.check()
    w.check(types=False)
    assert len(problems_of(w)) == 1


def test_the_parameters_of_the_workflow_itself_are_compared() -> None:
    @workflow
    def w(number: list[int], text: str) -> None: ...

    (problem,) = problems_of(w)
    assert str(problem) == (
        "Cannot accept workflow 'w': workflow 'w' takes 'number' as list[int], and task 'number' gives int. "
        "Change one of the annotations."
    )


def test_all_problems_are_found_at_once() -> None:
    @task
    def double(number: str, text: int) -> None: ...

    @workflow(needs={"more": "text"})
    def w(double: int, more: bytes) -> None: ...

    assert [(p.function, p.parameter) for p in problems_of(w)] == [
        ("w", "double"),
        ("w", "more"),
        ("double", "number"),
        ("double", "text"),
    ]


def test_what_says_nothing_is_passed_over() -> None:
    def with_str(x: str) -> None: ...

    bare: Any = make_module("bare", "def function(x): return x").function
    assert fits(bare, x=number)
    assert fits(with_str, x=untyped)
    assert fits(with_str, x=task(lambda: 1))
    assert not fits(with_str, x=number)


def test_an_annotation_that_cannot_be_evaluated_is_passed_over_and_spoils_no_other() -> None:
    source = """
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from nowhere import Frame
@task
def page() -> int: ...
@task
def frame(page: Frame) -> Frame: ...
@task
def wrong(page: str, frame: list[Frame]): ...
@task
def returning(page: str) -> Frame: ...
@task
def fine(frame: str, returning: str, page: int): ...
@task
async def later(page: str, frame: Frame): ...
class Reader:
    def read(self, page: str, frame: Frame): ...
read = task(Reader().read, name="read")
@workflow
def w(wrong, fine, later, read, page: str, frame: Frame): ...
"""
    module = make_module("annotated", source, task=task, workflow=workflow)
    found = {(problem.function, problem.parameter) for problem in problems_of(module.w)}
    assert found == {(name, "page") for name in ("wrong", "returning", "later", "read", "w")}


def test_an_input_is_of_the_type_that_the_workflow_gives_it() -> None:
    @task
    def read(url: str) -> None: ...

    def take(url: int, read: None) -> None: ...
    def take_maybe(read: None, url: int = cast("int", None)) -> None: ...
    def take_text(url: str, read: None) -> None: ...
    def take_anything(url, read: None) -> None: ...  # type: ignore[no-untyped-def]

    def problems(function: Any, **options: Any) -> list[str]:
        return [str(each) for each in problems_of(workflow(function, name="w", tasks=[read], **options))]

    said = "Cannot accept workflow 'w': task 'read' takes 'url' as str, and input 'url' is int. "
    assert problems(take) == [f"{said}Change one of the annotations."]
    assert len(problems(take_maybe)) == 1
    fine: list[Any] = [take_text, take_anything]
    for function in fine:
        assert problems(function) == []

    said_renamed = "Cannot accept workflow 'w': task 'read' takes 'url' as str, and input 'address' is int. "
    assert problems(take, needs={"url": "address"}) == [f"{said_renamed}Change one of the annotations."]


def test_an_input_whose_default_is_none_may_be_none() -> None:
    @task
    def read(url: str | None) -> None: ...

    @task
    def count(url: None) -> None: ...

    @workflow
    def w(read: None, count: None, url: str = cast("str", None)) -> None: ...

    assert problems_of(w) == []


def test_one_thing_wanted_of_a_task_that_yields_may_be_something_opened() -> None:
    class Connection:
        pass

    @task
    def connection() -> Iterator[Connection]:
        yield Connection()

    def take(connection: Connection) -> None: ...
    def take_text(connection: str) -> None: ...
    def take_list(connection: list[Connection]) -> None: ...

    def problems(function: Any) -> list[str]:
        return [str(each) for each in problems_of(workflow(function, name="w", tasks=[connection]))]

    (problem,) = problems(take)
    assert problem.endswith(
        "What a task yields is gathered in a list. To open something for others and close it afterwards, decorate "
        "'connection' with @resource; to take one thing at a time, use each=."
    )
    (problem,) = problems(take_text)
    assert problem.endswith("Change one of the annotations.")
    assert problems(take_list) == []


def test_parts_of_results_are_not_compared() -> None:
    @task(outputs=("train", "test"))
    def split() -> tuple[int, int]:
        return 1, 2

    @workflow
    def w(train: str, split: str) -> None: ...

    assert [problem.parameter for problem in problems_of(w)] == ["split"]


def test_what_stands_in_for_a_task_as_a_value_is_not_compared() -> None:
    @workflow
    def w(number: str) -> str:
        return number

    assert len(problems_of(w)) == 1
    assert problems_of(w.override(number="one")) == []
