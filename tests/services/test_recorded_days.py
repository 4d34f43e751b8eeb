"""Two weeks of recorded minutes through the real client, the exchange's protocol and the loop."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from babingepet.market.intervals import DAY, MINUTE, to_ms
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import gaps, history
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.market.source import open_market
from tests.databases import Databases

DAYS = 14
START = to_ms(datetime(2025, 5, 5, tzinfo=UTC))


@pytest.fixture(scope="module")
def two_weeks(
    recorded_data: Path, lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("two-weeks")
    database = open_database(lasting_databases.upgraded(folder))
    crypto = recorded_data / "crypto"
    settings = Settings(
        data_dir=folder,
        market="recorded",
        data=(
            crypto / "btc_spot_1m" / "BTCUSDT-spot-1m-2023-06_2025-05.parquet",
            crypto / "btc_perp_funding" / "BTCUSDT-funding-8h-2022-01_2025-05.parquet",
        ),
        start="2025-05-05",
        speed="max",
    )
    clock = SystemClock()
    with open_market(settings, clock) as market:
        options = LoopOptions("two weeks", max_cycles=DAYS * DAY // MINUTE, limits=database.limits)
        for report in BtcLoop(market.feed, database, clock, BtcProgram(), options).run():
            assert report.decision is not None, report.missed
    yield database
    database.close()


@pytest.mark.nightly
@pytest.mark.timeout(1500)
def test_no_minute_of_two_weeks_is_missed(two_weeks: Database) -> None:
    with two_weeks.reading() as connection:
        outlines = history.outlines(connection, "paper", "BTCUSDT", 0, 2**60)
        holes = gaps.read(connection, "BTCUSDT", 0, 2**60)
    expected = range(START, START + DAYS * DAY, MINUTE)
    assert [outline.as_of for outline in outlines] == list(expected)
    assert holes == []


@pytest.mark.nightly
def test_two_weeks_show_entries_trails_stops_and_cooldowns(two_weeks: Database) -> None:
    with two_weeks.reading() as connection:
        closed = history.closed_positions(connection, "paper", 0, 2**60)
        rows = history.decisions(connection, "paper", "BTCUSDT", 0, 2**60)
    reasons = Counter(str(p.exit_reason).removesuffix("_GAP") for p in closed)
    gates = Counter(gate for row in rows for gate in row.blocked_by)
    assert reasons["STOP_LOSS"] > 0
    assert reasons["TRAIL"] + reasons["CHANDELIER"] > 0
    assert gates["COOLDOWN"] > 0
    assert {p.side for p in closed} == {"LONG", "SHORT"}


@pytest.mark.nightly
def test_the_ledger_of_two_weeks_adds_up_to_the_unit_of_1e_8(two_weeks: Database) -> None:
    with two_weeks.reading() as connection:
        accounts = history.portfolio(connection, "paper", "BTCUSDT", 0, 2**60)
        trades = history.closed_positions(connection, "paper", 0, 2**60)
        still_open = history.open_positions(connection, "paper")
    for row in accounts:
        assert row.cash == 1000 + row.realized_pnl - row.fees_paid - row.funding_paid
    fees = sum(p.fees_paid for p in [*trades, *still_open])
    assert accounts[-1].fees_paid == fees
    assert accounts[-1].realized_pnl == sum(p.gross_pnl for p in trades if p.gross_pnl is not None)
