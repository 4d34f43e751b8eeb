"""A year of minutes from a file into the warehouse, by `babingepet import`'s own service.

525,600 recorded candles (made-up ones without the recorded data) as the archive's ZIP and as
Parquet, each into a new SQLite file: from the closed file to the last commit, parsing and checking
included. Then the same file again, and the same rows in the other form: neither may write a row.
What the database holds afterwards is compared, value by value, with what pandas says of the file.
The raw ratio compares with storing alone, in the same run and without any check. On SQLite that is
one executemany of finished tuples into a table of the same shape. On PostgreSQL, when a server's
programs are installed, it is one COPY, in COPY's own binary format, of what the server itself wrote
out, into an empty table of the same columns, collations and primary key; both servers wait for the
disk at each commit.
"""

from __future__ import annotations

import io
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import text

from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import Settings, load_settings
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.imports.files import ImportRequest, import_files
from babingepet_services.imports.report import ImportReport
from scripts.bench.common.report import print_report, wants_json
from scripts.bench.common.servers import durable_server, upgraded
from scripts.bench.peers.bars import MINUTE, YEAR, made_up_bars
from scripts.devtools.project import ROOT

RECORDED = "crypto/btc_spot_1m/BTCUSDT-spot-1m-2023-06_2025-05.parquet"
AIMS = {"sqlite": 60_000, "postgres": 100_000}
"""Rows a second from file to commit, on an idle machine."""
LEAST_OF_COPY = 1 / 3
"""Of the speed of a bare COPY."""

NAMES = {
    "open_time": "open_time", "open": "open", "high": "high", "low": "low", "close": "close",
    "volume": "base_volume", "quote_volume": "quote_volume", "trades": "trade_count",
    "taker_buy_base": "taker_buy_base_volume",
}  # fmt: skip
"""Columns of the file to those of the table."""

SHAPE = (
    "symbol TEXT, interval TEXT, open_time BIGINT, source TEXT, "
    + ", ".join(f"{name} DOUBLE PRECISION" for name in list(NAMES.values())[1:])
    + ", known_at BIGINT, derived BOOLEAN, PRIMARY KEY (symbol, interval, open_time, source)"
)


def year_of_minutes() -> tuple[pd.DataFrame, str]:
    """The rows, and whether they are recorded or made up."""
    folder = Path(os.environ.get("BABINGEPET_TEST_DATA", ROOT.parent / "shared" / "data"))
    if (folder / RECORDED).is_file():
        return pd.read_parquet(folder / RECORDED).iloc[:YEAR].copy(), "recorded"
    bars = made_up_bars(YEAR)
    frame = pd.DataFrame({name: getattr(bars, name) for name in list(NAMES)[:5]})
    frame["volume"], frame["taker_buy_base"] = bars.base_volume, bars.taker_buy_base_volume
    frame["quote_volume"] = frame["volume"] * frame["close"]
    frame["taker_buy_quote"] = frame["taker_buy_base"] * frame["close"]
    return frame.assign(trades=100), "made up"


