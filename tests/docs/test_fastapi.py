"""The app of the page on FastAPI, served by uvicorn as a process of its own, on a port that is free."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import flowdeco
from tests.support.document import GUIDE, QUICK_SHOP, Document

PAGE = Document(GUIDE / "fastapi.md", QUICK_SHOP)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the server, which is asked for the port that it was given."""
    folder = tmp_path_factory.mktemp("app")
    for name, code in PAGE.files.items():
        (folder / name).write_text(code, encoding="utf-8")
    path = os.pathsep.join([str(folder), str(Path(inspect.getfile(flowdeco)).parents[1])])
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "shop_app:app", "--port", "0", "--no-use-colors"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        said: list[str] = []
        for line in server.stderr:  # ends if the server does
            said.append(line)
            found = re.search(r"running on (http://\S+:\d+)", line)
            if found:
                break
        else:
            pytest.fail("".join(said))
        # What a proxy's settings of this machine say is not for a server on it.
        with httpx.Client(base_url=found[1], timeout=60, trust_env=False) as client:
            yield client
    finally:
        server.terminate()
        server.communicate()


def test_uvicorn_serves_a_workflow_as_an_endpoint(shop: httpx.Client) -> None:
    answer = shop.get("/offer", params={"item": "tea", "currency": "JPY"})
    assert (answer.status_code, answer.json()) == (200, "tea for 640.00 JPY")


def test_many_ask_at_once_and_each_gets_its_own_answer(shop: httpx.Client) -> None:
    asked = [("tea", "EUR", "4.00"), ("coffee", "EUR", "6.50"), ("tea", "JPY", "640.00"), ("coffee", "JPY", "1040.00")]

    def ask(question: tuple[str, str, str]) -> str:
        item, currency, _ = question
        return str(shop.get("/offer", params={"item": item, "currency": currency}).json())

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, asked * 4))
    assert answers == [f"{item} for {amount} {currency}" for item, currency, amount in asked * 4]


def test_what_is_wrong_with_an_input_is_said_before_anything_runs(shop: httpx.Client) -> None:
    answer = shop.get("/offer", params={"item": "tea"})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "currency"])


def test_what_a_task_raises_is_what_the_app_handles(shop: httpx.Client) -> None:
    answer = shop.get("/offer", params={"item": "milk", "currency": "EUR"})
    assert (answer.status_code, answer.json()) == (404, {"detail": "there is no 'milk'"})


def test_a_workflow_runs_as_a_dependency_and_in_the_background(shop: httpx.Client) -> None:
    letter = shop.get("/letter", params={"item": "tea", "currency": "EUR", "name": "Ada"})
    assert letter.json() == "Dear Ada, we offer tea for 4.00 EUR."
    notes = {"item": "tea", "currency": "EUR"}
    assert shop.post("/notes", params=notes).json() == "noted soon, after 0 others"
    # The answer does not wait for the background, so it is asked until one was there.
    assert any("after 0" not in shop.post("/notes", params=notes).json() for _ in range(1000))


def test_the_page_of_a_run_is_served(shop: httpx.Client) -> None:
    page = shop.get("/report", params={"item": "milk", "currency": "EUR"})
    assert page.headers["content-type"].startswith("text/html")
    assert "KeyError" in page.text
