"""How a case is called after its value."""

import re


def show(value: object) -> str:
    """The `repr` of a value without addresses, which differ between the processes that share the tests."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
