"""All cases, by matter."""

from __future__ import annotations

from tests.benchmark.compiling import COMPILING
from tests.benchmark.importing import IMPORTING
from tests.benchmark.item import ITEM
from tests.benchmark.manner import MANNER
from tests.benchmark.memory import MEMORY
from tests.benchmark.option import OPTION, READING
from tests.benchmark.plain import PLAIN
from tests.benchmark.timing import Case

SECTIONS: dict[str, list[Case]] = {
    "plain nodes": PLAIN,
    "an option each, independent nodes": OPTION,
    "items": ITEM,
    "reading a record": READING,
    "before the first run": COMPILING + IMPORTING,
    "memory": MEMORY,
    "manners on the event loop": MANNER,
}
CASES: dict[str, Case] = {case.name: case for cases in SECTIONS.values() for case in cases}


def choose_cases(parts: list[str]) -> dict[str, list[Case]]:
    """Return the cases whose names have one of the parts in them, by section; without parts, all."""
    chosen = {
        section: [case for case in cases if not parts or any(part in case.name for part in parts)]
        for section, cases in SECTIONS.items()
    }
    return {section: cases for section, cases in chosen.items() if cases}
