"""`@resource` takes options as `@task` does, and refuses those that it cannot use."""

from collections.abc import Generator
from typing import Any

import pytest

from flowdeco import OptionError, Resource, resource, task, workflow


def opened() -> Generator[int]:
    """Open it."""
    yield 1


def test_it_looks_like_its_function() -> None:
    made = resource(opened)
    assert isinstance(made, Resource)
    assert (getattr(made, "__name__", None), made.__doc__, made.__wrapped__) == ("opened", "Open it.", opened)
    assert repr(made) == "<resource 'opened'>"
    assert (made.scope, made.close_timeout, made.timeout, made.needs, made.after) == ("run", 10, None, {}, ())
    assert resource(opened, close_timeout=None).close_timeout is None


def test_with_options_changes_what_is_given() -> None:
    made = resource(opened, timeout=3)
    other = made.with_options(scope="shared", close_timeout=1, name="other")
    assert (other.scope, other.close_timeout, other.timeout, other.name) == ("shared", 1, 3, "other")
    assert (made.scope, made.close_timeout, made.name) == ("run", 10, "opened")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"scope": "task"},
            (
                "Cannot define resource 'opened': scope='task' is not one of 'run', 'shared' and 'process'. "
                "Give one of them."
            ),
        ),
        (
            {"close_timeout": 0},
            "Cannot define resource 'opened': close_timeout=0 is not above zero. Give seconds, or None for no limit.",
        ),
        (
            {"timeout": "long"},
            "Cannot define resource 'opened': timeout='long' is not a number. Give seconds, or None for no limit.",
        ),
        ({"on_error": 3}, None),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str | None) -> None:
    with pytest.raises(OptionError) as caught:
        resource(opened, **options)
    assert message is None or str(caught.value) == message
    with pytest.raises(OptionError) as caught:
        resource(opened).with_options(**options)
    assert message is None or str(caught.value) == message


def test_options_of_a_task_are_unknown() -> None:
    wrong: dict[str, Any] = {"limit": 3}
    known = "It has 'name', 'needs', 'after', 'scope', 'retries', 'timeout', 'close_timeout'"
    with pytest.raises(TypeError, match=f"Cannot define a resource: there is no option 'limit'.*{known}"):
        resource(**wrong)
    with pytest.raises(TypeError, match="Cannot change resource 'opened': there is no option 'limit'"):
        resource(opened).with_options(**wrong)


def test_a_task_is_no_resource_and_a_resource_no_task() -> None:
    made: Any = resource(opened)
    with pytest.raises(
        TypeError, match=r"Cannot make a task of <resource 'opened'>: a function is a resource, a task "
    ):
        task(made)
    with pytest.raises(TypeError, match=r"Cannot make a workflow of <resource 'opened'>"):
        workflow(made)
    plain: Any = task(opened)
    with pytest.raises(TypeError, match=r"Cannot make a resource of <task 'opened'>: .* Remove @resource: a task can "):
        resource(plain)
    with pytest.raises(TypeError, match="it is one already"):
        resource(made)


def test_methods_of_a_class() -> None:
    class Service:
        url = "localhost"

        @resource
        def client(self) -> Generator[str]:
            yield f"client of {self.url}"

        @resource
        @classmethod
        def pool(cls) -> Generator[str]:
            yield f"pool of {cls.url}"

        @resource
        @staticmethod
        def db() -> Generator[str]:
            yield "db"

        @workflow
        async def use(self, pool: str, db: str) -> list[str]:
            return [pool, db]

    class Other(Service):
        url = "elsewhere"

    service = Service()
    assert [next(each) for each in (service.client(), Service.pool(), Service.db())] == [
        "client of localhost",
        "pool of localhost",
        "db",
    ]
    assert service.use.call_sync() == ["pool of localhost", "db"]
    assert Other.pool.name == "pool"
    assert next(Other.pool()) == "pool of elsewhere"


def give(use: Any) -> Any:
    return use


def test_defaults_of_a_workflow_are_for_tasks() -> None:
    attempts: list[str] = []

    @resource
    def broken() -> Generator[None]:
        attempts.append("resource")
        if attempts:
            raise ValueError
        yield

    @task
    def use(broken: None) -> None: ...

    with pytest.raises(ValueError):
        workflow(give, needs={"use": use}, defaults={"retries": 2, "when": lambda: True, "limit": 1})()
    assert attempts == ["resource"]
