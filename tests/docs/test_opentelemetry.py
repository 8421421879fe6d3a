"""The hooks of the page on OpenTelemetry: what they make spans of, and in which span each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, Tracer

from flowdeco import Retry, Workflow, task, workflow
from tests.support.document import GUIDE, Document
from tests.support.naming import make_module, mention

PAGE = Document(GUIDE / "opentelemetry.md")
TRACING: Any = make_module("tracing", PAGE.files["tracing.py"])
meeting: list[anyio.Event] = []


class Spans:
    """What was traced."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer: Tracer = provider.get_tracer("test")

    @property
    def all(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def find(self, name: str) -> ReadableSpan:
        [found] = [span for span in self.all if span.name == name]
        return found

    def tree(self) -> set[tuple[str, str | None]]:
        """The names of all spans, each with that of the span in which it is."""
        names = {span.context.span_id: span.name for span in self.all if span.context}
        return {(span.name, None if span.parent is None else names[span.parent.span_id]) for span in self.all}


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spans]:
    made = Spans()
    monkeypatch.setattr(TRACING, "tracer", made.tracer)
    yield made
    assert TRACING.runs == {}


def trace(w: Workflow[Any, Any], retries: int | Retry = 0) -> Workflow[Any, Any]:
    begin, end = TRACING.begin, TRACING.end
    return w.with_options(on_start=begin, on_state=end, defaults={"on_start": begin, "retries": retries})


@task
async def price(item: str) -> float:
    await meet()
    return 4.0


@task
async def rate(currency: str) -> float:
    await meet()
    return 1.0


@task
def amount(price: float, rate: float) -> float:
    with TRACING.tracer.start_as_current_span("rounding"):
        return round(price * rate, 2)


@workflow
async def offer(item: str, currency: str, amount: float) -> str:
    return f"{item} for {amount} {currency}"


mention(price, rate, amount)


async def meet() -> None:
    """Wait until two are here: each is under way while the other is."""
    if meeting:
        meeting.pop().set()
    else:
        meeting.append(anyio.Event())
        await meeting[0].wait()


async def test_tasks_that_run_at_the_same_time_are_in_the_span_of_their_run(spans: Spans) -> None:
    assert await trace(offer).call(item="tea", currency="EUR") == "tea for 4.0 EUR"
    assert spans.tree() == {
        ("offer", None),
        ("price", "offer"),
        ("rate", "offer"),
        ("amount", "offer"),
        ("rounding", "amount"),  # in a thread
    }
    assert len({span.context.trace_id for span in spans.all if span.context}) == 1
    assert all(span.end_time >= span.start_time for span in spans.all if span.end_time and span.start_time)


async def test_runs_at_the_same_time_are_kept_apart(spans: Spans) -> None:
    async def call(item: str) -> None:
        with spans.tracer.start_as_current_span(item):
            await trace(offer).with_options(name=f"offer of {item}").call(item=item, currency="EUR")

    async with anyio.create_task_group() as group:
        for item in ("tea", "coffee"):
            group.start_soon(call, item)
    for item in ("tea", "coffee"):
        assert {(f"offer of {item}", item), ("price", f"offer of {item}"), ("rate", f"offer of {item}")} <= spans.tree()


async def test_what_failed_has_its_error_and_what_was_cancelled_an_end(spans: Spans) -> None:
    waiting = anyio.Event()

    async def fail(item: str) -> float:
        await waiting.wait()
        raise LookupError(item)

    async def wait(currency: str) -> float:
        waiting.set()
        await anyio.sleep_forever()
        raise AssertionError

    run = await trace(offer).override(price=fail, rate=wait).run_async(item="milk", currency="EUR")
    assert run.hook_errors == []
    assert spans.tree() == {("offer", None), ("price", "offer"), ("rate", "offer")}
    for name in ("offer", "price"):
        assert spans.find(name).status.status_code is StatusCode.ERROR
        assert [event.name for event in spans.find(name).events] == ["exception"]
    assert spans.find("rate").attributes == {"status": "cancelled"}
    assert spans.find("rate").status.status_code is StatusCode.UNSET


async def test_an_attempt_that_failed_is_an_event_of_the_task_s_span(spans: Spans) -> None:
    attempts: list[str] = []

    async def fail_once(item: str) -> float:
        attempts.append(item)
        if len(attempts) == 1:
            raise ConnectionError
        return 5.0

    again = trace(offer, Retry(1, delay=0)).override(price=fail_once, rate=1.0)
    assert await again.call(item="tea", currency="EUR") == "tea for 5.0 EUR"
    assert [event.name for event in spans.find("price").events] == ["exception"]
    assert spans.find("price").attributes == {"status": "completed"}


async def test_what_never_began_has_no_span(spans: Spans) -> None:
    @task(when=lambda: False)
    async def skipped() -> int:
        return 1

    @workflow
    async def w(skipped: int = 2) -> int:
        return skipped

    assert await trace(w).call() == 2
    assert spans.tree() == {("w", None)}


async def test_a_nested_workflow_with_the_hooks_is_traced_as_the_page_says(spans: Spans) -> None:
    inner = trace(offer)

    @workflow
    async def order(item: str, currency: str, offer: str) -> str:
        return offer

    with spans.tracer.start_as_current_span("request"):
        await trace(order.with_options(tasks={"offer": inner})).call(item="tea", currency="EUR")
    assert {("order", "request"), ("offer", "request"), ("price", "offer"), ("rate", "offer")} <= spans.tree()
