"""The runs that a workflow has begun."""

from typing import Any

from flowdeco import Run


class Runs(list[Run[Any]]):
    """Gathers them: `@workflow(on_start=runs.note)`."""

    def note(self, run: Run[Any]) -> None:
        """Take a run in. Called as a hook."""
        self.append(run)
