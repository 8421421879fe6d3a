"""Checks that more than one option needs, and the error of one that is refused."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeGuard

from .errors import OptionError, OptionTypeError
from .text import shorten

__all__ = ["check_name", "check_time", "check_timeout", "is_iterable", "is_list", "is_mapping", "is_sequence", "reject"]


def reject(subject: str, option: str, value: object, reason: str, *, wrong_type: bool = False) -> OptionError:
    """Return the error for an option: `Cannot define task 'page': timeout=-1 <reason>`."""
    kind = OptionTypeError if wrong_type else OptionError
    return kind(f"Cannot define {subject}: {option}={shorten(value)} {reason}", option=option, value=value)


# isinstance alone would leave the types of what is inside unknown.


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, (list, tuple))


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable) and not isinstance(value, str)


def check_timeout(subject: str, value: object, *, option: str = "timeout") -> None:
    """Accept `None` and a positive number of seconds."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise reject(subject, option, value, "is not a number. Give seconds, or None for no limit.", wrong_type=True)
    try:
        seconds = float(value)
    except OverflowError:
        raise reject(subject, option, value, "is too large. Give seconds, or None for no limit.") from None
    if math.isnan(seconds) or seconds <= 0:
        raise reject(subject, option, value, "is not above zero. Give seconds, or None for no limit.")


def check_name(subject: str, value: object) -> None:
    """Accept `None` and a string that is not empty."""
    if value is None:
        return
    if not isinstance(value, str):
        raise reject(subject, "name", value, "is not a string.", wrong_type=True)
    if not value:
        raise reject(subject, "name", value, "is empty. Leave it out to use the function's name.")


def check_time(what: str, option: str, time: object) -> None:
    """Accept `None` and a time with a time zone; `what` says what is to be listed by it, for errors."""
    if time is not None and (not isinstance(time, datetime) or time.tzinfo is None):
        message = f"Cannot list {what}: {option}={shorten(time)} is not a datetime with a time zone."
        raise OptionTypeError(f"{message} Give one, as in datetime.now(UTC).", option=option, value=time)
