"""A resource is told from a task in trees and pictures."""

from collections.abc import AsyncGenerator, Generator

from flowdeco import resource, task, workflow


@resource
def db(path: str) -> Generator[str]:
    yield path


@resource
async def client() -> AsyncGenerator[str]:
    yield "client"


@task(run_in=db)
def save(db: str, client: str) -> str:
    return db + client


@task(run_in=db)
def count(save: str) -> int:
    return len(save)


@workflow
def w(path: str, count: int) -> int:
    return count


def test_a_tree_says_which_are_resources() -> None:
    lines = str(w.graph).splitlines()
    assert [line for line in lines if "resource" in line] == [
        "    │   ├── db (resource)",
        "    │   └── client (resource)",
        "    └── db (resource) (after) ↑",
    ]


def test_in_pictures_it_is_a_drum() -> None:
    assert '[("db")]' in w.graph.to_mermaid()
    assert 'label="client" shape=cylinder' in w.graph.to_dot()
    assert (w.graph._repr_svg_() or "").count('class="box resource"') == 4
    assert "db (replaced)" in w.override(db="path").graph.to_mermaid()
    assert ("db", "count", None) in w.graph.edges
