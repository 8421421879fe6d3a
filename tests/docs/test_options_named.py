"""The options and the methods that the guide names are there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import flowdeco
from flowdeco.progress import Progress
from tests.support.document import INDEX, LLMS, PAGES, README

# Rows about other libraries, and the cells of the page for who comes from one of them.
OF_OTHERS = re.compile(r"^\| \[.*?\]\(https?:.*$|^\| [^|]*\|(?= )", re.MULTILINE)
# In these, names are those of tasks and variables.
FREE = re.compile(r"override\([^)]*\)|lambda \w+=")
# What is misspelt on purpose, fields of a state, and an argument of a task.
EXAMPLES = {"discont", "tokens", "notes", "query"}
# What is meant by these names where they stand before a dot.
CLASSES = {"w": flowdeco.Workflow, "offer": flowdeco.Workflow, "run": flowdeco.Run, "state": flowdeco.State}


def parameters() -> set[str]:
    """Return what can be said by name to anything public, and to its methods."""
    found: set[str] = set()
    for public in [*(getattr(flowdeco, name) for name in flowdeco.__all__), Progress]:
        members = [getattr(public, name) for name in dir(public) if not name.startswith("_")]
        for each in (public, *(members if inspect.isclass(public) else ())):
            try:
                found.update(inspect.signature(each).parameters)
            except (TypeError, ValueError):
                continue
    return found


def codes(prose: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", OF_OTHERS.sub("", prose))


def named(prose: str) -> Iterator[str]:
    for code in codes(prose):
        yield from re.findall(r"(?<![\w.])([a-z_]+)=(?!=)", FREE.sub("", code))


def test_each_option_that_the_guide_names_is_a_parameter_of_something_public() -> None:
    known = parameters() | EXAMPLES
    unknown = [(page.name, name) for page in (README, INDEX, LLMS, *PAGES) for name in named(page.prose)]
    assert [each for each in unknown if each[1] not in known] == []


def test_a_misspelt_option_is_found() -> None:
    assert set(named("`retry=3`, `lambda a=a: a`, `w.override(b=1)`, `x == 1`\n| [B](https://b) | `c=` |\n")) == {
        "retry"
    }
    assert parameters() >= {"retries", "delay", "state"}


def test_each_method_that_the_guide_names_is_there() -> None:
    found: list[tuple[str, str]] = []
    for page in (README, INDEX, LLMS, *PAGES):
        for code in codes(page.prose):
            found += re.findall(rf"(?<![\w.])({'|'.join(CLASSES)})\.([a-z_]+)", code)
    assert ("run", "to_html") in found
    assert {each for each in found if not hasattr(CLASSES[each[0]], each[1]) and each[1] not in EXAMPLES} == set()
