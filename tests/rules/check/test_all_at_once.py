"""No problem hides another."""

from typing import Any

import pytest

from flowdeco import GraphError, UnusedTaskError, task, workflow
from tests.support.check_policies import ask_url, page, problems_of, words
from tests.support.naming import mention

mention(page)


def ask_page(page: str) -> str:
    return page


def test_no_problem_hides_another() -> None:
    def if_nothing(nothing: int) -> bool:
        return bool(nothing)

    guarded = task(lambda: 1, name="guarded", when=if_nothing)

    def lose(wodrs: int) -> int:
        return wodrs

    def if_enabled(enabeld: bool) -> bool:
        return enabeld

    lost = task(lose, name="lost")
    settles = task(ask_url, name="settles", settled="url")

    @workflow(needs={"given": "missing"})
    async def inner(given: Any) -> None: ...

    @workflow(
        needs={"given": [guarded, lost, settles, words, inner]},
        tasks=[task(lambda: 1, name="unused")],
        settled="given",
        after="wrods",
        defaults={"on_error": ask_url, "recover": ask_page, "when": if_enabled},
    )
    def w(url: str, given: Any) -> Any:
        return given

    found = problems_of(w)
    assert sorted({type(problem).__name__ for problem in found}) == [
        "HookArgumentError",
        "MissingDependencyError",
        "SettledError",
        "UnusedTaskError",
    ]
    text = "\n".join(map(str, found))
    for says in (
        "after='wrods' of workflow 'w' names no task. Did you mean 'words'?",
        "when= of task 'guarded' needs 'nothing'",
        "when= in the defaults of workflow 'w' needs 'enabeld'",
        "task 'lost' needs 'wodrs'",
        "task 'settles' has 'url' in settled=, and that is an input",
        "workflow 'inner' needs 'missing'",
        "tasks= names task 'unused', which nothing needs",
        *(f"its defaults do not fit task {name!r}: 'ask_url' in on_error=" for name in ("guarded", "lost", "words")),
        *(f"its defaults do not fit task {name!r}: 'ask_page' in recover=" for name in ("page", "settles")),
    ):
        assert says in text, says
    assert len(found) == 12
    with pytest.raises(GraphError) as caught:
        w("x")
    assert {str(problem) for problem in caught.value.problems} == {
        str(problem) for problem in found if not isinstance(problem, UnusedTaskError)
    }
