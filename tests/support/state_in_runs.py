"""What the tests of state in runs share."""

from flowdeco import State, field, task


class Budget(State):
    tokens: int = 0
    spent: float = field(0.0, validate=lambda value: value >= 0)
    notes: list[str] = field(factory=list[str])


@task
async def spend(state: Budget) -> int:
    state.tokens += 5
    state.append("notes", "spent")
    return state.tokens
