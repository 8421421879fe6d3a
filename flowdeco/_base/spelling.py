"""Whether one name may be a misspelling of another."""

from __future__ import annotations

__all__ = ["is_slip"]

_VOWELS = frozenset("aeiouy")
# A letter more or less makes another word of a short one: of those that have fewer, only two that are swapped count.
_FEWEST_DROPPED = 6
_FEWEST_SWAPPED = 5
_FEWEST_CHANGED = 8
# Words a letter apart that are both in use.
_BOTH_IN_USE = (
    *({"casual", "causal"}, {"contact", "contract"}, {"country", "county"}, {"desert", "dessert"}),
    *({"quiet", "quite"}, {"sting", "string"}, {"trail", "trial"}, {"angel", "angle"}, {"board", "broad"}),
    *({"dairy", "diary"}, {"starting", "stating"}, {"friend", "fiend"}, {"though", "through"}),
)


def is_slip(name: str, other: str) -> bool:
    """Whether a name is another one with a slip of the pen: sure enough to complain, so much is let pass.

    A letter is missing, doubled or too many (`discont`, `discount`), two are swapped, or a vowel is a wrong one; or
    only case and underscores differ. What tells usual names apart is no slip: a beginning or an ending (`url` and
    `urls`, `cache` and `cached`, `xmin` and `ymin`), a number, a word of several, a leading or a trailing underscore,
    and a letter of a short word.
    """
    if name == other or name.strip("_") != name or other.strip("_") != other:
        return False
    words, others = name.lower().split("_"), other.lower().split("_")
    if "".join(words) == "".join(others):
        return True
    differing = [pair for pair in zip(words, others, strict=False) if pair[0] != pair[1]]
    return len(words) == len(others) and len(differing) == 1 and _is_slip_in_word(*differing[0])


def _is_slip_in_word(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    if short[:1] != long[:1] or {short, long} in _BOTH_IN_USE:
        return False
    if [c for c in short if c.isdigit()] != [c for c in long if c.isdigit()]:
        return False
    if len(long) == len(short) + 1:
        at = next((i for i, c in enumerate(short) if c != long[i]), len(short))
        return len(long) >= _FEWEST_DROPPED and at < len(short) and short == long[:at] + long[at + 1 :]
    places = [i for i, (one, two) in enumerate(zip(short, long, strict=False)) if one != two]
    if len(long) != len(short) or not places:
        return False
    first = places[0]
    if len(places) == 2 and places[1] == first + 1:
        swapped = short[first] + short[first + 1] == long[first + 1] + long[first]
        return swapped and len(long) >= _FEWEST_SWAPPED
    changed = len(places) == 1 and first < len(long) - 2 and {short[first], long[first]} <= _VOWELS
    return changed and len(long) >= _FEWEST_CHANGED
