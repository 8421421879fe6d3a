"""The functions that say more of items: which come besides, and what they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._base.signature import Signature
from .definition import Definition, Scope

__all__ = ["ItemFunction"]


class ItemFunction(Definition):
    """The `more=` or `key=` of a mapped task or workflow: called with what its parameters name."""

    __slots__ = ("kind",)

    def __init__(
        self,
        kind: str,
        name: str,
        function: Callable[..., Any],
        signature: Signature,
        needs: Mapping[str, Any],
        scope: Scope,
    ) -> None:
        self.kind = kind
        super().__init__(None, function, signature, scope, {"needs": needs, "after": (), "settled": ()}, name)
