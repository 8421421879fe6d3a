"""The rows of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.benchmark.target import TARGETS
from tests.benchmark.timing import OWN, RIVALS, Case, Figures

BEFORE, NOW = "before", "now"
WIDTH = 66


def write_head(section: str, rivals: Sequence[str] = RIVALS, *, with_before: bool) -> str:
    columns = [f"{BEFORE:>9}{NOW:>9}{'ratio':>7}" if with_before else f"{NOW:>9}"]
    columns += [f"{rival:>9}" for rival in rivals]
    return f"{section:<{WIDTH}}{'unit':>13}{''.join(columns)}   target"


def write_row(case: Case, figures: Mapping[str, Figures], *, with_before: bool) -> str:
    """Return the figures of a case, by checkout, and what is said of its target; "-" stands for what there is not."""
    before, now = (figures.get(tree, {}) for tree in (BEFORE, NOW))
    cells = [write_figure(now.get(OWN))]
    if with_before:
        cells = [write_figure(before.get(OWN)), *cells, write_ratio(before.get(OWN), now.get(OWN))]
    cells += [write_figure(now.get(rival)) for rival in case.rivals]
    return f"{case.name:<{WIDTH}}{case.unit:>13}{''.join(cells)}   {write_verdict(case, now)}".rstrip()


def write_figure(figure: float | None) -> str:
    if figure is None:
        return f"{'-':>9}"
    return f"{figure:>9,.0f}" if figure >= 1_000 else f"{figure:>9.2f}"


def write_ratio(before: float | None, now: float | None) -> str:
    return f"{'-':>7}" if before is None or now is None or before <= 0 else f"{now / before:>7.2f}"


def is_met(case: Case, now: Figures) -> bool | None:
    """Return whether the target is met; `None`: there is none, or nothing to hold against it."""
    target = TARGETS.get(case.name)
    if target is None or OWN not in now or (target.rival is not None and target.rival not in now):
        return None
    return now[OWN] <= target.most * (1 if target.rival is None else now[target.rival])


def write_verdict(case: Case, now: Figures) -> str:
    target = TARGETS.get(case.name)
    if target is None:
        return ""
    limit = f"{target.most:g}" if target.rival is None else f"{target.most:g} times {target.rival}"
    met = is_met(case, now)
    return limit if met is None else f"{limit} ok" if met else f"{limit} OVER"


def write_summary(verdicts: Sequence[bool]) -> str:
    return f"targets: {sum(verdicts)} met, {len(verdicts) - sum(verdicts)} over"
