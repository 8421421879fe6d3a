"""What the tests of graph share."""

from flowdeco import Graph, task


def names_of(graph: Graph) -> list[str]:
    return [node.name for node in graph]


@task
def page(url: str) -> str:
    return f"<{url}>"
