"""Client and loopback exchange together: the same market twice is the same, whatever happens."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from babingepet.market.frames import OpenInterest
from babingepet.market.instruments import ExchangeFilters
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.feed import CollectedMinute, MarketEnded
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.source import MarketSource
from babingepet_resources.exchange.threaded import ServedExchange, serve_in_thread

START = 1_746_403_200_000
"""2025-05-05 00:00 UTC."""


def simulated(seed: int = 3) -> MarketSource:
    return open_source("simulated", data=[], symbol="BTCUSDT", start=START, seed=seed)


def played(
    source: MarketSource, *, count: int, start: int | None = None, drop_after: Sequence[int] = ()
) -> list[CollectedMinute]:
    """The first minutes of a lock-stepped market, at full speed."""
    with serve_in_thread(source, speed=None, start=start) as exchange:
        feed = BinanceFeed("BTCUSDT", base_url=exchange.url)
        feed.start()
        try:
            return list(_minutes(feed, exchange, count, drop_after))
        finally:
            feed.stop()


def _minutes(feed: BinanceFeed, exchange: ServedExchange, count: int, drop_after: Sequence[int]):
    after = None
    for number in range(count):
        try:
            minute = feed.next_minute(after=after, timeout=20)
        except MarketEnded:
            return
        assert minute is not None
        yield minute
        after = minute.as_of
        if number in drop_after:
            exchange.faults.drop_sockets()
        feed.release(after)


def content(minute: CollectedMinute) -> tuple[Any, ...]:
    frames = (
        minute.candles, minute.trades, minute.quotes, minute.funding, minute.open_interest,
    )  # fmt: skip
    return (
        minute.as_of,
        minute.clock,
        *(frame.to_bytes() for frame in frames),
        minute.depth.to_bytes() if minute.depth is not None else None,
        minute.mark_price,
        minute.trades_from,
        minute.quotes_from,
    )


@pytest.mark.slow
def test_two_lock_stepped_runs_of_a_recording_are_equal_to_the_bit(recorded_data: Path):
    folder = recorded_data / "crypto" / "perp_l2_ws"
    runs = []
    for _ in range(2):
        source = open_source("recorded", data=[folder], symbol="BTCUSDT", start=None, seed=0)
        runs.append(played(source, count=100))
    first, second = ([content(minute) for minute in run] for run in runs)
    assert first == second
    assert len(first) == 8
    assert sum(len(minute.trades) for minute in runs[0]) == 4_810
    assert [minute.as_of // MINUTE for minute in runs[0]] == list(range(28010879, 28010887))
    assert all(minute.quotes_from == 1_680_652_700_435 for minute in runs[0])


@pytest.mark.slow
def test_the_recorded_settlement_is_derived_from_the_mark_price(recorded_data: Path):
    folder = recorded_data / "crypto" / "perp_l2_ws"
    source = open_source("recorded", data=[folder], symbol="BTCUSDT", start=None, seed=0)
    funding = [minute.funding for minute in played(source, count=4)]
    assert [len(rates) for rates in funding] == [0, 0, 1, 0]
    assert funding[2].funding_time.tolist() == [1_680_652_800_000]
    assert funding[2].derived.tolist() == [True]


@pytest.mark.slow
def test_two_lock_stepped_runs_of_a_seed_are_equal_to_the_bit():
    first, second = (
        [content(minute) for minute in played(simulated(), count=4, start=START)] for _ in range(2)
    )
    assert first == second


@pytest.mark.slow
def test_trades_and_candles_agree_and_nothing_is_missing():
    minutes = played(simulated(), count=4, start=START)
    for minute in minutes[1:]:
        trades = minute.trades
        assert minute.candles.open_time.tolist() == [minute.as_of - MINUTE]
        assert trades.quantity.sum() == pytest.approx(minute.candles.base_volume[0])
        assert (trades.price[0], trades.price[-1]) == (
            minute.candles.open[0],
            minute.candles.close[0],
        )
        assert minute.trades_from == START - 15 * MINUTE
        assert minute.quotes_from == START
        assert minute.gaps == ()


@pytest.mark.slow
def test_open_interest_comes_with_every_minute_and_agrees_with_its_past():
    minutes = played(simulated(), count=4, start=START + 10 * MINUTE)
    live = OpenInterest.concat([minute.open_interest for minute in minutes])
    assert len(live) >= len(minutes) - 1
    assert all(
        (minute.open_interest.event_time <= minute.as_of).all()
        and (minute.open_interest.event_time > minute.as_of - 2 * MINUTE).all()
        for minute in minutes
    )
    with serve_in_thread(simulated(), speed=None, start=START + 20 * MINUTE) as exchange:
        feed = BinanceFeed("BTCUSDT", base_url=exchange.url)
        feed.start()
        try:
            past = feed.open_interest(START, START + 20 * MINUTE)
        finally:
            feed.stop()
    assert (past.event_time % (5 * MINUTE) == 0).all()
    assert len(past) >= 3
    nearest = np.searchsorted(past.event_time, live.event_time[0]) - 1
    assert live.open_interest[0] == pytest.approx(past.open_interest[nearest], rel=0.05)


@pytest.mark.slow
def test_sockets_and_rest_of_a_whole_market_agree():
    minutes = played(simulated(), count=16, start=START)
    (agreement,) = [one.agreement for one in minutes if one.agreement is not None]
    assert agreement.differing == ()
    assert agreement.compared == 14 * 10  # the newest minute waits


@pytest.mark.slow
def test_lost_sockets_cost_quotes_but_neither_trades_nor_candles():
    whole = played(simulated(), count=5, start=START)
    broken = played(simulated(), count=5, start=START, drop_after=[2])
    assert [m.trades.to_bytes() for m in broken] == [m.trades.to_bytes() for m in whole]
    assert [m.candles.to_bytes() for m in broken] == [m.candles.to_bytes() for m in whole]
    assert [m.quotes_from == START for m in broken] == [True, True, True, False, False]
    assert broken[3].health.counters["reconnects"] == 2


def test_a_free_running_market_delivers_its_minute():
    with serve_in_thread(simulated(), speed=1, start=START + MINUTE - 1_500) as exchange:
        feed = BinanceFeed("BTCUSDT", base_url=exchange.url)
        feed.start()
        try:
            minute = feed.next_minute(after=None, timeout=10)
        finally:
            feed.stop()
    assert minute is not None
    assert minute.as_of == START + MINUTE
    assert minute.health.clock_skew_ms < 1_000
    assert len(minute.candles) == 1


def test_the_market_states_the_limits_of_an_order():
    with serve_in_thread(simulated(), speed=None) as exchange:
        feed = BinanceFeed("BTCUSDT", base_url=exchange.url)
        feed.start()
        try:
            assert feed.filters() == ExchangeFilters(0.1, 0.001, 0.001, 100.0)
        finally:
            feed.stop()
