import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from babingepet.errors import CycleAlreadyDecided, IntegrityBroken
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import (
    blobs,
    candles,
    cycles,
    funding,
    history,
    lease,
    outbox,
    stock,
    tape,
)
from babingepet_resources.warehouse.database import open_database
from babingepet_resources.warehouse.records import CandleBatch, InsertOutcome
from tests.conftest import PRODUCT
from tests.resources.warehouse import builders as b

WRITTEN = {
    "blobs": 1,
    "btc_decisions": 1,
    "crypto_ai_reasoning_log": 1,
    "crypto_candles": 1,
    "crypto_funding": 1,
    "crypto_order_flow": 1,
    "crypto_orderbook": 1,
    "crypto_signals": 13,
    "crypto_sim_positions": 1,
    "crypto_trades": 1,
    "cycle_inputs": 1,
    "market_gaps": 1,
    "outbox": 1,
    "sim_portfolio": 1,
}


def written(database):
    with database.reading() as connection:
        counts = stock.row_counts(connection)
    return {
        name: rows
        for name, rows in counts.items()
        if rows and name not in {"loop_lease", "warehouse_meta"}
    }


def test_a_cycle_writes_every_one_of_its_tables(database, held):
    outcome = cycles.commit(database, held, b.cycle(), now=1)
    assert written(database) == WRITTEN
    assert outcome.candles == outcome.funding == InsertOutcome(written=1)


def test_a_cycle_is_read_back_as_it_was_written(database, held):
    write = b.cycle(outbox=[], gaps=[])
    cycles.commit(database, held, write, now=1)
    day = (b.START, b.START + 1440 * MINUTE)
    with database.reading() as connection:
        assert history.decision(connection, b.BOOK, b.cycle_id(1)) == write.decision
        assert history.signals(connection, b.BOOK, b.cycle_id(1)) == write.signals
        assert history.inputs(connection, b.BOOK, b.cycle_id(1)) == write.inputs
        assert history.reasoning(connection, b.BOOK, b.cycle_id(1)) == write.reasoning
        assert history.open_positions(connection, b.BOOK) == write.positions
        assert history.portfolio(connection, b.BOOK, b.SYMBOL, *day) == [write.portfolio]
        assert tape.order_flow(connection, b.SYMBOL, b.SOURCE, *day) == write.order_flow
        assert tape.order_books(connection, b.SYMBOL, b.SOURCE, *day) == write.order_books
        assert tape.large_prints(connection, b.SYMBOL, b.SOURCE, *day) == write.large_prints
        assert funding.read(connection, b.SYMBOL, b.SOURCE, *day).equals(write.funding[0].rates)
        stored = candles.read(connection, b.SYMBOL, "1m", b.SOURCE, *day)
        assert stored.equals(write.candles[0].candles)
        captured = blobs.get(connection, write.inputs.manifest["candles"])
    assert captured == b.candles(30, first=1).to_bytes()


@pytest.mark.parametrize("table", sorted(WRITTEN))
def test_a_failure_in_any_statement_leaves_nothing(database, held, table):
    body = {
        "sqlite": f"CREATE TRIGGER stop AFTER INSERT ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'stopped'); END",
        "postgresql": "CREATE FUNCTION stop() RETURNS trigger AS "
        "'BEGIN RAISE check_violation; END' LANGUAGE plpgsql; "
        f"CREATE TRIGGER stop AFTER INSERT ON {table} EXECUTE FUNCTION stop()",
    }
    with database.writing() as connection:
        connection.exec_driver_sql(body[connection.dialect.name])
    with pytest.raises(IntegrityBroken):
        cycles.commit(database, held, b.cycle(), now=1)
    assert written(database) == {}
    assert lease.read(database, "btc") == held


def test_a_cycle_is_decided_once_under_its_lease(database, held):
    cycles.commit(database, held, b.cycle(), now=1)
    with pytest.raises(CycleAlreadyDecided):
        cycles.commit(database, held, b.cycle(), now=2)
    assert written(database) == WRITTEN


@pytest.mark.parametrize("changes", [{}, {"cycle_id": "btc-another-name"}])
def test_a_minute_of_a_book_is_decided_once_without_a_lease_too(database, changes):
    cycles.commit(database, None, b.cycle(), now=1)
    again = b.cycle(decision=b.decision(score=-1.0, **changes))
    with pytest.raises(CycleAlreadyDecided):
        cycles.commit(database, None, again, now=2)
    assert written(database) == WRITTEN


def test_books_do_not_meet(database):
    cycles.commit(database, None, b.cycle(), now=1)
    other = replace(b.cycle(signals=[], inputs=None, positions=[], portfolio=None, reasoning=[]))
    cycles.commit(database, None, replace(other, decision=b.decision(book="replay")), now=1)
    with database.reading() as connection:
        assert history.signals(connection, "replay", b.cycle_id(1)) == []
        assert history.last_decision(connection, "replay", b.SYMBOL, b.SOURCE).book == "replay"


def test_a_conflicting_candle_of_the_minute_is_counted_and_the_cycle_stands(database, held):
    batch = CandleBatch(b.SYMBOL, "1m", b.SOURCE, b.candles(first=0), known_at=1)
    cycles.commit(database, held, b.cycle(1, candles=[batch]), now=1)
    other = replace(batch, candles=b.candles(first=0, close=7.0))
    outcome = cycles.commit(database, held, b.cycle(2, candles=[other, batch]), now=2)
    assert outcome.candles == InsertOutcome(already_there=1, conflicts=1)


