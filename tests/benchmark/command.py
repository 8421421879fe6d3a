"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import flowdeco
from tests.benchmark.case import choose_cases
from tests.benchmark.table import BEFORE, NOW, is_met, write_head, write_row, write_summary
from tests.benchmark.timing import Case, Figures, Setting
from tests.benchmark.tree import MeasuringError, measure_in
from tests.benchmark.worker import BACKENDS

DESCRIPTION = """\
How much time and memory flowdeco takes, beside the same work written by hand.

  python tests/benchmark                      about fifteen minutes; or python -m tests.benchmark
  python tests/benchmark --quick              about five
  python tests/benchmark --quick --before PATH --only "limit" "when"

Every case is measured in several fresh processes, and a figure is the median of their medians. With --before the
processes alternate between that checkout and this one, since other work on the machine comes and goes, and `ratio` is
now/before; a checkout that cannot run a case shows "-". A target that is missed is marked OVER; the targets are meant
for 1,000 nodes on asyncio.
"""


class Plan(NamedTuple):
    """What to measure.

    Attributes:
        trees: the checkouts of flowdeco by what they are called; the rivals are measured beside the last of them.
        rounds: how many processes there are for each of them and a case.
        setting: how each of them measures it.
        cache: a folder for what Python compiles.
    """

    trees: Mapping[str, Path]
    rounds: int
    setting: Setting
    cache: Path


def say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - this is a command


def measure_case(case: Case, plan: Plan, failures: dict[str, str]) -> dict[str, Figures]:
    """Return the figures by checkout, and note in `failures` why one has none."""
    rounds: dict[str, list[Figures]] = {tree: [] for tree in plan.trees}
    for number in range(plan.rounds):
        order = list(plan.trees.items())
        for name, path in order if number % 2 else order[::-1]:
            title = f"{case.name} ({name})"
            if title in failures:
                continue
            try:
                rounds[name].append(measure_in(path, case.name, plan.setting._replace(rivals=name == NOW), plan.cache))
            except MeasuringError as error:
                failures[title] = str(error)
    return {name: merge_rounds(measured, plan.setting) for name, measured in rounds.items()}


def merge_rounds(rounds: Sequence[Figures], setting: Setting) -> Figures:
    names = rounds[0] if rounds else {}
    return {name: setting.choose(figures[name] for figures in rounds) for name in names}


def measure_all(plan: Plan, sections: Mapping[str, Sequence[Case]]) -> None:
    setting, with_before = plan.setting, BEFORE in plan.trees
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{platform.system()} {platform.machine()}"
    taken = "the fastest run" if setting.best else "medians"
    say(f"{python}, {machine}, anyio {version('anyio')}, {setting.backend}, {setting.nodes:,} nodes, {taken}")
    failures: dict[str, str] = {}
    verdicts: list[bool] = []
    for section, cases in sections.items():
        say("\n" + write_head(section, cases[0].rivals, with_before=with_before))
        for case in cases:
            figures = measure_case(case, plan, failures)
            say(write_row(case, figures, with_before=with_before))
            met = is_met(case, figures[NOW])
            verdicts += [] if met is None else [met]
    say("\n" + write_summary(verdicts))
    for title, reason in failures.items():
        say(f"no figure for {title}: {reason}")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python tests/benchmark", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", metavar="PATH", type=Path, help="another checkout of flowdeco, measured beside")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument(
        "--only", metavar="SUBSTRING", nargs="+", default=[], help="the cases that have one of these in their name"
    )
    parser.add_argument(
        "--best", action="store_true", help="the fastest run counts instead of the median: for a machine that is in use"
    )
    parser.add_argument("--list", action="store_true", help="print the names of the cases, and measure nothing")
    parser.add_argument("--backend", choices=BACKENDS, default="asyncio", help="the event loop")
    parser.add_argument("--nodes", type=int, default=1_000, help="the size of a graph (default: 1000)")
    parser.add_argument("--rounds", type=int, help="the processes for each case and checkout (default: 5; quick: 3)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    parser = make_parser()
    given = parser.parse_args(argv)
    sections = choose_cases(given.only)
    if not sections:
        parser.error(f"no case has {' or '.join(map(repr, given.only))} in its name: see --list")
    if given.list:
        for case in (case for cases in sections.values() for case in cases):
            say(case.name)
        return
    trees = {NOW: Path(flowdeco.__file__).parents[1]}
    if given.before is not None:
        if not (given.before / "flowdeco" / "__init__.py").exists():
            parser.error(f"there is no flowdeco in {given.before}")
        trees = {BEFORE: given.before.resolve(), **trees}
    setting = Setting(given.nodes, 0.1 if given.quick else 0.3, backend=given.backend, best=given.best)
    with TemporaryDirectory() as cache:
        measure_all(Plan(trees, given.rounds or (3 if given.quick else 5), setting, Path(cache)), sections)
