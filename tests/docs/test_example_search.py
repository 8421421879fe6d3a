"""The example that embeds paragraphs in batches, and finds the best ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import Backend
from tests.support.script import load, run_script


class Recorder:
    """A model that notes how many texts it is given at once, and knows one word."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sizes: list[int] = []
        self.error = error

    async def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        self.sizes.append(len(texts))
        if self.error is not None and len(texts) > 1:
            raise self.error
        return [(1.0, 0.0) if "tea" in text else (0.0, 1.0) for text in texts]


@pytest.fixture
def example() -> ModuleType:
    return load("embedding_search")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        paragraphs = [f"Paragraph {index} of text {number} is long enough to count." for index in range(50)]
        paragraphs[7:7] = ["Too short."] + ["How tea is made, and how it is poured out again."] * (number == 1)
        (tmp_path / f"text{number}.md").write_text("\n\n".join(paragraphs), encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\xff")
    return tmp_path


def on(backend: Backend, example: ModuleType, model: object) -> Any:
    return example.search.with_options(backend=backend[0], backend_options=backend[1]).override(model=model)


def test_it_finds_what_the_question_is_about() -> None:
    printed = run_script("embedding_search", "What is a finally clause for?", "--top", "4")
    question, _, *hits, _, counts = printed.splitlines()
    assert question == "What is a finally clause for?"
    assert len(hits) == 4
    assert any("finally" in hit for hit in hits)
    paragraphs, batches = (int(word.replace(",", "")) for word in counts.split() if word[0].isdigit())
    assert batches == -(-paragraphs // 64) > 1


def test_nothing_is_wrong_with_its_graph() -> None:
    load("embedding_search").search.check(types=True)


def test_it_tells_what_can_be_said_to_it() -> None:
    assert "--folder" in run_script("embedding_search", "--help")


def test_the_texts_of_a_folder_are_given_in_batches_of_64(backend: Backend, example: ModuleType, folder: Path) -> None:
    model = Recorder()
    printed = on(backend, example, model)("tea?", folder, 1)
    assert printed.splitlines() == [
        "1.00  text1.md: How tea is made, and how it is poured out again.",
        "",
        "151 paragraphs in 3 batches",
    ]
    assert sorted(model.sizes) == [1, 23, 64, 64]


def test_an_error_of_the_model_is_the_error_of_the_search(backend: Backend, example: ModuleType, folder: Path) -> None:
    model = Recorder(PermissionError("no such key"))
    with pytest.raises(PermissionError, match="no such key") as caught:
        on(backend, example, model)("tea?", folder, 1)
    assert any("'vectors', item " in note for note in caught.value.__notes__)


def test_a_folder_without_texts_gives_nothing(backend: Backend, example: ModuleType, tmp_path: Path) -> None:
    assert on(backend, example, Recorder())("tea?", tmp_path, 3) == "\n0 paragraphs in 0 batches"
