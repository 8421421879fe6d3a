"""Reads the CSV files of a folder into a table of SQLite: all of them, or, if one has a mistake, none.

    python examples/csv_to_sqlite.py
    python examples/csv_to_sqlite.py readings/ readings.db

The files are read eight at a time, parsed in threads, and written one after the other in the thread that opened the
database, in one transaction. Without arguments it makes files itself, loads them, then spoils one and loads them again.
"""

from __future__ import annotations

import argparse
import csv
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import anyio

from flowdeco import resource, task, workflow

TABLE = "CREATE TABLE IF NOT EXISTS readings (station TEXT, day TEXT, celsius REAL, UNIQUE (station, day))"


class Reading(NamedTuple):
    station: str
    day: str
    celsius: float


@resource
def db(database: Path) -> Iterator[sqlite3.Connection]:
    """The database. SQLite wants a connection to be used in the thread that opened it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(TABLE)
        with connection:  # commits at the end of the run; the run's error is thrown in here, and rolls back
            yield connection


@task
def paths(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.csv"))


@task(each={"path": paths}, limit=8)
async def text(path: Path) -> str:
    return await anyio.Path(path).read_text(encoding="utf-8")


@task(each={"path": paths, "text": text})
def readings(path: Path, text: str) -> list[Reading]:
    found: list[Reading] = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            found.append(Reading(path.stem, row["day"], float(row["celsius"])))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error
    return found


@task(each={"readings": readings}, run_in=db)
def written(readings: list[Reading], db: sqlite3.Connection) -> int:
    """Write the readings of one file, in the thread of the database."""
    return db.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?)", readings).rowcount


@workflow
def load(folder: Path, database: Path, written: list[int]) -> str:
    return f"{sum(written):,} readings of {len(written)} files"


# The program.


def count(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(TABLE)  # the run opens the database only if there is something to write
        number: int = connection.execute("SELECT count(*) FROM readings").fetchone()[0]
    return number


def make_files(folder: Path, stations: int = 20, days: int = 28) -> None:
    for station in range(stations):
        rows = [f"2026-02-{day:02},{(station * 7 + day * 3) % 25 - 5}.5" for day in range(1, days + 1)]
        (folder / f"station_{station:02}.csv").write_text("\n".join(["day,celsius", *rows, ""]), encoding="utf-8")


def show() -> None:
    with TemporaryDirectory() as name:
        folder, database = Path(name), Path(name, "readings.db")
        make_files(folder)
        (folder / "station_13.csv").write_text("day,celsius\n2026-02-01,3.5\n2026-02-02,mild\n", encoding="utf-8")
        try:
            load(folder, database)
        except ValueError as error:
            print(f"{error}; {count(database)} readings are in the table.")
        make_files(folder)
        print(f"{load(folder, database)}; {count(database)} readings are in the table.")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="where the files are, with columns day and celsius")
    parser.add_argument("database", type=Path, nargs="?", default=Path("readings.db"), help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.folder is None:
        show()
        return
    try:
        print(load(options.folder, options.database))
    except ValueError as error:
        sys.exit(f"nothing was written: {error}")


if __name__ == "__main__":
    main()
