"""From an error to the run that it came out of."""

import copy
import pickle
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from flowdeco import Run, Status, task, workflow
from tests.conftest import Backend


class Refused(Exception):
    """An error with data of its own, which can be pickled."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Frozen(Exception):
    """An error whose attributes cannot be set."""

    reason: str


@task
def bad(error: BaseException) -> None:
    raise error


@workflow
def failing(error: Any, bad: Any) -> None: ...


@workflow
async def failing_async(error: Any, bad: Any) -> None: ...


def notes_of(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))


def test_run_of_gives_the_run_that_an_error_came_out_of(backend: Backend) -> None:
    name, options = backend
    error = Refused("no")
    with pytest.raises(Refused) as caught:
        failing.with_options(backend=name, backend_options=options)(error)
    run = Run.of(caught.value)
    assert caught.value is error
    assert (run.workflow, run.status, run.error) == ("failing", Status.FAILED, error)
    assert run.tasks["bad"].status is Status.FAILED


async def test_run_of_works_for_awaited_calls() -> None:
    with pytest.raises(Refused) as caught:
        await failing_async(Refused("no"))
    assert Run.of(caught.value).workflow == "failing_async"


def test_run_of_the_error_in_a_run_is_that_run() -> None:
    run = failing.run(Refused("no"))
    assert run.error is not None
    assert Run.of(run.error) is run


def test_run_of_an_error_out_of_nested_workflows_is_the_outermost() -> None:
    @workflow
    def middle(error: Any, failing: Any) -> None: ...

    @workflow
    def outer(error: Any, middle: Any) -> None: ...

    error = Refused("no")
    with pytest.raises(Refused):
        outer(error)
    assert Run.of(error).workflow == "outer"
    assert [failure.task for failure in Run.of(error).errors] == ["middle"]
    assert notes_of(error) == [
        "Raised by task 'bad' of workflow 'failing'.",
        "Raised by task 'failing' of workflow 'middle'.",
        "Raised by task 'middle' of workflow 'outer'.",
    ]


def test_run_of_an_error_that_came_out_of_none_is_an_error() -> None:
    with pytest.raises(LookupError) as caught:
        Run.of(ValueError("no"))
    assert str(caught.value) == "Cannot find the run of ValueError('no'): no run in this process raised it."


def test_an_error_of_the_workflow_s_own_function_leads_to_the_run() -> None:
    @workflow
    def w() -> None:
        raise Refused("no")

    with pytest.raises(Refused) as caught:
        w()
    assert Run.of(caught.value).workflow == "w"
    assert notes_of(caught.value) == ["Raised by workflow 'w'."]


def test_an_error_object_raised_again_gathers_no_notes_twice() -> None:
    error = Refused("no")
    for _ in range(3):
        with pytest.raises(Refused):
            failing(error)
    assert notes_of(error) == ["Raised by task 'bad' of workflow 'failing'."]


def test_an_error_object_raised_again_leads_to_the_latest_run() -> None:
    error = Refused("no")
    one, other = failing.run(error), failing.run(error)
    assert Run.of(error) is other is not one


def test_an_error_with_its_run_can_be_pickled_and_copied_and_leaves_the_run_behind() -> None:
    error = Refused("no")
    with pytest.raises(Refused):
        failing(error)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(twin), twin.args, twin.reason) == (Refused, ("no",), "no")
        assert notes_of(twin) == notes_of(error)
    with pytest.raises(LookupError):
        Run.of(pickle.loads(pickle.dumps(error)))
    assert Run.of(error).error is error


def test_an_error_whose_attributes_cannot_be_set_is_raised_as_it_is(backend: Backend) -> None:
    name, options = backend
    error = Frozen("no")
    w = failing.with_options(backend=name, backend_options=options)
    with pytest.raises(Frozen) as caught:
        w(error)
    assert caught.value is error
    assert Run.of(error).error is error


def test_an_error_whose_notes_are_no_list_is_raised_as_it_is() -> None:
    error = Refused("no")
    vars(error)["__notes__"] = "odd"
    with pytest.raises(Refused) as caught:
        failing(error)
    assert caught.value is error
    assert Run.of(error).error is error


def test_an_error_that_cannot_be_shown_is_raised_as_it_is() -> None:
    class Mute(Exception):
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

        __str__ = __repr__

    error = Mute()
    with pytest.raises(Mute) as caught:
        failing(error)
    assert caught.value is error
    assert failing.run(error).error is error


async def test_many_failures_beside_the_first_are_counted_in_the_notes() -> None:
    ready = anyio.Event()
    started = 0

    async def clean_up() -> None:
        nonlocal started
        started += 1
        if started == 12:
            ready.set()
        try:
            await anyio.sleep_forever()
        finally:
            raise KeyError("cleanup")

    @task
    async def first() -> None:
        await ready.wait()
        raise Refused("first")

    others: Any = [task(clean_up, name=f"other{number}") for number in range(12)]

    @workflow(needs={"others": others})
    async def w(first: Any, others: Any) -> None: ...

    with pytest.raises(Refused) as caught:
        await w()
    notes = notes_of(caught.value)
    assert notes[0] == "Raised by task 'first' of workflow 'w'."
    assert len(notes) == 12
    assert all(note.startswith("Also failed: task 'other") for note in notes[1:11])
    assert notes[1].endswith(" with KeyError('cleanup').")
    assert notes[11] == "Also failed: 2 more; see Run.of(error).errors."
    assert len(Run.of(caught.value).errors) == 13
