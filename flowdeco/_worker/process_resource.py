"""Resources of a worker process: opened there for the first call that needs them, open until the process ends.

What is sent is how to open one: its function by name, and its arguments, in which there may be others. A process that
gets the same again has it open. If the arguments are others now, all that it has open is closed, and what the call
needs is opened anew: so there is one of each at a time.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from .._base.errors import ResourceError
from .._base.signature import discard, is_awaitable
from .transfer import Name, locate
from .way_of_opening import Way, choose_way

__all__ = ["ProcessResource", "close_resources", "find_farewell", "open_resources"]


class ProcessResource(NamedTuple):
    """How a resource is opened in a worker process; it stands where that gets what is to be used.

    Attributes:
        name: what the record calls it.
        function: where its function is found; the function itself if it is not by any name.
        args: what that receives by position.
        kwargs: what it receives by name.
        close_timeout: seconds for which the end of its process is waited for; `None`: no limit.
    """

    name: str
    function: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    close_timeout: float | None

    @staticmethod
    def of(
        name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any, close_timeout: float | None
    ) -> ProcessResource:
        return ProcessResource(name, locate(function) or function, args, kwargs, close_timeout)


class _Open(NamedTuple):
    """What is open in this process."""

    key: bytes
    way: Way
    value: Any


_open: dict[Any, _Open] = {}
# Seconds for what has no limit.
_LONG = 3600.0


def open_resources(values: tuple[tuple[Any, ...], dict[str, Any]]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call with what is open in the place of each resource."""
    args, kwargs = values
    return tuple(map(_receive, args)), {name: _receive(value) for name, value in kwargs.items()}


def find_farewell(values: Iterable[Any]) -> float | None:
    """Return how many seconds the end of a process is to be waited for that gets these; `None` if none is open then."""
    resources = [value for value in values if type(value) is ProcessResource]
    if not resources:
        return None
    own = sum(_LONG if each.close_timeout is None else each.close_timeout for each in resources)
    return own + sum(find_farewell([*each.args, *each.kwargs.values()]) or 0.0 for each in resources)


def _receive(value: Any) -> Any:
    return _find(value) if type(value) is ProcessResource else value


def _find(asked: ProcessResource) -> Any:
    function = asked.function
    key = pickle.dumps((asked.args, asked.kwargs))
    known = _open.get(function)
    if known is not None and known.key == key:
        return known.value
    if known is not None:
        close_resources()
    args, kwargs = open_resources((asked.args, dict(asked.kwargs)))
    made = (function.find() if isinstance(function, Name) else function)(*args, **kwargs)
    way = _choose_way(asked.name, made)
    value = way.enter()
    _open[function] = _Open(key, way, value)
    return value


def _choose_way(name: str, made: Any) -> Way:
    if is_awaitable(made):
        discard(made)
    else:
        way = choose_way(name, made, stands_in=False)
        if not way.is_async:
            return way
    reason = "it is to be awaited, and a worker process has no event loop. Let a def yield it."
    raise ResourceError(f"Cannot open resource {name!r} in a process: {reason}", resource=name)


def close_resources() -> None:
    """Close all that is open in this process, the last one opened first; what goes wrong is nobody's any more."""
    while _open:
        _, opened = _open.popitem()
        with suppress(BaseException):
            opened.way.leave(None)
