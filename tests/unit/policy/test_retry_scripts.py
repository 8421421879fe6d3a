"""Whether another attempt follows, and when, as the scripts say."""

from typing import NamedTuple

import pytest

from flowdeco._policy.retry import check_retries
from tests.model.retry_scripts import SCRIPTS, Script
from tests.support.retry import TASK, differs


class Played(NamedTuple):
    """What came of a script: the waits, how it ended, and the error that the last attempt raised."""

    waits: list[float]
    final: BaseException | str
    last_error: BaseException | None


def play(script: Script) -> Played:
    """Make the attempts of a script on a clock of its own."""
    retry = check_retries(TASK, script.retries)
    clock = 0.0
    waits: list[float] = []
    for attempt, outcome in enumerate(script.outcomes, 1):
        clock += outcome.seconds
        try:
            return Played(waits, outcome.get(), None)
        except BaseException as error:
            try:
                delay = None if retry is None else retry.next_delay(error, attempt, clock)
            except Exception as other:
                return Played(waits, other, error)
            if delay is None:
                return Played(waits, error, error)
            assert type(delay) is float
            waits.append(delay)
            clock += delay
    raise AssertionError("more attempts were made than the script has")


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.id for script in SCRIPTS])
def test_a_script_of_failures_plays_as_written(script: Script) -> None:
    played = play(script)
    assert len(played.waits) == len(script.waits)
    wrong = [pair for pair in zip(played.waits, script.waits, strict=True) if differs(*pair)]
    assert wrong == []
    assert type(played.final) is type(script.final)
    assert str(played.final) == str(script.final)
    if played.last_error is not None:
        assert (played.final is played.last_error) is script.own


def test_the_scripts_are_many_and_told_apart() -> None:
    assert len(SCRIPTS) >= 45
    assert len({script.id for script in SCRIPTS}) == len(SCRIPTS)
