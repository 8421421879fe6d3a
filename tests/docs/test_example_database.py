"""The example that loads files into SQLite: all of them, or none."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Backend
from tests.support.script import load, run_script

PRINTED = """\
station_13.csv, line 3: could not convert string to float: 'mild'; 0 readings are in the table.
560 readings of 20 files; 560 readings are in the table.
"""


@pytest.fixture
def loader(backend: Backend) -> Any:
    module: Any = load("csv_to_sqlite")
    module.load = module.load.with_options(backend=backend[0], backend_options=backend[1])
    return module


@pytest.fixture
def files(tmp_path: Path, loader: Any) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    loader.make_files(folder, stations=3, days=4)
    return folder


def spoil(folder: Path) -> None:
    (folder / "station_01.csv").write_text("day,celsius\n2026-02-01\n", encoding="utf-8")


def rows_of(database: Path) -> list[tuple[str, str, float]]:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(load("csv_to_sqlite").TABLE)  # it is not there if nothing was to be written
        return connection.execute("SELECT * FROM readings ORDER BY station, day").fetchall()


def test_it_shows_that_all_files_are_loaded_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_script("csv_to_sqlite") == PRINTED
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_wrong_with_its_graph() -> None:
    load("csv_to_sqlite").load.check(types=True)


def test_it_tells_what_can_be_said_to_it() -> None:
    assert "where the files are" in run_script("csv_to_sqlite", "--help")


def test_the_files_of_a_folder_are_in_the_table(loader: Any, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = files / "readings.db"
    loader.main([str(files), str(database)])
    assert capsys.readouterr().out == "12 readings of 3 files\n"
    assert len(rows_of(database)) == 12
    assert rows_of(database)[0] == ("station_00", "2026-02-01", -2.5)


def test_a_file_with_a_mistake_leaves_an_empty_table(loader: Any, files: Path) -> None:
    spoil(files)
    with pytest.raises(ValueError, match=r"station_01\.csv, line 2: ") as caught:
        loader.load(files, files / "readings.db")
    assert any("item 1" in note for note in caught.value.__notes__)
    assert rows_of(files / "readings.db") == []


def test_a_file_with_a_mistake_leaves_the_table_as_it_was(loader: Any, files: Path) -> None:
    database = files / "readings.db"
    loader.load(files, database)
    before = rows_of(database)
    loader.make_files(files, stations=3, days=9)
    spoil(files)
    with pytest.raises(SystemExit, match="nothing was written: station_01"):
        loader.main([str(files), str(database)])
    assert rows_of(database) == before


def test_what_was_written_before_an_error_is_rolled_back(loader: Any, files: Path) -> None:
    written: list[int] = []

    def write(readings: list[Any], db: sqlite3.Connection) -> int:
        if len(written) == 2:
            raise OSError("the disk is full")
        written.append(db.executemany("INSERT INTO readings VALUES (?, ?, ?)", readings).rowcount)
        return 1

    with pytest.raises(OSError, match="the disk is full"):
        loader.load.override(written=write)(files, files / "readings.db")
    assert written == [4, 4]
    assert rows_of(files / "readings.db") == []


def test_all_is_written_in_the_thread_that_opened_the_database(loader: Any, files: Path) -> None:
    threads: set[str] = set()

    def note(readings: list[object], db: sqlite3.Connection) -> int:
        db.execute("SELECT 1")  # in another thread than its own, this raises
        threads.add(threading.current_thread().name)
        return len(readings)

    assert loader.load.override(written=note)(files, files / "readings.db") == "12 readings of 3 files"
    assert len(threads) == 1
    assert threads != {threading.current_thread().name}


def test_no_files_are_no_error(loader: Any, tmp_path: Path) -> None:
    assert loader.load(tmp_path, tmp_path / "readings.db") == "0 readings of 0 files"
    assert rows_of(tmp_path / "readings.db") == []
