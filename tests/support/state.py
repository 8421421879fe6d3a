"""What the tests of state share."""

from flowdeco._state.field import field
from flowdeco._state.state import State


class Budget(State):
    tokens: int = 0
    spent: float = field(0.0, validate=lambda v: v >= 0)
    messages: list[str] = field(factory=list[str])


class Needy(State):
    url: str
    count: int = 1
