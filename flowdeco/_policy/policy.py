"""A task's policy: what its options say of attempts, time, recovery, capacity, place and hooks."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeGuard, cast
from weakref import WeakKeyDictionary

from .._base.checks import check_timeout, reject
from .._base.injection import Ask
from .._base.signature import MISSING, Kind, read_signature
from .._base.text import listed, nearest
from .hook import (
    EVENT_NAMES,
    HOOKS,
    ITEM_NAMES,
    NO_HOOKS,
    Hook,
    Hooks,
    check_hooks,
    check_recover,
    read_hook,
    read_hooks,
    unknown_name,
)
from .limit import Demand
from .limit_option import check_limit
from .retry import Retry, check_retries
from .run_in import RunIn, check_run_in

__all__ = [
    "DEFAULTABLE",
    "NO_POLICY",
    "Asker",
    "Defaults",
    "Policy",
    "Recovery",
    "asks_for_nothing",
    "check_defaults",
    "check_metadata",
    "check_policy",
    "read_policy",
    "read_recovery",
]

# The options of a policy: with None a task says nothing, and the `defaults=` of its workflow hold.
DEFAULTABLE = ("retries", "timeout", "recover", "when", "eager", "limit", "run_in", *HOOKS, "metadata")


class Recovery(NamedTuple):
    """What turns a final error into a value.

    Attributes:
        kind: the type of error that it is for.
        hook: a function, called as a hook is; `None` for a task.
        task: the definition of a task, which runs under its own policy; `None` for a function.
    """

    kind: type[BaseException]
    hook: Hook | None
    task: Any = None


class Policy(NamedTuple):
    """What the options of a task come to; for each option, `None` or nothing where it asks for nothing."""

    retries: Retry | None = None
    timeout: float | None = None
    recover: tuple[Recovery, ...] = ()
    limit: Demand | None = None
    run_in: RunIn = None
    hooks: Hooks = NO_HOOKS
    metadata: Mapping[str, Any] = MappingProxyType({})
    eager: bool = False

    @property
    def waits_for_failure(self) -> bool:
        """Whether it says nothing of a first attempt that gives a result."""
        if self.timeout is not None or self.limit is not None or self.run_in not in (None, "thread"):
            return False
        if self.retries is not None and self.retries.within is not None:
            return False  # there is a clock to be started
        return not self.hooks or self.hooks.keys() <= {"on_retry", "on_error"}

    @property
    def plain(self) -> bool:
        """Whether one attempt is all there is to a task."""
        return self.retries is None and not self.recover and self.limit is None and not self.hooks


NO_POLICY = Policy()


# Gives the definition of a task or a workflow, which stands above; `None` for anything else.
FindTask: TypeAlias = Callable[[Any], Any]


class Asker(NamedTuple):
    """Of the task whose options are checked: what it is called, what there is to ask for, and what a call gives.

    One whose function stands in for another's runs here, where it can be watched and need not be sent anywhere. A `def`
    around an `async def` has that one's kind as its `inner`.
    """

    subject: str
    arguments: Sequence[str]
    kind: Kind
    find_task: FindTask
    stands_in: bool = False
    inner: Kind = "sync"


def _is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def check_metadata(subject: str, value: object) -> dict[str, Any] | None:
    """Accept `None` and a mapping with strings for keys, of which a copy is returned."""
    if value is None:
        return None
    if not _is_mapping(value) or not all(isinstance(key, str) for key in value):
        reason = "is not a mapping with strings for keys. Give one, as in {'owner': 'data team'}."
        raise reject(subject, "metadata", value, reason, wrong_type=True)
    return dict(value)


def asks_for_nothing(options: Mapping[str, Any]) -> bool:
    """Whether no option says anything of a policy, as with most tasks."""
    for option in DEFAULTABLE:  # a generator would take three times as long, at every decoration
        if options[option] is not None:
            return False
    return True


def check_policy(subject: str, options: dict[str, Any], find_task: FindTask) -> None:
    """Check those of a task's options that make its policy, each by itself, and copy what may change."""
    check_timeout(subject, options["timeout"])
    options["metadata"] = check_metadata(subject, options["metadata"])
    if options["eager"] is not None and not isinstance(options["eager"], bool):
        reason = "is neither True nor False. Give one of them."
        raise reject(subject, "eager", options["eager"], reason, wrong_type=True)
    for option in HOOKS:
        options[option] = check_hooks(subject, option, options[option])
    options["recover"] = check_recover(subject, options["recover"])
    _refuse_workflows(subject, options["recover"], find_task)
    if find_task(options["when"]) is None:
        _check_when(subject, options["when"])


