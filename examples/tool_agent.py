"""An agent that plans, acts with tools, looks at what came of it, and goes on until it has an answer.

    python examples/tool_agent.py
    python examples/tool_agent.py "What are two nights in Basel, in yen?" --tokens 2000 --report agent.html

The tools know three towns, and need no network. The model is a stand-in, which chooses tools by the words of the
question and counts words as tokens. With OPENAI_BASE_URL set, and OPENAI_API_KEY and OPENAI_MODEL if the server wants
them, it asks any server that speaks the chat completions protocol of OpenAI, with tools, instead.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import anyio

from flowdeco import Retry, Run, State, Task, field, resource, task, workflow

QUESTION = "What are two nights in Bern in yen, and do I need an umbrella there?"
INSTRUCTIONS = "Answer in one or two sentences. Use the tools for all that you cannot know."

Message = dict[str, Any]  # as the chat completions protocol has it


# What the tools know.

NIGHTS = {"bern": 140.0, "basel": 120.0, "geneva": 190.0}
SKIES = {"bern": "rain", "basel": "sun", "geneva": "wind"}
RATES = {"EUR": 1.0, "CHF": 0.94, "JPY": 160.0}
LINES = {"the weather": ["the line was cut"]}  # how often which server fails before it answers


class Budget(State):
    limit: int = 1_000
    spent: int = field(0, validate=lambda tokens: tokens >= 0)
    notes: list[str] = field(factory=list[str])


class UnknownTownError(LookupError):
    """Nothing is known of a town."""


def look_up(town: str, known: Mapping[str, Any]) -> Any:
    if town.lower() not in known:
        raise UnknownTownError(f"nothing is known of {town!r}, only of {', '.join(known)}")
    return known[town.lower()]


# The tools. Each is a task with options of its own, and the model gets its signature and its docstring.


@task(retries=Retry(2, on=ConnectionError, delay=0.01), timeout=5)
async def weather(town: str) -> str:
    """How the weather in a town will be."""
    if LINES["the weather"]:
        raise ConnectionError(LINES["the weather"].pop())
    return str(look_up(town, SKIES))


@task(limit=1)
async def hotel(town: str, nights: int, state: Budget) -> float:
    """What so many nights in a hotel in a town cost, in EUR."""
    state.append("notes", f"the hotel in {town} was asked for {nights} nights")
    return float(look_up(town, NIGHTS)) * nights


@task
def exchange(euros: float, currency: str) -> float:
    """An amount in EUR in another currency: EUR, CHF or JPY."""
    return euros * RATES[currency]


TOOLS: dict[str, Task[..., Any]] = {"weather": weather, "hotel": hotel, "exchange": exchange}
KINDS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def describe_tool(name: str, tool: Task[..., Any]) -> Message:
    """What the model is told of a tool. What a caller passes is in the signature of `call`, the state is not."""
    parameters = inspect.signature(tool.call, eval_str=True).parameters
    properties = {each.name: {"type": KINDS[each.annotation]} for each in parameters.values()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": tool.__doc__, "parameters": schema}}


# The model.


class ToolCall(NamedTuple):
    id: str
    tool: str
    arguments: dict[str, Any]


class Turn(NamedTuple):
    """What the model says: an answer, or which tools it wants to be used."""

    message: Message
    calls: list[ToolCall]
    tokens: int


class BusyError(ConnectionError):
    """The server cannot answer now."""


class Model(Protocol):
    def complete(self, messages: Sequence[Message], tools: Sequence[Message]) -> Message:
        """Return an answer of the chat completions protocol."""
        ...


class Planner:
    """The stand-in: it reads from the question what it has to ask, and makes a sentence of what it was told."""

    def complete(self, messages: Sequence[Message], tools: Sequence[Message]) -> Message:
        question = next(each["content"] for each in messages if each["role"] == "user").lower()
        told = dict(pair_calls(messages))
        wanted = [] if any("Error" in each for each in told.values()) else list(self.plan(question, told))
        size = sum(len(str(each.get("content"))) // 4 for each in messages)
        if not wanted:
            return reply({"content": "; ".join(f"{name}: {said}" for name, said in told.items()) + "."}, size)
        calls = [
            {"id": f"{name}-{len(told)}", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for name, arguments in wanted
        ]
        return reply({"content": None, "tool_calls": calls}, size)

    def plan(self, question: str, told: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Which tools to use next, given what those used before have said."""
        town = next(iter(re.findall(r" in ([a-z]+)", question)), "nowhere").title()
        nights = {"two": 2, "three": 3}.get(next(iter(re.findall(r"(\w+) nights", question)), ""), 1)
        if "hotel" not in told and "night" in question:
            yield "hotel", {"town": town, "nights": nights}
        if "weather" not in told and re.search("umbrella|weather|rain", question):
            yield "weather", {"town": town}
        if "hotel" in told and "exchange" not in told and "yen" in question:
            yield "exchange", {"euros": float(told["hotel"]), "currency": "JPY"}


