"""What is to be done for each node of a graph, made of its options: the part of a plan that lifecycles work by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import Parameter
from typing import Any

from .._base.signature import MISSING, Param
from .._definition.definition import Definition
from .._definition.resource import ResourceDefinition
from .._graph.graph import Graph
from .._graph.key_givers import list_heirs
from .._graph.node import Node
from .._graph.output import check_parts
from .._graph.source import Default, FromRun, Source
from .._policy.policy import NO_POLICY, Policy
from .._policy.policy import Recovery as PolicyRecovery
from .._policy.run_in import InResource
from .._runner.arguments import Arguments, Row, choose_arguments
from .._runner.attempt import choose_attempt, runs_in_thread
from .._runner.dispensable import dispensable, dispensable_in_thread
from .._runner.feeding import feeding, reading, reading_in_thread
from .._runner.gathering import gathering, listing
from .._runner.program import Attempt, Attempted, Condition, Program, Recovery, runs_on_loop
from .growing import growing
from .item_keys import naming
from .resource_program import make_resource_program

__all__ = ["Programs"]

# What no function receives.
_GIVEN = Param("", Parameter.POSITIONAL_ONLY)


class Programs:
    """The programs of a plan; its attributes are explained there."""

    graph: Graph
    required: Mapping[int, set[str]]
    flowing: frozenset[int]
    dispensable: frozenset[int]
    _programs: dict[int, Program]
    _arguments_of: dict[int, Arguments]

    def program_of(self, index: int) -> Program:
        """Return what is to be done for a node; of a plain one it is made when it is first asked for."""
        program = self._programs.get(index)
        if program is None:
            program = self._programs[index] = self._make_program(self.graph.nodes[index])
        return program

    def _make_program(self, node: Node) -> Program:
        program = self._make_unnamed(node)
        if node.more is not None:
            program.attempt = growing(program.attempt, node, program.arguments)
        if node.key is not None:
            program.attempt = naming(program.attempt, node, program.arguments, list_heirs(self.graph, node.index))
        return program

    def _make_unnamed(self, node: Node) -> Program:
        step = node.definition
        if step.is_workflow:
            return self._make_workflow_program(node)
        if isinstance(step, ResourceDefinition):
            given = self._arguments(step.function, node.params, node.sources, step.settled)
            return make_resource_program(node, step, given, self.graph.owner)
        policy = self.graph.policy_of(node)
        arguments = self._arguments_of.get(node.index)
        if arguments is None:
            function = step.function if node.index in self.flowing else gathering(step.function, step.signature)
            arguments = self._arguments(function, node.params, node.sources, step.settled)
        if node.place is not None:  # what runs in a resource has to find it
            arguments = arguments.with_slot(self.graph.node_of(node.place).index)
            policy = policy._replace(run_in=InResource(node.place.face, is_given=True))
        elif node.place_given is not None and isinstance(policy.run_in, InResource):
            arguments = arguments.with_slot(self._slot(_GIVEN, node.place_given))
            policy = policy._replace(run_in=policy.run_in._replace(is_given=True))
        return self._make_task_program(
            node.name,
            step,
            policy,
            arguments,
            self._choose_attempt(node, policy, arguments),
            watch=self.graph.owner.watch_hooks,
            condition=self._make_condition(node),
            check=partial(check_parts, step, self.required.get(id(step), ()), node.name) if step.outputs else None,
            writes=any(isinstance(source, FromRun) for source in node.sources),
        )

    def _make_dispensable(self, node: Node, step: Definition, policy: Policy, arguments: Arguments) -> Attempt:
        """Return what makes an attempt that may be called off."""
        kind = step.signature.gives
        if runs_in_thread(kind, policy.run_in, policy.timeout):
            call = listing(arguments.call) if kind == "generator" else arguments.call
            return dispensable_in_thread(node.name, call)
        made = choose_attempt(node.name, step.function, kind, policy.run_in, policy.timeout, arguments)
        return dispensable(made, awaits=kind.startswith("async") or policy.run_in == "loop")

    def _choose_attempt(self, node: Node, policy: Policy, arguments: Arguments) -> Attempt | None:
        """Return what makes an attempt at what hands on or reads items one by one; `None` for any other."""
        step = node.definition
        attempt: Attempt | None = None
        if node.index in self.flowing:
            kind = step.signature.gives
            attempt = feeding(node.name, step.function, kind, policy.run_in, policy.timeout, arguments)
        elif node.index in self.dispensable:
            attempt = self._make_dispensable(node, step, policy, arguments)
        elif step.items.streams:
            attempt = self._make_reading(node, step, policy, arguments)
        return reading(attempt) if attempt is not None and step.items.streams else attempt

    def _make_reading(self, node: Node, step: Definition, policy: Policy, arguments: Arguments) -> Attempt:
        """Return what makes an attempt at a task that reads items as a stream."""
        kind = step.signature.gives
        if kind.startswith("async") or step.signature.is_awaited:
            return choose_attempt(node.name, step.function, kind, policy.run_in, policy.timeout, arguments)
        call = listing(arguments.call) if kind == "generator" else arguments.call
        return reading_in_thread(node.name, call, policy.timeout)

    def _make_task_program(
        self,
        name: str,
        step: Definition,
        policy: Policy,
        arguments: Arguments,
        attempt: Attempt | None = None,
        **more: Any,
    ) -> Program:
        owner, kind = self.graph.owner, step.signature.gives
        return Program(
            name,
            policy,
            arguments,
            {**step.signature.bound, **_defaults_of(step.params)},
            attempt or choose_attempt(name, step.function, kind, policy.run_in, policy.timeout, arguments),
            kind,
            recover=tuple([self._make_recovery(way) for way in policy.recover]),
            strict=owner.strict,
            in_thread=attempt is None and runs_in_thread(kind, policy.run_in, policy.timeout),
            apart=policy.retries is not None and (kind.startswith("async") or policy.run_in == "loop"),
            **more,
        )

    def _make_workflow_program(self, node: Node) -> Program:
        step, owner = node.definition, self.graph.owner
        given = [(p, s) for p, s in zip(node.params, node.sources, strict=True) if not isinstance(s, Default)]
        arguments = self._arguments(dict, [param for param, _ in given], [source for _, source in given], ())
        own, within = len(arguments.slots), node.plan.graph.nodes
        for index in node.plan.given:
            arguments = arguments.with_slot(self._handed_place(within[index].definition))

        def attempt(life: Attempted) -> Any:
            row = life.row
            assert life.index is not None
            return step.run_within(node.plan, arguments.name(row), row[own:], life.run, life.journal, life.index)

        return Program(
            node.name,
            NO_POLICY,
            arguments,
            _defaults_of(node.params),
            dispensable(attempt, awaits=True) if node.index in self.dispensable else attempt,
            "async",
            watch=owner.watch_hooks,
            strict=owner.strict,
        )

    def _make_condition(self, node: Node) -> Condition | None:
        """Return what decides whether a node runs."""
        if node.predicate is None:
            return None
        predicate, sources = node.predicate
        function = predicate.function
        arguments = self._arguments(function, predicate.params, sources, ())
        return Condition(arguments, predicate.reason, predicate.asks_task or runs_on_loop(function))

    def _make_recovery(self, way: PolicyRecovery) -> Recovery:
        if way.hook is not None:
            return Recovery(way.kind, way.hook, runs_on_loop(way.hook.ask.function), None)
        task: Definition = way.task
        params = tuple(param for param in task.params if not param.variadic)

        def make(known: Mapping[str, Any]) -> tuple[Program, Row]:
            asked = tuple([param for param in params if param.name in known or param.default is MISSING])
            given = choose_arguments(asked, [FromRun(param.name) for param in asked])
            arguments = Arguments(gathering(task.function, task.signature), given, ())
            name = str(task.name or "recover")
            program = self._make_task_program(name, task, task.policy, arguments, watch={}, writes=True)
            return program, [known.get(param.name) for param, _ in given]

        return Recovery(way.kind, None, True, make)

    def _arguments(
        self, function: Callable[..., Any], params: Sequence[Param], sources: Sequence[Source], settled: Sequence[str]
    ) -> Arguments:
        """Return how a function gets its arguments."""
        raise NotImplementedError

    def _slot(self, param: Param, source: Source) -> int:
        """Return where what a parameter receives stands."""
        raise NotImplementedError

    def _handed_place(self, step: Definition) -> int:
        """Return where it stands how a node has ended, for a nested workflow that shares it."""
        raise NotImplementedError


def _defaults_of(params: Sequence[Param]) -> Mapping[str, Any]:
    return {param.name: param.default for param in params if param.default is not MISSING}
