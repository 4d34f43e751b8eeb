"""A disk without a byte left: a sentence with the path, nothing half, and on when there is room.

The user sees it in the loop's log, in the run's events (the same sentence, as the minute's reason)
and in `babingepet doctor`; no row can tell of a disk that takes no row.
"""

import json
import subprocess
import sys
from contextlib import suppress
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from babingepet.cycles.settings import BtcSettings, override
from babingepet.errors import InputError, TapeUnavailable, WarehouseUnavailable
from babingepet.market.intervals import HOUR, MINUTE, SECOND
from babingepet_delivery import supervisor
from babingepet_resources.event_tape.frames import TapedTrades
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import candles, cycles, schema, stock
from babingepet_resources.warehouse.database import open_database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.replay.export import write_whole
from scripts.bench.common.market import START, random_walk
from scripts.devtools import postgres
from tests.delivery.conftest import call, command_line, environment
from tests.fakes import FakeClock
from tests.faults import invariants
from tests.faults.crashing_loop import KlineFeed
from tests.faults.small_disk import small_disk
from tests.resources.warehouse import builders as b
from tests.services.conftest import EAGER

__all__ = ["small_disk"]

NO_SPACE = "has no space left on its disk"
PIECE = 100_000
"""Rows of one transaction of an import."""


def minutes_of_a_loop(database, count):
    """The reports of a loop over a market of so many minutes, as they come, with their number."""
    program = BtcProgram(settings=override(BtcSettings(), (*EAGER, "min_capability=0")))
    clock = FakeClock(1_700_000_000_000)
    feed = KlineFeed(count, after=None)
    return enumerate(BtcLoop(feed, database, clock, program, LoopOptions("run-1")).run(), 1)


def upgraded_on(disk, **options):
    database = open_database(f"sqlite:///{disk.path}/warehouse.sqlite", **options)
    schema.upgrade(database)
    return database


@pytest.mark.slow
def test_a_loop_on_a_full_disk_says_so_each_minute_and_goes_on_when_there_is_room(
    small_disk, caplog
):
    disk = small_disk("12m")
    database = upgraded_on(disk)
    missed = {}
    for n, report in minutes_of_a_loop(database, 70):
        if report.missed:
            missed[report.as_of] = report.missed
        if n == 20:
            disk.fill()
        if n == 40:
            disk.make_room()
    assert disk.filled == 1
    assert len(missed) == 20
    for sentence in missed.values():
        assert f"{disk.path}/warehouse.sqlite {NO_SPACE}" in sentence
    assert sum(NO_SPACE in record.message for record in caplog.records) == 20
    work = invariants.check(database)
    assert (work.decided, work.missed) == (50, 20)
    assert work.positions >= 1
    database.close()


@pytest.mark.slow
def test_the_log_that_grew_before_the_disk_was_full_is_used_again(small_disk):
    """SQLite writes its log anew from the start: a full disk stops what is larger than the log."""
    disk = small_disk("12m")
    database = upgraded_on(disk)
    reports = minutes_of_a_loop(database, 120)
    decided = 0
    for n, report in reports:
        if n == 80:
            disk.fill()
        decided += report.missed is None
    assert decided > 80
    work = invariants.check(database)
    assert work.decided == decided
    database.close()


def test_a_disk_that_became_read_only_is_named_as_such_until_it_is_writable_again(small_disk):
    """Nor can it be read: SQLite keeps a file beside the database in which readers leave a mark."""
    disk = small_disk("12m")
    database = upgraded_on(disk)
    cycles.commit(database, None, b.cycle(1), now=1)
    database.close()  # a file that is open for writing keeps its disk writable
    disk.remount("ro")
    refusal = f"{disk.path}/warehouse.sqlite cannot be opened: .* not writable"
    with pytest.raises(WarehouseUnavailable, match=refusal):
        cycles.commit(database, None, b.cycle(2), now=2)
    with pytest.raises(WarehouseUnavailable, match=refusal), database.reading():
        pass
    disk.remount("rw")
    cycles.commit(database, None, b.cycle(2), now=2)
    with database.reading() as connection:
        assert stock.row_counts(connection)["btc_decisions"] == 2
    database.close()


@pytest.fixture
def server_on_small_disk(small_disk):
    """A PostgreSQL server whose data are on a small disk; it is stopped, if it still runs."""
    programs = postgres.programs()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
    disk = small_disk("110m")
    server = postgres.start(programs, within=str(disk.path))
    yield server, disk
    server.stop()


@pytest.mark.nightly
def test_a_loop_outlives_the_full_disk_of_its_postgresql_server(server_on_small_disk):
    """Full where rows go: the server refuses rows, and takes them again when there is room.

    Full where its log goes: the server itself ends, cannot recover, and stays down until somebody
    makes room and starts it. The loop needs no hand in either case.
    """
    server, disk = server_on_small_disk
    database = open_database(f"{server.url}/postgres")
    schema.upgrade(database)
    missed = {}
    for n, report in minutes_of_a_loop(database, 100):
        if report.missed:
            missed[n] = report.missed
        if n == 20:
            disk.fill()
        elif n == 35:
            disk.make_room()
        elif n == 50:
            disk.fill()
            begin_new_log_files(f"{server.url}/postgres")
        elif n == 70:
            disk.make_room()
            server.resume()
    refused = [sentence for n, sentence in missed.items() if n <= 35]
    assert len(refused) >= 5
    assert all(NO_SPACE in sentence for sentence in refused)
    silent = [sentence for n, sentence in missed.items() if n > 35]
    assert len(silent) >= 15
    assert all("does not answer" in s or "shutting down" in s for s in silent)
    assert max(missed) <= 72
    work = invariants.check(database)
    assert (work.decided, work.missed) == (100 - len(missed), len(missed))
    database.close()


