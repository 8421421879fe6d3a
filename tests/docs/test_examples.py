"""Each example runs, and prints what it should."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from flowdeco import Workflow
from tests.conftest import Backend
from tests.support.script import EXAMPLES, load, run_script

NAMES = ["nightly_prices", "stdlib_report", "wordcount"]
ELSEWHERE = {
    "budget_agent": "test_example_agent.py",
    "csv_to_sqlite": "test_example_database.py",
    "embedding_search": "test_example_search.py",
    "site_crawler": "test_example_crawler.py",
    "tool_agent": "test_example_tools.py",
}

PACKAGE = {
    "shop/__init__.py": '"""A shop."""\nfrom shop import till\n',
    "shop/till.py": '''\
import os
from . import stock

def close(till):
    """Count the money."""
    total = 0
    for coin in till:
        total += coin  # TODO: notes
    return total

class Till:
    def close(self):
        def nested():
            return os.name
        return nested()
''',
    "shop/stock.py": '''\
import os
import shop.till

def close(till):
    """Count the money."""
    total = 0
    for coin in till:
        total += coin  # TODO: notes
    return total

def _count(): ...  # XXX
''',
    "shop/template.py": "{% this is no Python %}\n",
    "shop/tests/test_till.py": "import os\n",
}

REPORT = """\
{path}: 3 modules, 28 lines, 5 functions

The longest modules
  shop.till                                                          15 lines
  shop.stock                                                         11 lines
  shop                                                                2 lines

The longest functions
  shop.till: close                                                    6 lines
  shop.stock: close                                                   6 lines
  shop.till: Till.close                                               4 lines
  shop.till: Till.close.nested                                        2 lines
  shop.stock: _count                                                  1 lines

Imported by most modules
  shop                                                              2 modules
  shop.till                                                         2 modules
  os                                                                2 modules
  shop.stock                                                        1 modules

Modules that import each other
  shop.stock and shop.till

Public names without a docstring
  shop.till                                                            3 of 4
  shop.stock                                                           0 of 1

Names given to most functions
  close                                                               3 times
  _count                                                              1 times
  nested                                                              1 times

The same functions in two modules
  shop.stock and shop.till                                            6 lines

Left to do: TODO, FIXME, XXX, HACK
  shop.stock                                                          2 notes
  shop.till                                                           1 notes
"""

NIGHTS = """\
Friday, 27 November 2026
  [log]   dollars, attempt 1: the line was cut. Again in 20 ms.
  Euros for a kilogram
    Harar         9.97
    Sidamo        8.13
  Too dear
    Sidamo: others ask 7.95
  The server was asked 4 times.
  Not as planned
    dollars completed after 2 attempts

Monday, 30 November 2026
  [log]   rate, attempt 1: the line was busy. Again in 20 ms.
  [alert] @sales: rivals failed for good. LookupError: there are no prices in '<html>We have moved!</html>'
  [log]   rate, attempt 2: Cannot finish task 'rate': it took longer than its timeout of 0.5 s. Again in 40 ms.
  Euros for a kilogram
    Harar        11.19
    Sidamo        8.81
  Too dear
    not known (upstream_failed: there are no prices in '<html>We have moved!</html>')
  Note that the rate is yesterday's: the server was asked 3 times in vain.
  The server was asked 5 times.
  Not as planned
    rate completed after 3 attempts
    discount skipped: when=is_friday gave false
    rivals failed
    advice upstream_failed
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in PACKAGE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_every_example_is_tested() -> None:
    assert sorted(file.stem for file in EXAMPLES.glob("*.py")) == sorted([*NAMES, *ELSEWHERE])
    assert all(Path(__file__).with_name(tests).is_file() for tests in ELSEWHERE.values())
    for name in NAMES:
        module = load(name)
        assert module.__doc__
        assert callable(module.main)