def test_a_position_moves_until_it_is_closed_and_never_after(database, held):
    opened = b.position()
    trailed = replace(opened, stop_price=100.5, armed=True)
    done = b.closed(trailed, 3)
    for minute, state in enumerate([opened, trailed, done], start=1):
        cycles.commit(database, held, b.cycle(minute, positions=[state]), now=minute)
        with database.reading() as connection:
            assert history.position(connection, b.BOOK, "position-1") == state
    with pytest.raises(IntegrityBroken, match="position-1"):
        cycles.commit(database, held, b.cycle(4, positions=[opened]), now=4)
    with database.reading() as connection:
        assert history.open_positions(connection, b.BOOK) == []
        closed_in = (done.exit_time, done.exit_time + 1)
        assert history.closed_positions(connection, b.BOOK, *closed_in) == [done]
        assert history.closed_positions(connection, b.BOOK, 0, done.exit_time) == []


def test_a_row_cannot_belong_to_a_decision_that_does_not_exist(database):
    write = b.cycle(decision=b.decision(2))
    with pytest.raises(IntegrityBroken):
        cycles.commit(database, None, write, now=1)
    assert written(database) == {}


def test_decisions_are_read_by_range_and_the_newest_of_them(database):
    for minute in (1, 2, 3):
        cycles.commit(database, None, b.cycle(minute), now=1)
    start, end = b.START + MINUTE, b.START + 3 * MINUTE

    def minutes(limit=None):
        found = history.decisions(connection, b.BOOK, b.SYMBOL, start, end, limit)
        return [(decision.as_of - b.START) // MINUTE for decision in found]

    with database.reading() as connection:
        assert minutes() == [1, 2]
        assert minutes(limit=1) == [2]
        last = history.last_decision(connection, b.BOOK, b.SYMBOL, b.SOURCE)
        assert last == b.decision(3)
        assert history.last_decision(connection, b.BOOK, b.SYMBOL, "simulated") is None
        newest = (connection, b.BOOK, b.SYMBOL, b.SOURCE)
        assert history.last_decision(*newest, until=end - MINUTE) == b.decision(2)
        assert history.last_decision(*newest, until=start - 1) is None


def test_verdicts_are_read_by_the_minute_they_were_reached_in_and_by_source(database):
    for minute, verdict in ((1, "BUY"), (2, "HOLD"), (3, "SELL")):
        decided = b.decision(minute, verdict=verdict)
        cycles.commit(database, None, replace(b.cycle(minute), decision=decided), now=1)
    span = (b.START + MINUTE, b.START + 3 * MINUTE)
    with database.reading() as connection:
        found = history.verdicts(connection, b.BOOK, b.SYMBOL, b.SOURCE, *span)
        assert found == {span[0]: "BUY", span[0] + MINUTE: "HOLD"}
        assert history.verdicts(connection, b.BOOK, b.SYMBOL, "simulated", *span) == {}


def test_one_fact_is_told_once(database, held):
    for minute in (1, 2):
        write = b.cycle(minute, outbox=[b.message("trade/7")])
        cycles.commit(database, held, write, now=minute)
    with database.reading() as connection:
        assert [message.key for message in outbox.pending(connection)] == ["trade/7"]


_KILLED = """
import os, signal, sys
from babingepet_resources.warehouse import cycles, lease, tape
from babingepet_resources.warehouse.database import open_database
from tests.resources.warehouse import builders as b

database = open_database(sys.argv[1])
held = lease.acquire(database, "btc", "run-1", 0, 90_000)
tape.insert_order_books = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
cycles.commit(database, held, b.cycle(1), now=1)
"""


def test_a_loop_killed_before_its_commit_leaves_nothing_and_its_successor_decides(url, database):
    killed = subprocess.run([sys.executable, "-c", _KILLED, url], check=False, cwd=PRODUCT)
    assert killed.returncode == -signal.SIGKILL
    assert written(database) == {}
    successor = lease.acquire(database, "btc", "run-2", 100_000, 90_000)
    cycles.commit(database, successor, b.cycle(1), now=100_001)
    assert written(database) == WRITTEN


def test_a_reader_sees_one_moment_and_does_not_stop_the_writer(database, held, url):
    other = open_database(url)
    with other.reading() as reader:
        assert stock.row_counts(reader)["btc_decisions"] == 0
        cycles.commit(database, held, b.cycle(), now=1)
        assert stock.row_counts(reader)["btc_decisions"] == 0
    with other.reading() as reader:
        assert stock.row_counts(reader)["btc_decisions"] == 1
    other.close()


def test_a_cycle_of_one_row_a_table_takes_one_statement_a_table(sqlite_database):
    held = lease.acquire(sqlite_database, "btc", "run-1", 0, 90_000)
    statements = []
    with sqlite_database.reading() as connection:
        connection.connection.driver_connection.set_trace_callback(statements.append)
    statements.clear()
    cycles.commit(sqlite_database, held, b.cycle(signals=b.signals(count=1)), now=1)
    claim_and_frame_of_the_transaction = 3
    assert len(statements) == len(WRITTEN) + claim_and_frame_of_the_transaction
