"""A `when=` in the body of a class asks for the tasks that the class has on which the workflow is looked up."""

# pyright: reportIncompatibleVariableOverride=false, reportUnknownLambdaType=false, reportUnknownArgumentType=false

from typing import Any

import pytest

from flowdeco import task, workflow
from tests.conftest import Backend
from tests.support.naming import on


def is_named_ready(ready: bool) -> bool:
    return ready


class Base:
    @task
    async def ready(self) -> bool:
        return False

    @staticmethod
    async def is_ready(ready: bool) -> bool:
        return ready

    @task(when=lambda ready: ready)
    def by_lambda(self) -> str:
        return "by lambda"

    @task(when=is_ready)
    async def by_def(self) -> str:
        return "by def"

    @task(when=is_named_ready)
    def by_module(self) -> str:
        return "by a function of the module"

    @task(when=ready)
    def by_task(self) -> str:
        return "by task"

    @task(when=lambda given: given, needs={"given": "ready"})
    def by_needs(self) -> str:
        return "by needs"

    @task
    @staticmethod
    def plain() -> str:
        return "by default"

    @workflow
    def flow(
        self,
        by_lambda: Any = None,
        by_def: Any = None,
        by_module: Any = None,
        by_task: Any = None,
        by_needs: Any = None,
    ) -> Any:
        return by_lambda, by_def, by_module, by_task, by_needs

    @workflow(defaults={"when": lambda ready: ready})
    async def guarded(self, plain: Any = None) -> Any:
        return plain

    @workflow(defaults={"when": is_ready})
    def guarded_by_def(self, plain: Any = None) -> Any:
        return plain

    @workflow
    def around(self, flow: Any, guarded: Any) -> Any:
        return flow, guarded


class Ready(Base):
    @task
    async def ready(self) -> bool:
        return True


class Later(Ready):
    pass


ALL = ("by lambda", "by def", "by a function of the module", "by task", "by needs")
NONE = (None,) * 5


@pytest.mark.parametrize("kind", [Base, Ready, Later])
def test_a_condition_asks_for_the_subclass_s_task(kind: type[Base], backend: Backend) -> None:
    is_ready, instance = kind is not Base, kind()
    found, guarded = (ALL, "by default") if is_ready else (NONE, None)
    assert on(instance.flow, backend)() == found
    assert on(instance.guarded_by_def, backend)() == guarded
    assert on(instance.around, backend)() == (found, guarded)
    for checked in (kind.flow, kind.guarded, kind.around):
        checked.check()


async def test_the_default_condition_of_an_async_workflow_does_so_as_well() -> None:
    base: Any = Base()
    ready: Any = Ready()
    assert (await base.guarded(), await ready.guarded()) == (None, "by default")
    assert (await base.flow.call(), await ready.flow.call()) == (NONE, ALL)


async def test_with_other_options_and_in_an_override_a_condition_means_the_same() -> None:
    flow: Any = Ready.flow
    assert await flow.with_options(name="named").call(Ready()) == ALL
    assert await flow.override(by_lambda=lambda: "other").call(Ready()) == ("other", *ALL[1:])
    assert await flow.override(ready=False).call(Ready()) == NONE


async def test_a_task_that_is_replaced_on_its_class_is_replaced_for_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    flow: Any = Base().flow
    assert await flow.call() == NONE
    monkeypatch.setattr(Base, "ready", task(lambda: True))
    assert await flow.call() == ALL


async def test_a_condition_in_a_body_of_its_own_sees_what_stands_before_and_behind_it() -> None:
    def make() -> Any:
        @task
        def before() -> int:
            return 1

        @task(when=lambda before, behind: behind > before)
        def guarded() -> str:
            return "ran"

        @task
        def behind() -> int:
            return 2

        @workflow
        def w(guarded: Any = None) -> Any:
            return guarded

        return w, before, behind

    assert await make()[0].call() == "ran"


@task
def open_now() -> bool:
    return False


class Shop:
    @task
    @staticmethod
    def open_now() -> bool:
        return True

    @task(when=lambda open_now: open_now)
    @staticmethod
    def sell() -> str:
        return "sold"


async def test_a_condition_means_the_tasks_of_its_class_where_other_options_are_given_outside_of_it() -> None:
    outside = Shop.sell.with_options(name="outside")

    @workflow(needs={"sold": outside})
    async def w(sold: str = "closed") -> str:
        return sold

    assert await w() == "sold"
    assert await w.override({outside: lambda: "replaced"})() == "replaced"

    @workflow(needs={"sold": Shop.sell.with_options(when=lambda open_now: open_now)})
    async def here(sold: str = "closed") -> str:
        return sold

    assert await here() == "closed"  # this condition is defined here, where the module's own task has the name
