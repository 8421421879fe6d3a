"""What `limit=` may be given, and what that demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from .._base.checks import reject
from .limit import Demand, Limit, is_count, label_of

__all__ = ["check_limit"]


def check_limit(subject: str, value: object) -> Demand | None:
    """Return what `limit=` demands; `None` for `None` and an empty mapping.

    Args:
        subject: what is being defined, for errors: `task 'page'`.
        value: what was given: a number (a `Limit` of its own), a `Limit`, or places by `Limit`.
    """
    if value is None:
        return None
    if isinstance(value, Limit):
        return Demand.of({value: 1})
    if is_count(value):
        if value < 1:
            raise reject(subject, "limit", value, "is below one. Give at least 1, or None for no limit.")
        return Demand.of({Limit(value): 1})
    if _is_mapping(value):
        places = dict(_check_places(subject, value))
        return Demand.of(places) if places else None
    reason = "is not a number, a Limit, or a mapping as in {GPU: 2}. Give one of these, or None for no limit."
    raise reject(subject, "limit", value, reason, wrong_type=True)


def _check_places(subject: str, value: Mapping[object, object]) -> Iterable[tuple[Limit, int]]:
    for limit, places in value.items():
        if not isinstance(limit, Limit):
            reason = f"names {limit!r}, which is not a Limit. Make one first, as in GPU = Limit(2)."
            raise reject(subject, "limit", value, reason, wrong_type=True)
        if not is_count(places):
            reason = f"asks for {places!r} places of {label_of(limit)}. Give a whole number."
            raise reject(subject, "limit", value, reason, wrong_type=True)
        if places < 1:
            raise reject(subject, "limit", value, f"asks for {places} places of {label_of(limit)}. Give at least 1.")
        if places > limit.capacity:
            reason = (
                f"asks for {places} places of {label_of(limit)}, which has {limit.capacity}. Ask for at most that many."
            )
            raise reject(subject, "limit", value, reason)
        yield limit, places


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)
