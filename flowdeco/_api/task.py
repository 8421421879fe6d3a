"""A task: a function, still called as it was, with what a workflow must know to run it."""

from __future__ import annotations

from typing import ParamSpec, Self, TypeVar, Unpack

from .._definition.class_function import ClassFunction
from .._definition.decoration import define_task
from .._definition.definition import TaskDefinition
from .._definition.option_types import TaskOptions
from .face import change_options
from .function_face import FunctionFace

__all__ = ["Task"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class Task(FunctionFace[P, R_co]):
    """A function that workflows can run. Made by `@task`.

    Called, it runs the function and nothing else: no timeout, no record.
    """

    def with_options(self, **options: Unpack[TaskOptions]) -> Self:
        """Return a task of the same function with other options; it is a node of its own.

        Args:
            **options: as of `task`; those left out stay as they are, and of `needs=` the parameters left out, too;
                `needs=None` takes all of it away.

        Raises:
            OptionError: an option does not exist or has a value that cannot be used.
        """
        old, made = self._definition, self._copy()
        asked = old.asked if old.stands_in else None
        changed = change_options(old, options)
        made._show(define_task(made, old.function, changed, old.scope, old.signature, asked, like=old))
        return made

    def _define_bound(self, made: Self, bound: ClassFunction) -> TaskDefinition:
        old = self._definition
        return define_task(made, bound, dict(old.options), old.scope, old.signature, like=old)