def _refuse_workflows(subject: str, recover: Any, find_task: FindTask) -> None:
    ways: Iterable[Any] = recover.values() if _is_mapping(recover) else [recover]
    for way in ways:
        task = find_task(way)
        if task is not None and task.is_workflow:
            what = "is" if way is recover else f"has {way!r} in it, which is"
            reason = f"{what} a workflow, and that cannot recover a task. Give a function or a task."
            raise reject(subject, "recover", recover, reason, wrong_type=True)


def _check_when(subject: str, when: object) -> None:
    if when is None:
        return
    if not callable(when):
        reason = "is not a function or a task. Give one whose parameters name what it needs to know."
        raise reject(subject, "when", when, reason, wrong_type=True)
    try:
        kind = read_signature(when).kind
    except (TypeError, ValueError) as error:
        reason = "has parameters that cannot be read. Wrap it in a def."
        raise reject(subject, "when", when, reason, wrong_type=True) from error
    if kind.endswith("generator"):
        raise reject(subject, "when", when, "yields instead of returning a value. Let it return one.", wrong_type=True)


def read_policy(asker: Asker, options: Mapping[str, Any]) -> Policy:
    """Return what checked options come to, taken together.

    Raises:
        OptionError: an option cannot be used, or two do not go together.
    """
    if asks_for_nothing(options):
        return NO_POLICY
    subject = asker.subject
    retries = check_retries(subject, options["retries"])
    limit = check_limit(subject, options["limit"])
    run_in = options["run_in"]
    run_in = check_run_in(subject, run_in if _may_keep(asker, run_in) else None, asker.kind, asker.find_task)
    timeout = _bound(options["timeout"])
    if run_in == "loop" and timeout is not None and asker.kind in ("sync", "generator"):
        reason = (
            'cannot be combined with run_in="loop": a def cannot be interrupted on the event loop. Remove one of them.'
        )
        raise reject(subject, "timeout", timeout, reason)
    hooks = read_hooks(subject, options, asker.arguments)
    recover = _read_recoveries(asker, options["recover"])
    metadata = MappingProxyType(options["metadata"] or {})
    return Policy(retries, timeout, recover, limit, run_in, hooks, metadata, bool(options["eager"]))


def _may_keep(asker: Asker, run_in: object) -> bool:
    """Whether a function runs where the options say: one that stands in for another's is not sent anywhere."""
    if not asker.stands_in or run_in == "loop":
        return True
    return asker.find_task(run_in) is not None and not asker.kind.startswith("async")


def _bound(timeout: float | None) -> float | None:
    """Return a timeout, or `None` if it bounds nothing."""
    return None if timeout == math.inf else timeout


def _read_recoveries(asker: Asker, value: Any) -> tuple[Recovery, ...]:
    if value is None:
        return ()
    pairs: Iterable[tuple[Any, Any]] = value.items() if _is_mapping(value) else [(Exception, value)]
    return tuple(read_recovery(asker, kind, function) for kind, function in pairs)


def read_recovery(asker: Asker, kind: type[BaseException], function: Any) -> Recovery:
    """Return what recovers from one type of error. Raises `OptionError` if it asks for what there is not."""
    known = [*EVENT_NAMES, *ITEM_NAMES, *asker.arguments]
    task = asker.find_task(function)
    if task is None:
        return Recovery(kind, read_hook(asker.subject, "recover", function, known))
    unknown = [p.name for p in task.params if p.default is MISSING and p.name not in known]
    if unknown:
        raise unknown_name(asker.subject, Hook("recover", Ask(function, (), False)), unknown[0], known)
    return Recovery(kind, None, task)


