"""What the tests of policy options share."""

from collections.abc import Iterator
from typing import Any

from flowdeco import OptionError, workflow
from tests.support.hooks import KNOWN

SUBJECT = "Cannot define task 'read': "


CAN_GET = f"It can get {KNOWN}, 'page', 'rest', 'depth' and 'more'."


@workflow
def inner(page: str) -> str:
    return page


def ask_url(url: str) -> None: ...


def give_items() -> Iterator[bool]:
    yield False


def refuse(error: Any, says: str, *, kind: type[OptionError], option: str, value: object) -> None:
    """Check all there is to an error."""
    assert str(error) == says
    assert type(error) is kind
    assert error.option == option
    assert error.value is value or error.value == value


def shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
