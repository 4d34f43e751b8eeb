"""The loop while its database fails: minutes are on record as missed, and nothing else is lost."""

import threading
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import Connection, make_url

from babingepet.errors import LeaseLost, WarehouseUnavailable
from babingepet.market.intervals import MINUTE
from babingepet_delivery.supervision.home import free_port
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import candles, cycles, gaps, lease, stock, tape
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.limits import CYCLE
from babingepet_resources.warehouse.records import GapRecord
from babingepet_resources.warehouse.statements import insert_records
from babingepet_resources.warehouse.tables import btc_decisions
from babingepet_services.btc.loop import STALE_AFTER
from scripts.bench.common.market import START
from scripts.devtools import postgres
from tests.faults import invariants
from tests.faults.database.conftest import SHORT, LoopOver, Stepped
from tests.faults.database.test_giving_way import beside
from tests.faults.proxy import Proxy
from tests.pooler import pooler
from tests.resources.warehouse import builders as b

pytestmark = pytest.mark.slow

INTO_DECISIONS = b'INSERT INTO "btc_decisions"'


def verified(direct: Database, stepped: Stepped, *, fences: int = 1) -> invariants.Work:
    """Every rule holds, and each minute the loop saw is decided or on record as missed."""
    work = invariants.check(direct)
    assert work.decided + work.missed == len(stepped.reports)
    assert work.fences == fences
    with direct.reading() as connection:
        until = START + len(stepped.reports) * MINUTE
        holes = candles.missing(connection, "BTCUSDT", "1m", "simulated", START, until)
    assert holes == []
    return work


def test_a_server_that_crashes_in_mid_cycle_costs_the_minutes_it_is_away(
    through: Database,
    direct: Database,
    proxy: Proxy,
    own_server: postgres.Server,
    loop_over: LoopOver,
) -> None:
    loop = loop_over(through, 20)
    loop.step(5)
    proxy.fail_at("holding", INTO_DECISIONS)  # the claim is made, the cycle is not written
    assert "did not finish a transaction" in (loop.step().missed or "")
    own_server.halt()
    proxy.heal()
    assert "does not answer" in (loop.step().missed or "")
    assert "does not answer" in (loop.step().missed or "")
    own_server.resume()
    direct.close()
    assert loop.step().decision is not None  # at once, although every pooled connection is stale
    loop.finish()
    assert proxy.seen["planned"] == 1
    assert len(loop.missed) == 3
    assert verified(direct, loop).decided == 17


def test_a_server_that_was_restarted_between_two_minutes_costs_none(
    through: Database, direct: Database, own_server: postgres.Server, loop_over: LoopOver
) -> None:
    loop = loop_over(through, 8)
    loop.step(4)
    own_server.resume()
    direct.close()
    loop.finish()
    assert loop.missed == []
    assert verified(direct, loop).decided == 8


@pytest.mark.parametrize("arrives", [True, False])
def test_a_commit_that_nobody_answered_is_looked_up_before_the_next_decision(
    through: Database, direct: Database, proxy: Proxy, loop_over: LoopOver, *, arrives: bool
) -> None:
    """Written or not, the next decision begins with the state that the database has."""
    loop = loop_over(through, 12)
    loop.step(5)
    proxy.fail_at("muting" if arrives else "holding", INTO_DECISIONS, b"COMMIT")
    assert "the decision may be written" in (loop.step().missed or "")
    was_written = invariants.examine(direct).decided == 6
    assert arrives or not was_written
    proxy.refusing = True
    proxy.reset_all()  # what was held is lost
    assert "was written is not known yet" in (loop.step().missed or "")
    proxy.heal()
    loop.finish()
    assert proxy.seen["planned"] == 1
    assert proxy.seen["refused"] > 0
    work = invariants.check(direct)
    assert (work.decided, work.missed) == ((11, 1) if was_written else (10, 2))
    assert len(loop.missed) == 2


def test_a_commit_that_is_still_under_way_is_waited_for(direct: Database) -> None:
    """The lease's row is locked until it is through: whoever asks for the cycle asks after it."""
    held = lease.acquire(direct, "btc", "run-1", 0, 90_000)
    assert held is not None
    cycle = b.cycle(1)
    may_commit = threading.Event()

    def slow_commit() -> None:
        def work(connection: Connection) -> None:
            lease.renew_and_claim(connection, held, 1, cycle.decision.cycle_id)
            insert_records(connection, btc_decisions, [cycle.decision])
            begun.set()
            may_commit.wait(20)

        direct.transact(work)

    def is_written(patience: float) -> bool:
        limits = replace(SHORT, lock=patience, statement=30, transaction=30)
        decision, within = cycle.decision, direct.within(limits)
        return cycles.is_written(within, held, decision.book, decision.cycle_id, now=2)

    begun = threading.Event()
    with beside(slow_commit):
        begun.wait(20)
        with pytest.raises(WarehouseUnavailable, match="locked by another writer"):
            is_written(0.1)
        may_commit.set()
    assert is_written(20)


def test_a_database_that_only_reads_is_told_and_the_loop_goes_on_when_it_writes_again(
    through: Database, direct: Database, upgraded: str, loop_over: LoopOver
) -> None:
    name = make_url(upgraded).database
    loop = loop_over(through, 10)
    loop.step(4)
    with direct.writing() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    through.close()  # a failover ends the connections
    assert "is read-only" in (loop.step().missed or "")
    with through.reading() as connection:
        assert stock.row_counts(connection)["btc_decisions"] == 4
    assert "is read-only" in (loop.step().missed or "")
    with direct.writing() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        connection.exec_driver_sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    through.close()
    loop.finish()
    assert len(loop.missed) == 2
    assert verified(direct, loop).decided == 8


