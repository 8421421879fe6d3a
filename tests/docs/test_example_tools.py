"""The example of an agent with tools: offline, and against a server that speaks the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest

from tests.support.completions import Reply, Server, serve
from tests.support.script import load, run_script

PRINTED = """\
What are two nights in Bern in yen, and do I need an umbrella there?

hotel: 280.0; weather: rain; exchange: 44800.0.

  plan#1      completed: use tools
  hotel#1     completed: 280.0
  weather#1   completed after 2 attempts: rain
  plan#2      completed: use tools
  exchange#1  completed: 44800.0
  plan#3      completed: hotel: 280.0; weather: rain; exchange: 44800.0.

"""


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return load("tool_agent")


async def ask(example: ModuleType, question: str = "?", tokens: int = 1_000) -> Any:
    return await example.agent.run_async(question, tokens)


# Offline


def test_it_plans_acts_and_observes_until_it_has_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    printed = run_script("tool_agent")
    told, _, spent = printed.rpartition("\n\n")
    assert told + "\n\n" == PRINTED
    assert spent.endswith(" of 1,000 tokens were spent.\n")


def test_nothing_is_wrong_with_its_graph() -> None:
    load("tool_agent").agent.check(types=True)


def test_it_tells_what_can_be_said_to_it() -> None:
    assert "--tokens" in run_script("tool_agent", "--help")


async def test_what_a_tool_raises_is_told_to_the_model(example: ModuleType) -> None:
    run = await ask(example, "Two nights in Oslo?".replace("Two", "What are two"))
    assert run.result == "hotel: UnknownTownError: nothing is known of 'Oslo', only of bern, basel, geneva."
    assert [(call.name, call.status) for call in run.calls if call.name.startswith("hotel")] == [("hotel#1", "failed")]


async def test_a_budget_that_is_spent_ends_the_run(example: ModuleType) -> None:
    run = await ask(example, example.QUESTION, tokens=30)
    assert isinstance(run.error, example.BudgetError)
    assert "of 30 tokens are spent" in str(run.error)
    assert "There is no answer: " in example.describe(run)


async def test_tools_that_are_wanted_together_are_used_at_the_same_time(example: ModuleType) -> None:
    both = {"hotel": anyio.Event(), "weather": anyio.Event()}

    async def meet(own: str, other: str) -> str:
        both[own].set()
        await both[other].wait()
        return "1.0"

    async def hotel(town: str, nights: int) -> str:
        return await meet("hotel", "weather")

    async def weather(town: str) -> str:
        return await meet("weather", "hotel")

    agent = example.agent.override({example.hotel: hotel, example.weather: weather})
    assert await agent.call(example.QUESTION, 1_000) == "hotel: 1.0; weather: 1.0; exchange: 160.0."


def test_the_model_is_told_what_a_caller_passes_and_nothing_else(example: ModuleType) -> None:
    told = example.describe_tool("hotel", example.hotel)["function"]
    assert told["description"] == "What so many nights in a hotel in a town cost, in EUR."
    assert told["parameters"]["properties"] == {"town": {"type": "string"}, "nights": {"type": "integer"}}
    assert told["parameters"]["required"] == ["town", "nights"]


def test_the_graph_shows_what_the_agent_calls(example: ModuleType) -> None:
    shown = str(example.agent.graph)
    assert all(name in shown for name in ("plan", *example.TOOLS))


def test_it_writes_its_report(example: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example.main(["--report", str(tmp_path / "agent.html")])
    assert "agent.html" in capsys.readouterr().out
    assert "exchange#1" in (tmp_path / "agent.html").read_text(encoding="utf-8")


# Against a server


def says(message: dict[str, Any], tokens: int = 10) -> Reply:
    return Reply(200, {"choices": [{"message": message}], "usage": {"total_tokens": tokens}})


def wants(tool: str, **arguments: object) -> Reply:
    call = {"id": f"call-{tool}", "type": "function", "function": {"name": tool, "arguments": json.dumps(arguments)}}
    return says({"role": "assistant", "content": None, "tool_calls": [call]})


ANSWER = says({"role": "assistant", "content": "It will rain."})


@pytest.fixture
def server(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serve() as made:
        monkeypatch.setenv("OPENAI_BASE_URL", made.url)
        monkeypatch.setenv("OPENAI_API_KEY", "secret")
        monkeypatch.setenv("OPENAI_MODEL", "small")
        yield made


async def test_a_server_chooses_tools_and_is_told_what_they_said(example: ModuleType, server: Server) -> None:
    server.replies = [wants("weather", town="Bern"), ANSWER]
    run = await ask(example, "Will it rain in Bern?")
    assert run.result == "It will rain."
    assert run.state.spent == 20
    first, second = server.requests
    assert [each["function"]["name"] for each in first["tools"]] == ["weather", "hotel", "exchange"]
    assert first["model"] == "small"
    assert second["messages"][-1] == {"role": "tool", "tool_call_id": "call-weather", "content": "rain"}
    assert server.keys == ["Bearer secret"] * 2


async def test_a_server_that_is_busy_is_asked_again(example: ModuleType, server: Server) -> None:
    server.replies = [Reply(429, {}), ANSWER]
    run = await ask(example)
    assert run.result == "It will rain."
    assert [(call.name, call.attempts) for call in run.calls] == [("plan#1", 2)]


async def test_a_server_that_refuses_ends_the_run(example: ModuleType, server: Server) -> None:
    server.replies = [Reply(401, {"error": "no such key"})]
    run = await ask(example)
    assert isinstance(run.error, ValueError)
    assert len(server.requests) == 1


async def test_a_tool_that_there_is_not_is_told_to_the_model(example: ModuleType, server: Server) -> None:
    server.replies = [wants("fly", to="Bern"), ANSWER]
    run = await ask(example)
    assert run.result == "It will rain."
    assert server.requests[-1]["messages"][-1]["content"] == "KeyError: 'fly'"


async def test_arguments_that_do_not_fit_are_told_to_the_model(example: ModuleType, server: Server) -> None:
    server.replies = [wants("weather", city="Bern"), ANSWER]
    run = await ask(example)
    assert run.result == "It will rain."
    assert (
        "got an unexpected keyword argument 'city'. It is called with 'town'."
        in server.requests[-1]["messages"][-1]["content"]
    )
