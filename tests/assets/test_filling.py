"""Materializing days of the market fills all of them in one go, then reports each."""

from datetime import UTC, datetime

import dagster as dg
import numpy as np
import pytest

from babingepet.market.frames import FundingRates, OpenInterest, Trades
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_key, to_ms
from babingepet_assets.btc import filling, market
from babingepet_assets.definitions import build_definitions
from babingepet_resources.clients.archive.files import day_of, month_of
from babingepet_resources.settings import load_settings
from tests.fakes import FakeClock
from tests.loopback_archive import (
    flat_minutes,
    funding_text,
    kline_text,
    metrics_text,
    served_archive,
    trades_text,
)

START = to_ms(datetime(2024, 1, 1, tzinfo=UTC))
FIRST, SECOND, THIRD = (day_key(START + n * DAY) for n in range(3))
LATER = START + 90 * DAY


@pytest.fixture
def archive():
    with served_archive() as served:
        yield served


@pytest.fixture
def settings(archive, databases, tmp_path):
    place = databases.place(tmp_path / "data")
    return load_settings(market="binance", archive_url=archive.url, **place)


def backfill(settings, asset, first, last):
    """One run over days, as the daemon launches it: metadata by day, and what it logged."""
    tags = {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }
    resources = {"settings": settings, "clock": FakeClock(LATER)}
    job = build_definitions(resources=resources).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        alone = job.get_subset(
            asset_selection=frozenset([asset.key]), asset_check_selection=frozenset()
        )
        run = alone.execute_in_process(instance=instance, tags=tags)
        assert run.success
        records = instance.fetch_materializations(asset.key, limit=100).records
        logged = [
            entry.user_message
            for entry in instance.all_logs(run.run_id)
            if not entry.is_dagster_event
        ]
    shown = {one.partition_key: one.asset_materialization.metadata for one in records}
    return {day: {k: v.value for k, v in of.items()} for day, of in shown.items()}, logged


def publish_days(archive, days=3):
    minutes = flat_minutes(START, START + days * DAY)
    for day in range(START, START + days * DAY, DAY):
        part = minutes.between(day, day + DAY)
        archive.put(day_of("klines", "BTCUSDT", day), kline_text(part))
    return minutes


@pytest.mark.slow
def test_a_backfill_of_candles_is_filled_once_and_told_by_day(archive, settings):
    publish_days(archive)
    days, logged = backfill(settings, market.candles, FIRST, THIRD)
    assert [days[day]["dagster/row_count"] for day in (FIRST, SECOND, THIRD)] == [1440] * 3
    for day in days.values():
        assert day["fetched"] == "1,440 rows from archive"
        assert (day["origin"], day["gaps_open"], day["conflicts"]) == ("archive", 0, 0)
        assert day["plot"].startswith("![plot]")
        assert day["source"] == "binance"
    assert archive.downloads == 3
    assert logged[0].startswith("1 of 3 archive files, 2024-01-01: 1,440 rows")
    assert logged[-1].startswith("4,320 rows new in ")
    again, _ = backfill(settings, market.candles, FIRST, THIRD)
    assert {of["origin"] for of in again.values()} == {"stored before"}
    assert archive.downloads == 3


@pytest.mark.slow
def test_pictures_are_made_of_the_newest_days_only(archive, settings, monkeypatch):
    publish_days(archive)
    monkeypatch.setattr(filling, "DRAWN", 2)
    days, _ = backfill(settings, market.candles, FIRST, THIRD)
    assert ["plot" in days[day] for day in (FIRST, SECOND, THIRD)] == [False, True, True]


@pytest.mark.slow
def test_a_day_that_cannot_be_had_is_a_gap_and_not_a_failure(archive, settings):
    minutes = publish_days(archive)
    kept = minutes.where(minutes.open_time // MINUTE % 1440 != 600)
    archive.put(day_of("klines", "BTCUSDT", START), kline_text(kept.between(START, START + DAY)))
    days, logged = backfill(settings, market.candles, FIRST, SECOND)
    assert (days[FIRST]["dagster/row_count"], days[FIRST]["gaps_open"]) == (1439, 1)
    assert days[SECOND]["gaps_open"] == 0
    assert "'left': 1" in logged[-1]


@pytest.mark.slow
def test_funding_of_days_comes_with_its_month(archive, settings):
    times = np.arange(START, START + 31 * DAY, 8 * HOUR)
    rates = FundingRates(times, times % 97 * 1e-6, np.full(len(times), 8.0), times < 0)
    archive.put(month_of("fundingRate", "BTCUSDT", START), funding_text(rates))
    days, _ = backfill(settings, market.funding, FIRST, SECOND)
    assert [of["dagster/row_count"] for of in days.values()] == [3, 3]
    assert [of["fetched"] for of in days.values()] == ["3 rows from archive"] * 2


@pytest.mark.slow
def test_open_interest_of_days_comes_from_the_metrics(archive, settings):
    for day in (START, START + DAY):
        times = np.arange(day, day + DAY, 5 * MINUTE)
        rows = OpenInterest(times, 8e4 + times % 1009, 4e9 + times % 97)
        archive.put(day_of("metrics", "BTCUSDT", day), metrics_text(rows))
    days, _ = backfill(settings, market.open_interest, FIRST, SECOND)
    assert [of["dagster/row_count"] for of in days.values()] == [288, 288]
    assert all(of["plot"].startswith("![plot]") for of in days.values())


def past_trades():
    times = START + np.arange(0, DAY, 10_000)
    n = len(times)
    return Trades(
        np.arange(n) + 1, times, np.full(n, 60_000.0), np.full(n, 0.5), np.arange(n) % 3 == 0
    )


@pytest.mark.slow
def test_trades_of_a_day_become_order_flow_and_quotes_stay_lost(archive, settings):
    archive.put(day_of("aggTrades", "BTCUSDT", START), trades_text(past_trades()))
    days, _ = backfill(settings, market.order_flow, FIRST, FIRST)
    day = days[FIRST]
    assert day["dagster/row_count"] == day["minutes_without_imbalance"] == 1440
    assert (day["trade_count"], day["quote_count"]) == (8640, 0)
    assert day["fetched"] == "1,440 rows from archive"


def test_trades_of_many_days_are_not_downloaded_by_accident(archive, settings):
    days, _ = backfill(settings, market.order_flow, FIRST, day_key(START + 31 * DAY))
    assert len(days) == 32
    assert "31 days at most" in days[FIRST]["fetched"]
    assert archive.asked == {}


def test_a_book_is_captured_live_or_lost(archive, settings):
    days, _ = backfill(settings, market.order_book, FIRST, SECOND)
    assert [of["dagster/row_count"] for of in days.values()] == [0, 0]
    assert all("fetched" not in of for of in days.values())
    assert archive.asked == {}
