"""A task that recovers another is, in an inherited workflow, the one that the subclass has."""

# pyright: reportIncompatibleVariableOverride=false

from typing import Any

import pytest

from flowdeco import GraphError, HookArgumentError, MissingDependencyError, task, workflow
from tests.conftest import Backend
from tests.support.check import find_problem
from tests.support.naming import on


class Base:
    @task
    async def backup(self) -> str:
        return f"{type(self).__name__} by the base"

    @task(recover=backup)
    async def again(self) -> str:
        raise KeyError("again")

    @task(recover=backup)
    def plain(self) -> str:
        raise ValueError("plain")

    @task(recover={KeyError: lambda: "no", ValueError: backup})
    async def by_type(self) -> str:
        raise ValueError("by type")

    @task(recover=again)
    def twice(self) -> str:
        raise ValueError("twice")

    @task
    def bare(self) -> str:
        raise ValueError("bare")

    @task(recover=lambda: "itself")
    def other(self) -> str:
        raise ValueError("other")

    @workflow
    def flow(self, plain: str, by_type: str, twice: str, other: str) -> Any:
        return plain, by_type, twice, other

    @workflow(defaults={"recover": backup})
    async def guarded(self, bare: str, other: str) -> Any:
        return bare, other

    @workflow
    def around(self, flow: Any, guarded: Any) -> Any:
        return flow, guarded


class Sub(Base):
    @task
    def backup(self) -> str:
        return "sub"


class Later(Sub):
    pass


@pytest.mark.parametrize(("kind", "told"), [(Base, "Base by the base"), (Sub, "sub"), (Later, "sub")])
def test_the_subclass_s_task_recovers(kind: type[Base], told: str, backend: Backend) -> None:
    instance = kind()
    assert on(instance.flow, backend)() == (told, told, told, "itself")
    assert on(instance.around, backend)() == ((told, told, told, "itself"), (told, "itself"))
    kind.around.check()


async def test_it_is_so_for_every_way_to_call_and_with_other_options() -> None:
    sub: Any = Sub()
    expected = ("sub", "sub", "sub", "itself")
    assert await sub.guarded() == ("sub", "itself")
    assert (await sub.flow.run_async()).result == await sub.flow.call() == expected
    assert await Sub.flow.with_options(name="named").call(sub) == expected

    def fake() -> str:
        raise ValueError("fake")

    assert await Sub.flow.override(plain=fake).call(sub) == expected


async def test_a_task_that_is_replaced_on_its_class_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    base: Any = Base()
    assert (await base.flow.call())[0] == "Base by the base"
    monkeypatch.setattr(Base, "backup", task(lambda: "patched"))
    assert await base.flow.call() == ("patched", "patched", "patched", "itself")
    monkeypatch.undo()
    assert (await base.flow.call())[0] == "Base by the base"


async def test_a_task_of_the_subclass_can_be_recovered_by_the_one_that_it_takes_the_place_of() -> None:
    class Risky(Base):
        @task(recover=Base.backup)
        def backup(self) -> str:
            raise ValueError("risky")

    class Circle(Base):
        @task(recover=Base.plain)
        def backup(self) -> str:
            raise ValueError("circle")

    risky: Any = Risky()
    assert (await risky.flow.call())[0] == "Risky by the base"
    circle: Any = Circle()
    assert (await circle.flow.call())[0] == "Circle by the base"  # what plain falls back to the second time


async def test_a_base_and_a_subclass_in_one_run_each_have_their_own() -> None:
    class Static:
        @task
        @staticmethod
        async def backup() -> str:
            return "base"

        @task(recover=backup)
        @staticmethod
        def risky() -> str:
            raise ValueError("risky")

        @workflow
        @staticmethod
        async def flow(risky: str) -> str:
            return risky

    class Other(Static):
        @task
        @staticmethod
        async def backup() -> str:
            return "sub"

    @workflow(needs={"pair": [Static.flow, Other.flow]})
    async def both(pair: Any) -> Any:
        return pair

    assert await both() == ["base", "sub"]


def test_what_cannot_recover_is_an_error_before_anything_runs() -> None:
    class Asking(Base):
        @task
        def backup(self, eror: Any) -> str:
            return "asking"

    class Nested(Base):
        @workflow
        def backup(self) -> str:
            return "nested"

    class Forgotten(Base):
        def backup(self) -> str:
            return "forgotten"

    error = find_problem(Asking.guarded)
    assert isinstance(error, HookArgumentError)
    assert (error.function, error.option, error.hook) == ("bare", "recover", vars(Asking)["backup"])
    assert str(error).startswith("Cannot build workflow 'guarded': task 'bare' cannot be recovered: ")
    assert "asks for 'eror', which it cannot get. Did you mean 'error'?" in str(error)
    assert "the class has a workflow for 'backup', and that cannot recover a task. Make it a task." in str(
        find_problem(Nested.guarded)
    )
    error = find_problem(Forgotten.guarded)
    assert isinstance(error, MissingDependencyError)
    assert "'backup' is a plain function: decorate it with @task." in str(error)
    with pytest.raises(GraphError):
        Asking().flow()
