"""How a run is shown: as a page, as a picture in a notebook, as text for Mermaid."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Displayed"]


class Displayed:
    """The pictures of a run. What draws them is imported when one is asked for."""

    __slots__ = ()

    @overload
    def to_html(self) -> str: ...

    @overload
    def to_html(self, path: str | PathLike[str]) -> Path: ...

    def to_html(self, path: str | PathLike[str] | None = None) -> str | Path:
        """Return the report of the run so far as a page, or write it to a file.

        One page of HTML that needs no network and no script: the graph, the timeline of all attempts, the errors with
        their tracebacks, results and inputs in short, the changes of the state, and statistics. A plain call lets go
        of its results, so there they are not told.

        Args:
            path: the file to write, in UTF-8; one that is there is written over. `None`: the text is returned.

        Returns:
            The text, or the path of the file.

        Raises:
            OSError: the file cannot be written.
        """
        from .._report.page import make_report, write_report

        return make_report(self) if path is None else write_report(self, path)

    def to_mermaid(self) -> str:
        """Return the text of a Mermaid flowchart as `graph.to_mermaid()` does, with how each task stands.

        That is told by a colour and by a sign before the name.
        """
        from .._draw.mermaid import to_mermaid
        from .._report.snapshot import diagram_of

        return to_mermaid(diagram_of(self))

    def _repr_svg_(self) -> str | None:
        """Be shown as a picture in a notebook."""
        from .._draw.svg import LIGHT, draw_svg, graph_rules
        from .._report.snapshot import diagram_of

        return draw_svg(diagram_of(self), style=graph_rules(LIGHT)) or None
