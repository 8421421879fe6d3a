"""What the tests of engine share."""

from contextvars import ContextVar


def zero() -> int:
    return 0


variable: ContextVar[str] = ContextVar("variable", default="unset")