def test_the_report_counts_what_the_files_contain(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("stdlib_report").main(["--path", str(package)])
    printed = capsys.readouterr().out
    report, times = printed.split("\nMade in ")
    assert report == REPORT.format(path=package)
    assert re.match(r"\d+\.\d s\. The tasks that took longest:\n(  \w+ +\d+\.\d\d s\n){3}$", times)


def test_the_report_is_the_same_on_every_event_loop(package: Path, backend: Backend) -> None:
    name, options = backend
    report = load("stdlib_report").report.with_options(backend=name, backend_options=options)
    assert report(path=package) + "\n" == REPORT.format(path=package)


def test_the_report_on_no_files_is_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("stdlib_report").main(["--path", str(tmp_path)])
    printed = capsys.readouterr().out
    assert f"{tmp_path}: 0 modules, 0 lines, 0 functions\n" in printed
    assert printed.count("  none\n") == 8


def test_the_report_refuses_what_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load("stdlib_report").main(["--path", str(tmp_path / "missing")])
    assert f"error: {tmp_path / 'missing'} is not a folder\n" in capsys.readouterr().err


def test_the_report_reads_the_standard_library() -> None:
    email = Path(sysconfig.get_path("stdlib")) / "email"
    files = list(email.rglob("*.py"))
    lines = sum(len(file.read_bytes().splitlines()) for file in files)
    printed = run_script("stdlib_report", "--path", str(email))
    assert printed.startswith(f"{email}: {len(files)} modules, {lines:,} lines, ")
    assert re.search(r"Left to do.*\n  _header_value_parser +\d+ notes\n", printed)


def test_wordcount_lists_the_most_frequent_words(tmp_path: Path) -> None:
    for name, text in {"a.txt": "To be, or not to be,\n", "b.txt": "that is the question: to be.\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    printed = run_script("wordcount", str(tmp_path / "a.txt"), str(tmp_path / "b.txt"), "--top", "2")
    assert printed.splitlines() == [
        "12 words in 2 files; the longest is 'question'",
        "  to                       3",
        "  be                       3",
    ]


def test_the_tests_in_wordcount_pass() -> None:
    module = load("wordcount")
    tests = [test for name, test in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()


def on(backend: Backend, module: ModuleType) -> Workflow[str, str]:
    report: Workflow[str, str] = module.report
    return report.with_options(backend=backend[0], backend_options=backend[1])


def tell_in_time(tell: Callable[[], str]) -> str:
    """Return what is told of the nights: again where the machine stood still for the half second that an answer has."""
    tries = (tell() for _ in range(6))
    return next((told for told in tries if told == NIGHTS), None) or tell()


def test_the_nights_are_the_same_on_every_event_loop(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load("nightly_prices")
    monkeypatch.setattr(module, "report", on(backend, module))

    def tell() -> str:
        module.main()
        return capsys.readouterr().out

    assert tell_in_time(tell) == NIGHTS


def test_the_nights_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tell_in_time(partial(run_script, "nightly_prices")) == NIGHTS
    assert list(tmp_path.iterdir()) == []


def test_the_market_is_asked_one_question_at_a_time(backend: Backend) -> None:
    module = load("nightly_prices")
    market = module.good_night()
    ask = market.ask
    asked: list[str] = []
    under_way: list[str] = []

    async def ask_alone(question: str) -> object:
        assert under_way == []
        asked.append(question)
        under_way.append(question)
        try:
            return await ask(question)
        finally:
            under_way.clear()

    market.ask = ask_alone
    # On a machine that stands still, half a second is over before an answer is there.
    patient = on(backend, module).with_options(defaults={"retries": module.AGAIN, "timeout": 60})
    assert patient(day=date(2026, 11, 27), market=market).endswith("The server was asked 4 times.")
    assert asked == ["dollars for a kilogram", "euros for a dollar", "what others ask", "dollars for a kilogram"]
    assert repr(module.SERVER) == '<Limit "the market\'s server": 0 of 1 places taken>'


def test_the_nightly_report_is_written_though_everything_fails(
    backend: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    module = load("nightly_prices")
    questions = ["dollars for a kilogram", "euros for a dollar", "what others ask"]
    market = module.Market({question: [ValueError(f"no {question}")] for question in questions})
    assert on(backend, module)(day=date(2026, 11, 28), market=market).splitlines() == [
        "  Euros for a kilogram",
        "    not known (upstream_failed: no dollars for a kilogram)",
        "  Too dear",
        "    not known (upstream_failed: no dollars for a kilogram)",
        "  The server was asked 3 times.",
    ]
    alerts = capsys.readouterr().out.splitlines()
    assert alerts == [
        "  [alert] @night shift: dollars failed for good. ValueError: no dollars for a kilogram",
        "  [alert] @night shift: rate failed for good. ValueError: no euros for a dollar",
        "  [alert] @sales: rivals failed for good. ValueError: no what others ask",
    ]


def test_the_examples_have_nothing_wrong_with_their_graphs() -> None:
    for name in NAMES:
        module = load(name)
        (module.summary if name == "wordcount" else module.report).check(types=True)
