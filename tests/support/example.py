"""How many examples a test of Hypothesis is given."""

from typing import Any

from hypothesis import settings


def examples(share: float, **options: Any) -> settings:
    """So many times the examples that the profile chosen for the run (`--hypothesis-profile`) gives to a test."""
    return settings(max_examples=round(share * settings().max_examples), **options)
