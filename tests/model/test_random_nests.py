"""In workflows within each other, however they share, each task runs as often, and on what, as a naive model says."""

from collections import Counter
from typing import Any, NamedTuple

import anyio
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Backend
from tests.support.example import examples
from tests.support.modules import make_module

INPUTS = ("a", "b")
RENAMED: list[dict[str, str]] = [{}, {}, {"a": "b"}, {"b": "a"}, {"a": "b", "b": "a"}]


class Step(NamedTuple):
    """A task: whether it is an `async def`, and the names of its parameters."""

    is_async: bool
    needs: list[str]


class Level(NamedTuple):
    """A workflow: what its function needs besides the inputs, the new names of these, and its options."""

    is_async: bool
    needs: list[str]
    renamed: dict[str, str]
    options: dict[str, Any]


class Nest(NamedTuple):
    """Tasks and workflows; each needs only those before it, and the last is the outermost."""

    steps: list[Step]
    levels: list[Level]


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 5))):
        known = [*INPUTS, *(f"t{i}" for i in range(number))]
        steps.append(Step(draw(st.booleans()), draw(st.lists(st.sampled_from(known), unique=True, max_size=3))))
    levels: list[Level] = []
    for number in range(draw(st.integers(1, 6))):
        known = [*(f"t{i}" for i in range(len(steps))), *(f"w{i}" for i in range(number))]
        needs = draw(st.lists(st.sampled_from(known), unique=True, min_size=1, max_size=4))
        renamed = {} if number == 0 else draw(st.sampled_from(RENAMED))
        options = {
            "share": draw(st.sampled_from([True, True, True, False])),
            "keep_going": draw(st.sampled_from([False, False, False, True])),
        }
        levels.append(Level(draw(st.booleans()), needs, renamed, options))
    levels[-1] = levels[-1]._replace(renamed={})
    return Nest(steps, levels)


def write_nest(nest: Nest) -> str:
    lines = ["from collections import Counter", "ran = Counter()"]
    for number, step in enumerate(nest.steps):
        lines += [
            "@task",
            f"{'async ' * step.is_async}def t{number}({', '.join(step.needs)}):",
            f"    ran['t{number}', ({''.join(f'{name}, ' for name in step.needs)})] += 1",
            f"    return ('t{number}', {', '.join(step.needs)})",
        ]
    for number, level in enumerate(nest.levels):
        params = [*INPUTS, *level.needs]
        lines += [
            f"@workflow(name='w{number}', needs={level.renamed!r}, **{level.options!r})",
            f"{'async ' * level.is_async}def w{number}({', '.join(params)}): return ({', '.join(params)})",
        ]
    return "\n".join(lines)


class Model:
    """Runs a nest as it is read, and tells values apart by what they come from."""

    def __init__(self, nest: Nest) -> None:
        self.nest = nest
        self.ran: Counter[Any] = Counter()
        self.known: dict[Any, Any] = {}

    def run_level(self, number: int, inputs: dict[str, tuple[Any, Any]], region: object) -> Any:
        """Return what a workflow gives for inputs, each with where it comes from."""
        level = self.nest.levels[number]
        found = dict(inputs)
        here = object()
        names = [*INPUTS, *level.needs]
        return tuple([self.find(name, level, found, region, here)[1] for name in names])

    def find(self, name: str, level: Level, found: dict[str, tuple[Any, Any]], region: object, here: object) -> Any:
        """Return where the value comes from that a name has in a level, and the value."""
        if name not in found:
            number = int(name[1:])
            if name[0] == "t":
                parts = [self.find(need, level, found, region, here) for need in self.nest.steps[number].needs]
                origin = name, tuple([part[0] for part in parts]), region, level.options["keep_going"]
                if origin not in self.known:
                    values = tuple([part[1] for part in parts])
                    self.ran[name, values] += 1
                    self.known[origin] = (name, *values)
            else:
                within = self.nest.levels[number]
                inputs = {own: found[within.renamed.get(own, own)] for own in INPUTS}
                apart = not (level.options["share"] and within.options["share"])
                come = tuple([inputs[own][0] for own in INPUTS])
                origin = name, come, here if apart else region, level.options["keep_going"]
                if origin not in self.known:
                    if apart:  # as if it were called by itself: that two of its inputs are one outside, it cannot know
                        region = object()
                        inputs = {own: ((within.renamed.get(own, own), region), inputs[own][1]) for own in INPUTS}
                    self.known[origin] = self.run_level(number, inputs, region)
            found[name] = origin, self.known[origin]
        return found[name]


@given(nest=nests())
@examples(1)
def test_shared_tasks_run_as_often_as_a_naive_model_says(nest: Nest, backend: Backend) -> None:
    module = make_module("nest", write_nest(nest))
    last = len(nest.levels) - 1
    model = Model(nest)
    expected = model.run_level(last, {name: (name, name.upper()) for name in INPUTS}, object())
    w = getattr(module, f"w{last}")

    async def main() -> Any:
        return await w.call(a="A", b="B")

    w.check()
    assert anyio.run(main, backend=backend[0], backend_options=backend[1]) == expected
    assert module.ran == model.ran
    str(w.graph)
    w.graph.to_mermaid()
