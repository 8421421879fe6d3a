"""Random programs over items end as a simple sequential model says, on every event loop and in every order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from flowdeco import Skip, Workflow, task, workflow
from tests.conftest import BACKENDS, Backend
from tests.model.item_model import Node, Program, evaluate
from tests.model.outcome import Each, give, plain
from tests.support.example import examples

Draw = st.DrawFn

SOURCES = ("list", "generator", "async generator")


@st.composite
def nodes(draw: Draw, number: int, mapped: tuple[int, ...], *, has_task: bool) -> Node:
    """Draw a node; `mapped` are the nodes before it that are mapped, `has_task` says whether a task is the source."""
    each: list[Each] = []
    if draw(st.integers(0, 3)):
        of = draw(st.lists(st.sampled_from((-1, *mapped)), min_size=1, max_size=2, unique=True))
        each = [Each(node, draw(st.booleans()), node >= 0 and draw(st.integers(0, 3)) == 0) for node in of]
    before = range(-1, number)
    wholes = draw(st.lists(st.sampled_from(before), max_size=2, unique=True))
    asks = draw(st.lists(st.sampled_from(range(number)), max_size=1)) if number else []
    answer = draw(st.sampled_from([None, None, True, True, False]))
    stream: tuple[int, bool] | None = None
    if not each and (mapped or has_task) and draw(st.booleans()):
        of = [*mapped, -1] if has_task else [*mapped]
        stream = draw(st.sampled_from(of)), draw(st.booleans())
        wholes = []
    return Node(
        draw(st.sampled_from(["async", "waiting", "def", "def" if stream else "loop"])),
        tuple(each),
        tuple([(of, of >= 0 and draw(st.booleans())) for of in wholes if of not in {one.of for one in each}]),
        draw(st.integers(0, 3)) == 0 and not stream,
        draw(st.sampled_from([None, None, 1, 2])),
        answer,
        () if answer is None else tuple(asks),
        stream,
    )


@st.composite
def programs(draw: Draw) -> Program:
    found: list[Node] = []
    source = draw(st.sampled_from(["input", *SOURCES]))
    for number in range(draw(st.integers(1, 6))):
        mapped = tuple([i for i, node in enumerate(found) if node.each])
        found.append(draw(nodes(number, mapped, has_task=source != "input")))
    items = draw(st.lists(st.integers(0, 9), max_size=7))
    body = draw(st.sets(st.sampled_from(range(len(found))), min_size=1, max_size=2))
    chosen = None if draw(st.booleans()) else tuple(sorted(body))
    return Program(tuple(items), tuple(found), draw(st.sampled_from([None, 1, 2, 3])), source, chosen)


def make_source(items: tuple[int, ...], kind: str) -> Any:
    """Return what gives the items: the name of an input, or a task."""

    def give_all() -> Iterator[int]:
        yield from items

    async def give_later() -> AsyncIterator[int]:
        for item in items:
            await checkpoint()
            yield item

    if kind == "input":
        return "source"
    functions = {"list": lambda: list(items), "generator": give_all, "async generator": give_later}
    return task(functions[kind], name="source")


def build(program: Program) -> Workflow[Any, Any]:
    """Return a workflow that gives how each node has ended."""
    tasks: list[Any] = []
    source = make_source(program.items, program.source)
    for number, node in enumerate(program.nodes):
        names = [f"e{position}" for position, _ in enumerate(node.each)]
        needed = [f"w{position}" for position, _ in enumerate(node.wholes)]
        needs = {f"w{i}": source if of < 0 else tasks[of] for i, (of, _) in enumerate(node.wholes)}
        needs.update({f"a{i}": tasks[of] for i, of in enumerate(node.asks)})
        settled = [name for name, each in zip(names, node.each, strict=True) if each.is_settled]
        settled += [name for name, (_, is_settled) in zip(needed, node.wholes, strict=True) if is_settled]
        if node.stream is not None:
            of, is_settled = node.stream
            needs["s"] = source if of < 0 else tasks[of]
            settled += ["s"] if is_settled else []
            needed.append("s")
        options: dict[str, Any] = {
            "each": {n: source if e.of < 0 else tasks[e.of] for n, e in zip(names, node.each, strict=True)} or None,
            "ahead": program.ahead if node.each else None,
            "recover": (lambda: "recovered") if node.recovers else None,
            "when": None if node.answer is None else make_condition(node),
            "run_in": "loop" if node.kind == "loop" else None,
            "stream": None if node.stream is None else "s",
        }
        given = {name: option for name, option in options.items() if option is not None}
        defaults = [f"{n}='default'" if e.has_default else n for n, e in zip(names, node.each, strict=True)]
        function = make_function(f"n{number}", node.kind, names + needed, sort_defaults(needed, defaults))
        tasks.append(task(function, name=f"n{number}", needs=needs, settled=settled, limit=node.limit, **given))

    every = {f"n{i}": step for i, step in enumerate(tasks) if program.body is None or i in program.body}
    parameters = ", ".join(["source=()", *[f"{name}=None" for name in every]])
    scope: dict[str, Any] = {}
    exec(f"def body({parameters}): return [{', '.join(every)}]", scope)
    return workflow(scope["body"], name="w", needs=every, settled=[*every], keep_going=True)


def make_condition(node: Node) -> Any:
    """Return a condition that receives what it asks for, and says what the node says."""
    names = ", ".join([f"a{i}" for i, _ in enumerate(node.asks)])
    return eval(f"lambda {names}: {node.answer}")


def sort_defaults(needed: list[str], defaults: list[str]) -> str:
    return ", ".join([*needed, *[one for one in defaults if "=" not in one], *[one for one in defaults if "=" in one]])


def make_function(name: str, kind: str, order: list[str], parameters: str) -> Any:
    """Return a function that gives what the model says for what it receives."""

    def run(*values: Any) -> Any:
        status, value = give(name, [plain(value) for value in values])
        if status == "failed":
            raise ValueError(name)
        if status == "skipped":
            raise Skip(name)
        return value

    waits = "await checkpoint(); " if kind == "waiting" else ""
    start = "async def" if kind in ("async", "waiting") else "def"
    reads = f"s = [one {'async ' if start != 'def' else ''}for one in s]; " if "s" in order else ""
    scope: dict[str, Any] = {"run": run, "checkpoint": checkpoint}
    exec(f"{start} {name}({parameters}): {waits}{reads}return run({', '.join(order)})", scope)
    return scope[name]


@pytest.mark.parametrize("backend", BACKENDS)
@examples(3)
@given(program=programs())
def test_a_program_over_items_ends_as_the_model_says(backend: Backend, program: Program) -> None:
    async def main() -> None:
        with anyio.fail_after(60):
            given = [list(program.items)] if program.source == "input" else []
            found = await build(program).call(*given)
            run = await build(program).run_async(*given)
        expected, demanded = evaluate(program)
        chosen = range(len(program.nodes)) if program.body is None else program.body
        assert plain(found) == [expected[number] for number in chosen]
        assert plain(run.result) == plain(found)
        unneeded = {name for name, record in run.tasks.items() if record.reason == "not needed"} - {"source"}
        assert unneeded == {name for name in run.tasks if name[0] == "n" and int(name[1:]) not in demanded}

    anyio.run(main, backend=backend[0], backend_options=backend[1])
