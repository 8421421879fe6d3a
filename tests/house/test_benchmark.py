"""The benchmark measures what it says: every case runs and gives the right results. No time is asserted."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import flowdeco
from tests.benchmark.case import CASES, SECTIONS, choose_cases
from tests.benchmark.command import main
from tests.benchmark.other import OTHERS, map_with
from tests.benchmark.table import is_met, write_row
from tests.benchmark.target import TARGETS
from tests.benchmark.timing import ANYIO, OWN, Case, Contestant, Setting, WrongResultError, time_all
from tests.benchmark.tree import HERE, MeasuringError, measure_in
from tests.conftest import ASYNCIO, TRIO, UVLOOP, Backend, needs_uvloop

TINY = Setting(nodes=5, seconds=0, runs=1)
OF_EACH_SECTION = [min(cases, key=lambda case: len(case.name)) for cases in SECTIONS.values()]


@pytest.mark.parametrize("anyio_backend", [pytest.param(ASYNCIO, id="asyncio")])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_every_case_runs_and_gives_the_right_results(case: Case, anyio_backend: Backend) -> None:
    assert OWN in await case.measure(TINY._replace(backend=anyio_backend[0]))


@pytest.mark.parametrize(
    "anyio_backend", [pytest.param(UVLOOP, id="uvloop", marks=needs_uvloop), pytest.param(TRIO, id="trio")]
)
@pytest.mark.parametrize("case", OF_EACH_SECTION, ids=[case.name for case in OF_EACH_SECTION])
async def test_a_case_of_each_section_runs_on_the_other_event_loops(case: Case, anyio_backend: Backend) -> None:
    assert OWN in await case.measure(TINY._replace(backend=anyio_backend[0]))


async def test_a_wrong_result_is_no_figure() -> None:
    async def run() -> int:
        return 1

    with pytest.raises(WrongResultError, match="flowdeco gave 1 instead of 2"):
        await time_all({OWN: Contestant(run, 2)}, TINY)


async def test_the_same_work_without_flowdeco_is_left_out_on_demand(anyio_backend: Backend) -> None:
    setting = TINY._replace(backend=anyio_backend[0])
    for name in ("chain, def", "three nodes, async def", "threads that sleep 10 ms, def"):
        assert set(await CASES[name].measure(setting._replace(rivals=False))) == {OWN}
        assert ANYIO in await CASES[name].measure(setting)


def test_names_of_cases_are_unique_and_targets_name_cases() -> None:
    assert len(CASES) == sum(len(cases) for cases in SECTIONS.values())
    assert TARGETS.keys() <= CASES.keys()


def test_every_option_is_measured_for_def_and_async_def() -> None:
    names = [case.name for case in SECTIONS["an option each, independent nodes"] if "run_in" not in case.name]
    kinds = {name.rpartition(", ")[0]: set[str]() for name in names}
    for name in names:
        kinds[name.rpartition(", ")[0]].add(name.rpartition(", ")[2])
    assert all(found == {"def", "async def"} for found in kinds.values())


def test_cases_are_chosen_by_a_part_of_their_name() -> None:
    [(section, [case])] = choose_cases(["on_state of the task, def"]).items()
    assert (section, case.name) == ("an option each, independent nodes", "on_state of the task, def")
    assert choose_cases(["no such case"]) == {}
    assert choose_cases([]) == SECTIONS


def test_a_missed_target_is_marked() -> None:
    case = CASES["when, def"]
    for figure, met in ((9.0, True), (11.0, False)):
        assert is_met(case, {OWN: figure}) is met
        row = write_row(case, {"before": {OWN: 22.0}, "now": {OWN: figure}}, with_before=True)
        assert row.endswith("10 ok" if met else "10 OVER")
        assert f"{figure / 22:.2f}" in row
    rival = CASES["threads that sleep 10 ms, def"]
    assert is_met(rival, {OWN: 251.0, ANYIO: 250.0}) is False
    assert is_met(rival, {OWN: 249.0, ANYIO: 250.0}) is True
    assert is_met(rival, {OWN: 249.0}) is None


def make_checkout(folder: Path, text: str) -> Path:
    (folder / "flowdeco").mkdir(parents=True)
    (folder / "flowdeco" / "__init__.py").write_text(text, encoding="utf-8")
    return folder


def test_another_checkout_is_measured_with_its_own_flowdeco(tmp_path: Path) -> None:
    shutil.copytree(Path(flowdeco.__file__).parent, tmp_path / "flowdeco")
    make_checkout(tmp_path / "broken", "raise ImportError('not this one')")
    assert OWN in measure_in(tmp_path, "chain, async def", TINY, tmp_path / "cache")
    with pytest.raises(MeasuringError, match="not this one"):
        measure_in(tmp_path / "broken", "chain, async def", TINY, tmp_path / "cache")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MeasuringError, match=r"it took|No module named 'flowdeco'"):
        measure_in(tmp_path / "empty", "chain, async def", TINY, tmp_path / "cache")


QUICKLY = ["--quick", "--nodes", "5", "--rounds", "1"]


def test_the_command_prints_the_sections_of_the_cases_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = {"an option each, independent nodes": "when, def", "memory": "memory of plan, fan"}
    main([*QUICKLY, "--backend", "trio", "--best", "--only", *chosen.values()])
    printed = capsys.readouterr().out
    assert "trio, 5 nodes, the fastest run" in printed
    for section in SECTIONS:
        assert (f"\n\n{section} " in printed) is (section in chosen)
    for name in chosen.values():
        assert f"\n{name} " in printed
    assert "targets: " in printed
    assert "no figure" not in printed


def test_a_case_that_a_checkout_cannot_run_shows_a_dash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = make_checkout(tmp_path, "raise ImportError('not this one')")
    main([*QUICKLY, "--before", str(before), "--only", "when, def"])
    head, row, _, summary, failure = capsys.readouterr().out.splitlines()[2:]
    assert head.split()[-7:] == ["before", "now", "ratio", "by", "hand", "asyncio", "anyio", "target"][-7:]
    name, unit, cells = row[:66].strip(), row[66:79].strip(), row[79:].split()
    assert (name, unit) == ("when, def", "µs a node")
    assert (cells[0], cells[2], cells[3:6]) == ("-", "-", ["-", "-", "-"])
    assert float(cells[1].replace(",", "")) > 0
    assert summary.startswith("targets: ")
    assert failure == "no figure for when, def (before): ImportError: not this one"


@pytest.mark.parametrize("argument", ["--only=no such case", "--before=no such folder"])
def test_what_does_not_exist_is_refused(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([argument])
    assert "no such" in capsys.readouterr().err


@pytest.mark.parametrize("way", [[str(HERE / "tests" / "benchmark")], ["-m", "tests.benchmark"]], ids=["folder", "-m"])
def test_it_runs_as_a_folder_and_as_a_module(way: list[str]) -> None:
    listed = subprocess.run([sys.executable, *way, "--list"], cwd=HERE, capture_output=True, text=True, check=True)
    assert listed.stdout.splitlines() == list(CASES)


@pytest.mark.parametrize("name", OTHERS)
async def test_another_library_maps_as_it_is_measured(name: str) -> None:
    pytest.importorskip(name)
    assert await map_with(name, 3, 2) == [1, 1, 1]