def write_files(frame: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """The rows as the archive's ZIP, and as Parquet."""
    paths = {name: folder / f"BTCUSDT-1m-year.{name}" for name in ("zip", "parquet")}
    frame.to_parquet(paths["parquet"], index=False)
    archive = frame.assign(close_time=frame["open_time"] + MINUTE - 1, ignore=0)[
        ["open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume",
         "trades", "taker_buy_base", "taker_buy_quote", "ignore"]
    ]  # fmt: skip
    rows = archive.to_csv(header=False, index=False)
    with zipfile.ZipFile(paths["zip"], "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("BTCUSDT-1m-year.csv", rows)
    return paths


def run_import(settings: Settings, path: Path) -> ImportReport:
    """One import of one file."""
    request = ImportRequest(kind="candles", files=(path,), settings=settings)
    report = import_files(request, SystemClock(), lambda _stage, _done, _total: None)
    if report.unusable:
        raise SystemExit(f"error: {report.complaint}")
    return report


def equals(stored: pd.DataFrame, frame: pd.DataFrame) -> bool:
    """Whether the table holds the file's values, bit for bit, and nothing else."""
    wanted = frame.rename(columns=NAMES)[list(NAMES.values())]
    stored = stored.sort_values("open_time")
    return len(stored) == len(wanted) and all(
        np.array_equal(stored[name].to_numpy(float), wanted[name].to_numpy(float))
        for name in NAMES.values()
    )


def finished_tuples(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """What a raw insert is given."""
    columns = [frame[name].tolist() for name in NAMES]
    return [
        ("BTCUSDT", "1m", row[0], "recorded", *row[1:], 0, False)
        for row in zip(*columns, strict=True)
    ]


def raw_sqlite(path: Path, rows: list[tuple[Any, ...]]) -> float:
    """Seconds of one executemany in one transaction."""
    clock = SystemClock()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"CREATE TABLE raw ({SHAPE}) WITHOUT ROWID")
        begun = clock.monotonic()
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO raw VALUES ({marks})", rows)  # noqa: S608 (our own)
        connection.commit()
        return clock.monotonic() - begun


def raw_postgres(database: Database) -> float:
    """Seconds of one COPY of the imported rows in one transaction; writing them out is not timed."""
    clock = SystemClock()
    rows = io.BytesIO()
    with database.writing() as connection:
        cursor: Any = connection.connection.cursor()
        cursor.copy_expert("COPY crypto_candles TO STDOUT (FORMAT binary)", rows)
        cursor.execute("CREATE TABLE raw (LIKE crypto_candles INCLUDING ALL)")
    rows.seek(0)
    begun = clock.monotonic()
    with database.writing() as connection:
        cursor = connection.connection.cursor()
        cursor.copy_expert("COPY raw FROM STDIN (FORMAT binary)", rows)
    return clock.monotonic() - begun


def ingest(
    settings: Settings, database: Database, first: Path, other: Path, frame: pd.DataFrame
) -> dict[str, object]:
    """Import a file, again, and its rows in the other form."""
    once = run_import(settings, first)
    again, as_other = run_import(settings, first), run_import(settings, other)
    query = f"SELECT {', '.join(NAMES.values())} FROM crypto_candles"  # noqa: S608 (our own names)
    with database.reading() as connection:
        stored = pd.read_sql_query(text(query), connection)
    return {
        "rows_written": once.outcome.written,
        "seconds": round(once.seconds, 3),
        "rows_per_second": round(once.outcome.written / once.seconds),
        "equals_file": equals(stored, frame),
        "second_import_written": again.outcome.written,
        "second_import_seconds": round(again.seconds, 3),
        "other_form_written": as_other.outcome.written,
        "other_form_already_there": as_other.outcome.already_there,
    }


@contextmanager
def warehouse(settings: Settings) -> Iterator[Database]:
    """Where the import puts what was recorded."""
    place = settings.warehouse("recorded")
    with closing(open_database(place.url, place.schema)) as database:
        yield database


def beside(run: dict[str, Any], raw_seconds: float, rows: int) -> dict[str, Any]:
    """A run with the raw speed beside it."""
    raw = {
        "raw_rows_per_second": round(rows / raw_seconds),
        "raw_ratio": round(raw_seconds / run["seconds"], 3),
    }
    return run | raw


def measure() -> dict[str, object]:
    """One whole run."""
    frame, rows_are = year_of_minutes()
    raw = finished_tuples(frame)
    figures: dict[str, Any] = {"rows": len(frame), "rows_are": rows_are, "aims": AIMS}
    figures["load_before"] = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as name:
        folder = Path(name)
        paths = write_files(frame, folder)
        for form, other in (("zip", "parquet"), ("parquet", "zip")):
            settings = load_settings(data_dir=folder / form)
            raw_seconds = raw_sqlite(folder / f"{form}.raw", raw)
            with warehouse(settings) as database:
                run = ingest(settings, database, paths[form], paths[other], frame)
            figures[f"sqlite_{form}"] = beside(run, raw_seconds, len(frame))
        with durable_server("ingest-pg-") as server:
            if server is not None:
                url = upgraded(server, "ingest")
                settings = load_settings(data_dir=folder / "pg", database_url=url)
                with warehouse(settings) as database:
                    run = ingest(settings, database, paths["zip"], paths["parquet"], frame)
                    figures["postgres_zip"] = beside(run, raw_postgres(database), len(frame))
    return figures | verdict(figures)


def verdict(figures: dict[str, Any]) -> dict[str, object]:
    """Whether every form reached what is asked of it."""
    runs = {name: run for name, run in figures.items() if name.startswith(tuple(AIMS))}
    exact = all(
        run["equals_file"] and not run["second_import_written"] and not run["other_form_written"]
        for run in runs.values()
    )
    fast = all(run["rows_per_second"] >= AIMS[name.split("_")[0]] for name, run in runs.items())
    enough = figures.get("postgres_zip", {}).get("raw_ratio", 1.0) >= LEAST_OF_COPY
    slowest = min(run["rows_per_second"] for run in runs.values())
    return {"rows_per_second": slowest, "exact": exact, "met": exact and fast and enough}


def main() -> None:
    """Run and print."""
    as_json = wants_json(str(__doc__))
    print_report("ingest", measure(), as_json=as_json)


if __name__ == "__main__":
    main()
