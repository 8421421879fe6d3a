"""The options of a policy are checked when the decorator runs, and each error says what to do."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flowdeco import Limit, OptionError, OptionTypeError, Retry, State, field, task, workflow
from tests.rules.options.test_decorated import both, error_of, page
from tests.support.naming import take

GPU = Limit(2, "gpu")
SUBJECT = "Cannot define task 'read': "
HOOKS = ("on_state", "on_start", "on_success", "on_retry", "on_error")
KNOWN = (
    "'task', 'workflow', 'run', 'state', 'status', 'previous', 'attempt', 'error', 'errors', 'result', 'delay', "
    "'inputs', 'metadata', 'event'"
)
CAN_GET = f"It can get {KNOWN}, 'page', 'rest', 'depth' and 'more'."
TIMES = "Give how many may follow the first, as in retries=3; 0 for none."


@workflow
def inner(page: str) -> str:
    return page


@task
def smaller(page: str, *, prompt: str) -> str:
    return page + prompt


def ask_url(url: str) -> None: ...


def ask_eror(eror: Exception) -> None: ...


def give_items() -> Iterator[bool]:
    yield False


def refuse(error: Any, says: str, *, kind: type[OptionError], option: str, value: object) -> None:
    """Check all there is to an error."""
    assert str(error) == says
    assert type(error) is kind
    assert error.option == option
    assert error.value is value or error.value == value


# Hooks, which both decorators have


@both
@pytest.mark.parametrize("option", HOOKS)
def test_a_hook_that_asks_for_what_there_is_not_is_refused_with_the_list(
    decorate: Any, subject: str, option: str
) -> None:
    for given in (ask_url, [print, ask_url], (ask_url,)):
        error = error_of(decorate, **{option: given})
        says = f"Cannot define {subject}: 'ask_url' in {option}= asks for 'url', which it cannot get. {CAN_GET}"
        refuse(error, says, kind=OptionError, option=option, value=ask_url)


@both
def test_a_hook_that_misspells_what_it_asks_for_is_told_the_nearest(decorate: Any, subject: str) -> None:
    for given in (ask_eror, {ValueError: print, Exception: ask_eror}):
        error = error_of(decorate, on_error=given)
        says = f"Cannot define {subject}: 'ask_eror' in on_error= asks for 'eror', which it cannot get. "
        says += f"Did you mean 'error'? {CAN_GET}"
        refuse(error, says, kind=OptionError, option="on_error", value=ask_eror)


@both
@pytest.mark.parametrize("option", HOOKS)
@pytest.mark.parametrize("value", [5, "print", True, {print}], ids=lambda v: type(v).__name__)
def test_a_hook_that_cannot_be_called_is_refused(decorate: Any, subject: str, option: str, value: Any) -> None:
    error = error_of(decorate, **{option: value})
    says = f"Cannot define {subject}: {option}={value!r} cannot be called. Give a function."
    refuse(error, says, kind=OptionTypeError, option=option, value=value)
    error = error_of(decorate, **{option: [print, value]})
    says = f"Cannot define {subject}: {option}={[print, value]!r} has {value!r} in it, which cannot be called. "
    refuse(error, says + "Give a function.", kind=OptionTypeError, option=option, value=[print, value])


@both
@pytest.mark.parametrize("option", HOOKS[:-1])
def test_only_on_error_may_be_a_mapping(decorate: Any, subject: str, option: str) -> None:
    value = {ValueError: print}
    error = error_of(decorate, **{option: value})
    says = f"Cannot define {subject}: {option}={value!r} is a mapping, which only on_error= can be. "
    says += "Give a function, or a list of functions."
    refuse(error, says, kind=OptionTypeError, option=option, value=value)


@both
@pytest.mark.parametrize("key", [5, "ValueError", int, ValueError("no"), (ValueError, KeyError)], ids=repr)
def test_on_error_by_what_is_no_type_of_error_is_refused(decorate: Any, subject: str, key: Any) -> None:
    value = {key: print}
    error = error_of(decorate, on_error=value)
    says = f"Cannot define {subject}: on_error={value!r} has the key {key!r}, which is no type of error. "
    says += "Give one, as in {ConnectionError: ...}."
    refuse(error, says.replace(repr(value), shortened(value)), kind=OptionTypeError, option="on_error", value=value)


def shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


@both
def test_on_error_by_type_must_give_functions(decorate: Any, subject: str) -> None:
    value: Any = {ValueError: [print]}
    error = error_of(decorate, on_error=value)
    says = f"Cannot define {subject}: on_error={shortened(value)} gives ValueError [<built-in function print>], "
    says += "which cannot be called. Give a function."
    refuse(error, says, kind=OptionTypeError, option="on_error", value=value)


# metadata= and settled=, which both have


@both
@pytest.mark.parametrize("value", [5, "team", [("owner", "me")], {5: "me"}, {"owner": 1, None: 2}], ids=repr)
def test_metadata_that_is_no_mapping_of_strings_is_refused(decorate: Any, subject: str, value: Any) -> None:
    error = error_of(decorate, metadata=value)
    says = f"Cannot define {subject}: metadata={value!r} is not a mapping with strings for keys. "
    says += "Give one, as in {'owner': 'data team'}."
    refuse(error, says, kind=OptionTypeError, option="metadata", value=value)


@both
@pytest.mark.parametrize("value", [5, True, b"page", {"page"}, {"page": True}, page], ids=lambda v: type(v).__name__)
def test_settled_that_is_no_name_and_no_list_is_refused(decorate: Any, subject: str, value: Any) -> None:
    error = error_of(decorate, settled=value)
    says = f"Cannot define {subject}: settled={value!r} is not the name of a parameter, or a list of names."
    refuse(error, says, kind=OptionTypeError, option="settled", value=value)


@both
def test_settled_that_names_no_parameter_is_refused_with_the_nearest(decorate: Any, subject: str) -> None:
    error = error_of(decorate, settled="pgae")
    says = f"Cannot define {subject}: settled='pgae' names 'pgae', which is no parameter of the function. "
    refuse(error, says + "Did you mean 'page'?", kind=OptionError, option="settled", value="pgae")
    error = error_of(decorate, settled=["page", "x"])
    says = f"Cannot define {subject}: settled=['page', 'x'] names 'x', which is no parameter of the function. "
    says += "It has 'page', 'rest', 'depth' and 'more'."
    refuse(error, says, kind=OptionError, option="settled", value=["page", "x"])
    error = error_of(decorate, lambda: 1, name="none", settled=[5])
    says = f"Cannot define {subject.replace('read', 'none')}: settled=[5] names 5, which is no parameter of the "
    refuse(error, says + "function. It has none.", kind=OptionError, option="settled", value=[5])


# retries=


@pytest.mark.parametrize("value", ["3", 1.5, 2.0, math.nan, math.inf, [3], Retry, ValueError], ids=repr)
def test_retries_that_are_no_number_and_no_retry_are_refused(value: Any) -> None:
    error = error_of(task, retries=value)
    says = f"{SUBJECT}retries={value!r} is not a number of attempts or a Retry. {TIMES}"
    refuse(error, says, kind=OptionTypeError, option="retries", value=value)


@pytest.mark.parametrize(("value", "advice"), [(True, "retries=1 for one more"), (False, "retries=0 for none")])
def test_retries_that_are_true_or_false_are_refused_with_what_may_be_meant(value: bool, advice: str) -> None:
    error = error_of(task, retries=value)
    says = f"{SUBJECT}retries={value} is not a number of attempts. Give {advice}."
    refuse(error, says, kind=OptionTypeError, option="retries", value=value)


def test_retries_below_zero_are_refused() -> None:
    says = f"{SUBJECT}retries=-1 is below zero. {TIMES}"
    refuse(error_of(task, retries=-1), says, kind=OptionError, option="retries", value=-1)


# recover=


@pytest.mark.parametrize("value", [5, "page", [page], {page}, True], ids=lambda v: type(v).__name__)
def test_a_recover_that_cannot_be_called_is_refused(value: Any) -> None:
    error = error_of(task, recover=value)
    says = f"{SUBJECT}recover={value!r} cannot be called. Give a function that returns the value, or a task."
    refuse(error, says, kind=OptionTypeError, option="recover", value=value)


def test_a_workflow_cannot_recover_a_task() -> None:
    error = error_of(task, recover=inner)
    says = f"{SUBJECT}recover=<workflow 'inner'> is a workflow, and that cannot recover a task. "
    refuse(error, says + "Give a function or a task.", kind=OptionTypeError, option="recover", value=inner)
    value = {KeyError: page, ValueError: inner}
    error = error_of(task, recover=value)
    says = f"{SUBJECT}recover={shortened(value)} has <workflow 'inner'> in it, which is a workflow, and that cannot "
    says += "recover a task. Give a function or a task."
    refuse(error, says, kind=OptionTypeError, option="recover", value=value)


@pytest.mark.parametrize("value", [ask_url, {ValueError: ask_url}], ids=["function", "mapping"])
def test_a_recovery_that_asks_for_what_there_is_not_is_refused(value: Any) -> None:
    says = f"{SUBJECT}'ask_url' in recover= asks for 'url', which it cannot get. {CAN_GET}"
    refuse(error_of(task, recover=value), says, kind=OptionError, option="recover", value=ask_url)


@pytest.mark.parametrize("value", [smaller, {ValueError: smaller}], ids=["task", "mapping"])
def test_a_task_that_recovers_cannot_ask_for_what_there_is_not_either(value: Any) -> None:
    says = f"{SUBJECT}'smaller' in recover= asks for 'prompt', which it cannot get. {CAN_GET}"
    error = error_of(task, recover=value)
    assert str(error) == says
    assert (type(error), error.option, error.value) == (OptionError, "recover", smaller)


@pytest.mark.parametrize("key", [5, "ValueError", int], ids=repr)
def test_a_recover_by_what_is_no_type_of_error_is_refused(key: Any) -> None:
    value = {key: print}
    says = f"{SUBJECT}recover={value!r} has the key {key!r}, which is no type of error. "
    says += "Give one, as in {ConnectionError: ...}."
    refuse(error_of(task, recover=value), says, kind=OptionTypeError, option="recover", value=value)


def test_a_recover_by_type_must_give_what_can_be_called() -> None:
    value = {ValueError: "x"}
    says = f"{SUBJECT}recover={value!r} gives ValueError 'x', which cannot be called. Give a function."
    refuse(error_of(task, recover=value), says, kind=OptionTypeError, option="recover", value=value)


# when=


@pytest.mark.parametrize("value", [5, "page", True, [page], {}], ids=repr)
def test_a_when_that_cannot_be_called_is_refused(value: Any) -> None:
    says = f"{SUBJECT}when={value!r} is not a function or a task. Give one whose parameters name what it needs to know."
    refuse(error_of(task, when=value), says, kind=OptionTypeError, option="when", value=value)


def test_a_when_that_does_not_say_what_it_takes_is_refused() -> None:
    says = f"{SUBJECT}when={iter!r} does not say what it takes. Wrap it in a def."
    refuse(error_of(task, when=iter), says, kind=OptionTypeError, option="when", value=iter)


def test_a_when_that_yields_is_refused_as_it_would_always_be_true() -> None:
    says = f"{SUBJECT}when={shortened(give_items)} yields, which is no answer. Let it return one."
    refuse(error_of(task, when=give_items), says, kind=OptionTypeError, option="when", value=give_items)


# limit=


@pytest.mark.parametrize("value", [True, 1.5, math.inf, "2", [GPU], Limit], ids=lambda v: type(v).__name__)
def test_a_limit_that_is_none_is_refused(value: Any) -> None:
    says = f"{SUBJECT}limit={value!r} is not a number, a Limit, or a mapping as in {{GPU: 2}}. "
    says += "Give one of these, or None for no limit."
    refuse(error_of(task, limit=value), says, kind=OptionTypeError, option="limit", value=value)


@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_below_one_is_refused(value: int) -> None:
    says = f"{SUBJECT}limit={value} is below one. Give at least 1, or None for no limit."
    refuse(error_of(task, limit=value), says, kind=OptionError, option="limit", value=value)


UNNAMED = Limit(1)


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ({"gpu": 1}, OptionTypeError, "names 'gpu', which is not a Limit. Make one first, as in GPU = Limit(2)."),
        ({GPU: True}, OptionTypeError, "asks for True places of limit 'gpu'. Give a whole number."),
        ({GPU: "1"}, OptionTypeError, "asks for '1' places of limit 'gpu'. Give a whole number."),
        ({GPU: 0}, OptionError, "asks for 0 places of limit 'gpu'. Give at least 1."),
        ({GPU: -2}, OptionError, "asks for -2 places of limit 'gpu'. Give at least 1."),
        ({GPU: 3}, OptionError, "asks for 3 places of limit 'gpu', which has 2. Ask for no more."),
        ({UNNAMED: 2}, OptionError, "asks for 2 places of an unnamed limit, which has 1. Ask for no more."),
    ],
)
def test_places_that_no_limit_can_give_are_refused(value: Any, kind: type[OptionError], reason: str) -> None:
    error = error_of(task, limit=value)
    refuse(error, f"{SUBJECT}limit={value!r} {reason}", kind=kind, option="limit", value=value)


# run_in=


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("thred", "Did you mean 'thread'?"),
        ("proces", "Did you mean 'process'?"),
        ("nowhere", "There are 'thread', 'loop' and 'process'; or give an executor."),
    ],
)
def test_a_misspelt_place_to_run_in_is_refused_with_the_nearest(value: str, advice: str) -> None:
    says = f"{SUBJECT}run_in={value!r} is no place to run in. {advice}"
    refuse(error_of(task, run_in=value), says, kind=OptionError, option="run_in", value=value)


@pytest.mark.parametrize("value", [5, True, ["thread"], ThreadPoolExecutor], ids=repr)
def test_what_is_no_place_to_run_in_is_refused(value: Any) -> None:
    says = f"{SUBJECT}run_in={value!r} is none of 'thread', 'loop' and 'process', nor a concurrent.futures.Executor "
    says += "that was made already."
    error = error_of(task, run_in=value)
    refuse(error, says.replace(repr(value), shortened(value)), kind=OptionTypeError, option="run_in", value=value)


@pytest.mark.parametrize("value", ["thread", "process"])
def test_an_async_def_runs_on_the_event_loop_only(value: str) -> None:
    async def read() -> None: ...

    says = f"{SUBJECT}run_in={value!r} does not go with an async def, which always runs on the event loop. "
    says += "Make it a def, or leave run_in out."
    refuse(error_of(task, read, run_in=value), says, kind=OptionError, option="run_in", value=value)
    assert task(read, run_in="loop").name == "read"


def test_a_timeout_does_not_go_with_the_event_loop() -> None:
    says = f'{SUBJECT}timeout=5 does not go with run_in="loop": a def cannot be interrupted on the event loop. '
    says += "Take one of them out."
    error = error_of(task, timeout=5, run_in="loop")
    refuse(error, says, kind=OptionError, option="timeout", value=5)
    error = error_of(task, give_items, name="read", timeout=5, run_in="loop")
    refuse(error, says, kind=OptionError, option="timeout", value=5)


def test_no_timeout_goes_with_the_event_loop() -> None:
    assert workflow(take, needs={"given": task(lambda: 1, timeout=math.inf, run_in="loop")})() == 1


# What only a workflow has


@pytest.mark.parametrize("value", [None, 0, 1, "yes"], ids=repr)
def test_keep_going_is_true_or_false(value: Any) -> None:
    says = f"Cannot define workflow 'read': keep_going={value!r} is neither True nor False. Give one of them."
    refuse(error_of(workflow, keep_going=value), says, kind=OptionTypeError, option="keep_going", value=value)


@pytest.mark.parametrize("value", ["rise", "", None, True, ["log"]], ids=repr)
def test_hook_errors_are_logged_or_raised(value: Any) -> None:
    says = f"Cannot define workflow 'read': hook_errors={value!r} is neither 'log' nor 'raise'. Give one of them."
    kind = OptionError if isinstance(value, str) else OptionTypeError
    refuse(error_of(workflow, hook_errors=value), says, kind=kind, option="hook_errors", value=value)


class Budget(State):
    tokens: int
    spent: float = field(0.0)


@pytest.mark.parametrize("value", [5, "budget", int], ids=repr)
def test_a_state_that_is_none_is_refused(value: Any) -> None:
    says = f"Cannot define workflow 'read': state={value!r} is no state. Give a subclass of State, or an instance."
    refuse(error_of(workflow, state=value), says, kind=OptionTypeError, option="state", value=value)


def test_a_mapping_for_a_state_is_refused_with_how_to_make_one_of_it() -> None:
    value = {"tokens": 1}
    says = f"Cannot define workflow 'read': state={value!r} is no state. Give State({{...}})."
    refuse(error_of(workflow, state=value), says, kind=OptionTypeError, option="state", value=value)


def test_a_state_that_cannot_be_made_for_each_run_is_refused() -> None:
    says = (
        f"Cannot define workflow 'read': state={Budget!r} cannot be made for each run: 'tokens' of it has no default. "
    )
    says += "Give it one, or give an instance."
    refuse(error_of(workflow, state=Budget), says, kind=OptionError, option="state", value=Budget)
    assert workflow(lambda: 1, state=Budget(tokens=5))() == 1


# with_options()


@pytest.mark.parametrize(
    "change",
    [
        *({option: 5} for option in HOOKS),
        *({"retries": -1}, {"recover": 5}, {"recover": inner}, {"when": 5}, {"limit": 0}, {"run_in": "thred"}),
        *({"metadata": 5}, {"settled": "x"}, {"on_error": ask_url}, {"timeout": 5, "run_in": "loop"}),
    ],
    ids=repr,
)
def test_other_options_of_a_task_are_checked_as_the_first_were(change: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as first:
        task(lambda: 1, name="made", **change)
    made = task(lambda: 1, name="made", retries=1)
    with pytest.raises(OptionError) as again:
        made.with_options(**change)
    assert str(again.value) == str(first.value)
    assert type(again.value) is type(first.value)


@pytest.mark.parametrize(
    "change",
    [
        *({option: 5} for option in HOOKS),
        *({"keep_going": 1}, {"hook_errors": "rise"}, {"state": 5}, {"defaults": {"retires": 2}}, {"metadata": 5}),
        *({"settled": "x"}, {"on_error": ask_url}, {"defaults": {"retries": -1}}),
    ],
    ids=repr,
)
def test_other_options_of_a_workflow_are_checked_as_the_first_were(change: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as first:
        workflow(lambda: 1, name="made", **change)
    made: Any = workflow(lambda: 1, name="made", keep_going=True)
    with pytest.raises(OptionError) as again:
        made.with_options(**change)
    assert str(again.value) == str(first.value)
    assert type(again.value) is type(first.value)


def test_an_option_that_two_together_break_is_refused_also_if_the_first_was_there_before() -> None:
    with pytest.raises(OptionError) as caught:
        task(lambda: 1, name="made", timeout=5).with_options(run_in="loop")
    assert str(caught.value) == (
        "Cannot define task 'made': timeout=5 does not go with run_in=\"loop\": a def cannot be interrupted on the "
        "event loop. Take one of them out."
    )
    assert task(lambda: 1, timeout=5).with_options(run_in="loop", timeout=None).timeout is None


def test_with_options_and_none_a_task_is_as_if_it_had_not_been_given_any() -> None:
    def read() -> int:
        raise ValueError("no")

    made = task(read, retries=2, recover=lambda: 1, limit=1, on_error=print, metadata={"a": 1}, when=lambda: False)
    bare = made.with_options(
        retries=None, recover=None, limit=None, on_error=None, metadata=None, when=None, timeout=None
    )
    w = workflow(take, needs={"given": bare})
    with pytest.raises(ValueError, match="no"):
        w()


# What was given may change afterwards


def one_more(number: int) -> int:
    return number + 1


def test_lists_and_mappings_are_taken_as_they_are_when_the_decorator_runs() -> None:
    seen: list[str] = []
    hooks: list[Any] = [lambda: seen.append("hook")]
    by_type: dict[Any, Any] = {ValueError: lambda: seen.append("by type")}
    recover: dict[Any, Any] = {KeyError: print, ValueError: one_more}
    metadata: dict[str, Any] = {"owner": "me"}
    settled = ["given", "lost"]
    limit = Limit(1)
    places: dict[Any, Any] = {limit: 1}
    on: list[type[Exception]] = [KeyError]

    @task(on_start=hooks, recover=recover, metadata=metadata, limit=places, retries=Retry(5, on=on, delay=0))
    def fail(number: int) -> None:
        seen.append(repr(limit))
        raise ValueError("no")

    @workflow(
        needs={"given": fail, "lost": fail.with_options(recover=None, on_start=None, on_error=by_type, after=fail)},
        settled=settled,
        on_start=hooks,
        metadata=metadata,
    )
    def w(number: int, given: Any, lost: Any) -> Any:
        return given.value, type(lost.error)

    hooks[:] = [print]
    for given in (by_type, recover, metadata, settled, places):
        given.clear()
    on.append(ValueError)
    run = w.run(5)
    assert run.result == (6, ValueError)
    taken = "<Limit: 1 of 1 places taken>"
    assert seen == ["hook", "hook", taken, taken, "by type"]
    assert dict(run.metadata) == dict(run.tasks[fail].metadata) == {"owner": "me"}


def test_a_list_and_a_tuple_say_the_same() -> None:
    seen: list[str] = []
    for kind in (list[Any], tuple[Any, ...]):
        made = task(lambda: 1, on_success=kind([lambda: seen.append("first"), lambda: seen.append("second")]))
        given = workflow(take, needs={"given": made}, settled=kind(["given"]))()
        assert given.unwrap() == 1
    assert seen == ["first", "second"] * 2


def test_nothing_in_a_list_or_a_mapping_is_nothing() -> None:
    made = task(lambda: 1, on_start=[], on_error={}, recover={}, limit={}, metadata={}, settled=())
    assert workflow(take, needs={"given": made}, on_state=[], on_error={}, settled=[], metadata={})() == 1