def begin_new_log_files(url):
    """Use up the files of the server's log that are there already, until it needs a new one."""
    engine = create_engine(url.replace("postgresql", "postgresql+psycopg2"))
    with suppress(OperationalError), engine.connect() as connection:
        for _ in range(8):
            connection.exec_driver_sql("SELECT pg_logical_emit_message(false, 'fill', 'the log')")
            connection.exec_driver_sql("SELECT pg_switch_wal()")
        pytest.fail("the server went on without room for its log")
    engine.dispose()


def test_doctor_says_that_the_disk_is_full(small_disk):
    disk = small_disk("12m")
    assert call("db", "upgrade", data_dir=disk.path, market="recorded").code == 0
    disk.fill()
    shown = call("doctor", "--json", data_dir=disk.path, market="recorded").document
    space = next(one for one in shown["findings"] if one["name"] == "disk")
    assert space["status"] == "fail"
    assert "free some space" in space["advice"]


@pytest.fixture(scope="module")
def year_file(tmp_path_factory):
    """Candles enough for three transactions."""
    frame = random_walk(START, START + 250_000 * MINUTE, 1)
    names = {"base_volume": "volume", "trade_count": "trades"}
    names |= {"taker_buy_base_volume": "taker_buy_base"}
    columns = {names.get(name, name): values for name, values in frame.columns().items()}
    path = tmp_path_factory.mktemp("file") / "BTCUSDT-1m.parquet"
    pq.write_table(pa.table(columns), path)
    return path, frame


@pytest.mark.slow
def test_an_import_that_fills_the_disk_leaves_whole_pieces_and_goes_on_from_there(
    small_disk, year_file
):
    path, frame = year_file
    disk = small_disk("32m")
    place = {"data_dir": disk.path, "market": "recorded"}
    done = call("import", "candles", path, "--symbol", "BTCUSDT", "--json", **place)
    assert done.code == 1
    assert f"{disk.path}/babingepet-recorded.sqlite {NO_SPACE}" in json.loads(done.err)["error"]
    database = open_database(f"sqlite:///{disk.path}/babingepet-recorded.sqlite")
    with database.reading() as connection:
        rows = stock.row_counts(connection)
    assert rows["crypto_candles"] in {PIECE, 2 * PIECE}
    assert rows["market_files"] == 0
    database.close()
    disk.remount("size=200m")
    again = call("import", "candles", path, "--symbol", "BTCUSDT", "--json", **place).document
    assert again["rows_written"] == len(frame) - rows["crypto_candles"]
    assert again["rows_already_there"] == rows["crypto_candles"]
    with database.reading() as connection:
        stored = candles.read(connection, "BTCUSDT", "1m", "recorded", 0, 2 * START)
    assert stored.equals(frame)
    database.close()


def an_hour_of_trades():
    number = 50_000
    times = np.sort(np.random.default_rng(1).integers(0, HOUR, number))
    prices = np.random.default_rng(2).random(number)
    flags = prices > 0.5
    return TapedTrades(np.arange(number), times, prices, prices, flags, times + SECOND)


def test_an_hour_of_the_event_tape_is_there_whole_or_not_at_all(small_disk):
    disk = small_disk("6m")
    tape = EventTape.open(str(disk.path / "tape"))
    frame = an_hour_of_trades()
    assert tape.write_hour("BTCUSDT", "binance", 0, TapedTrades.concat([frame])) == "written"
    disk.fill()
    later = TapedTrades(**(frame.columns() | {"event_time": frame.event_time + HOUR}))
    with pytest.raises(TapeUnavailable, match=r"hour=01\.parquet.*No space left") as refused:
        tape.write_hour("BTCUSDT", "binance", HOUR, later)
    assert str(disk.path) in str(refused.value)
    files = [path.name for path in (disk.path / "tape").rglob("*") if path.is_file()]
    assert files == ["hour=00.parquet"]
    disk.make_room()
    assert tape.write_hour("BTCUSDT", "binance", HOUR, later) == "written"
    assert tape.read(TapedTrades, "BTCUSDT", "binance", 0, HOUR).equals(frame)


def test_an_exported_file_is_the_one_of_before_or_the_new_one(small_disk):
    disk = small_disk("2m")
    path = disk.path / "trades.parquet"
    table = pa.table({"number": np.random.default_rng(1).random(100_000)})
    write_whole(path, partial(pq.write_table, table.slice(0, 1_000)))
    disk.fill()
    with pytest.raises(InputError, match=rf"{path}: cannot be written.*[Nn]o space left"):
        write_whole(path, partial(pq.write_table, table))
    assert pq.read_table(path).num_rows == 1_000
    assert sorted(one.name for one in disk.path.iterdir()) == ["ballast", "trades.parquet"]
    disk.make_room()
    write_whole(path, partial(pq.write_table, table))
    assert pq.read_table(path).num_rows == 100_000


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_command_whose_output_fills_the_disk_says_so_in_a_sentence(small_disk, options):
    disk = small_disk("2m")
    with (disk.path / "output").open("w") as output:
        disk.fill()
        done = subprocess.run(
            command_line("signals", *options), env=environment(), stdout=output,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "no space is left on its disk" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_platform_does_not_end_because_its_log_has_no_room(small_disk, monkeypatch):
    disk = small_disk("2m")
    with (disk.path / "run.log").open("w") as log:
        monkeypatch.setattr(sys, "stdout", log)
        supervisor._print("before")
        disk.fill()
        for number in range(2_000):  # several times what fits into the file's last page
            supervisor._print(f"said {number} when nobody could write it down")
        disk.make_room()
        supervisor._print("after")
        monkeypatch.undo()
    lines = (disk.path / "run.log").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    assert disk.filled == 1
