"""An event can be read, and not changed."""

from typing import Any

import pytest

from flowdeco import Event, Retry, task, workflow
from tests.support.hooks import HOOKS, NAMES, play


async def test_an_event_can_be_read_aloud(no_waiting: None) -> None:
    told: list[str] = []

    def note(event: Event) -> None:
        clock, _, rest = str(event).partition(" ")
        assert clock == event.time.strftime("%H:%M:%S")
        told.append(rest)

    hooks: dict[str, Any] = dict.fromkeys(HOOKS, note)
    attempts = play(ConnectionError("down"), ValueError(), KeyError("lost"))

    @task(retries=Retry(2, delay=0.25, factor=5, jitter=0), **hooks)
    async def page() -> str:
        return str(attempts())

    @task(when=lambda: False)
    async def skipped() -> None: ...

    @task
    async def words(page: str) -> None: ...

    @workflow(keep_going=True, **hooks)
    async def w(skipped: None, words: None) -> None: ...

    await w.run()
    of_page = [text for text in told if text.startswith("w.page: ")]
    assert of_page == [
        "w.page: running",
        "w.page: running",
        "w.page: running",
        *["w.page: retrying, again in 0.25 s after ConnectionError: down"] * 4,
        *["w.page: running, attempt 2"] * 2,
        *["w.page: retrying, attempt 2, again in 1.25 s after ValueError"] * 4,
        *["w.page: running, attempt 3"] * 2,
        *["w.page: failed, attempt 3 after KeyError: 'lost'"] * 3,
    ]
    group = "ExceptionGroup: 1 task of workflow 'w' failed (1 sub-exception)"
    passed_over = "w.skipped: skipped"  # its predicate is asked in a thread, so there is no telling when
    assert told.count(passed_over) == 1
    assert told.index("w: running") < told.index(passed_over) < told.index(f"w: failed after {group}")
    assert [text for text in told if text not in (*of_page, passed_over)] == [
        "w: running",
        "w: running",
        "w.words: upstream_failed after KeyError: 'lost'",
        f"w: failed after {group}",
        f"w: failed after {group}",
    ]


async def test_an_event_of_what_goes_well_can_be_read_aloud() -> None:
    told: list[Event] = []

    @task(on_success=told.append)
    async def page() -> str:
        return "<html>"

    @workflow(on_success=told.append)
    async def w(page: str) -> None: ...

    await w()
    assert [str(event).partition(" ")[2] for event in told] == ["w.page: completed", "w: completed"]


async def test_an_event_cannot_be_changed_nor_what_is_in_it() -> None:
    events: list[Event] = []

    @task(on_state=events.append, metadata={"owner": "web"})
    async def page(url: str) -> str:
        return url

    @task
    async def plain(url: str) -> str:
        return url

    @workflow(on_state=events.append, metadata={"night": True})
    async def w(url: str, page: str, plain: str) -> str:
        return page

    await w("x")
    assert {event.task for event in events} == {"page", "plain", None}
    for event in events:
        changed: Any = event
        for name in (*NAMES, "kind", "time"):
            with pytest.raises(AttributeError):
                setattr(changed, name, None)
        for mapping in (changed.inputs, changed.metadata):
            with pytest.raises(TypeError):
                mapping["url"] = "y"
        assert isinstance(event.errors, tuple)
    assert page._definition.options["metadata"] == {"owner": "web"}
