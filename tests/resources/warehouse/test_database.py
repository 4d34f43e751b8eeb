import os
import resource
import subprocess
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from babingepet.errors import (
    ConfigurationError,
    InputError,
    IntegrityBroken,
    WarehouseUnavailable,
)
from babingepet_resources.warehouse import candles, checks, cycles, lease, schema, stock
from babingepet_resources.warehouse.database import open_database
from babingepet_resources.warehouse.limits import ORDINARY
from tests.resources.warehouse import builders as b


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "BABINGEPET_DATABASE_URL"),
        ("warehouse.sqlite", "BABINGEPET_DATABASE_URL"),
        ("mysql://host/name", "mysql"),
        ("postgresql+asyncpg://host/name", "asyncpg"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("postgresql://host:port/name", "BABINGEPET_DATABASE_URL"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained(url, said):
    with pytest.raises(ConfigurationError, match=said):
        open_database(url)


def test_a_sqlite_file_has_no_schema(tmp_path):
    with pytest.raises(ConfigurationError, match="BABINGEPET_DATABASE_SCHEMA"):
        open_database(f"sqlite:///{tmp_path}/w.sqlite", "babingepet")


@pytest.mark.parametrize("name", ["", 'a"b', "100%", "Upper", "x" * 64])
def test_a_schema_name_that_needs_quoting_is_refused(name):
    with pytest.raises(ConfigurationError, match="BABINGEPET_DATABASE_SCHEMA"):
        open_database("postgresql://127.0.0.1:1/name", name)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_uses_the_same_driver(scheme):
    database = open_database(f"{scheme}://user:secret@127.0.0.1:1/name")
    assert database.engine.url.drivername == "postgresql+psycopg2"
    assert database.where == "127.0.0.1:1/name"


def test_a_server_that_does_not_answer_is_unavailable_and_its_password_is_not_told():
    database = open_database("postgresql://user:secret@127.0.0.1:1/name")
    with pytest.raises(WarehouseUnavailable, match="does not answer") as told, database.reading():
        pass
    assert "secret" not in str(told.value)


def test_a_database_that_does_not_exist_is_unavailable(postgres_server, connect):
    database = connect(f"{postgres_server}/nowhere")
    with pytest.raises(WarehouseUnavailable, match="nowhere"), database.reading():
        pass


def test_sqlite_is_told_how_to_behave(sqlite_database):
    with sqlite_database.reading() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    normal = 1
    assert values == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 5_000,
        "synchronous": normal,
    }


def test_postgresql_is_told_how_long_to_wait(postgres_url, connect):
    with connect(postgres_url).writing() as connection:
        shown = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("statement_timeout", "lock_timeout")
        ]
    assert shown == ["30s", "5s"]


def test_a_reading_connection_cannot_write_on_postgresql(postgres_url, connect):
    database = connect(postgres_url)
    schema.upgrade(database)
    with pytest.raises(WarehouseUnavailable, match="read-only"), database.reading() as connection:
        candles.insert(connection, b.SYMBOL, "1m", b.SOURCE, b.candles(), known_at=1)


def test_a_pooled_connection_whose_server_end_died_is_replaced(postgres_url, connect):
    database, other = connect(postgres_url), connect(postgres_url)
    with database.reading() as connection:
        number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with other.writing() as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({number})")
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != number


def test_a_server_that_dies_in_the_middle_of_a_cycle_is_unavailable(postgres_url, connect):
    database, other = connect(postgres_url), connect(postgres_url)
    schema.upgrade(database)

    def cycle_of_a_dying_server():
        with database.writing() as connection:
            number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with other.writing() as killer:
                killer.exec_driver_sql(f"SELECT pg_terminate_backend({number})")
            candles.insert(connection, b.SYMBOL, "1m", b.SOURCE, b.candles(), known_at=1)

    with pytest.raises(WarehouseUnavailable):
        cycle_of_a_dying_server()
    cycles.commit(database, None, b.cycle(), now=1)


def test_a_writer_that_waits_too_long_is_told_that_another_one_writes(url, connect):
    patient, blocked = connect(url), connect(url, limits=replace(ORDINARY, lock=0.05))
    lease.acquire(patient, "btc", "run-1", 0, 90_000)
    with patient.writing() as connection:
        connection.exec_driver_sql("UPDATE loop_lease SET heartbeat_at = 1")
        with pytest.raises(WarehouseUnavailable, match="locked by another writer"):
            lease.acquire(blocked, "btc", "run-2", 0, 90_000)


def test_a_read_only_file_can_be_read_and_says_why_it_cannot_be_written(sqlite_database, connect):
    cycles.commit(sqlite_database, None, b.cycle(), now=1)
    path = sqlite_database.engine.url.database
    database = connect(f"sqlite:///file:{path}?mode=ro&uri=true")
    with database.reading() as connection:
        assert stock.row_counts(connection)["btc_decisions"] == 1
    with pytest.raises(WarehouseUnavailable, match="read-only"):
        cycles.commit(database, None, b.cycle(2), now=2)


@contextmanager
def largest_file(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_may_not_grow_fails_clean_and_recovers(sqlite_database):
    big = b.candles(20_000)

    def write():
        with sqlite_database.writing() as connection:
            candles.insert(connection, b.SYMBOL, "1m", b.SOURCE, big, known_at=1)

    with largest_file(300_000), pytest.raises(WarehouseUnavailable, match="disk"):
        write()
    with sqlite_database.reading() as connection:
        assert stock.row_counts(connection)["crypto_candles"] == 0
    write()


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_fails_clean_and_recovers_when_there_is_space_again(small_disk, connect):
    database = connect(f"sqlite:///{small_disk}/warehouse.sqlite")
    schema.upgrade(database)
    held = lease.acquire(database, "btc", "run-1", 0, 90_000)
    cycles.commit(database, held, b.cycle(1), now=1)
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="space"):
        ballast.write_bytes(bytes(2_000_000))

    def go_on():
        for minute in range(2, 60):
            cycles.commit(database, held, b.cycle(minute), now=minute)

    with pytest.raises(WarehouseUnavailable, match="disk"):
        go_on()
    with database.reading() as connection:
        decided = stock.row_counts(connection)["btc_decisions"]
        assert stock.row_counts(connection)["crypto_signals"] == 13 * decided
    ballast.unlink()
    cycles.commit(database, held, b.cycle(decided + 1), now=decided + 1)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(WarehouseUnavailable, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}/file/warehouse.sqlite")


def test_a_file_that_is_no_database_is_the_users_mistake(tmp_path, connect):
    (tmp_path / "notes.txt").write_text("these are notes, not a database\n" * 100)
    database = connect(f"sqlite:///{tmp_path}/notes.txt")
    with pytest.raises(ConfigurationError, match=r"notes\.txt"):
        schema.upgrade(database)


def test_a_row_that_breaks_a_constraint_is_told_as_broken_integrity(database):
    nameless = b.check(severity=None)
    with pytest.raises(IntegrityBroken, match="severity"), database.writing() as connection:
        checks.put(connection, [nameless])


def test_a_mistake_in_our_own_sql_is_not_called_an_outage(database):
    with (
        pytest.raises((OperationalError, ProgrammingError)),
        database.writing() as connection,
    ):
        connection.exec_driver_sql("SELECT FROM nowhere WHERE")


def test_a_users_mistake_inside_a_transaction_passes_unchanged(database):
    with pytest.raises(InputError, match="mine"), database.writing():
        raise InputError("mine")
