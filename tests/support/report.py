"""What the tests of report share."""

import re
from html.parser import HTMLParser
from typing import Any

from flowdeco import Retry, Run, Skip, State, Task, Workflow, task, workflow
from flowdeco._definition.definition import Face
from tests.support.picture import take_all

EVIL = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\x00\x1b[31m\ud800\u202e"

VOID = {"meta", "link", "path", "rect", "polygon", "circle"}


class Page(HTMLParser):
    """A page as a browser takes it: its tags, its text, the text of each section, and whether all tags are closed."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: dict[str, str] = {}
        self.section = ""
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"an attribute of {tag} is there twice"
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.section = str(attributes["id"])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text[self.section] = self.text.get(self.section, "") + data

    @property
    def whole(self) -> str:
        return "".join(self.text.values())

    def of(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        """The attributes of all tags of that name and class."""
        found = [attributes for name, attributes in self.tags if name == tag]
        return [attributes for attributes in found if kind in str(attributes.get("class", "")).split() or not kind]


def page_of(run: Run[Any]) -> Page:
    markup = run.to_html()
    markup.encode()
    return Page(markup)


def boxes_of(markup: str) -> list[str]:
    """What is written on the boxes of the first picture of a page."""
    first = markup[markup.index("<svg") : markup.index("</svg>")]
    return re.findall(r"<text x=[^>]*>([^<]*)</text>", first)


class Budget(State):
    tokens: int = 0


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message")


@task
def first(url: str, state: Budget) -> str:
    state.tokens += 3
    state["seen"] = url
    return f"first of {url}"


@task(retries=Retry(2, delay=0))
def shaky(url: str, first: str, state: Budget) -> str:
    state.tokens += 1
    if state.tokens < 6:
        raise ConnectionError(f"away, {state.tokens}")
    return "there"


def instead(error: Exception) -> str:
    return "instead"


@task(recover=instead, metadata={"team": "search"})
def weak(first: str) -> str:
    raise ValueError("weak")


@task
def pause(first: str) -> str:
    raise Skip("no news today")


def broken_hook(task: str) -> None:
    raise OSError("the chat is down")


@workflow(state=Budget, on_success=broken_hook, metadata={"owner": "ops"})
def morning(url: str, shaky: str, weak: str, pause: str = "none", depth: int = 2) -> list[str]:
    return [shaky, weak, pause]


def spoil(state: State) -> Any:
    state[EVIL] = EVIL
    state[("a", EVIL)] = Broken()
    raise ValueError(EVIL)


def mend(error: Exception) -> Broken:
    return Broken()


def say(url: Any) -> str:
    return EVIL


def fail(url: Any) -> None:
    raise Mute


def skip(url: Any) -> None:
    raise Skip(EVIL)


def fail_hook(task: str) -> None:
    raise OSError(EVIL)


def hostile() -> Workflow[Any, Any]:
    """A workflow in which everything that a user can name or say is hostile."""
    spoilt: Task[..., Any] = task(spoil, name=EVIL, metadata={EVIL: EVIL}, recover=mend, on_success=fail_hook)
    nodes: dict[str, Face | str] = {"spoilt": spoilt}
    for function in (say, fail, skip):
        nodes[function.__name__] = task(function, name=f"{EVIL}{function.__name__}", needs={"url": spoilt})
    return workflow(take_all, name=EVIL, needs={"nodes": nodes}, keep_going=True, metadata={"x": EVIL})
