"""A sequential model of section 4 of the design: what becomes of every task, one after the other.

It is written from the text and shares nothing with the library but the names of its public types. What a task gives is
a string that tells all it has received, so that two results are equal only if everything before them was.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, TypeGuard, cast
from zlib import crc32

from flowdeco import Outcome, OutputError, Skip

Kind = Literal["async", "async timed", "async generator", "def", "def timed", "in the loop", "generator", "awaitable"]
Act = Literal["give", "nothing", "misfit", "Boom", "Bang", "Puff", "skip", "skip silently", "same"]
Shape = Literal["one", "list", "dict", "nothing"]


class Boom(Exception):
    """One type of error."""


class Bang(Boom):
    """One that is a kind of the first."""


class Puff(Exception):
    """One that is not."""


ERRORS: dict[str, type[Exception]] = {"Boom": Boom, "Bang": Bang, "Puff": Puff, "Exception": Exception}


class Ref(NamedTuple):
    """A node by its index, or an input by its name; or a part of a node's result."""

    to: int | str
    output: str | None = None


@dataclass(frozen=True)
class Param:
    """A parameter, and what fills it."""

    name: str
    shape: Shape
    refs: tuple[Ref, ...] = ()
    keyword: bool = False
    optional: bool = False
    settled: bool = False


@dataclass(frozen=True)
class When:
    """A `when=`: a function of its parameters, or the node that `node` says."""

    params: tuple[Param, ...]
    act: Act
    is_async: bool = False
    node: int | None = None


@dataclass(frozen=True)
class Way:
    """One entry of `recover=`: a function, or a task that may be tried again so many times."""

    error: str
    acts: tuple[Act, ...]
    asks: tuple[str, ...]
    is_async: bool = False
    retries: int | None = None


@dataclass(frozen=True)
class Node:
    """A task; or a workflow, if it has an `inner` one, whose inputs are the parameters."""

    kind: Kind
    params: tuple[Param, ...]
    acts: tuple[Act, ...]
    after: tuple[int, ...] = ()
    outputs: tuple[str, ...] = ()
    retries: int | None = None
    on: str = "Exception"
    when: When | None = None
    recover: tuple[Way, ...] = ()
    by_type: bool = False
    limit: tuple[tuple[int, int], ...] = ()
    inner: "Flow | None" = None
    # How it runs, which changes nothing of how it ends.
    steps: int = 0
    awaits: int | None = None


@dataclass(frozen=True)
class Flow:
    """A workflow. `prefix` begins the names of its nodes; `default_retries` is in its `defaults=`."""

    name: str
    prefix: str
    nodes: tuple[Node, ...]
    params: tuple[Param, ...]
    after: tuple[int, ...]
    act: Act
    is_async: bool
    keep_going: bool
    inputs: tuple[Param, ...] = ()
    default_retries: int | None = None
    watched: bool = False

    def name_of(self, index: int) -> str:
        return f"{self.prefix}{index}"


class Ended(NamedTuple):
    """How a node has ended, with the statuses on its way. An error is told by its name."""

    status: str
    value: Any = None
    error: str | None = None
    reason: str | None = None
    attempts: int = 0
    states: tuple[str, ...] = ()
    # The attempts that failed: whose, which, and with what.
    failures: tuple[tuple[str, int, str], ...] = ()
    # What those are skipped with that need it.
    passed_on: str = ""


class Ending(NamedTuple):
    """How a run ends.

    Attributes:
        nodes: how each node ends if the run gets so far.
        stops: the failed nodes of which each, if it is the first, ends the run before the others.
        errors: the names of the errors of which one is raised; none if there is a result or the run is skipped.
        skip: why the run is skipped.
        value: what the workflow returns.
        body: whether its own function is called.
    """

    nodes: tuple[Ended, ...]
    stops: frozenset[int] = frozenset()
    errors: frozenset[str] = frozenset()
    skip: str | None = None
    value: Any = None
    body: bool = False

    @property
    def certain(self) -> bool:
        """Whether it ends in the same way, whatever the order in which things happen."""
        return len(self.errors) <= 1


# What the functions do, in the model as in the run.


