"""What the engine does for those who look on: it keeps what is to be told, and has it told where that can be done."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextvars import Context
from types import MappingProxyType
from typing import Any

from .._runner.notice import Notice
from .caller import Place
from .run_hooks import Teller
from .settlement import Settlement

__all__ = ["Telling"]


class Telling(Settlement):
    """An engine that is looked at; its attributes are explained there."""

    teller: Teller | None = None
    notices: deque[Notice]
    # Where in another run it was begun, and the shared resources that it uses, by node. Of interest to calls alone.
    around: Place | None = None
    shared: Mapping[int, Any] = MappingProxyType({})

    def post(self, notice: Notice) -> None:
        """Have something told, soon and in the order in which it was posted. From any thread of the run."""
        self.notices.append(notice)

    def tell(self, inside: Context | None = None) -> bool:
        """Tell what was posted; return whether that can be done, for which a task may be needed."""
        if self.state.stopped and self.journal.error is None:
            return True  # it is being cancelled from outside: what is left is told at its end, with a moment to await
        teller = self.teller or self.get_teller()
        if teller.is_busy or teller.tell(inside):
            return True
        return teller.go_on_apart(self._telling or self._group, self.give_up)

    def tell_at_once(self) -> None:
        """Tell what can be told without awaiting anything."""
        if self.notices and not self._is_telling:
            self.get_teller().tell()

    async def wait_until_told(self) -> None:
        """Wait until what was posted so far was told."""
        await self.get_teller().wait_until_told()

    @property
    def _is_telling(self) -> bool:
        return self.teller is not None and self.teller.is_busy

    def get_teller(self) -> Teller:
        """Return what tells; it is made when there is something to tell."""
        if self.teller is None:
            self.teller = Teller(self.notices, None)
        return self.teller
