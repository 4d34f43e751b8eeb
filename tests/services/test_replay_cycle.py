"""A stored decision can be made again, byte for byte, or it is said why not."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from babingepet.errors import InputError, IntegrityBroken
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.warehouse import candles, funding, history
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.replay.cycle import replay_cycle
from scripts.bench.common.market import START
from tests.databases import Databases
from tests.services.conftest import made_up_feed, new_loop

A_YEAR_LATER = START + 365 * DAY

IN_ANOTHER_PROCESS = """
import sys
from babingepet_resources.warehouse.database import open_database
from babingepet_services.replay.cycle import replay_cycle
replayed = replay_cycle(open_database(sys.argv[1]), "paper", sys.argv[2])
sys.stdout.buffer.write(replayed.replayed)
"""


@pytest.fixture(scope="module")
def decided_url(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Thirty minutes, decided by two loops one after the other."""
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("decided"))
    database = open_database(url)
    list(new_loop(database, 30, max_cycles=12).run())
    list(new_loop(database, 30, owner="after a restart").run())
    database.close()
    return url


@pytest.fixture
def warehouse(
    decided_url: str, databases: Databases, tmp_path: Path, connect: Callable[..., Database]
) -> Database:
    """A copy that the test may spoil."""
    return connect(databases.copy_of(decided_url, tmp_path))


@pytest.fixture
def decided(warehouse: Database) -> list[str]:
    with warehouse.reading() as connection:
        return [d.cycle_id for d in history.decisions(connection, "paper", "BTCUSDT", 0, 2**60)]


def test_decisions_replay_to_the_same_bytes_also_across_a_restart(
    decided: list[str], warehouse: Database
) -> None:
    assert len(decided) == 30
    around_the_restart = [decided[0], *decided[10:14], decided[-1]]
    replays = [replay_cycle(warehouse, "paper", cycle_id) for cycle_id in around_the_restart]
    assert [r.differences for r in replays] == [()] * len(around_the_restart)
    assert all(r.identical and r.stored == r.replayed for r in replays)


@pytest.mark.slow
def test_another_process_replays_to_the_same_bytes(decided: list[str], warehouse: Database) -> None:
    url = warehouse.engine.url.render_as_string(hide_password=False)
    program = [sys.executable, "-c", IN_ANOTHER_PROCESS, url, decided[17]]
    replayed = subprocess.run(program, check=True, capture_output=True).stdout
    with warehouse.reading() as connection:
        record = history.decision(connection, "paper", decided[17])
    assert record is not None
    assert replayed == record.payload.encode()


TAMPERED = {
    "minutes": "UPDATE crypto_candles SET close = close + 0.01 WHERE open_time = "
    "(SELECT max(open_time) FROM crypto_candles WHERE interval = '1m' AND open_time < "
    "(SELECT min(as_of) FROM btc_decisions))",
    "tape": "UPDATE crypto_order_flow SET summary = replace(summary, '\"quote_count\":', "
    "'\"quote_count\":1') WHERE open_time = (SELECT min(open_time) FROM crypto_order_flow)",
    "funding": "UPDATE crypto_funding SET funding_rate = funding_rate * 2",
}


@pytest.mark.slow
@pytest.mark.parametrize("what", TAMPERED)
def test_facts_that_changed_since_are_named(
    what: str, decided: list[str], warehouse: Database
) -> None:
    with warehouse.writing() as connection:
        connection.exec_driver_sql(TAMPERED[what])
    with pytest.raises(IntegrityBroken, match=f"the {what} in the warehouse are not those"):
        replay_cycle(warehouse, "paper", decided[20])


def test_facts_that_became_known_later_do_not_change_a_replay(
    decided: list[str], warehouse: Database
) -> None:
    with warehouse.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO crypto_candles SELECT symbol, interval, open_time - 86400000 * CAST(200 AS BIGINT), "
            "source, open, high, low, close, base_volume, quote_volume, trade_count, "
            "taker_buy_base_volume, 9999999999999, derived FROM crypto_candles "
            "WHERE interval = '1h' LIMIT 5"
        )
    assert replay_cycle(warehouse, "paper", decided[5]).identical


def test_a_changed_decision_is_found_out_with_both_values(
    decided: list[str], warehouse: Database
) -> None:
    with warehouse.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE btc_decisions SET payload = replace(payload, '\"votes\":', '\"votes\":1')"
        )
    replayed = replay_cycle(warehouse, "paper", decided[3])
    assert not replayed.identical
    assert any(line.startswith("votes: stored 1") for line in replayed.differences)


def test_an_unknown_cycle_is_the_users_mistake(warehouse: Database) -> None:
    with pytest.raises(InputError, match="no decision btc-20200101T0000Z"):
        replay_cycle(warehouse, "paper", "btc-20200101T0000Z")


@pytest.mark.slow
def test_decisions_of_the_past_replay_although_their_history_was_imported_long_after(
    warehouse_url: str,
) -> None:
    feed = made_up_feed(10)
    database = open_database(warehouse_url)
    with database.writing() as connection:
        imported = feed.minutes.between(START - 20 * DAY, START + 5 * MINUTE)
        candles.insert(connection, "BTCUSDT", "1m", "simulated", imported, known_at=A_YEAR_LATER)
        funding.insert(connection, "BTCUSDT", "simulated", feed.funding, known_at=A_YEAR_LATER)
    reports = list(new_loop(database, 10).run())
    made = [report.decision.cycle_id for report in reports if report.decision]
    assert len(made) == 10
    replays = [replay_cycle(database, "paper", cycle_id) for cycle_id in made]
    assert all(replayed.identical for replayed in replays)
    database.close()
