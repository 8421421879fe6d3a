"""A `timedelta` as text: `PT1H30M` as ISO 8601 has it, `01:30:00`, or numbers with their units, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["EXAMPLES", "format_duration", "parse_duration"]

EXAMPLES = "90s, 1h30m, 01:30:00 or PT1H30M"

_NUMBER = r"\d+(?:[.,]\d+)?"
# What Python itself prints begins with days, which alone may be negative.
_CLOCK = re.compile(r"(?:([+-]?\d+) days?, )?(\d+):([0-5]?\d)(?::([0-5]?\d(?:\.\d+)?))?")
_ISO = re.compile(rf"P(?=\S)((?:{_NUMBER}[WD])*)(?:T((?:{_NUMBER}[HMS])+))?", re.IGNORECASE)
_PART = re.compile(rf"({_NUMBER})\s*([a-zµ]+)\s*", re.IGNORECASE)
_UNITS = {
    **dict.fromkeys(("w", "week", "weeks"), "weeks"),
    **dict.fromkeys(("d", "day", "days"), "days"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "hours"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "minutes"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "seconds"),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), "milliseconds"),
    **dict.fromkeys(("us", "µs", "microsecond", "microseconds"), "microseconds"),
}


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text says. A number without a unit says none. Raises `ValueError`."""
    text = text.strip()
    try:
        if clock := _CLOCK.fullmatch(text):
            return _read_clock(clock)
        if text[:1] in ("-", "+"):
            return -_read_positive(text[1:]) if text[0] == "-" else _read_positive(text[1:])
        return _read_positive(text)
    except OverflowError:
        raise ValueError(text) from None


def format_duration(duration: timedelta) -> str:
    """Return a duration as ISO 8601 writes it."""
    if duration < timedelta(0):
        return f"-{format_duration(-duration)}"
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    rest = f"{seconds}.{duration.microseconds:06}".rstrip("0").rstrip(".") if duration.microseconds else str(seconds)
    day = f"{duration.days}D" if duration.days else ""
    parts = [f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if str(number) != "0"]
    return f"P{day}{'T' if parts else ''}{''.join(parts)}" if day or parts else "PT0S"


def _read_clock(match: re.Match[str]) -> timedelta:
    days, hours, minutes, seconds = match.groups(default="0")
    return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _read_positive(text: str) -> timedelta:
    if clock := _CLOCK.fullmatch(text):
        return _read_clock(clock)
    if iso := _ISO.fullmatch(text):
        date, time = iso.groups(default="")
        return _add_up(date) + _add_up(time)
    if not text:
        raise ValueError(text)
    return _add_up(text)


def _add_up(text: str) -> timedelta:
    total, at = timedelta(0), 0
    while at < len(text):
        part = _PART.match(text, at)
        unit = part and _UNITS.get(part[2].lower())
        if part is None or unit is None:
            raise ValueError(text)
        total += timedelta(**{unit: float(part[1].replace(",", "."))})
        at = part.end()
    return total
