"""What recovers a task, where that is a task of the body of a class: what the class has in its place."""

from __future__ import annotations

import copy

from .._base.errors import OptionError
from .._base.graph_errors import HookArgumentError
from .._definition.definition import Definition, TaskDefinition
from .._policy.policy import Policy, Recovery, read_recovery
from .resolver import Resolver

__all__ = ["renew_recoveries"]


def renew_recoveries(resolver: Resolver, definition: Definition, policy: Policy) -> Policy:
    """Return the policy of a task with the tasks that recover it as the class has them; mostly that is the same one."""
    if all(way.task is None for way in policy.recover):
        return policy
    says = resolver.owner if definition.options["recover"] is None else definition
    return _Renewal(resolver, definition, says).renew(definition, policy, (definition,))


class _Renewal:
    """Renews what recovers one task, and what recovers that.

    Args:
        resolver: knows the class.
        of: the task.
        says: whose option says what recovers it: the task, or the workflow with its defaults.
    """

    def __init__(self, resolver: Resolver, of: Definition, says: Definition) -> None:
        self.resolver = resolver
        self.of = of
        self.says = says

    def renew(self, task: Definition, policy: Policy, path: tuple[Definition, ...]) -> Policy:
        """Return the policy of `task` as it is in the class; `path` is what it stands behind, and itself."""
        ways = tuple([way if way.task is None else self._renew_way(task, way, path) for way in policy.recover])
        return policy if ways == policy.recover else policy._replace(recover=ways)

    def _renew_way(self, task: Definition, way: Recovery, path: tuple[Definition, ...]) -> Recovery:
        says = self.says if task is self.of else task
        found = self.resolver.definition_at(says, "recover", way.task.face)
        if found in path:  # it rests on the one that it takes the place of
            found = way.task
        if found is not way.task and not self._fits(task, way, found):
            return way
        if found in path:
            return way
        policy = self.renew(found, found.policy, (*path, found))
        if policy is not found.policy:
            found = copy.copy(found)
            assert isinstance(found, TaskDefinition)
            found.policy = policy
        return way if found is way.task else way._replace(task=found)

    def _fits(self, task: Definition, way: Recovery, found: Definition) -> bool:
        """Whether what the class has can recover the task; else that is reported."""
        name = self.resolver.name_of(task)
        reason = f"the class has a workflow for {way.task.label!r}, and that cannot recover a task. Make it a task."
        if isinstance(found, TaskDefinition):
            assert isinstance(task, TaskDefinition)
            asker = task.make_asker()
            try:
                read_recovery(asker, way.kind, found.face)
            except OptionError as error:
                reason = str(error).removeprefix(f"Cannot define {asker.subject}: ")
            else:
                return True
        text = f"task {name!r} cannot be recovered: {reason}"
        self.resolver.fail(HookArgumentError, text, function=name, option="recover", hook=found.face)
        return False
