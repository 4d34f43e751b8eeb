"""No transaction outlives its limit, on whichever side the time is lost, and each says which.

A fault here lasts until its test ends: without the limit the test would never end.
"""

import socket
import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import make_url

from babingepet.errors import OutcomeUnknown, WarehouseUnavailable
from babingepet_resources.warehouse import candles, lease, stock
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.postgres import MOST_CONNECTIONS
from tests.faults.database.conftest import SHORT, behind
from tests.faults.proxy import Proxy
from tests.resources.warehouse import builders as b

pytestmark = pytest.mark.slow


def ask(database: Database, sql: str = "SELECT 1") -> object:
    with database.reading() as connection:
        return connection.exec_driver_sql(sql).scalar_one()


def backends(database: Database) -> int:
    """Connections of ours that the server has open, this one left out."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'babingepet' "
        "AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    return int(str(ask(database, query)))


def test_a_server_behind_a_black_hole_is_not_waited_for(through: Database, proxy: Proxy) -> None:
    proxy.holding = True
    with pytest.raises(WarehouseUnavailable, match="no connection within 1 s"):
        ask(through)
    assert proxy.seen["connected"] == 1


@pytest.mark.nightly
def test_many_addresses_that_do_not_answer_share_one_limit(upgraded: str) -> None:
    """The library gives each address of a name the whole of its own limit, of 2 s at least."""
    holes = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    query = {"host": [f"127.0.0.1:{hole.getsockname()[1]}" for hole in holes]}
    url = make_url(upgraded).set(host=None, port=None, query=query)
    database = open_database(url.render_as_string(hide_password=False), limits=SHORT)
    with pytest.raises(WarehouseUnavailable, match="no connection within 1 s"):
        ask(database)
    for hole in holes:
        hole.close()


def test_a_connection_that_falls_silent_in_a_transaction_is_ended(
    through: Database, proxy: Proxy
) -> None:
    def silenced() -> None:
        with through.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
            proxy.holding = True
            connection.exec_driver_sql("SELECT 2")

    with pytest.raises(WarehouseUnavailable, match=r"did not finish a transaction within 2\.5 s"):
        silenced()
    assert proxy.seen["held"] > 0
    proxy.heal()
    assert ask(through) == 1


def test_a_copy_that_falls_silent_is_ended(
    through: Database, proxy: Proxy, direct: Database
) -> None:
    many = b.candles(50_000)

    def copy() -> None:
        with through.writing() as connection:
            connection.exec_driver_sql("SELECT 1")
            proxy.fail_at("holding", b"COPY")
            candles.insert(connection, b.SYMBOL, "1m", b.SOURCE, many, known_at=1)

    with pytest.raises(WarehouseUnavailable, match=r"did not finish a transaction within 2\.5 s"):
        copy()
    assert proxy.seen["planned"] == 1
    with direct.reading() as connection:
        assert stock.row_counts(connection)["crypto_candles"] == 0


def test_a_pooled_connection_that_fell_silent_is_replaced_in_time(
    through: Database, proxy: Proxy
) -> None:
    """The one that is left over from before is black-holed; a new one gets through."""
    ask(through)
    proxy.stall()
    assert ask(through) == 1
    assert proxy.seen["held"] > 0
    assert proxy.seen["connected"] == 2


def test_a_server_slow_in_one_statement_is_told_to_stop_by_itself(through: Database) -> None:
    with pytest.raises(WarehouseUnavailable, match=r"did not finish a statement within 1\.2 s"):
        ask(through, "SELECT pg_sleep(60)")


@pytest.mark.nightly
def test_many_quick_statements_share_one_limit(through: Database) -> None:
    def many() -> None:
        with through.writing() as connection:
            for _ in range(1_000):
                connection.exec_driver_sql("SELECT pg_sleep(0.1)")

    with pytest.raises(WarehouseUnavailable, match=r"did not finish a transaction within 2\.5 s"):
        many()


@pytest.mark.nightly
def test_transactions_that_share_a_limit_end_together(through: Database) -> None:
    shared = through.sharing_a_limit()

    def several() -> None:
        for _ in range(1_000):
            ask(shared, "SELECT pg_sleep(0.1)")

    with pytest.raises(WarehouseUnavailable, match=r"2\.5 s"):
        several()
    assert ask(through) == 1


def test_a_slow_wire_is_given_up_when_connecting(through: Database, proxy: Proxy) -> None:
    proxy.latency = 2.0
    with pytest.raises(WarehouseUnavailable, match="no connection within 1 s"):
        ask(through)
    assert proxy.seen["delayed"] > 0


def test_the_locks_of_a_transaction_whose_client_was_cut_off_are_freed(
    through: Database, proxy: Proxy, direct: Database
) -> None:
    """The server never hears that the client is gone; the lease would stay locked for hours."""
    held = lease.acquire(direct, "btc", "run-1", 0, 90_000)
    assert held is not None

    def cut_off() -> None:
        with through.writing() as connection:
            lease.keep(connection, held, 1)
            proxy.holding = True
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(WarehouseUnavailable):
        cut_off()
    patient = direct.within(replace(SHORT, lock=20, statement=20, transaction=30))
    lease.renew(patient, held, 2)
    found = lease.read(direct, "btc")
    assert found is not None
    assert found.heartbeat_at == 2


def test_a_reset_connection_costs_one_transaction(through: Database, proxy: Proxy) -> None:
    def torn() -> None:
        with through.writing() as connection:
            connection.exec_driver_sql("SELECT 1")
            proxy.reset_all()
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(WarehouseUnavailable, match="does not answer"):
        torn()
    assert ask(through) == 1
    assert proxy.seen["reset"] > 0


def test_connections_that_were_reset_while_idle_cost_nothing(
    through: Database, proxy: Proxy
) -> None:
    with through.reading(), through.reading():
        pass
    proxy.reset_all()
    assert [ask(through) for _ in range(3)] == [1, 1, 1]
    assert proxy.seen["reset"] >= 2


@pytest.mark.nightly
def test_bytes_that_are_cut_in_the_middle_write_nothing(
    through: Database, proxy: Proxy, direct: Database
) -> None:
    ask(through)
    proxy.cut_after = 20_000

    def write() -> None:
        with through.writing() as connection:
            candles.insert(connection, b.SYMBOL, "1m", b.SOURCE, b.candles(4_000), known_at=1)

    with pytest.raises(WarehouseUnavailable):
        write()
    assert proxy.seen["cut"] == 1
    with direct.reading() as connection:
        assert stock.row_counts(connection)["crypto_candles"] == 0


@pytest.mark.nightly
def test_a_commit_without_an_answer_is_told_as_unknown(
    through: Database, proxy: Proxy, direct: Database
) -> None:
    """It was written here; the same words are said when it was not."""
    proxy.fail_at("muting", b"COMMIT")

    def write() -> None:
        with through.writing() as connection:
            candles.insert(connection, b.SYMBOL, "1m", b.SOURCE, b.candles(3), known_at=1)

    with pytest.raises(OutcomeUnknown, match="it may have written, or not"):
        write()
    assert proxy.seen["muted"] > 0
    with direct.reading() as connection:
        assert stock.row_counts(connection)["crypto_candles"] == 3


def test_a_row_that_is_refused_at_the_commit_is_no_unknown_outcome(direct: Database) -> None:
    def conflicting() -> None:
        with direct.writing() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
            )
            connection.exec_driver_sql("INSERT INTO once VALUES (1), (1)")

    with pytest.raises(Exception, match="refuses a row") as told:
        conflicting()
    assert not isinstance(told.value, OutcomeUnknown)


def test_failures_of_every_kind_leave_no_connection_behind(
    through: Database, proxy: Proxy, direct: Database
) -> None:
    def fail(fault: str) -> None:
        with through.writing() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 10")
            if fault == "reset":
                proxy.reset_all()
            if fault == "ours":
                raise WarehouseUnavailable(fault)
            connection.exec_driver_sql("SELECT pg_sleep(5)")

    for fault in ("reset", "statement", "ours") * 4:
        with pytest.raises(WarehouseUnavailable):
            fail(fault)
    assert through.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert backends(direct) <= 1


@pytest.mark.nightly
def test_a_pool_that_is_used_up_is_told_and_gives_back(through: Database) -> None:
    entered, leave = threading.Semaphore(0), threading.Event()

    def occupy() -> None:
        with suppress(WarehouseUnavailable), through.reading():
            entered.release()
            leave.wait(30)

    patient = replace(through, limits=replace(SHORT, transaction=60))
    threads = [threading.Thread(target=occupy) for _ in range(MOST_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        entered.acquire()
    with pytest.raises(WarehouseUnavailable, match="no free connection"):
        ask(patient)
    leave.set()
    for thread in threads:
        thread.join()
    assert ask(through) == 1


@pytest.mark.nightly
def test_a_watchdog_does_not_outlive_its_work(through: Database) -> None:
    ask(through)
    assert through.watchdog is not None
    watching = through.watchdog._thread
    assert watching is not None
    watching.join(30)
    assert not watching.is_alive()
    assert ask(through) == 1


def test_behind_a_proxy_the_password_stays_secret(own_server: object, proxy: Proxy) -> None:
    url = f"postgresql://postgres:hunter2@127.0.0.1:{proxy.port}/nowhere"
    database = open_database(url, limits=SHORT)
    with pytest.raises(WarehouseUnavailable, match="refuses the connection") as told:
        ask(database)
    assert "hunter2" not in str(told.value)
    assert behind(proxy, "postgresql://postgres@127.0.0.1:1/x").endswith(f"{proxy.port}/x")
