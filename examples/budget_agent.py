"""An agent that answers a question about Python from the reference that comes with it, within a budget of tokens.

    python examples/budget_agent.py
    python examples/budget_agent.py "What does a with statement do?" --tokens 1500 --report report.html

It needs no network: the reference is that of `help()`, and the model is a stand-in that picks sentences by the words
they share with the question and counts words as tokens. With OPENAI_BASE_URL set, and OPENAI_API_KEY and OPENAI_MODEL
if the server wants them, it asks any server that speaks the chat completions protocol of OpenAI instead.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from pydoc_data import topics as reference
from typing import Any, NamedTuple, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from flowdeco import Limit, Monitor, Outcome, Retry, Run, State, StateValidationError, Task, field, task, workflow

QUESTION = "How is an exception handled, and what is a finally clause for?"
REFERENCE: Mapping[str, str] = reference.topics
RANKS = ("first", "second", "third")
MODEL = Limit(1, name="the model")
DULL = "a an and are as at be by for from how if in is it not of on or that the this to what when which"


# The model.


class Reply(NamedTuple):
    text: str
    tokens: int


class Model(Protocol):
    def complete(self, question: str, text: str) -> Reply: ...


class TooLongError(ValueError):
    """The text is longer than what the model can read at once."""


class BusyError(ConnectionError):
    """The server cannot answer now. `after`: seconds to wait, if it says."""

    def __init__(self, message: str, after: float = 0.1) -> None:
        super().__init__(message)
        self.after = after


def words_of(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z_]+", text.lower()) if word not in DULL.split()]


class Extractor:
    """The stand-in: it gives the sentences that share the most words with the question."""

    window = 1_000

    def complete(self, question: str, text: str) -> Reply:
        size = len(text.split())
        if size > self.window:
            raise TooLongError(f"{size:,} words are more than the {self.window:,} that the model can read")
        wanted = set(words_of(question))
        sentences = [" ".join(each.split()) for each in re.split(r"(?<=\.)\s+(?=[A-Z\"])", text)]
        whole = [each for each in sentences if each.endswith(".") and 40 < len(each) < 300]
        best = sorted(whole, key=lambda each: -len(wanted.intersection(words_of(each))))[:2]
        said = " ".join(each for each in whole if each in best)
        return Reply(said, size + len(said.split()))


class Endpoint:
    """A server that speaks the chat completions protocol."""

    def __init__(self, base: str, key: str, model: str) -> None:
        self._url = f"{base.rstrip('/')}/chat/completions"
        self._headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._model = model

    def complete(self, question: str, text: str) -> Reply:
        prompt = f"Answer in two sentences, from this text alone.\n\nQuestion: {question}\n\nText:\n{text}"
        body = {"model": self._model, "messages": [{"role": "user", "content": prompt}]}
        answer = self._post(json.dumps(body).encode())
        try:
            return Reply(answer["choices"][0]["message"]["content"].strip(), int(answer["usage"]["total_tokens"]))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            raise BusyError(f"the answer is not what the protocol says: {error!r}") from error

    def _post(self, body: bytes) -> Any:
        try:
            with urlopen(Request(self._url, body, self._headers)) as response:
                return json.load(response)
        except HTTPError as error:
            with error:
                detail = error.read().decode(errors="replace")
            if error.code == 429 or error.code >= 500:
                raise BusyError(f"the server says {error.code}", float(error.headers.get("Retry-After", 0.1))) from None
            if "context_length" in detail:
                raise TooLongError(detail) from None
            raise ValueError(f"the server refuses: {error.code} {detail}") from None
        except json.JSONDecodeError as error:
            raise BusyError(f"the answer is no JSON: {error}") from error


def choose_model(environment: Mapping[str, str]) -> Model:
    base = environment.get("OPENAI_BASE_URL")
    if not base:
        return Extractor()
    return Endpoint(base, environment.get("OPENAI_API_KEY", ""), environment.get("OPENAI_MODEL", "default"))


def prose_of(topic: str) -> str:
    """An entry of the reference without its headings, its grammar and its programs."""
    paragraphs = REFERENCE[topic].split("\n\n")
    return "\n\n".join(each for each in paragraphs if not re.search(r"^ |^\*\*|^==|^--|::=", each, re.MULTILINE))


# What the tasks share.


class Budget(State):
    limit: int = 3_000
    spent: int = field(0, validate=lambda tokens: tokens >= 0)
    log: list[str] = field(factory=list[str])

    def spend(self, tokens: int) -> None:
        """Take tokens out of the budget. Raises `StateValidationError` if there are not so many left."""
        self.update("spent", lambda spent: spent + tokens)


def open_budget(state: Budget, tokens: int) -> None:
    """A hook of the workflow, called before anything runs."""

    def refuse_debt(spent: int) -> None:
        if spent > tokens:
            raise ValueError(f"{spent:,} tokens are more than the {tokens:,} of the budget")

    def note(value: int, task: str) -> None:
        state.append("log", f"{task}: {value:,} of {tokens:,} tokens spent")

    state.limit = tokens
    state.check("spent", refuse_debt)
    state.watch("spent", note)


def log_error(state: Budget, task: str, error: Exception, attempt: int) -> None:
    state.append("log", f"{task}, attempt {attempt}: {error}")


# The steps.


@task(outputs=RANKS)
def topics(question: str) -> list[str]:
    """The entries of the reference that have the most to do with the question, the best one first."""
    wanted = set(words_of(question))

    def score(topic: str) -> float:
        counts = Counter(words_of(REFERENCE[topic]))
        return sum(min(counts[word], 10) for word in wanted) + 20 * (topic in wanted)

    return sorted(REFERENCE, key=lambda topic: (-score(topic), topic))[: len(RANKS)]


def take_note(model: Model, question: str, topic: str, state: Budget) -> Reply:
    reply = model.complete(question, prose_of(topic))
    state.spend(reply.tokens)
    return reply


@task(retries=Retry(2, on=BusyError, delay=0.05))
def skim(model: Model, question: str, topic: str, state: Budget, error: Exception) -> Reply:
    """Read the beginning only."""
    state.append("log", f"{topic!r} is skimmed: {error}")
    reply = model.complete(question, " ".join(prose_of(topic).split()[:800]))
    state.spend(reply.tokens)
    return reply


def can_afford(state: Budget) -> bool:
    return state.spent < state.limit


def make_note_task(rank: str, after: Task[..., Any] | None) -> Task[..., Any]:
    return task(
        take_note,
        name=f"{rank}_note",
        needs={"topic": rank},
        after=after,
        when=can_afford,
        retries=Retry(3, on=(BusyError, TimeoutError), delay=wait_as_told),
        timeout=float(os.environ.get("AGENT_TIMEOUT", "30")),
        limit=MODEL,
        recover={TooLongError: skim},
        on_retry=log_error,
        on_error=log_error,
    )


def wait_as_told(error: Exception) -> float:
    return error.after if isinstance(error, BusyError) else 0.1


first_note = make_note_task("first", None)
second_note = make_note_task("second", first_note)
third_note = make_note_task("third", second_note)


class Answer(NamedTuple):
    text: str
    sources: Sequence[str]
    left_out: Sequence[str]


@workflow(
    state=Budget,
    on_start=open_budget,
    settled=("notes",),
    needs={"notes": ["first_note", "second_note", "third_note"]},
)
def answer(question: str, model: Model, tokens: int, topics: list[str], notes: list[Outcome[Reply]]) -> Answer:
    found = list(zip(topics, notes, strict=True))
    for _, note in found:
        if note.failed and not isinstance(note.error, StateValidationError):
            note.unwrap()  # a budget that is used up ends the work; another error is one
    text = "\n\n".join(note.value.text for _, note in found if note.value is not None)
    return Answer(text, [t for t, note in found if note.completed], [t for t, note in found if not note.completed])


# The program.


def describe(run: Run[Answer]) -> str:
    state, result = run.state, run.result
    assert isinstance(state, Budget)
    if result is None:
        return "\n".join([f"There is no answer: {run.error}", "", *(f"  {line}" for line in state.log)])
    lines = [result.text or "There is no answer within this budget.", ""]
    lines += [f"From {', '.join(map(repr, result.sources)) or 'nothing'}."]
    if result.left_out:
        lines += [f"Left out, as the budget was used up: {', '.join(map(repr, result.left_out))}."]
    return "\n".join([*lines, "", *(f"  {line}" for line in state.log)])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("--tokens", type=int, default=3_000, help="how many it may spend (default: %(default)s)")
    parser.add_argument("--report", type=Path, help="write a page about the run")
    options = parser.parse_args(arguments)
    monitor = Monitor()
    run = answer.with_options(on_state=monitor).run(options.question, choose_model(os.environ), options.tokens)
    print(f"{options.question}\n\n{describe(run)}\n\n{monitor}")
    if options.report is not None:
        print(f"\nThe report is in {run.to_html(options.report)}")


if __name__ == "__main__":
    main()
