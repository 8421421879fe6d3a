"""What the tests of hook errors share."""

from typing import Any, NamedTuple

import pytest

from flowdeco import Skip

NONE: dict[str, Any] = {}

both_kinds = pytest.mark.parametrize("kind", ["def", "async def"])


class HookFailed(Exception):
    """What a hook raises here."""


class Row(NamedTuple):
    """What goes wrong, and what comes of it under `hook_errors="raise"`.

    Attributes:
        owner: whose hook raises, that of the task `page` or of the workflow `w`.
        option: which one.
        about: what it is told then, `page running`; of what is told it else, it takes no notice.
        does: what the attempts of `page` return or raise, of which it may make two.
        told: what the hooks of both are told that are listed after it, each of what it is attached to.
        error: what the run fails with; `None` if it does not.
        notes: what the error says besides.
        recovers: whether there is a `recover=`.
        body: what the workflow's own function raises.
    """

    owner: str
    option: str
    about: str
    does: tuple[Any, ...]
    told: str
    error: type[Exception] | None = HookFailed
    notes: tuple[str, ...] = ()
    recovers: bool = False
    body: type[Exception] | None = None


GOOD, RETRIED, BAD, SKIPPED = ("result",), (ValueError, "result"), (ValueError, KeyError), (Skip,)

BEGUN = "w running, w on_start"

LOST = "w failed, w on_error"

BY = "Raised by a hook ({}) of task 'page' of workflow 'w'."

BY_W = "Raised by a hook ({}) of workflow 'w'."

ALSO = "Also failed: a hook ({}) of task 'page' of workflow 'w' with HookFailed()."

ALSO_W = "Also failed: a hook ({}) of workflow 'w' with HookFailed()."

FIRST = "Raised by task 'page' of workflow 'w'."

SECOND = "Raised by task 'page' of workflow 'w', attempt 2."

BODY = "Raised by workflow 'w'."

ROWS = [
    # A task's own hooks
    Row(
        *("page", "on_state", "page running", GOOD),
        f"{BEGUN}, page running, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("page", "on_state", "page running", GOOD),
        f"{BEGUN}, page running, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
        recovers=True,
    ),
    Row(
        *("page", "on_state", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page failed, page on_error, {LOST}",
        *(ValueError, (FIRST, ALSO.format("on_state"))),
    ),
    Row(
        *("page", "on_retry", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page failed, page on_error, {LOST}",
        *(ValueError, (FIRST, ALSO.format("on_retry"))),
    ),
    Row(
        *("page", "on_retry", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page completed, page on_success, "
        "w completed, w on_success",
        None,
        recovers=True,
    ),
    Row(
        *("page", "on_state", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("page", "on_success", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, page failed, page on_error, {LOST}",
        notes=(BY.format("on_success"),),
    ),
    Row(
        *("page", "on_success", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, page failed, page on_error, {LOST}",
        notes=(BY.format("on_success"),),
        recovers=True,
    ),
    Row(
        *("page", "on_state", "page failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO.format("on_state"))),
    ),
    Row(
        *("page", "on_error", "page failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO.format("on_error"))),
    ),
    Row(
        *("page", "on_state", "page skipped", SKIPPED),
        f"{BEGUN}, page running, page on_start, page skipped, page failed, page on_error, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    # A workflow's hooks, told of a task
    Row(
        *("w", "on_state", "page running", GOOD),
        f"{BEGUN}, page running, page cancelled, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("w", "on_state", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page cancelled, {LOST}",
        notes=(BY.format("on_state"),),
        recovers=True,
    ),
    Row(
        *("w", "on_retry", "page retrying", RETRIED),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page cancelled, {LOST}",
        notes=(BY.format("on_retry"),),
    ),
    Row(
        *("w", "on_state", "page completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    Row(
        *("w", "on_state", "page failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO.format("on_state"))),
    ),
    Row(
        *("w", "on_state", "page skipped", SKIPPED),
        f"{BEGUN}, page running, page on_start, page skipped, {LOST}",
        notes=(BY.format("on_state"),),
    ),
    # A workflow's hooks, told of itself
    Row("w", "on_state", "w running", GOOD, f"w running, page cancelled, {LOST}", notes=(BY_W.format("on_state"),)),
    Row(
        *("w", "on_state", "w completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, w completed, w on_success, {LOST}",
        notes=(BY_W.format("on_state"),),
    ),
    Row(
        *("w", "on_success", "w completed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, w completed, w on_success, {LOST}",
        notes=(BY_W.format("on_success"),),
    ),
    Row(
        *("w", "on_state", "w failed", BAD),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page failed, "
        f"page on_error, {LOST}",
        *(KeyError, (SECOND, ALSO_W.format("on_state"))),
    ),
    Row(
        *("w", "on_error", "w failed", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, {LOST}",
        *(TypeError, (BODY, ALSO_W.format("on_error"))),
        body=TypeError,
    ),
    Row(
        *("w", "on_state", "w skipped", GOOD),
        f"{BEGUN}, page running, page on_start, page completed, page on_success, w skipped, {LOST}",
        notes=(BY_W.format("on_state"),),
        body=Skip,
    ),
]

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.owner} {row.option} {row.about} {row.recovers}")


def give(outcome: Any) -> Any:
    if isinstance(outcome, type):
        raise outcome()
    return outcome


def notes_of(error: BaseException | None) -> tuple[str, ...]:
    return tuple(getattr(error, "__notes__", ()))
