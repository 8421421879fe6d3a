"""The price list of a coffee roaster, made every night from a server that fails at times.

    python examples/nightly_prices.py

What happens when something goes wrong stands beside each task: it is asked again, something else is taken instead, or
it goes without. The report is written whatever happened. Two nights are shown, and what the people on watch are told
meanwhile. `Market` stands in for the server and fails as its script says, so both nights are always the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import anyio

from flowdeco import Limit, Outcome, Retry, Run, State, TaskRecord, field, task, workflow

YESTERDAY = {"euros for a dollar": 0.85}

SERVER = Limit(1, name="the market's server")  # it takes one question at a time
AGAIN = Retry(2, on=(ConnectionError, TimeoutError), delay=0.02, jitter=0)
NO_ANSWER = object()


class Market:
    """A stand-in for the server: it has its answers to each question in turn, and those that are errors it raises."""

    def __init__(self, answers: Mapping[str, Sequence[object]]) -> None:
        self._answers: dict[str, Iterator[object]] = {question: iter(given) for question, given in answers.items()}

    async def ask(self, question: str) -> Any:
        await anyio.sleep(0.01)
        answer = next(self._answers[question])
        if answer is NO_ANSWER:
            await anyio.sleep_forever()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Night(State):
    """What the tasks of one night share."""

    questions: int = 0
    remarks: list[str] = field(factory=list[str])


async def ask(market: Market, question: str, night: Night) -> Any:
    night.update("questions", lambda number: number + 1)
    return await market.ask(question)


# Who is told what. A hook asks for what it needs by name.


def tell_of_retry(task: str, attempt: int, error: Exception, delay: float) -> None:
    print(f"  [log]   {task}, attempt {attempt}: {error} Again in {delay * 1000:.0f} ms.")


def alert(task: str, error: Exception, metadata: Mapping[str, str]) -> None:
    print(f"  [alert] @{metadata['watch']}: {task} failed for good. {type(error).__name__}: {error}")


# What is asked of the server.


@task(limit=SERVER)
async def dollars(market: Market, state: Night) -> dict[str, float]:
    """The price of a kilogram, by kind of bean."""
    prices: dict[str, float] = await ask(market, "dollars for a kilogram", state)
    return prices


def take_yesterdays(state: Night, attempt: int) -> float:
    state.append("remarks", f"the rate is yesterday's: the server was asked {attempt} times in vain")
    return YESTERDAY["euros for a dollar"]


@task(limit=SERVER, recover={ConnectionError: take_yesterdays, TimeoutError: take_yesterdays})
async def rate(market: Market, state: Night) -> float:
    euros: float = await ask(market, "euros for a dollar", state)
    return euros


@task(limit=SERVER, metadata={"watch": "sales"})
async def rivals(market: Market, state: Night) -> dict[str, float]:
    """What others ask for a kilogram, in euros."""
    page: str = await ask(market, "what others ask", state)
    found = {kind: float(euros) for kind, colon, euros in (line.partition(":") for line in page.splitlines()) if colon}
    if not found:
        raise LookupError(f"there are no prices in {page!r}")
    return found


# What is made of it.


def is_friday(day: date) -> bool:
    return day.isoweekday() == 5


@task(when=is_friday)
def discount() -> float:
    return 0.1


@task
def prices(dollars: dict[str, float], rate: float, discount: float = 0.0) -> dict[str, float]:
    return {kind: round(price * rate * 1.4 * (1 - discount), 2) for kind, price in dollars.items()}


@task
def advice(prices: dict[str, float], rivals: dict[str, float]) -> list[str]:
    return [f"{kind}: others ask {rivals[kind]:.2f}" for kind, ours in prices.items() if rivals.get(kind, ours) < ours]


@workflow(
    state=Night,
    settled=("prices", "advice"),
    defaults={"retries": AGAIN, "timeout": 0.5, "on_error": alert, "metadata": {"watch": "night shift"}},
    on_retry=tell_of_retry,
)
def report(
    day: date, market: Market, prices: Outcome[dict[str, float]], advice: Outcome[list[str]], state: Night
) -> str:
    return "\n".join(
        [
            *describe("Euros for a kilogram", prices, [f"{kind:<12}{euros:>6.2f}" for kind, euros in rows_of(prices)]),
            *describe("Too dear", advice, advice.value or ["nothing"]),
            *(f"  Note that {remark}." for remark in state.remarks),
            f"  The server was asked {state.questions} times.",
        ]
    )


def rows_of(prices: Outcome[dict[str, float]]) -> list[tuple[str, float]]:
    return list((prices.value or {}).items())


def describe(title: str, outcome: Outcome[Any], lines: Sequence[str]) -> list[str]:
    if not outcome.completed:
        lines = [f"not known ({outcome.status}: {outcome.error or outcome.reason})"]
    return [f"  {title}", *(f"    {line}" for line in lines)]


def went_as_planned(record: TaskRecord) -> bool:
    return record.status == "completed" and record.attempts == 1


def describe_task(record: TaskRecord) -> str:
    attempts = f" after {record.attempts} attempts" if record.attempts > 1 else ""
    reason = f": {record.reason}" if record.reason else ""
    return f"    {record.name} {record.status}{attempts}{reason}"


def good_night() -> Market:
    return Market(
        {
            "dollars for a kilogram": [ConnectionResetError("the line was cut."), {"Harar": 9.2, "Sidamo": 7.5}],
            "euros for a dollar": [0.86],
            "what others ask": ["Harar:10.90\nSidamo:7.95"],
        }
    )


def bad_night() -> Market:
    return Market(
        {
            "dollars for a kilogram": [{"Harar": 9.4, "Sidamo": 7.4}],
            "euros for a dollar": [ConnectionRefusedError("the line was busy."), NO_ANSWER, ConnectionResetError("")],
            "what others ask": ["<html>We have moved!</html>"],
        }
    )


def show(day: date, market: Market) -> Run[str]:
    print(f"{day:%A, %d %B %Y}")
    run = report.run(day=day, market=market)
    print(run.result)
    print("  Not as planned")
    for record in run.tasks.values():
        if not went_as_planned(record):
            print(describe_task(record))
    return run


def main() -> None:
    show(date(2026, 11, 27), good_night())
    print()
    show(date(2026, 11, 30), bad_night())


if __name__ == "__main__":
    main()
