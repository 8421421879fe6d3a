"""Finds the paragraphs that have the most to do with a question, by vectors of numbers (embeddings).

    python examples/embedding_search.py
    python examples/embedding_search.py "How are files closed?" --folder examples/guide --top 5

The text files of a folder, or else the reference of `help()`, are cut into paragraphs, which a model turns into vectors
in batches of 64, four batches at a time. Nothing waits for all of them, and no more is held than is under way: the task
`best` keeps the few that it needs while the rest goes by. The model is a stand-in that counts words.
"""

from __future__ import annotations

import argparse
import heapq
import math
import re
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from operator import mul
from pathlib import Path
from pydoc_data import topics as reference
from typing import NamedTuple

from flowdeco import Retry, State, resource, task, workflow

QUESTION = "What is a finally clause for?"
BATCH = 64

Vector = tuple[float, ...]


class Paragraph(NamedTuple):
    source: str
    text: str


class Hit(NamedTuple):
    score: float
    paragraph: Paragraph


class Tally(State):
    batches: int = 0
    paragraphs: int = 0


# The model.


class Model:
    """The stand-in: words of a text are thrown into `size` places, and counted there."""

    size = 512

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        if len(texts) > BATCH:
            raise ValueError(f"{len(texts)} texts are more than the {BATCH} that the model takes")
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> Vector:
        places = [0.0] * self.size
        for word in re.findall(r"[a-z_]{3,}", text.lower()):
            places[zlib.crc32(word.encode()) % self.size] += len(word) ** 0.5
        length = math.sqrt(sum(each * each for each in places)) or 1.0
        return tuple(each / length for each in places)


@resource
async def model() -> AsyncIterator[Model]:
    yield Model()  # in a real program: `async with AsyncClient(...) as client: yield client`


# The steps.


@task
def documents(folder: Path | None) -> Iterator[Paragraph]:
    """Each text with what it is called. A file is read when it is wanted."""
    if folder is None:
        yield from (Paragraph(topic, text) for topic, text in reference.topics.items())
    else:
        for path in sorted(each for each in folder.rglob("*") if each.suffix in (".md", ".rst", ".txt")):
            yield Paragraph(path.name, path.read_text(encoding="utf-8"))


@task(each={"document": documents})
def paragraphs(document: Paragraph) -> list[Paragraph]:
    cut = (" ".join(each.split()) for each in document.text.split("\n\n"))
    return [Paragraph(document.source, text) for text in cut if len(text) > 40]


@task(stream="paragraphs")
def batches(paragraphs: Iterator[list[Paragraph]]) -> Iterator[list[Paragraph]]:
    """As many as the model takes at once, however many there are in a document."""
    single = (each for cut in paragraphs for each in cut)
    while batch := list(islice(single, BATCH)):
        yield batch


@task(each={"batch": batches}, limit=4, timeout=30, retries=Retry(3, on=ConnectionError))
async def vectors(batch: list[Paragraph], model: Model, state: Tally) -> list[tuple[Paragraph, Vector]]:
    found = await model.embed([each.text for each in batch])
    state.update("batches", lambda number: number + 1)
    state.update("paragraphs", lambda number: number + len(batch))
    return list(zip(batch, found, strict=True))


@task
async def wanted(question: str, model: Model) -> Vector:
    [vector] = await model.embed([question])
    return vector


@task(stream={"vectors": "ended"})
def best(vectors: Iterator[list[tuple[Paragraph, Vector]]], wanted: Vector, top: int) -> list[Hit]:
    """The best few, whatever the order in which batches end."""
    hits = (Hit(sum(map(mul, wanted, vector)), each) for batch in vectors for each, vector in batch)
    return heapq.nlargest(top, hits)


@workflow(state=Tally)
def search(question: str, folder: Path | None, top: int, best: list[Hit], state: Tally) -> str:
    lines = [f"{hit.score:.2f}  {hit.paragraph.source}: {shorten(hit.paragraph.text)}" for hit in best]
    return "\n".join([*lines, "", f"{state.paragraphs:,} paragraphs in {state.batches} batches"])


def shorten(text: str, width: int = 90) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("question", nargs="?", default=QUESTION)
    parser.add_argument("--folder", type=Path, help="a folder of .md, .rst and .txt (default: Python's reference)")
    parser.add_argument("--top", type=int, default=3, help="how many paragraphs to show (default: %(default)s)")
    options = parser.parse_args(arguments)
    print(f"{options.question}\n\n{search(options.question, options.folder, options.top)}")


if __name__ == "__main__":
    main()
