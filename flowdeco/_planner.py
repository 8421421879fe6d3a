"""Keeps a workflow's plan, and compiles it anew when a name refers to another task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import local
from typing import Any

from ._build import Override, build, check_graph, find_step, instead_of, raise_problems
from ._errors import CycleError, GraphError
from ._graph import Graph
from ._lookup import Constant, Lookup, Watch
from ._plan import Plan, compile_plan
from ._scope import LocalScope, refresh_scopes
from ._signature import Param
from ._task import Step

__all__ = ["Planner"]

StandIns = dict[int, tuple[Step, Step | Constant]]

# The workflows whose graphs are being built on this thread, the outermost first.
_building = local()


class Planner:
    """Finds the graph of one workflow.

    Args:
        owner: the workflow.
        given: names given by hand, `tasks={...}`.
        more: tasks and modules to look in last, `tasks=[...]`.
        base: the planner of the workflow that `overrides` change.
        overrides: what stands in for which tasks of the base.
        inherited: what stands in for tasks since a workflow around this one says so.
    """

    def __init__(
        self,
        owner: Step,
        given: Mapping[str, Step],
        more: tuple[Any, ...],
        base: Planner | None = None,
        overrides: tuple[Override, ...] = (),
        inherited: StandIns | None = None,
    ) -> None:
        self.owner = owner
        self.given = given
        self.more = more
        self.base = base
        self.overrides = overrides
        self.inherited: StandIns = inherited or {}
        self._plan: Plan | None = None
        self._own: tuple[tuple[Param, ...], Watch] | None = None
        self._made: dict[tuple[int, int], Step | Constant] = {}

    @property
    def root(self) -> Step:
        """The workflow that this one was made from by overriding."""
        planner = self
        while planner.base is not None:
            planner = planner.base
        return planner.owner

    def own_names(self) -> tuple[tuple[Param, ...], Watch]:
        """Return the inputs, and the names that make them so."""
        if self._own is None or not self._own[1].holds():
            lookup = Lookup(self.owner, self.given, self.more, None)
            lookup.resolve_owner()
            self._own = tuple(lookup.inputs.values()), lookup.watch
        return self._own

    def plan(self) -> Plan:
        """Return the plan for a call made now; a function's body up the stack may have bound more tasks since."""
        if self._plan is None:
            self.refresh()
        elif self._plan.local_scopes:
            refresh_scopes(self._plan.local_scopes)
        return self.nested_plan()

    def refresh(self) -> None:
        """Note what the body that the workflow was defined in has bound since, if it is still being executed."""
        refresh_scopes(n for n in self.owner._scope if isinstance(n, LocalScope))

    def nested_plan(self) -> Plan:
        """Return the plan, compiled anew if a name refers to another task now.

        Raises:
            GraphError: the graph cannot be built.
        """
        plan = self._plan
        if plan is None or not plan.watch.holds():
            graph, problems = self._build()
            raise_problems(self.owner.name, problems)
            self._plan = plan = compile_plan(graph, graph.lookup.watch)
        return plan

    def check(self) -> None:
        """Raise everything that is wrong with the graph, also what does not keep it from running."""
        self.refresh()
        graph, problems = self._build()
        raise_problems(self.owner.name, problems + check_graph(graph, self.more))

    def _build(self) -> tuple[Graph, list[GraphError]]:
        outer: list[Step] = _building.__dict__.setdefault("workflows", [])
        if self.root in outer:
            path = tuple(str(step.name) for step in (*outer[outer.index(self.root) :], self.root))
            circle = " -> ".join(path)
            text = f"workflows run each other in a circle: {circle}. Rename a parameter, or cut one with needs=."
            message = f"Cannot build workflow {self.owner.name!r}: {text}"
            raise CycleError(message, workflow=self.owner.name, path=path)
        outer.append(self.root)
        try:
            before = self._plan.watch if self._plan is not None else None
            return build(Lookup(self.owner, self.given, self.more, before), self._replacer())
        finally:
            outer.pop()

    def _replacer(self) -> Callable[[Step], Step | Constant]:
        stand_ins = {**self.inherited, **self.stand_ins()}

        def replace(step: Step) -> Step | Constant:
            if id(step) in stand_ins:
                return stand_ins[id(step)][1]
            if stand_ins and step.planner is not None:
                key = id(step), 0
                if key not in self._made:
                    self._made[key] = step._inherit({**step.planner.inherited, **stand_ins})
                return self._made[key]
            return step

        return replace

    def stand_ins(self) -> StandIns:
        """Return what stands in for which task, by the task's id.

        Raises:
            UnknownTaskError: the workflow does not have such a task.
        """
        if self.base is None:
            return {}
        found = dict(self.base.stand_ins())
        graph = self.base.nested_plan().graph
        for number, override in enumerate(self.overrides):
            step = find_step(self.owner, override.key, graph)
            key = id(step), number + 1
            if key not in self._made:
                self._made[key] = instead_of(step, override)
            found[id(step)] = step, self._made[key]
        return found