class Defaults:
    """What the `defaults=` of a workflow make of the policies of its tasks.

    Args:
        options: the checked options.
        predicate: what `when` in them comes to.
    """

    def __init__(self, options: Mapping[str, Any], predicate: Any) -> None:
        self.options = options
        self.predicate = predicate
        # Kept, so that `limit=4` stays the same limit when the graph is compiled again.
        self._policies: WeakKeyDictionary[Any, Policy] = WeakKeyDictionary()

    def policy_of(self, task: Any) -> Policy:
        """Return the policy of a task in this workflow. Raises `OptionError` if a default does not fit the task.

        They are for tasks: a resource has its own options and no others.
        """
        if task.is_resource:
            own: Policy = task.policy
            return own
        policy = self._policies.get(task)
        if policy is None:
            policy = self._policies[task] = self._complete(task.policy, task.options, task.make_asker())
        return policy

    def list_added(self, task: Any) -> tuple[Hashable, ...]:
        """Return what they add to the options of a task, the same for the same."""
        if task.is_resource:
            return ()
        own, kind = task.options, task.signature.kind
        unfit = () if kind in ("sync", "generator") else ("run_in",)
        added = [
            (option, _freeze(value))
            for option, value in self.options.items()
            if value is not None and (own[option] is None or option == "metadata") and option not in (*unfit, "when")
        ]
        return tuple(added)

    def _complete(self, policy: Policy, own: Mapping[str, Any], asker: Asker) -> Policy:
        options = {option: self.options.get(option) if own[option] is None else None for option in DEFAULTABLE}
        is_bounded = _bound(own["timeout"]) is not None
        if asker.kind not in ("sync", "generator"):
            options["run_in"] = None
        elif own["run_in"] == "loop":
            options["timeout"] = None
        elif asker.inner.startswith("async") or (options["run_in"] == "loop" and is_bounded):
            options["run_in"] = None
        more = read_policy(asker, options)
        chosen = {
            option: getattr(more if own[option] is None else policy, option)
            for option in ("retries", "timeout", "recover", "limit", "run_in", "eager")
        }
        hooks = {**more.hooks, **policy.hooks}
        metadata = MappingProxyType({**(self.options.get("metadata") or {}), **policy.metadata})
        return Policy(**chosen, hooks=hooks, metadata=metadata)


def _freeze(value: Any) -> Hashable:
    """Return what is equal for options that say the same: by value what is simple, by identity anything else."""
    if isinstance(value, (list, tuple)):
        return tuple([_freeze(part) for part in cast("Sequence[Any]", value)])
    if _is_mapping(value):
        return tuple([(_freeze(key), _freeze(part)) for key, part in value.items()])
    if value is None or isinstance(value, (bool, int, float, str, Retry)):
        try:
            return type(value), hash(value), value
        except TypeError:  # a Retry whose `on` is a list
            pass
    return id(value)


def check_defaults(subject: str, value: object, find_task: FindTask) -> dict[str, Any] | None:
    """Return the options in `defaults=`, checked; `None` for `None`."""
    if value is None:
        return None
    if not _is_mapping(value):
        raise reject(subject, "defaults", value, "is not a mapping. Give one, as in {'retries': 2}.", wrong_type=True)
    for option in value:
        if option not in DEFAULTABLE:
            reason = f"has {option!r} in it, which cannot be a default."
            reason += f"{nearest(str(option), DEFAULTABLE)} It can have {listed(DEFAULTABLE, 20)}."
            raise reject(subject, "defaults", value, reason)
    options = {**dict.fromkeys(DEFAULTABLE), **value}
    subject = f"the defaults of {subject}"
    check_policy(subject, options, find_task)
    hooks = dict.fromkeys((*HOOKS, "recover"))  # what they may ask for depends on the task
    read_policy(Asker(subject, (), "sync", find_task), {**options, **hooks})
    return options
