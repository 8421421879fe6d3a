"""No test is lost because a machine stood still for some seconds: what a test waits for has time."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import PATIENCE, Clock, given_time

TESTS = Path(__file__).parents[1]

# Where a program's own times are the matter, and no test waits for them.
LEFT_OUT = ("benchmark", "typing_cases")

# Who waits for something that has to come, by name, and where the seconds stand if not in `timeout=`.
WAITS: dict[str, int | None] = {
    "fail_after": 0,
    "move_on_after": 0,
    "hard_deadline": 0,
    "wait_for": 1,
    "wait": 0,
    "join": 0,
    "result": 0,
    "Barrier": None,
    "communicate": None,
    "run": None,
    "run_program": None,
}

# What a test calls the time after which it gives up.
GIVES_UP = {"SOON", "LATE", "PATIENCE"}

# Those whose end may be the subject: of them, and of an option, a test says whether it makes a difference when.
LIMITS = {"fail_after", "move_on_after", "wait_for", "timeout", "task", "workflow", "resource", "with_options"}
OPTIONS = {"timeout", "close_timeout", "within"}


def seconds_of(node: ast.expr | None) -> float | None:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]
    return None


def find_short(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the lines with a time that a slow machine might take, and what to write."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            name = getattr(node.targets[0], "id", "")
            if name in GIVES_UP and (seconds_of(node.value) or PATIENCE) < PATIENCE:
                yield node.lineno, f"{name}: use PATIENCE"
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for keyword in node.keywords:
            seconds = seconds_of(keyword.value)
            if seconds is not None and keyword.arg in OPTIONS and 0 < seconds < 1:
                yield node.lineno, f"{keyword.arg}={seconds:g}: use AT_ONCE, or @given_time and clock.seconds"
            elif seconds is not None and keyword.arg == "timeout" and name in WAITS and seconds < PATIENCE:
                yield node.lineno, f"{name}(timeout={seconds:g}): use PATIENCE"
        place = 0 if name == "timeout" else WAITS.get(name)
        seconds = seconds_of(node.args[place]) if place is not None and len(node.args) > place else None
        if seconds is not None and 0 < seconds < 1 and name in LIMITS:
            yield node.lineno, f"{name}({seconds:g}): use AT_ONCE, or @given_time and clock.seconds"
        elif seconds is not None and 1 <= seconds < PATIENCE:
            yield node.lineno, f"{name}({seconds:g}): use PATIENCE"


def test_no_time_in_a_test_is_one_that_a_slow_machine_may_take() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}: {what}"
        for path in sorted(TESTS.rglob("*.py"))
        if not set(path.parts) & set(LEFT_OUT)
        for line, what in find_short(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(["tests.support.clock says what these names are for:", *found])


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("task(timeout=0.1)", "timeout=0.1: use AT_ONCE, or @given_time and clock.seconds"),
        ("Retry(2, within=0.3)", "within=0.3: use AT_ONCE, or @given_time and clock.seconds"),
        ("move_on_after(0.01)", "move_on_after(0.01): use AT_ONCE, or @given_time and clock.seconds"),
        ("asyncio.timeout(0.01)", "timeout(0.01): use AT_ONCE, or @given_time and clock.seconds"),
        ("anyio.fail_after(10)", "fail_after(10): use PATIENCE"),
        ("thread.join(5)", "join(5): use PATIENCE"),
        ("Barrier(2, timeout=10)", "Barrier(timeout=10): use PATIENCE"),
        ("process.communicate(timeout=30)", "communicate(timeout=30): use PATIENCE"),
        ("SOON = 20", "SOON: use PATIENCE"),
        ("event.wait(0.001)", None),
        ("event.wait(PATIENCE)", None),
        ("task(timeout=60)", None),
        ('", ".join(words)', None),
    ],
)
def test_a_short_time_is_found(code: str, said: str | None) -> None:
    assert [what for _, what in find_short(ast.parse(code))] == ([] if said is None else [said])


def test_a_trial_whose_time_was_over_too_early_is_made_again_with_more() -> None:
    given: list[float] = []

    @given_time
    def slow(clock: Clock) -> None:
        given.append(clock.seconds)
        if len(given) < 3:
            raise TimeoutError
        clock.reach()

    slow()
    assert len(given) == 3
    assert given == sorted(given)


def test_so_is_one_in_which_pytest_has_failed_within_a_task_group() -> None:
    given: list[float] = []

    @given_time
    def slow(clock: Clock) -> None:
        given.append(clock.seconds)
        if len(given) < 2:
            raise BaseExceptionGroup("of a task group", [pytest.fail.Exception("DID NOT RAISE")])
        clock.reach()

    slow()
    assert len(given) == 2


def test_a_ctrl_c_is_never_passed_over() -> None:
    @given_time
    def interrupted(clock: Clock) -> None:
        raise BaseExceptionGroup("of a task group", [KeyboardInterrupt()])

    with pytest.raises(BaseExceptionGroup):
        interrupted()


def test_what_is_wrong_in_a_trial_that_had_enough_time_is_wrong() -> None:
    given: list[float] = []

    @given_time
    def wrong(clock: Clock) -> None:
        given.append(clock.seconds)
        clock.reach()
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        wrong()
    assert len(given) == 1


async def test_what_is_wrong_in_every_trial_is_wrong() -> None:
    given: list[float] = []

    @given_time
    async def hopeless(clock: Clock, error: Exception) -> None:
        given.append(clock.seconds)
        raise error

    with pytest.raises(ValueError, match="wrong"):
        await hopeless(ValueError("wrong"))
    assert len(given) > 1


def test_a_test_that_never_says_that_it_had_enough_time_fails() -> None:
    @given_time
    def silent(clock: Clock) -> None: ...

    with pytest.raises(AssertionError, match=r"what has to happen within 20.0 s did not"):
        silent()


def test_a_test_that_has_failed_is_not_tried_again(pytestconfig: pytest.Config) -> None:
    assert not [name for name in ("rerunfailures", "flaky", "retry") if pytestconfig.pluginmanager.has_plugin(name)]
