"""Days decided again for one Dagster run: once, under its name, from what the warehouse holds."""

from dataclasses import replace

import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.frames import FundingRates
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import candles, funding, replays
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.replayed import (
    ReplayedDay,
    replayed_decisions,
    replayed_portfolio,
    replayed_positions,
    replayed_signals,
)
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.backfill import BackfillScope, ensure_backfill
from scripts.bench.common.market import START, random_walk
from tests.fakes import FakeClock
from tests.services.conftest import EAGER

BEGIN = START // DAY * DAY
DAYS = ("2025-04-22", "2025-04-23")
HOLDING = (*EAGER, "max_hold=8640000000", "stop_loss=0.5", "target=5", "arm=1")
"""Rules under which a position is opened soon and held for good."""


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path, market="simulated", overrides=EAGER)


@pytest.fixture
def database(settings):
    database = open_warehouse(settings, "simulated")
    yield database
    database.close()


def store(database, *, taker=True, rates=True):
    """Twelve days of a made-up market, two of which are to be decided."""
    bars = random_walk(BEGIN - 10 * DAY, BEGIN + 2 * DAY, seed=8, drift=2e-5)
    if not taker:
        bars = replace(bars, taker_buy_base_volume=np.full(len(bars), np.nan))
    settled = FundingRates.from_rows(
        (time, 1e-4, 8.0, False) for time in range(BEGIN - 9 * DAY, BEGIN + 2 * DAY, 8 * HOUR)
    )
    with database.writing() as connection:
        candles.insert(connection, "BTCUSDT", "1m", "simulated", bars, known_at=BEGIN)
        if rates:
            funding.insert(connection, "BTCUSDT", "simulated", settled, known_at=BEGIN)


def scope_of(settings, *, days=DAYS, run="a-dagster-run"):
    return BackfillScope(settings, "simulated", days[0], days[-1], run)


def day_of(database, backfill, day=DAYS[1]):
    return ReplayedDay(DayScope(database, "BTCUSDT", "simulated", day), backfill)


def test_the_days_of_a_dagster_run_are_decided_once(settings, database):
    store(database)
    first = ensure_backfill(database, scope_of(settings), FakeClock(BEGIN + 5 * DAY))
    again = ensure_backfill(database, scope_of(settings), FakeClock(BEGIN + 6 * DAY))
    assert again.run == first.run
    assert first.run.created_at == BEGIN + 5 * DAY
    assert (first.run.run_id, first.run.origin) == ("backfill-a-dagster-run", "backfill")
    assert len(first.minutes) == 2 * 1440
    assert first.minutes.as_of[0] == BEGIN + MINUTE
    assert first.minutes.as_of[-1] == BEGIN + 2 * DAY
    with database.reading() as connection:
        assert replays.run_ids(connection) == ["backfill-a-dagster-run"]


def test_a_dagster_run_cannot_hold_other_days_as_well(settings, database):
    store(database)
    ensure_backfill(database, scope_of(settings), FakeClock(BEGIN))
    with pytest.raises(InputError, match="holds 2025-04-22 to 2025-04-23, not 2025-04-22 to"):
        ensure_backfill(database, scope_of(settings, days=DAYS[:1]), FakeClock(BEGIN))


def test_days_without_candles_are_refused_with_what_to_do(settings, database):
    with pytest.raises(InputError, match="materialize btc/candles for these days first"):
        ensure_backfill(database, scope_of(settings), FakeClock(BEGIN))
    with database.reading() as connection:
        assert replays.run_ids(connection) == []


@pytest.mark.slow
@pytest.mark.parametrize(("missing", "signal", "why"), [
    ("taker", "vpin", "not given: taker volume"),
    ("rates", "funding_rate", "not given: funding"),
])  # fmt: skip
def test_what_the_warehouse_lacks_is_unavailable_and_named(
    settings, database, missing, signal, why
):
    store(database, **{missing: False})
    backfill = ensure_backfill(database, scope_of(settings), FakeClock(BEGIN))
    report = replayed_signals(day_of(database, backfill))
    (line,) = [line for line in report.table.splitlines() if f" {signal} " in line]
    assert " 0% " in line
    assert why in line


@pytest.mark.slow
def test_what_is_still_open_at_the_end_is_a_position_of_the_last_day(settings, database):
    store(database)
    holding = settings.model_copy(update={"overrides": HOLDING})
    backfill = ensure_backfill(database, scope_of(holding), FakeClock(BEGIN))
    assert not [trade for trade in backfill.trades if not trade.shadow]
    report = replayed_positions(day_of(database, backfill))
    assert (report.numbers["traded"], report.numbers["open_now"]) == (1, 1)
    assert "| open " in report.table


def test_a_day_of_the_account_begins_where_the_day_before_ended(settings, database):
    store(database)
    backfill = ensure_backfill(database, scope_of(settings), FakeClock(BEGIN))
    first, second = (replayed_portfolio(day_of(database, backfill, day)) for day in DAYS)
    equity = backfill.minutes.equity
    peak = np.maximum.accumulate(np.concatenate([[1000.0], equity]))[1:]
    drawdown = (equity / peak - 1.0) * 100
    assert first.numbers["equity"] == equity[1439]
    assert second.numbers["equity"] == equity[-1]
    assert first.numbers["max_drawdown_pct"] == round(drawdown[:1440].min(), 4)
    assert second.numbers["max_drawdown_pct"] == round(drawdown[1440:].min(), 4)
    closed = [trade for trade in backfill.trades if not trade.shadow]
    assert len(closed) > 0
    told = first.numbers["net_pnl"] + second.numbers["net_pnl"]
    assert told == pytest.approx(float(sum(trade.net_pnl for trade in closed)), abs=1e-9)


def test_decisions_of_a_day_are_counted_by_verdict_and_gate(settings, database):
    store(database)
    backfill = ensure_backfill(database, scope_of(settings), FakeClock(BEGIN))
    report = replayed_decisions(day_of(database, backfill))
    hold = int(np.count_nonzero(backfill.minutes.verdict[1440:] == 0))
    assert report.numbers["verdicts_other_than_hold"] == 1440 - hold
    assert report.rows == 1440
    entered = [trade.entry_time for trade in backfill.trades if not trade.shadow]
    assert report.numbers["entries"] >= sum(time >= BEGIN + DAY for time in entered)