def name_error(error: BaseException) -> str:
    """Return what identifies an error: every attempt has its own."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return name_group(map(name_error, group.exceptions))
    return f"{type(error).__name__}({error.args[0] if not isinstance(error, OutputError) else ''})"


def name_group(errors: Iterable[str]) -> str:
    return f"group({', '.join(sorted(errors))})"


def make_plain(value: Any) -> Any:
    """Return a value in which outcomes and errors are told by what they say."""
    if isinstance(value, BaseException):
        return name_error(value)
    if is_outcome(value):
        error = None if value.error is None else name_error(value.error)
        plain = make_plain(value.value)
        assert (value.completed, value.failed, value.skipped) == (
            value.status == "completed",
            value.status in ("failed", "upstream_failed"),
            value.status == "skipped",
        )
        return tell_outcome(value.task, value.status.value, plain, error, value.reason)
    if is_list(value):
        return [make_plain(item) for item in value]
    if is_dict(value):
        return {key: make_plain(item) for key, item in value.items()}
    return value


def tell_outcome(task: str, status: str, value: Any, error: str | None, reason: str | None) -> Any:
    return ("outcome", task, status, value, error, reason)


def perform(act: Act, name: str, attempt: int, received: Mapping[str, Any], outputs: tuple[str, ...] = ()) -> Any:
    """Do what a function does: return a result that tells what it has received, or raise.

    With `outputs`, it is a mapping, unless it is to be one that does not fit.
    """
    if act == "skip":
        raise Skip(f"{name} would not")
    if act == "skip silently":
        raise Skip
    if act in ERRORS:
        raise ERRORS[act](f"{name}, {attempt}")
    if act == "nothing" and not outputs:
        return None
    told = f"{name}:{crc32(repr(sorted(received.items())).encode()):08x}"
    if not outputs:
        return told
    return 5 if act in ("nothing", "misfit") else {output: f"{told} {output}" for output in outputs}


def list_items(value: Any) -> list[Any]:
    """Return what a generator yields in the place of a result."""
    return list(value.values()) if is_dict(value) else [value]


def is_outcome(value: object) -> TypeGuard[Outcome[Any]]:
    return isinstance(value, Outcome)


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def default_of(function: str, param: str) -> str:
    return f"default {param} of {function}"


# How it all comes together.


class _Fate(NamedTuple):
    """What becomes of a function: what it receives, or why it is not called."""

    args: dict[str, Any]
    upstream: str | None
    skip: str | None

    @property
    def blocked(self) -> Ended | None:
        if self.upstream is not None:
            return Ended("upstream_failed", error=self.upstream, states=("upstream_failed",))
        if self.skip is not None:
            return Ended("skipped", reason=self.skip, states=("skipped",), passed_on=self.skip)
        return None


class _Walk:
    """Evaluates one flow, node after node."""

    def __init__(self, flow: Flow, inputs: Mapping[str, Any]) -> None:
        self.flow = flow
        self.inputs = inputs
        self.ended: list[Ended] = []
        # The nodes whose condition has come to ask for all that they need.
        self.taken: set[int] = set()

    def walk(self) -> Ending:
        flow = self.flow
        for index, node in enumerate(flow.nodes):  # each as if somebody needed it
            self.ended.append(self._evaluate(index, node))
        demanded = find_demanded(flow, self.taken)
        for index in range(len(flow.nodes)):
            if index not in demanded:
                self.ended[index] = Ended("skipped", reason="not needed", states=("skipped",))
        failed = {i for i, ended in enumerate(self.ended) if ended.status == "failed"}
        nodes = tuple(self.ended)
        stops: frozenset[int] = frozenset() if flow.keep_going else frozenset(failed - self._find_handled())
        if stops:
            return Ending(nodes, stops, frozenset(str(nodes[i].error) for i in stops))
        roots = [str(nodes[i].error) for i in self._find_roots()]
        if roots:
            return Ending(nodes, errors=frozenset([name_group(roots)] if flow.keep_going else roots))
        return self._evaluate_body(nodes)

    def _evaluate_body(self, nodes: tuple[Ended, ...]) -> Ending:
        flow = self.flow
        fate = self._find_fate(flow.name, flow.params, flow.after)
        assert fate.upstream is None
        if fate.skip is not None:
            return Ending(nodes, skip=fate.skip)
        try:
            value = perform(flow.act, flow.name, 1, {**self.inputs, **fate.args})
        except Skip as skip:
            return Ending(nodes, skip=skip.reason, body=True)
        except Exception as error:
            return Ending(nodes, errors=frozenset([name_error(error)]), body=True)
        return Ending(nodes, value=value, body=True)

    def _evaluate(self, index: int, node: Node) -> Ended:
        """Its condition comes first; only if that is true, it counts what becomes of all else that the node needs."""
        name = self.flow.name_of(index)
        asked = self._ask_for(name, node)
        if asked.blocked is not None:
            return asked.blocked
        fate = self._find_fate(name, node.params, node.after)
        if node.inner is not None:
            self.taken.add(index)
            return fate.blocked or _evaluate_inner(name, evaluate(node.inner, fate.args))
        course = _Course(name, node, self.flow, fate)
        ended = course.go(asked.args)
        if course.is_taken:
            self.taken.add(index)
        return ended

    def _ask_for(self, name: str, node: Node) -> _Fate:
        when = node.when
        if when is None:
            return _Fate({}, None, None)
        params = when.params if when.node is None else (Param("answer", "one", (Ref(when.node),)),)
        return self._find_fate(name, params, node.after)

    def _find_fate(self, function: str, params: Iterable[Param], after: Iterable[int]) -> _Fate:
        """A failure counts for more than a skip; of several, the first in the order of the parameters."""
        args: dict[str, Any] = {}
        upstream: str | None = None
        skip: str | None = None
        for param in params:
            holes: list[Ended] = []
            if not param.settled:
                holes = [self.ended[r.to] for r in param.refs if not isinstance(r.to, str) and self._is_hole(r.to)]
            is_partial = param.shape in ("list", "dict") and len(holes) < len(param.refs)
            for hole in holes:
                if hole.error is not None:
                    upstream = upstream or hole.error
                elif not param.optional and not is_partial:
                    skip = skip or hole.passed_on
            is_default = holes and not is_partial
            args[param.name] = default_of(function, param.name) if is_default else self._fill(function, param)
        for index in after:
            upstream = upstream or self.ended[index].error
        return _Fate(args, upstream, skip)

    def _is_hole(self, index: int) -> bool:
        return self.ended[index].status != "completed"

    def _fill(self, function: str, param: Param) -> Any:
        there = [ref for ref in param.refs if param.settled or isinstance(ref.to, str) or not self._is_hole(ref.to)]
        values = {f"k{param.refs.index(ref)}": self._receive(ref, settled=param.settled) for ref in there}
        if param.shape == "nothing":
            return default_of(function, param.name)
        if param.shape == "dict":
            return values
        return list(values.values()) if param.shape == "list" else values["k0"]

    def _receive(self, ref: Ref, *, settled: bool) -> Any:
        if isinstance(ref.to, str):
            return self.inputs[ref.to]
        ended = self.ended[ref.to]
        value = ended.value
        if ref.output is not None and ended.status == "completed":
            node = self.flow.nodes[ref.to]
            value = value[ref.output if isinstance(value, dict) else node.outputs.index(ref.output)]
        return tell_outcome(self.flow.name_of(ref.to), ended.status, value, *ended[2:4]) if settled else value

    # Who is to blame.

    def _find_handled(self) -> set[int]:
        """The nodes whose failure somebody receives as an outcome, at once or through tasks that need them."""
        takers = [param for node in self.flow.nodes for param in node.params] + [*self.flow.params]
        handled = {ref.to for param in takers if param.settled for ref in param.refs if not isinstance(ref.to, str)}
        return self._widen(handled)

    def _find_roots(self) -> list[int]:
        """The failed nodes that keep the workflow's own function from running.

        Not what one of them needs that has failed by its own condition, before it asked for anything.
        """
        needed = self._widen(_hard_needs(self.flow.params, self.flow.after), only=("upstream_failed",))
        return sorted(i for i in needed if self.ended[i].status == "failed")

    def _widen(self, found: set[int], only: tuple[str, ...] = ()) -> set[int]:
        """Add all that those found need so that they could not run without it."""
        for index in reversed(range(len(self.flow.nodes))):
            node = self.flow.nodes[index]
            if index in found and (not only or self.ended[index].status in only):
                found |= _hard_needs(node.params, node.after)
                if node.when is not None:
                    found |= _hard_needs(node.when.params, () if node.when.node is None else (node.when.node,))
        return found


def find_demanded(flow: Flow, taken: Container[int]) -> set[int]:
    """Return the nodes that somebody needs: the body, or a node that is demanded itself.

    Args:
        flow: the workflow.
        taken: the nodes with a condition that have come to ask for all that they need, not only for what that does.
    """
    found = _list_refs(flow.params, flow.after)
    for index in reversed(range(len(flow.nodes))):
        node = flow.nodes[index]
        if index not in found:
            continue
        if node.when is not None:
            found |= _list_refs(node.when.params, node.after)
            found |= set() if node.when.node is None else {node.when.node}
        if node.when is None or index in taken:
            found |= _list_refs(node.params, node.after)
    return found


def _list_refs(params: Iterable[Param], after: Iterable[int]) -> set[int]:
    return {*after, *(ref.to for param in params for ref in param.refs if not isinstance(ref.to, str))}


def _hard_needs(params: Iterable[Param], after: Iterable[int]) -> set[int]:
    refs = [ref.to for param in params if not param.settled for ref in param.refs]
    return {*after, *(to for to in refs if not isinstance(to, str))}


def _evaluate_inner(name: str, ending: Ending) -> Ended:
    assert ending.certain
    if ending.errors:
        (error,) = ending.errors
        states = ("running", "failed")
        return Ended("failed", error=error, attempts=1, states=states, failures=((name, 1, error),))
    if ending.skip is not None:
        return _skipped(name, ending.skip, 1, ["running"], [])
    return Ended("completed", ending.value, attempts=1, states=("running", "completed"))


def _skipped(name: str, why: str, attempts: int, states: list[str], failures: list[tuple[str, int, str]]) -> Ended:
    passed_on = f"{name!r} was skipped: {why}" if why else f"{name!r} was skipped"
    states = [*states, "skipped"]
    return Ended("skipped", None, None, why, attempts, tuple(states), tuple(failures), passed_on)


class _Course:
    """One task that runs: its condition, its attempts, its recovery."""

    def __init__(self, name: str, node: Node, flow: Flow, fate: _Fate) -> None:
        self.name = name
        self.node = node
        self.flow = flow
        self.fate = fate
        self.args = fate.args
        self.is_taken = False
        self.on = Exception if node.retries is None else ERRORS[node.on]
        self.retries = (flow.default_retries if node.retries is None else node.retries) or 0
        self.attempt = 0
        self.states: list[str] = []
        self.failures: list[tuple[str, int, str]] = []

    def go(self, asked: dict[str, Any]) -> Ended:
        try:
            try:
                self._ask(asked)
                self.is_taken = True
                if self.fate.blocked is not None:
                    return self.fate.blocked
                value = self._make_attempts()
            except Skip:
                raise
            except Exception as error:
                self.is_taken |= any(isinstance(error, ERRORS[way.error]) for way in self.node.recover)
                if self.fate.blocked is not None:
                    raise  # what recovers could not have the arguments
                value = self._recover(error)
        except Skip as skip:
            return _skipped(self.name, skip.reason, self.attempt, self.states, self.failures)
        except Exception as error:
            return self._end("failed", error=name_error(error))
        return self._end("completed", value)

    def _end(self, status: str, value: Any = None, error: str | None = None) -> Ended:
        states, failures = (*self.states, status), tuple(self.failures)
        return Ended(status, value, error, None, self.attempt, states, failures)

    def _ask(self, asked: dict[str, Any]) -> None:
        when = self.node.when
        if when is None:
            return
        if when.node is not None:
            what, answer = self.flow.name_of(when.node), asked["answer"]
        else:
            what = f"asks_{self.name}"
            answer = self._note(0, partial(perform, when.act, what, 1, asked))
        if not answer:
            raise Skip(f"when={what} gave false")

    def _note(self, attempt: int, call: Callable[[], Any], name: str | None = None) -> Any:
        """Call it; if it fails, that is in the record."""
        try:
            return call()
        except Skip:
            raise
        except Exception as error:
            self.failures.append((name or self.name, attempt, name_error(error)))
            raise

    def _make_attempts(self) -> Any:
        while True:
            self.attempt += 1
            self.states.append("running")
            try:
                return self._note(self.attempt, self._run)
            except Skip:
                raise
            except Exception as error:
                if self.attempt > self.retries or not isinstance(error, self.on):
                    raise
                self.states.append("retrying")

    def _run(self) -> Any:
        node, attempt = self.node, self.attempt
        value = perform(act_of(node.acts, attempt), self.name, attempt, self.args, node.outputs)
        if node.kind.endswith("generator"):
            value = list_items(value)
        return self._check(value)

    def _check(self, value: Any) -> Any:
        if self.node.outputs and not is_dict(value) and not (is_list(value) and len(value) == 2):
            raise OutputError("it does not fit")
        return value

    def _recover(self, error: Exception) -> Any:
        way = next((way for way in self.node.recover if isinstance(error, ERRORS[way.error])), None)
        if way is None:
            raise error
        known = {**self.args, "error": name_error(error), "attempt": self.attempt}
        received = {name: known[name] for name in way.asks}
        name = f"saves_{self.name}"
        tries = Counter[str]()

        def call() -> Any:
            tries[name] += 1
            act = act_of(way.acts, tries[name])
            if act == "same":
                raise error
            return perform(act, name, tries[name], received, self.node.outputs)

        try:
            value = self._retry(name, way.retries, tries, call) if way.retries is not None else call()
            return self._check(value)
        except Skip:
            raise
        except Exception as last:
            if last is not error:
                self.failures.append((self.name, self.attempt, name_error(last)))
            raise

    def _retry(self, name: str, retries: int, tries: Counter[str], call: Callable[[], Any]) -> Any:
        while True:
            try:
                return self._note(tries[name] + 1, call, name)
            except Skip:
                raise
            except Exception:
                if tries[name] > retries:
                    raise


def act_of(acts: tuple[Act, ...], attempt: int) -> Act:
    """What is done at an attempt; after the last one, the same again."""
    return acts[min(attempt, len(acts)) - 1]


def evaluate(flow: Flow, inputs: Mapping[str, Any] | None = None) -> Ending:
    """Return how a run of the flow ends."""
    return _Walk(flow, inputs or {}).walk()
