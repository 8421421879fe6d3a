"""In which order statuses are taken on and hooks are called: the table."""

from typing import Any, NamedTuple

from flowdeco import Limit, Retry, Skip, WorkflowTimeoutError

from .clock import AT_ONCE

AGAIN = Retry(1, delay=0)

LATER = Retry(1, delay=60)

ONE = Limit(1)

# Stands for the time of the trial.
IN_TIME = "in time"


# What a row of the table is made of


class Wait:
    """What waits until it is cancelled."""


class Hang:
    """What takes longer than its timeout; a `def` takes no notice of that."""


class FailWhen(NamedTuple):
    """What fails when something is in the log, and nobody can do anything more."""

    told: str


class ByType(NamedTuple):
    """What recovers from each type of error."""

    ways: dict[type[Exception], Any]


class Does(NamedTuple):
    """A task: what its attempts return or raise, one after the other, and its options, which name other tasks."""

    outcomes: tuple[Any, ...]
    options: dict[str, Any]


class Plays(NamedTuple):
    """A plain function: what its calls return or raise."""

    outcomes: tuple[Any, ...]


class Flow(NamedTuple):
    """A workflow: its tasks, what its own function returns or raises, and its options, which name tasks."""

    steps: dict[str, Any]
    does: Any
    options: dict[str, Any]


class Case(NamedTuple):
    """One row.

    Attributes:
        name: what happens.
        flow: to what.
        told: who takes on which status or has which hook called, in turn. The workflow is told of each status and each
            retry of its tasks right after the task is: that is not written out.
        raises: what a call raises.
        cancel_when: what is in the log when the call is cancelled.
        together: whether several tasks run at a time, so that only the order for each of them is known.
        override: what stands in for which tasks.
        plain: whether a plain call comes to the same: of a workflow that is a `def`, it calls the function without a
            limit, and outside of the event loop.
        before: what has to happen before the time is over.
    """

    name: str
    flow: Flow
    told: str
    raises: type[BaseException] | None = None
    cancel_when: str | None = None
    together: bool = False
    override: dict[str, Any] | None = None
    plain: bool = True
    before: str | None = None


def does(*outcomes: Any, **options: Any) -> Does:
    return Does(outcomes or ("result",), options)


def flow(steps: dict[str, Any], does: Any = "result", **options: Any) -> Flow:
    return Flow(steps, does, options)


OK = "page running, page on_start, page completed, page on_success"

BEGUN = "w running, w on_start"

ENDED = "w body, w completed, w on_success"

BROKEN = "w failed, w on_error"

