"""Runs that fail, for the page to tell of."""

from typing import Any

from flowdeco import Outcome, Retry, Run, State, task, workflow


class Tries(State):
    orders: int = 0


@task
def users(day: str) -> int:
    return 1


@task(retries=Retry(2, delay=0))
def orders(day: str, state: Tries) -> int:
    state.orders += 1
    if state.orders < 3:
        raise TimeoutError("the database is busy")
    return 1


@task(retries=Retry(2, delay=0))
def stock(day: str) -> int:
    raise ConnectionError("warehouse.example.org:5432 refused the connection\nIs the server running?")


@task
def refunds(orders: int) -> int:
    raise LookupError("no refund has this number: " + "0123456789" * 20)


@task
def weekly(stock: int, users: int) -> int:
    return 1


@task
def monthly(weekly: int) -> int:
    return 1


@task
def ledger(orders: int, refunds: int) -> int:
    return 1


def guess(error: Exception) -> int:
    return 3


@task(recover=guess)
def quick(users: int) -> int:
    raise ValueError("a guess will do")


@task
def odd(users: int) -> int:
    raise ArithmeticError("odd")


@task(settled="odd")
def told(odd: Outcome[int]) -> str:
    return odd.status


@workflow(keep_going=True, state=Tries)
def night(day: str, monthly: Any, ledger: Any, quick: Any, told: Any) -> int:
    return 1


def fail_in_many_ways() -> Run[Any]:
    """A run in which every fate of an error occurs."""
    return night.run(day="2026-11-30")


@task(retries=Retry(1, delay=0))
def rows(url: str, run: Run[Any]) -> int:
    if not run.errors:
        raise ValueError("a row is short")
    return 1


@workflow
def reading(url: str, rows: int) -> int:
    return rows


@task
def stored(reading: int) -> int:
    raise OSError("No space left on device")


@task
def indexed(stored: int) -> int:
    return stored


@workflow
def imported(url: str, indexed: int) -> int:
    return indexed


@task
def letter(imported: int) -> int:
    return imported


@workflow(keep_going=True)
def nightly(url: str, letter: int) -> int:
    return letter


def fail_within() -> Run[Any]:
    """A run that fails in one nested in it, in which another one is nested that had to try again."""
    return nightly.run(url="https://example.org")
