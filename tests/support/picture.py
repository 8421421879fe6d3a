"""What the tests of picture share."""

import re
from typing import Any

from flowdeco import Outcome, Skip, State, Task, Workflow, task, workflow
from flowdeco._definition.definition import Face


@task
def page(url: str) -> str:
    return f"<{url}>"


@task(outputs=("head", "tail"))
def split(page: str) -> tuple[str, str]:
    return page[:1], page[1:]


@task
def count(tail: str, state: State) -> int:
    return len(tail)


@task(after=count)
def late(page: str) -> str:
    return page


def is_long(count: int) -> bool:
    return count > 0


@task(needs={"text": page}, when=is_long)
def longest(text: str) -> str:
    return text


@workflow
def inner(url: str, page: str) -> str:
    return page


@task(settled="longest")
def digest(longest: Outcome[str]) -> str:
    return longest.status


@workflow
def summary(url: Any, digest: Any, late: Any, inner: Any, depth: int = 1) -> Any:
    return digest


def lines_of(mermaid: str) -> set[tuple[str, str, str, str]]:
    """Each line as source, arrow, label, target."""
    name: dict[str, str] = dict(re.findall(r"^    (n\d+)\W+\"(.*?)\"\W+$", mermaid, re.MULTILINE))
    found = re.findall(r"^    (n\d+) ([-=.>o]+)(?:\|\"(.*)\"\|)? (n\d+)$", mermaid, re.MULTILINE)
    return {(name[source], arrow, label, name[target]) for source, arrow, label, target in found}


def give(url: Any) -> Any:
    return url


def take(url: Any, node: Any) -> None: ...


def take_all(url: Any, **nodes: Any) -> None: ...


def make_pair(name: str, node_name: str) -> Workflow[Any, Any]:
    """A workflow of one task, which have these names."""
    node: Task[..., Any] = task(give, name=node_name)
    return workflow(take, name=name, needs={"node": node})


def make_wide(count: int) -> Workflow[Any, Any]:
    """A workflow of so many tasks, each of which needs `url` and nothing else."""
    nodes: dict[str, Face | str] = {f"t{n}": task(give, name=f"t{n}") for n in range(count)}
    return workflow(take_all, name="wide", needs={"nodes": nodes})


def make_chain(count: int) -> Workflow[Any, Any]:
    """A workflow of so many tasks, each of which needs the one before."""
    last: Any = task(give, name="t0")
    for number in range(1, count):
        last = task(give, name=f"t{number}", needs={"url": last})
    return workflow(take, name="chain", needs={"node": last})


@task
def good() -> int:
    return 1


@task
def bad() -> int:
    raise ValueError("bad")


@task
def left(bad: int) -> int:
    return bad


@task
def none() -> int:
    raise Skip("no")


@workflow(keep_going=True)
def mixed(good: Any, left: Any, none: Any) -> Any:
    return good
