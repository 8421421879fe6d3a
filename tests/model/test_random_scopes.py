"""A parameter means what a variable of its name means where the function is."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowdeco import task, workflow
from tests.support.naming import make_module


def nest(levels: list[tuple[str, str]], innermost: list[str]) -> str:
    """Return the source of a module of functions and classes within each other, which bind `x` or do not."""
    head: list[str] = []
    tail: list[str] = []
    for depth, (kind, when) in enumerate(levels):
        outside, inside = " " * (depth - 1), " " * depth
        bind = f"{inside}x = task(lambda: {depth})"
        opening = {"module": [], "def": [f"{outside}def inner():"], "class": [f"{outside}class inner:"]}[kind]
        call = [f"{outside}inner()"] if kind == "def" else []
        head += [*opening, *([bind] if when == "before" else [])]
        # What a body binds last is seen when a decorator runs after it, in the same body.
        tail = [*([bind, f"{inside}task(lambda: 0)"] if when == "after" else []), *call, *tail]
    return "\n".join([*head, *(" " * (len(levels) - 1) + line for line in innermost), *tail])


LEVELS = st.lists(
    st.tuples(st.sampled_from(["def", "def", "class"]), st.sampled_from(["before", "after", "never"])), max_size=4
)


@given(LEVELS, st.sampled_from(["before", "after", "never"]))
def test_a_parameter_means_what_a_variable_of_that_name_means_there(levels: Any, when: str) -> None:
    nested = [("module", when), *levels]
    found: list[Any] = []
    names = {"task": task, "workflow": workflow, "found": found}
    make_module("m", nest(nested, ["@workflow", "def w(x): return x", "found.append(w)"]), **names)
    make_module("m", nest(nested, ["def probe(): return x", "found.append(probe)"]), **names)
    w, probe = found
    try:
        expected = probe()
    except NameError:
        expected = None
    if nested[-1][0] == "class" and nested[-1][1] != "never":
        expected = task(lambda: len(levels))  # the decorator runs in the class, whose names a variable would not mean
    assert [node.step() for node in w.graph] == ([expected()] if expected is not None else [])