@pytest.mark.nightly
@pytest.mark.parametrize("fault", ["holding", "refusing"])
def test_a_loop_whose_database_is_gone_for_minutes_still_holds_its_fence(
    through: Database, direct: Database, proxy: Proxy, loop_over: LoopOver, *, fault: str
) -> None:
    loop = loop_over(through, 20)
    loop.step(5)
    setattr(proxy, fault, True)
    proxy.reset_all()
    for _ in range(6):
        assert loop.step().decision is None
    proxy.heal()
    loop.finish()
    assert proxy.seen["held"] + proxy.seen["refused"] > 5
    assert len(loop.missed) == 6
    assert verified(direct, loop).decided == 14
    reasons = {gap.reason for gap in read_missed(direct)}
    assert all("could not be written: The database" in reason for reason in reasons)


@pytest.mark.nightly
def test_a_loop_that_was_replaced_while_its_database_was_away_writes_nothing_more(
    through: Database, direct: Database, proxy: Proxy, loop_over: LoopOver
) -> None:
    old = loop_over(through, 20, owner="old")
    old.step(5)
    proxy.holding = True
    old.step(2)
    taken = lease.acquire(direct, "btc", "new", SystemClock().now() + 2 * STALE_AFTER, STALE_AFTER)
    assert taken is not None
    assert taken.fence == 2
    proxy.heal()
    with pytest.raises(LeaseLost):
        old.step()
    assert invariants.examine(direct).decided == 5


@pytest.mark.nightly
def test_a_database_two_seconds_away_costs_minutes_and_no_loop(
    through: Database, direct: Database, proxy: Proxy, loop_over: LoopOver
) -> None:
    """With the limits that the product has."""
    loop = loop_over(through, 10, limits=CYCLE)
    loop.step(4)
    proxy.latency = 2.0
    for _ in range(3):
        assert "within 2 s" in (loop.step().missed or "")
    proxy.heal()
    loop.finish()
    assert proxy.seen["delayed"] > 3
    assert len(loop.missed) == 3
    assert verified(direct, loop).decided == 7


@pytest.mark.nightly
def test_a_server_without_a_free_connection_costs_minutes_and_leaks_none(
    direct: Database, upgraded: str, loop_over: LoopOver
) -> None:
    with direct.writing() as connection:  # a role of its own: no limit holds for a superuser
        connection.exec_driver_sql("CREATE ROLE guest LOGIN CONNECTION LIMIT 2")
        connection.exec_driver_sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
        connection.exec_driver_sql("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO guest")
    as_guest = make_url(upgraded).set(username="guest").render_as_string(hide_password=False)
    with closing(open_database(as_guest)) as database, closing(open_database(as_guest)) as other:
        loop = loop_over(database, 10)
        loop.step(4)
        database.close()
        with other.reading(), other.reading():
            assert "too many connections" in (loop.step().missed or "")
        other.close()
        loop.finish()
    assert len(loop.missed) == 1
    assert verified(direct, loop).decided == 9
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'guest'"
    with direct.reading() as connection:
        assert connection.exec_driver_sql(query).scalar_one() == 0


@pytest.mark.nightly
def test_a_history_that_cannot_be_loaded_yet_is_loaded_when_the_database_is_there(
    through: Database, direct: Database, proxy: Proxy, loop_over: LoopOver
) -> None:
    loop = loop_over(through, 6)
    proxy.fail_at("holding", b"REPEATABLE READ")
    assert "history could not be loaded" in (loop.step().missed or "")
    proxy.heal()
    loop.finish()
    assert proxy.seen["planned"] == 1
    assert invariants.check(direct).decided == 5


@pytest.mark.nightly
def test_facts_of_a_long_absence_are_written_in_portions_when_it_ends(
    through: Database, direct: Database, proxy: Proxy, loop_over: LoopOver
) -> None:
    minutes = 150
    loop = loop_over(through, minutes)
    loop.step(5)
    proxy.refusing = True
    proxy.reset_all()
    loop.step(120)
    proxy.heal()
    loop.finish()
    assert len(loop.missed) == 120
    assert verified(direct, loop).decided == minutes - 120
    with direct.reading() as connection:
        flow = tape.order_flow(connection, "BTCUSDT", "simulated", START, START + minutes * MINUTE)
    assert len(flow) == minutes


@pytest.mark.nightly
def test_the_loop_works_by_way_of_a_pooler_that_is_restarted(
    own_server: postgres.Server, upgraded: str, direct: Database, loop_over: LoopOver
) -> None:
    port = free_port()
    url = make_url(upgraded).set(port=port).render_as_string(hide_password=False)
    with closing(open_database(url)) as database:
        with pooler(own_server.url, mode="transaction", port=port):
            loop = loop_over(database, 20)
            loop.step(8)
            with database.reading() as connection:
                prepared = connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements")
                assert prepared.scalar_one() == 0
        assert "does not answer" in (loop.step().missed or "")
        with pooler(own_server.url, mode="transaction", port=port):
            loop.finish()
    assert len(loop.missed) == 1
    assert verified(direct, loop).decided == 19


def read_missed(database: Database) -> list[GapRecord]:
    with database.reading() as connection:
        return gaps.read(connection, "BTCUSDT", 0, 2**60, feed="decision")
