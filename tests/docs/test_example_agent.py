"""The agent of the examples: offline, and against a server that speaks the protocol."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.clock import Clock, given_time
from tests.support.completions import Reply, Server, good, serve
from tests.support.script import load


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL", "AGENT_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    return load("budget_agent")


# Offline


def test_it_answers_from_the_reference_and_within_its_budget(
    agent: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.main(["What does a with statement do?"])
    said = capsys.readouterr().out
    assert said.startswith('What does a with statement do?\n\nThe "with" statement')
    assert "From 'with'" in said
    assert "first_note: " in said
    assert " of 3,000 tokens spent" in said
    assert "answer.first_note" in said


def test_the_answer_is_the_same_each_time(agent: ModuleType) -> None:
    first, second = (agent.answer("What is a class?", agent.Extractor(), 5_000) for _ in range(2))
    assert first == second
    assert first.text


def test_what_the_budget_does_not_allow_is_left_out(agent: ModuleType) -> None:
    run = agent.answer.run("What does a with statement do?", agent.Extractor(), 900)
    assert run.status == "completed"
    assert run.state.spent <= 900
    assert run.result.sources[0] == "with"
    assert run.result.left_out
    assert any("more than the 900 of the budget" in line for line in run.state.log)


def test_a_budget_of_nothing_gives_no_answer_and_says_so(agent: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    agent.main(["What is a class?", "--tokens", "0"])
    assert "There is no answer within this budget." in capsys.readouterr().out


def test_a_text_that_is_too_long_is_skimmed(agent: ModuleType) -> None:
    run = agent.answer.run("How is an exception handled, and what is a finally clause for?", agent.Extractor(), 5_000)
    assert any("is skimmed: " in line for line in run.state.log)
    assert [type(failure.error).__name__ for failure in run.errors] == ["TooLongError"]
    assert len(run.result.sources) == 3


def test_it_writes_its_report(agent: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "report.html"
    agent.main(["What is a class?", "--report", str(page)])
    assert str(page) in capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    assert "first_note" in text
    assert "spent" in text


# Against a server


@pytest.fixture
def server(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serve() as made:
        monkeypatch.setenv("OPENAI_BASE_URL", made.url)
        monkeypatch.setenv("OPENAI_API_KEY", "secret")
        monkeypatch.setenv("OPENAI_MODEL", "small")
        yield made


def ask(agent: ModuleType, server: Server, tokens: int = 1_000) -> Any:
    return agent.answer.run("What is a class?", agent.Endpoint(server.url, "secret", "small"), tokens)


def test_it_asks_the_server_that_the_environment_names(
    agent: ModuleType, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.main(["What is a class?"])
    assert "It is so.\n\nIt is so.\n\nIt is so." in capsys.readouterr().out
    assert server.keys == ["Bearer secret"] * 3
    assert {request["model"] for request in server.requests} == {"small"}
    assert "What is a class?" in server.requests[0]["messages"][0]["content"]


def test_a_server_that_is_busy_is_asked_again_when_it_says(agent: ModuleType, server: Server) -> None:
    server.replies = [Reply(429, {"error": "slow down"}, {"Retry-After": "0.01"}), good()]
    run = ask(agent, server)
    assert run.status == "completed"
    assert [(f.task, f.attempt, f.error.after) for f in run.errors] == [("first_note", 1, 0.01)]
    assert run.state.log[0] == "first_note, attempt 1: the server says 429"
    assert run.tasks["first_note"].attempts == 2


@pytest.mark.parametrize(
    "broken",
    [Reply(503, {}), Reply(200, b"<html>"), Reply(200, {"choices": []}), Reply(200, {"choices": [{"message": None}]})],
    ids=["503", "no JSON", "nothing chosen", "no message"],
)
def test_an_answer_that_is_none_is_asked_for_again(
    agent: ModuleType, server: Server, broken: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies = [broken._replace(headers={"Retry-After": "0"}), good()]
    run = ask(agent, server)
    assert run.status == "completed"
    assert run.tasks["first_note"].attempts == 2


def test_a_server_that_refuses_is_not_asked_again(
    agent: ModuleType, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.replies = [Reply(401, {"error": "no such key"})]
    agent.main(["What is a class?"])
    assert "There is no answer: the server refuses: 401" in capsys.readouterr().out
    assert len(server.requests) == 1


def test_what_the_server_cannot_read_at_once_is_skimmed(agent: ModuleType, server: Server) -> None:
    server.replies = [Reply(400, {"error": {"code": "context_length_exceeded"}}), good("In short.", 5), good()]
    run = ask(agent, server)
    assert run.tasks["first_note"].result == ("In short.", 5)
    assert run.state.spent == 25


def test_the_tokens_that_the_server_counts_are_what_is_spent(agent: ModuleType, server: Server) -> None:
    server.replies = [good("One.", 600), good("Two.", 600)]
    run = ask(agent, server)
    assert run.state.spent == 600
    assert run.result.text == "One."
    assert len(run.result.left_out) == 2


@given_time
def test_a_slow_answer_runs_into_the_timeout_and_is_asked_for_again(
    clock: Clock, agent: ModuleType, server: Server
) -> None:
    gate = threading.Event()

    def slow() -> Reply:
        gate.wait(60)
        return good("late")

    server.replies = [slow, good("in time")]
    patient = agent.answer.override(
        first_note=agent.first_note.with_options(timeout=clock.seconds, limit=None),
        second_note=agent.Reply("second", 1),
        third_note=agent.Reply("third", 1),
    )
    try:
        run = patient.run("What is a class?", agent.Endpoint(server.url, "", "small"), 1_000)
    finally:
        gate.set()
    if run.status == "completed" and run.tasks["first_note"].abandoned == 1:
        clock.reach()
    assert run.tasks["first_note"].result.text == "in time"
    assert run.tasks["first_note"].abandoned == 1
    assert run.state.spent == 10
