"""A resource that does not stay open for those who need it, or is not open where they run, is a graph error."""

from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from flowdeco import ResourceScopeError, TypeMismatchError, resource, task, workflow


@resource
def db() -> Generator[str]:
    yield "db"


@resource(scope="shared")
async def client() -> AsyncGenerator[str]:
    yield "client"


@resource(scope="process")
def model() -> Generator[str]:
    yield "model"


def give(use: Any) -> Any:
    return use


def pass_on(it: Any) -> Any:
    return it


def is_there(model: Any) -> bool:
    return bool(model)


def refused(w: Any) -> ResourceScopeError:
    with pytest.raises(ResourceScopeError) as caught:
        w.check()
    return caught.value


def test_the_body_of_a_def_workflow_cannot_name_one() -> None:
    @workflow
    def w(db: str) -> str:
        return db

    error = refused(w)
    assert (error.workflow, error.function, error.resource, error.parameter) == ("w", "w", "db", "db")
    assert str(error) == (
        "Cannot build workflow 'w': its function is a def, which is called when resource 'db' has been closed. "
        "Write async def, or use 'db' in a task."
    )


def test_the_body_of_a_def_workflow_may_name_what_is_shared() -> None:
    @workflow
    def w(client: str) -> str:
        return client

    w.check()


def test_a_body_cannot_name_what_is_opened_in_processes() -> None:
    @workflow
    async def w(model: str) -> str:
        return model

    assert str(refused(w)) == (
        "Cannot build workflow 'w': its function names resource 'model', which is opened in worker processes alone. "
        'Use it in a task with run_in="process".'
    )


def test_a_task_in_a_process_cannot_take_what_is_open_in_this_one() -> None:
    @task(run_in="process")
    def use(db: str) -> str:
        return db

    @workflow
    def w(use: str) -> str:
        return use

    assert str(refused(w)) == (
        "Cannot build workflow 'w': task 'use' runs in a process and takes resource 'db', which is open in this one. "
        'Say run_in="thread" of the task, or scope="process" of \'db\': then each process opens its own.'
    )


@pytest.mark.parametrize("opened", [db, client, model], ids=lambda opened: opened.scope)
def test_a_task_in_the_processes_of_an_executor_can_take_none(opened: Any) -> None:
    with ProcessPoolExecutor(1) as pool:
        use = task(pass_on, name="use", needs={"it": opened}, run_in=pool)
        error = refused(workflow(give, name="w", needs={"use": use}))
    assert f"runs in the processes of its executor and takes resource {opened.name!r}" in str(error)


def test_a_task_elsewhere_cannot_take_what_is_opened_in_processes() -> None:
    use = task(pass_on, name="use", needs={"it": model})
    assert str(refused(workflow(give, name="w", needs={"use": use}))) == (
        "Cannot build workflow 'w': task 'use' takes resource 'model', which is opened in worker processes alone, and "
        'does not run in one. Say run_in="process" of the task, or scope="run" of the resource.'
    )


def test_a_condition_cannot_take_what_is_opened_in_processes() -> None:
    @task(when=is_there)
    def use() -> int:
        return 1

    assert refused(workflow(give, name="w", needs={"use": use})).resource == "model"


def outer(needed: Any, scope: Any) -> ResourceScopeError:
    """The error of a workflow that uses a resource which needs something else."""

    def opened(it: Any) -> Generator[Any]:
        yield it

    made = resource(opened, name="outer", needs={"it": needed}, scope=scope)
    use = task(pass_on, name="use", needs={"it": made}, run_in="process" if scope == "process" else None)
    return refused(workflow(give, name="w", needs={"use": use}))


@task
def port() -> int:
    return 80


@pytest.mark.parametrize(
    ("needed", "scope", "reason"),
    [
        (db, "shared", "stays open over many runs and takes resource 'db', which is closed at the end of each."),
        (model, "shared", "stays open over many runs and takes resource 'model', which is opened in worker processes "),
        (model, "run", "stays open for a run and takes resource 'model', which is opened in worker processes alone."),
        (db, "process", "is opened in worker processes and takes resource 'db', which is opened outside of them."),
        (client, "process", "is opened in worker processes and takes resource 'client', which is opened outside of "),
        (port, "shared", "stays open over many runs and takes what task 'port' gives in one run."),
        (port, "process", "is opened in worker processes and takes what task 'port' gives in one run."),
        ("state", "shared", "stays open over many runs and takes 'state', which belongs to one run."),
        ("run", "process", "is opened in worker processes and takes 'run', which belongs to one run."),
    ],
)
def test_what_stays_open_cannot_need_what_does_not(needed: Any, scope: str, reason: str) -> None:
    error = outer(needed, scope)
    assert f"Cannot build workflow 'w': resource 'outer' {reason}" in str(error)
    assert error.resource == "outer"


def test_what_stays_open_may_need_what_does_too() -> None:
    @resource
    def session(client: str) -> Generator[str]:
        yield client

    @resource(scope="shared")
    def pool(client: str, url: str) -> Generator[str]:
        yield client + url

    @task
    def use(session: str, pool: str) -> str:
        return session + pool

    @workflow
    def w(url: str, use: str) -> str:
        return use

    w.check()


def test_check_compares_the_type_of_what_is_yielded() -> None:
    @task
    def right(db: str) -> str:
        return db

    @task
    def wrong(client: int) -> int:
        return client

    workflow(give, name="w", needs={"use": right}).check(types=True)
    with pytest.raises(TypeMismatchError, match="takes 'client' as int, and resource 'client' gives str"):
        workflow(give, name="w", needs={"use": wrong}).check(types=True)