CASES = [
    Case("success", flow({"page": does()}), f"{BEGUN}, {OK}, {ENDED}"),
    Case(
        "a chain",
        flow({"page": does(), "words": does(needs="page")}),
        f"{BEGUN}, {OK}, words running, words on_start, words completed, words on_success, {ENDED}",
    ),
    # Retries
    Case(
        "a failed attempt, then a good one",
        flow({"page": does(ValueError, "result", retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page completed, page on_success, {ENDED}",
    ),
    Case(
        "no attempt is good",
        flow({"page": does(ValueError, KeyError, retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page failed, page on_error, {BROKEN}",
        KeyError,
    ),
    Case(
        "the only attempt fails",
        flow({"page": does(ValueError)}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    # Recovery
    Case(
        "a function recovers",
        flow({"page": does(ValueError, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "a function recovers when no attempt is good",
        flow({"page": does(ValueError, ValueError, retries=AGAIN, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "the function for the type of error recovers",
        flow({"page": does(ValueError, recover=ByType({KeyError: TypeError, ValueError: "cached"}))}),
        f"{BEGUN}, page running, page on_start, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "no function is for the type of error",
        flow({"page": does(ValueError, recover=ByType({KeyError: "cached"}))}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    Case(
        "a task recovers, with retries and hooks of its own, of which the workflow is not told",
        flow({"page": does(ValueError, recover=does(KeyError, "cached", retries=AGAIN))}),
        f"{BEGUN}, page running, page on_start, spare running, spare on_start, spare retrying, spare on_retry, "
        f"spare running, spare completed, spare on_success, page completed, page on_success, {ENDED}",
    ),
    Case(
        "a function cannot recover",
        flow({"page": does(ValueError, recover=KeyError)}),
        f"{BEGUN}, page running, page on_start, page recover, page failed, page on_error, {BROKEN}",
        KeyError,
    ),
    Case(
        "a task cannot recover",
        flow({"page": does(ValueError, recover=does(KeyError))}),
        f"{BEGUN}, page running, page on_start, spare running, spare on_start, spare failed, spare on_error, "
        f"page failed, page on_error, {BROKEN}",
        KeyError,
    ),
    Case(
        "a function skips instead of recovering",
        flow({"page": does(ValueError, recover=Skip)}),
        f"{BEGUN}, page running, page on_start, page recover, page skipped, {ENDED}",
    ),
    # Skips
    Case(
        "a task skips itself",
        flow({"page": does(Skip)}),
        f"{BEGUN}, page running, page on_start, page skipped, {ENDED}",
    ),
    Case(
        "an attempt after the first skips",
        flow({"page": does(ValueError, Skip, retries=AGAIN, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page running, page skipped, {ENDED}",
    ),
    Case("when= says no", flow({"page": does(when=False)}), f"{BEGUN}, page skipped, {ENDED}"),
    Case("when= says yes", flow({"page": does(when=True)}), f"{BEGUN}, {OK}, {ENDED}"),
    Case(
        "when= fails",
        flow({"page": does(when=ValueError)}),
        f"{BEGUN}, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    Case(
        "when= fails, and a function recovers",
        flow({"page": does(when=ValueError, recover="cached")}),
        f"{BEGUN}, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "a dependency is skipped",
        flow({"page": does(Skip), "words": does(needs="page")}),
        f"{BEGUN}, page running, page on_start, page skipped, words skipped, {ENDED}",
    ),
    Case(
        "one that comes before is skipped",
        flow({"words": does(Skip), "page": does(after="words")}),
        f"{BEGUN}, words running, words on_start, words skipped, {OK}, {ENDED}",
    ),
    Case(
        "the workflow's own function needs what is skipped",
        flow({"page": does(Skip)}, needs="page"),
        f"{BEGUN}, page running, page on_start, page skipped, w skipped",
        Skip,
    ),
    Case("the workflow's own function skips", flow({"page": does()}, Skip), f"{BEGUN}, {OK}, w body, w skipped", Skip),
    # What fails further up
    Case(
        "a dependency fails under keep_going",
        flow({"page": does(ValueError), "words": does(needs="page")}, keep_going=True),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, words upstream_failed, {BROKEN}",
        ExceptionGroup,
    ),
    Case(
        "a dependency fails whose dependant is settled",
        flow({"page": does(ValueError), "words": does(needs="page")}, needs="words", settled="given"),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, words upstream_failed, {ENDED}",
    ),
    Case(
        "a settled task fails",
        flow({"page": does(ValueError)}, needs="page", settled="given"),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {ENDED}",
    ),
    # Timeouts
    Case(
        "an attempt takes too long",
        flow({"page": does(Hang, timeout=AT_ONCE)}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        TimeoutError,
    ),
    Case(
        "an attempt takes too long, and the next is good",
        flow({"page": does(Hang, "result", timeout=IN_TIME, retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page completed, page on_success, {ENDED}",
        before="page completed",
    ),
    # Vetoes
    Case(
        "on_start= vetoes, and nothing is retried",
        flow({"page": does(veto=ValueError, retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page failed, page on_error, {BROKEN}",
        ValueError,
    ),
    Case(
        "on_start= vetoes, and a function recovers",
        flow({"page": does(veto=ValueError, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page recover, page completed, page on_success, {ENDED}",
    ),
    Case(
        "on_start= skips",
        flow({"page": does(veto=Skip, recover="cached")}),
        f"{BEGUN}, page running, page on_start, page skipped, {ENDED}",
    ),
    # Cancellation
    Case(
        "a task is running when another fails",
        flow({"page": does(Wait), "bad": does(FailWhen("page waits"))}),
        f"{BEGUN}, page running, page on_start, page cancelled, bad running, bad on_start, bad failed, bad on_error, "
        f"{BROKEN}",
        ValueError,
        together=True,
    ),
    Case(
        "a task waits for its next attempt when another fails",
        flow({"page": does(ValueError, retries=LATER), "bad": does(FailWhen("page on_retry (w)"))}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page cancelled, "
        f"bad running, bad on_start, bad failed, bad on_error, {BROKEN}",
        ValueError,
        together=True,
    ),
    Case(
        "a task waits for its limit when another fails",
        flow({"page": does(Wait, limit=ONE), "words": does(limit=ONE), "bad": does(FailWhen("page waits"))}),
        f"{BEGUN}, page running, page on_start, page cancelled, words cancelled, "
        f"bad running, bad on_start, bad failed, bad on_error, {BROKEN}",
        ValueError,
        together=True,
    ),
    Case(
        "a task has not begun when another fails",
        flow({"bad": does(ValueError), "page": does(needs="bad")}),
        f"{BEGUN}, bad running, bad on_start, bad failed, bad on_error, page cancelled, {BROKEN}",
        ValueError,
    ),
    Case(
        "a task is running when the caller is cancelled",
        flow({"page": does(Wait), "words": does(needs="page")}),
        f"{BEGUN}, page running, page on_start, page cancelled, words cancelled, w cancelled",
        cancel_when="page waits",
    ),
    Case(
        "a task waits for its next attempt when the caller is cancelled",
        flow({"page": does(ValueError, retries=LATER)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, page cancelled, w cancelled",
        cancel_when="page on_retry (w)",
    ),
    Case(
        "a task recovers when the caller is cancelled",
        flow({"page": does(ValueError, recover=does(Wait))}),
        f"{BEGUN}, page running, page on_start, spare running, spare on_start, spare cancelled, page cancelled, "
        "w cancelled",
        cancel_when="spare waits",
    ),
    # Overrides
    Case(
        "a value stands in, which has no hooks",
        flow({"page": does(), "words": does(needs="page")}),
        f"{BEGUN}, words running, words on_start, words completed, words on_success, {ENDED}",
        override={"page": "value"},
    ),
    Case(
        "a function stands in, and the hooks stay",
        flow({"page": does(retries=AGAIN)}),
        f"{BEGUN}, page running, page on_start, page retrying, page on_retry, "
        f"page running, page completed, page on_success, {ENDED}",
        override={"page": Plays((ValueError, "result"))},
    ),
    Case(
        "a task stands in, with its own hooks",
        flow({"page": does(retries=AGAIN)}),
        f"{BEGUN}, page running (other), page on_start (other), page completed (other), page on_success (other), "
        f"{ENDED}",
        override={"page": does()},
    ),
    # Workflows that run in others
    Case(
        "a workflow runs as a task",
        flow({"inner": flow({"page": does()}, name="inner")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, {OK}, "
        f"inner body, inner completed, inner on_success, inner completed (w), {ENDED}",
    ),
    Case(
        "a workflow that runs as a task fails",
        flow({"inner": flow({"page": does(ValueError)}, name="inner")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, page running, page on_start, page failed, "
        f"page on_error, inner failed, inner on_error, inner failed (w), {BROKEN}",
        ValueError,
    ),
    Case(
        "a workflow that runs as a task is skipped",
        flow({"inner": flow({"page": does(Skip)}, name="inner", needs="page")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, page running, page on_start, page skipped, "
        f"inner skipped, inner skipped (w), {ENDED}",
    ),
    Case(
        "a workflow that runs as a task is cancelled",
        flow({"inner": flow({"page": does(Wait)}, name="inner")}),
        f"{BEGUN}, inner running (w), inner running, inner on_start, page running, page on_start, page cancelled, "
        "inner cancelled, inner cancelled (w), w cancelled",
        cancel_when="page waits",
    ),
    Case(
        "a workflow that would run as a task never does",
        flow({"bad": does(ValueError), "inner": flow({"page": does()}, name="inner", input="bad")}),
        f"{BEGUN}, bad running, bad on_start, bad failed, bad on_error, inner cancelled (w), {BROKEN}",
        ValueError,
    ),
    # The workflow itself
    Case(
        "the workflow's own function fails",
        flow({"page": does()}, ValueError),
        f"{BEGUN}, {OK}, w body, {BROKEN}",
        ValueError,
    ),
    Case(
        "the workflow takes too long",
        flow({"page": does(Wait), "words": does(needs="page")}, timeout=IN_TIME),
        f"{BEGUN}, page running, page on_start, page cancelled, words cancelled, {BROKEN}",
        WorkflowTimeoutError,
        before="page waits",
    ),
    Case(
        "the workflow's own function takes too long",
        flow({"page": does()}, Wait, timeout=IN_TIME),
        f"{BEGUN}, {OK}, w body, {BROKEN}",
        WorkflowTimeoutError,
        plain=False,
        before="w waits",
    ),
    Case(
        "the workflow's on_start= vetoes",
        flow({"page": does(), "words": does(needs="page")}, veto=ValueError),
        f"{BEGUN}, page cancelled, words cancelled, {BROKEN}",
        ValueError,
    ),
    Case(
        "the workflow's on_start= skips", flow({"page": does()}, veto=Skip), f"{BEGUN}, page cancelled, w skipped", Skip
    ),
    Case(
        "the workflow's own function is cancelled",
        flow({"page": does()}, Wait),
        f"{BEGUN}, {OK}, w body, w cancelled",
        cancel_when="w waits",
        plain=False,
    ),
    Case("a workflow without tasks", flow({}), f"{BEGUN}, {ENDED}"),
]
