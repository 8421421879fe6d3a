"""A program in which everything meets as a workflow, and a watch on what it opens, runs and closes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from itertools import combinations, count
from threading import Lock
from types import MethodType
from typing import Any

import trio
from anyio.lowlevel import checkpoint

from flowdeco import Limit, Retry, Skip, resource, task, workflow
from tests.conftest import Backend
from tests.model.outcome import digest, give, plain
from tests.model.whole_model import FAKE, add_items, holds, list_items
from tests.model.whole_program import CALLED_LEVEL, Callee, Level, Opened, Program, Step, Stop

__all__ = ["Again", "Boom", "Stage", "make_switch"]

_FAILURES = (ValueError, ExceptionGroup)

# In which order what a function receives stands in its text.
_ORDER = ["given", "k", *[f"{kind}{n}" for kind in "ewp" for n in range(9)], "st"]


def _holds_of_item(e0: Any) -> bool:
    return holds(plain(e0))


def _holds_of_input(given: Any) -> bool:
    return holds(given)


def _add(count: int, item: Any, index: int) -> list[str]:
    return [] if index else add_items(item, count)


def _list_retries(trouble: int) -> Any:
    return Retry(abs(trouble), on=Again, delay=0) if trouble else None


class Boom(ValueError):
    """What goes wrong in a program that is to fail somewhere."""


class Again(ValueError):
    """What goes wrong a few times."""


def make_switch(backend: Backend, switch: Callable[[], Any]) -> Callable[[], None]:
    """What calls a function on the event loop that runs, soon, and from any thread."""
    if backend[0] == "trio":
        token = trio.lowlevel.current_trio_token()
        return lambda: token.run_sync_soon(switch)
    loop = asyncio.get_running_loop()
    return lambda: (loop.call_soon_threadsafe(switch), None)[1]


class _Handle:
    """A resource: when opening it began and was done, when it was used first, when closing it began and was done."""

    def __init__(self, number: int, run: Any, begun: int) -> None:
        self.number, self.run, self.begun = number, run, begun
        self.opened = self.used = self.closing = self.closed = 0


class Watch:
    """Whether all that was begun has ended, in order, and the switch that stops the program."""

    def __init__(self, stop: Stop) -> None:
        self.stop = stop
        self.switch: Callable[[], object] = lambda: None
        self.points, self.clock = count(1), count(1)
        self.lock = Lock()
        self.ran: Counter[tuple[str, str]] = Counter()
        self.running: Counter[str] = Counter()
        self.failed: Counter[tuple[str, str]] = Counter()
        self.handles: list[_Handle] = []
        self.wrong: list[str] = []
        self.is_stopped = False

    def pass_point(self) -> None:
        """Stop the program, if this is where that is to be."""
        with self.lock:
            here = next(self.points)
        if self.stop.kind and here == self.stop.at:
            self.is_stopped = True
            if self.stop.kind == "fail":
                raise Boom
            if self.stop.kind == "exit":
                raise SystemExit(3)
            self.switch()

    def begin(self, name: str, used: Iterable[_Handle]) -> None:
        with self.lock:
            self.running[name] += 1
        self.look(name, used)

    def end(self, name: str, used: Iterable[_Handle]) -> None:
        self.look(name, used)
        with self.lock:
            self.running[name] -= 1

    def look(self, name: str, used: Iterable[_Handle]) -> None:
        for one in used:
            one.used = one.used or next(self.clock)
        self.wrong += [f"{name} uses {one.number}, which is closed" for one in used if one.closing or not one.opened]

    def trip(self, name: str, arguments: list[Any], times: int) -> None:
        """Fail, unless that has happened so many times with these arguments; -1: always."""
        with self.lock:
            key = name, digest(name, arguments)
            self.failed[key] += 1
            if times < 0 or self.failed[key] <= times:
                raise Again(name)

    def note(self, name: str, arguments: list[Any]) -> None:
        with self.lock:
            self.ran[name, digest(name, arguments)] += 1

    def list_unclosed(self) -> list[str]:
        """What is wrong with how things have ended."""
        found = [*self.wrong, *[f"{name} still runs" for name in +self.running]]
        found += [f"resource {one.number} is open" for one in self.handles if one.opened and not one.closed]
        for one, other in combinations(self.handles, 2):
            first, last = (one, other) if one.begun < other.begun else (other, one)
            is_ordered = 0 < first.used < last.begun and first.run is last.run is not None
            if is_ordered and first.closing < last.closed:
                found.append(f"resource {first.number} is closed before {last.number}")
        return found


class Stage:
    """A program as a workflow."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.watch = Watch(program.stop)
        self.limit = Limit(2)
        self.made: dict[str, Any] = {}
        self.resources: list[Any] = []
        for number, opened in enumerate(program.resources):
            self.resources.append(self._make_resource(number, opened))
        self.callees: list[Any] = []
        for number, callee in enumerate(program.callees):
            self.callees.append(self._make_callee(number, callee))
        self.levels: dict[int, Any] = {}
        for number in reversed(range(len(program.levels))):
            self.levels[number] = self._make_level(number, program.levels[number])
        self.outermost = self.levels[0]
        stands_in = {self.made[name]: self._make_stand_in(name) for name in program.list_replaced()}
        if stands_in:
            self.outermost = self.outermost.override(stands_in)
        self.is_shared = any(one.is_shared for one in program.resources)

    def _make_stand_in(self, name: str) -> Any:
        level, _, position = name[1:].partition("_")
        is_function = name[0] == "s" and self.program.levels[int(level)].steps[int(position)].stands_in == "function"
        return (lambda: FAKE) if is_function else FAKE

    def _find_callee(self, number: int) -> Any:
        return self.levels[number - CALLED_LEVEL] if number >= CALLED_LEVEL else self.callees[number]

    def _find_face(self, number: int) -> Any:
        return self.levels[number - CALLED_LEVEL] if number >= CALLED_LEVEL else self.made[f"c{number}"]

    def _make_resource(self, number: int, opened: Opened) -> Any:
        wait = "await checkpoint(); " if opened.is_async else ""
        names = [f"r{n}" for n in sorted(opened.needs)]
        text = [
            f"{'async ' * opened.is_async}def r{number}({', '.join([*names, *['run'] * opened.names_run])}):",
            f"    handle = Handle({number}, {'run' if opened.names_run else None}, next(watch.clock))",
            "    watch.handles.append(handle)",
            f"    {wait}watch.pass_point(); watch.trip('r{number}', [], {opened.trouble})",
            f"    {wait}watch.look('r{number}', [{', '.join(names)}])",
            "    handle.opened = next(watch.clock)",
            "    try:",
            "        yield handle",
            "    finally:",
            "        watch.wrong += ['closed twice'] * bool(handle.closing)",
            f"        handle.closing = next(watch.clock); watch.look('r{number}', [{', '.join(names)}])",
            "        try:",
            f"            {wait}watch.pass_point()",
            "        finally:",
            "            handle.closed = next(watch.clock)",
        ]
        function = self._make(f"r{number}", text, Handle=_Handle)
        needs = {f"r{n}": self.resources[n] for n in opened.needs}
        scope: Any = "shared" if opened.is_shared else "run"
        return resource(function, name=f"r{number}", needs=needs, scope=scope, retries=_list_retries(opened.trouble))

    def _make(self, name: str, text: list[str], **scope: Any) -> Any:
        scope.update(watch=self.watch, checkpoint=checkpoint)
        exec("\n".join(text), scope)
        return scope[name]

    def _make_callee(self, number: int, callee: Callee) -> Any:
        name = f"c{number}"
        function = self._make_function(name, callee, ["k"], [])
        needs = {f"r{n}": self.resources[n] for n in callee.resources}
        options = {"needs": needs, "limit": callee.limit, **self._find_options(callee)}
        way = "plain" if callee.way == "method" else callee.way
        made = self.made[name] = self._make_way(name, function, way, options)
        if callee.way != "method":
            return made
        holder: Any = type("Holder", (), {"find": made})()
        return holder.find

    def _make_way(self, name: str, function: Any, way: str, options: dict[str, Any]) -> Any:
        """A task, which is made in one of some ways."""
        given = {option: value for option, value in options.items() if value}
        if way == "derived":
            needs = given.pop("needs", {})
            return task(function, name="first", needs=needs).with_options(name=name, **given)
        bind = {"partial": partial, "method": MethodType}.get(way)
        return task(function if bind is None else bind(function, self), name=name, **given)

    def _find_options(self, function: Callee | Step | Level) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if function.calls:
            options["calls"] = [self._find_face(number) for number in sorted({*function.calls})]
        if getattr(function, "recovers", False):
            options["recover"] = lambda: "recovered"
        if getattr(function, "trouble", 0):
            options["retries"] = _list_retries(getattr(function, "trouble", 0))
        return options

    def _make_function(self, name: str, function: Any, parameters: list[str], defaults: list[str]) -> Any:
        """What gives what the model says for what it receives, and calls what is to be called."""
        resources = [f"r{n}" for n in sorted(function.resources)]
        used, taken = ", ".join(resources), ", ".join([*parameters, *resources, *defaults])
        names = [*parameters, *[one.partition("=")[0] for one in defaults]]
        order = sorted(names, key=_ORDER.index)
        trouble = getattr(function, "trouble", 0)
        first = ", ".join([one for one in order if one != "st"])
        bound = "self, " * (getattr(function, "way", "") in ("method", "partial"))
        is_async = function.is_async if isinstance(function, Level) else function.kind in ("async", "waiting")
        waits = is_async and getattr(function, "kind", "waiting") == "waiting"
        stream = [f"    st = [plain(one) {'async ' * is_async}for one in st]"] if "st" in names else []
        ended = getattr(function, "stream", None)
        if ended and ended[2] == "ended":
            stream.append("    st.sort(key=str)")
        calls: list[str] = []
        for position, number in enumerate(function.calls):
            calls += self._call(f"{name}/{position}", number, function, is_async)
        text = [
            f"{'async ' * is_async}def {name}({bound}{taken}):",
            f"  watch.begin('{name}', [{used}])",
            "  try:",
            *["    await checkpoint()"] * waits,
            "    watch.pass_point()",
            *[f"    watch.trip('{name}', [plain(one) for one in [{first}]], {trouble})"] * bool(trouble),
            *stream,
            f"    received = [plain(one) for one in [{', '.join(order)}]]",
            *calls,
            *["    await checkpoint()"] * waits,
            "    watch.pass_point()",
            "    return finish(received)",
            "  finally:",
            f"    watch.end('{name}', [{used}])",
        ]
        scope = {"Skip": Skip, "FAILURES": _FAILURES, "digest": digest, "find": self._find_callee}
        finish = self._make_end(name, has_outputs=getattr(function, "has_outputs", False))
        return self._make(name, text, plain=plain, finish=finish, **scope)

    def _call(self, name: str, number: int, function: Any, is_async: bool) -> list[str]:
        how = "await find({}).call({})" if is_async else "find({}).call_sync({})"
        called = how.format(number, f"digest('{name}', received)")
        catches = getattr(function, "catches", True)
        return [
            "    try:",
            f"        answer = {called}",
            "    except Skip:",
            "        answer = 'skipped'",
            *["    except FAILURES:", "        answer = 'failed'"] * catches,
            "    received.append(answer)",
        ]

    def _make_end(self, name: str, *, has_outputs: bool) -> Callable[[list[Any]], Any]:
        def finish(received: list[Any]) -> Any:
            self.watch.note(name, received)
            status, value = give(name, received)
            if status == "failed":
                raise ValueError(name)
            if status == "skipped":
                raise Skip(name)
            return (f"{value}a", f"{value}b") if has_outputs else value

        return finish

    def _make_level(self, number: int, level: Level) -> Any:
        steps: list[Any] = []
        for position, step in enumerate(level.steps):
            steps.append(self._make_step(f"s{number}_{position}", level, step, steps))
            self.made[f"s{number}_{position}"] = steps[-1]
        growing = {step.each[0].of for step in level.steps if step.grows}
        every = {f"p{position}": step for position, step in enumerate(steps) if position not in growing}
        needs = {**every, **{f"r{n}": self.resources[n] for n in level.resources}}
        function = self._make_function(f"b{number}", level, ["given"], [f"{name}=None" for name in every])
        settled = [*every] if level.is_settled else None
        options: dict[str, Any] = {"settled": settled, "keep_going": level.keep_going, **self._find_options(level)}
        options["tasks"] = [steps[position] for position, step in enumerate(level.steps) if step.has_outputs] or None
        return workflow(function, name=f"b{number}", needs=needs, **{k: v for k, v in options.items() if v is not None})

    def _make_step(self, name: str, level: Level, step: Step, steps: list[Any]) -> Any:
        if step.within is not None:
            options: dict[str, Any] = {"each": {"given": steps[step.each[0].of]}} if step.each else {}
            if step.ahead and step.each:
                options["ahead"] = step.ahead
            return self.levels[step.within].with_options(name=name, **options)
        needs: dict[str, Any] = {f"w{i}": steps[of] for i, (of, _) in enumerate(step.wholes)}
        for i, (of, is_settled) in enumerate(step.wholes):
            if level.steps[of].has_outputs and not is_settled:
                needs[f"w{i}"] = f"{steps[of].name}b"
        needs.update({f"r{n}": self.resources[n] for n in step.resources})
        settled = [f"w{i}" for i, (_, is_settled) in enumerate(step.wholes) if is_settled]
        if step.is_source:
            options = {"ahead": step.ahead} if step.ahead and step.kind != "list" else {}
            options["retries"] = _list_retries(step.trouble)
            return task(self._make_source(name, step), name=name, needs=needs, settled=settled, **options)
        return self._make_task(name, step, steps, needs, settled)

    def _make_task(self, name: str, step: Step, steps: list[Any], needs: dict[str, Any], settled: list[str]) -> Any:
        settled += [f"e{i}" for i, each in enumerate(step.each) if each.is_settled]
        options = self._find_options(step)
        parameters = [*([] if step.each else ["given"]), *[f"w{i}" for i, _ in enumerate(step.wholes)]]
        parameters += [f"e{i}" for i, each in enumerate(step.each) if not each.has_default]
        defaults = [f"e{i}='default'" for i, each in enumerate(step.each) if each.has_default]
        if step.stream:
            of, is_settled, order = step.stream
            parameters.append("st")
            needs["st"] = steps[of]
            settled += ["st"] * is_settled
            options["stream"] = {"st": "ended"} if order == "ended" else "st"
        if step.each:
            options["each"] = {f"e{i}": steps[each.of] for i, each in enumerate(step.each)}
        if step.ahead:
            options["ahead"] = step.ahead
        if step.kind == "loop":
            options["run_in"] = "loop"
        if step.has_condition:
            options["when"] = _holds_of_item if step.each else _holds_of_input
        if step.has_outputs:
            options["outputs"] = (f"{name}a", f"{name}b")
        if step.place is not None:
            options["run_in"] = self.resources[step.place]
        if step.grows:
            options["more"] = partial(_add, step.grows)
        options.update(needs=needs, settled=settled, limit=self.limit if step.shares_limit else step.limit)
        return self._make_way(name, self._make_function(name, step, parameters, defaults), step.way, options)

    def _make_source(self, name: str, step: Step) -> Any:
        wholes = [f"w{i}" for i, _ in enumerate(step.wholes)]
        resources = [f"r{n}" for n in sorted(step.resources)]
        used = ", ".join(resources)
        is_async = step.kind == "async generator"
        parameters = ", ".join(["given", *wholes, *resources])
        items = f"list_items('{name}', received, {step.size})"
        text = [
            f"{'async ' * is_async}def {name}({parameters}):",
            f"  watch.begin('{name}', [{used}])",
            "  try:",
            "    watch.pass_point()",
            f"    received = [plain(one) for one in [{', '.join(['given', *wholes])}]]",
            *[f"    watch.trip('{name}', received, {step.trouble})"] * bool(step.trouble),
            f"    watch.note('{name}', received)",
            *[f"    return {items}"] * (step.kind == "list"),
            f"    for item in {items}:",
            *["      await checkpoint()"] * is_async,
            "      watch.pass_point()",
            "      yield item",
            "  finally:",
            f"    watch.end('{name}', [{used}])",
        ]
        if step.kind == "list":
            text = [line for line in text if not line.startswith("    for") and not line.startswith("      ")]
        return self._make(name, text, plain=plain, list_items=list_items)