def pair_calls(messages: Sequence[Message]) -> Iterator[tuple[str, str]]:
    names = {call["id"]: call["function"]["name"] for each in messages for call in each.get("tool_calls") or ()}
    for each in messages:
        if each["role"] == "tool":
            yield names[each["tool_call_id"]], each["content"]


def reply(message: Message, tokens: int) -> Message:
    return {"choices": [{"message": {"role": "assistant", **message}}], "usage": {"total_tokens": tokens}}


class Endpoint:
    """A server that speaks the chat completions protocol."""

    def __init__(self, base: str, key: str, model: str) -> None:
        self._url = f"{base.rstrip('/')}/chat/completions"
        self._headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._model = model

    def complete(self, messages: Sequence[Message], tools: Sequence[Message]) -> Message:
        body = {"model": self._model, "messages": messages, "tools": tools}
        try:
            with urlopen(Request(self._url, json.dumps(body).encode(), self._headers)) as response:
                answer: Message = json.load(response)
                return answer
        except HTTPError as error:
            with error:
                detail = error.read().decode(errors="replace")
            if error.code == 429 or error.code >= 500:
                raise BusyError(f"the server says {error.code}") from None
            raise ValueError(f"the server refuses: {error.code} {detail}") from None


@resource
def model() -> Iterator[Model]:
    """The model that the environment names; a client that has to be closed would be closed after the `yield`."""
    base = os.environ.get("OPENAI_BASE_URL")
    if base:
        yield Endpoint(base, os.environ.get("OPENAI_API_KEY", ""), os.environ.get("OPENAI_MODEL", "default"))
    else:
        yield Planner()


# The agent.


class BudgetError(RuntimeError):
    """There are no tokens left to go on with."""


@task(retries=Retry(3, on=BusyError, delay=0.05), timeout=60)
def plan(messages: Sequence[Message], model: Model, state: Budget) -> Turn:
    """Ask the model what to do next. It is called with the messages; the model and the state are filled in."""
    if state.spent >= state.limit:
        raise BudgetError(f"{state.spent:,} of {state.limit:,} tokens are spent, and there is no answer yet")
    answer = model.complete(messages, [describe_tool(name, tool) for name, tool in TOOLS.items()])
    message, tokens = answer["choices"][0]["message"], int(answer["usage"]["total_tokens"])
    state.update("spent", lambda spent: spent + tokens)
    calls = [
        ToolCall(each["id"], each["function"]["name"], json.loads(each["function"]["arguments"]))
        for each in message.get("tool_calls") or ()
    ]
    return Turn(message, calls, tokens)


async def act(call: ToolCall) -> Message:
    """Use a tool. An error is told to the model, which may know another way."""
    try:
        said = str(await TOOLS[call.tool].call(**call.arguments))
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    return {"role": "tool", "tool_call_id": call.id, "content": said}


async def act_on_all(calls: Sequence[ToolCall]) -> list[Message]:
    """Use several tools at the same time."""
    said: dict[str, Message] = {}

    async def note(call: ToolCall) -> None:
        said[call.id] = await act(call)

    async with anyio.create_task_group() as group:
        for call in calls:
            group.start_soon(note, call)
    return [said[call.id] for call in calls]


@workflow(state=Budget, calls=[plan, *TOOLS.values()])
async def agent(question: str, tokens: int, state: Budget) -> str:
    state.limit = tokens
    messages: list[Message] = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": question}]
    while True:
        turn = await plan.call(messages=messages)
        if not turn.calls:
            return str(turn.message["content"])
        messages += [turn.message, *await act_on_all(turn.calls)]


# The program.


def describe(run: Run[str]) -> str:
    state = run.state
    assert isinstance(state, Budget)
    lines = [run.result if run.result is not None else f"There is no answer: {run.error}", ""]
    for call in run.calls:
        tries = f" after {call.attempts} attempts" if call.attempts > 1 else ""
        said = call.result.message["content"] or "use tools" if isinstance(call.result, Turn) else call.result
        lines.append(f"  {call.name:<12}{call.status}{tries}: {said if call.error is None else call.error}")
    return "\n".join([*lines, "", f"{state.spent:,} of {state.limit:,} tokens were spent."])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("--tokens", type=int, default=1_000, help="how many it may spend (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="write a page about the run")
    options = parser.parse_args(arguments)
    run = anyio.run(agent.run_async, options.question, options.tokens)
    print(f"{options.question}\n\n{describe(run)}")
    if options.report is not None:
        print(f"\nThe report is in {run.to_html(options.report)}")


if __name__ == "__main__":
    main()
