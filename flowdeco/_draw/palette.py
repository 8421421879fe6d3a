"""The colours of pictures and pages, light and dark, and the style sheet of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .._base.events import Status
from .diagram import COLOURS

__all__ = ["DARK", "LIGHT", "Palette", "graph_rules", "list_colours", "picture_style"]


class Palette(NamedTuple):
    """The colours of one appearance.

    Attributes:
        paper: the background.
        ink: text.
        faint: less important text.
        line: the lines of a graph.
        statuses: what a box of each status is filled with, and its border, which is legible as text on paper, too.
    """

    paper: str
    ink: str
    faint: str
    line: str
    statuses: Mapping[Status, tuple[str, str]]


LIGHT = Palette("#ffffff", "#111827", "#4b5563", "#6b7280", COLOURS)
DARK = Palette(
    "#10141b",
    "#f3f4f6",
    "#aab2bf",
    "#8b95a5",
    {
        Status.PENDING: ("#272d38", "#9ca3af"),
        Status.RUNNING: ("#172e57", "#7fb0ff"),
        Status.RETRYING: ("#46350c", "#facc15"),
        Status.COMPLETED: ("#12391f", "#4ade80"),
        Status.FAILED: ("#561919", "#fc8b8b"),
        Status.UPSTREAM_FAILED: ("#532b10", "#fdba74"),
        Status.SKIPPED: ("#343b47", "#b6bdc9"),
        Status.CANCELLED: ("#37275c", "#c4b5fd"),
    },
)


# How a notebook, or a page that it was made into, says which theme it has: JupyterLab and nbconvert, VS Code, Colab,
# and the usual themes of Sphinx. Where none of them does, it is the browser's.
_LIGHT_THEMES = ('[data-jp-theme-light="true"]', ".vscode-light", "[theme=light]", "[data-theme=light]")
_DARK_THEMES = (
    '[data-jp-theme-light="false"]',
    ".vscode-dark",
    ".vscode-high-contrast:not(.vscode-high-contrast-light)",
    "[theme=dark]",
    "[data-theme=dark]",
)

# What JupyterLab, Colab and VS Code call the background of what a cell shows.
_GROUNDS = ("--jp-layout-color0", "--colab-primary-surface-color", "--vscode-editor-background")


def list_colours(palette: Palette) -> dict[str, str]:
    """Return the colours by the names that style sheets have for them."""
    names = {"paper": palette.paper, "ink": palette.ink, "faint": palette.faint, "line": palette.line}
    for status, (fill, border) in palette.statuses.items():
        names |= {f"{status}-fill": fill, f"{status}-edge": border}
    return names


def picture_style() -> str:
    """Return the style sheet of a picture that stands in a notebook by itself: it follows the notebook's theme."""
    return (
        f".flowdeco-graph{_set_colours(LIGHT)}"
        f"@media (prefers-color-scheme:dark){{.flowdeco-graph{_set_colours(DARK)}}}"
        f"{_under(_LIGHT_THEMES)}{_set_colours(_on_ground(LIGHT))}{_under(_DARK_THEMES)}{_set_colours(_on_ground(DARK))}"
        f"{graph_rules()}{_under((*_LIGHT_THEMES, *_DARK_THEMES), ' .paper')}{{fill:none}}"
    )


def _on_ground(palette: Palette) -> Palette:
    """Return the colours on the notebook's own background, which the picture lets through."""
    paper = palette.paper
    for name in _GROUNDS:
        paper = f"var({name},{paper})"
    return palette._replace(paper=paper)


def _set_colours(palette: Palette) -> str:
    return f"{{{''.join([f'--{name}:{value};' for name, value in list_colours(palette).items()])}}}"


def _under(themes: tuple[str, ...], what: str = "") -> str:
    return ",".join([f"{theme} .flowdeco-graph{what}" for theme in themes])


def graph_rules() -> str:
    """Return the style sheet of a graph, given the colours."""
    rules = [
        f".flowdeco-graph text{{font:13px system-ui,sans-serif;{_paint('fill', 'ink')};text-anchor:middle}}",
        f".flowdeco-graph .label{{font-size:11px;{_paint('fill', 'faint')}}}",
        f".flowdeco-graph .ground{{{_paint('fill', 'paper')}}}",
        f".flowdeco-graph .box{{{_paint('fill', 'pending-fill')};{_paint('stroke', 'line')};stroke-width:1.2}}",
        f".flowdeco-graph .line{{fill:none;{_paint('stroke', 'line')};stroke-width:1.2}}",
        f".flowdeco-graph .tip{{{_paint('fill', 'line')}}}",
        f".flowdeco-graph .paper,.flowdeco-graph .input,.flowdeco-graph .end{{{_paint('fill', 'paper')}}}",
        ".flowdeco-graph .replaced{stroke-dasharray:5 3}",
        ".flowdeco-graph .after,.flowdeco-graph .calls{stroke-dasharray:5 4}",
        ".flowdeco-graph.many .line:not(.critical){stroke-opacity:.4}",
        f".flowdeco-graph .critical{{stroke-width:3;{_paint('stroke', 'ink')}}}",
    ]
    for status in Status:
        colours = f"{_paint('fill', f'{status}-fill')};{_paint('stroke', f'{status}-edge')}"
        rules.append(f".flowdeco-graph .{status}{{{colours}}}")
    return "".join(rules)


def _paint(what: str, name: str) -> str:
    """Return a declaration with a colour by its name, after one for what knows no names: makers of PDFs, say."""
    return f"{what}:{list_colours(LIGHT)[name]};{what}:var(--{name})"
