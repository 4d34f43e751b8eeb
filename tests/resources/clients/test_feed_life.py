"""A feed's life: what it offers, full buffers, ends, losses and crashes."""

import threading
import time
from collections.abc import Callable

import pytest

from babingepet.errors import ExchangeUnavailable
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.feed import MarketEnded
from tests.resources.clients.scripted_exchange import (
    START,
    ScriptedExchange,
    kline,
    minute,
    quote_message,
    trade_message,
    trade_row,
)

Connect = Callable[..., BinanceFeed]
T1, T2, T3 = START + 60_000, START + 120_000, START + 180_000


def test_buffers_drop_the_oldest_minutes_whole_and_say_so(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.candles = {START + n * 60_000: kline(START + n * 60_000) for n in range(-1, 9)}
    exchange.trades = [trade_row(n, START + n * 60_000) for n in range(9)]
    feed = connect(buffer_minutes=3)
    exchange.mark(START)
    minute(feed)
    for n in range(9):
        exchange.send("market", trade_message(n, START + n * 60_000))
        exchange.send("public", quote_message(n + 1, START + n * 60_000))
    last = START + 9 * 60_000
    exchange.mark(last)
    got = minute(feed, START)
    while got.as_of < last:
        dropped = [gap for gap in got.gaps if gap.feed == "quotes"]
        assert got.as_of >= last - 3 * 60_000
        got = minute(feed, got.as_of)
    assert len(dropped) == 0
    assert got.health.counters["dropped"] == 12
    assert got.trades.trade_id.tolist() == [8]
    assert got.trades_from is not None


def test_a_minute_of_more_rows_than_fit_loses_its_oldest_and_repairs_the_trades(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.trades = [trade_row(0, START - 1_000)]
    exchange.candles = {START - 60_000: kline(START - 60_000), START: kline(START)}
    feed = connect(buffer_rows=4)
    exchange.mark(START)
    minute(feed)
    exchange.trades = [trade_row(n, START + n) for n in range(1, 11)]
    exchange.send("market", *[trade_message(n, START + n) for n in range(1, 11)])
    exchange.send("public", *[quote_message(n, START + n) for n in range(1, 11)])
    exchange.mark(T1)
    got = minute(feed, START)
    assert got.trades.trade_id.tolist() == list(range(1, 11))
    assert got.trades_from == START - 1_000
    assert got.quotes.update_id.tolist() == [7, 8, 9, 10]
    assert got.quotes_from == START + 7
    assert got.health.counters["dropped"] == 12
    assert got.health.counters["repaired_trades"] == 6
    told = {gap.feed: gap for gap in got.gaps if gap.feed in {"trades", "quotes"}}
    assert (told["trades"].repaired_from, told["quotes"].repaired_from) == ("rest", None)
    assert (told["quotes"].start, told["quotes"].end) == (START, START + 7)
    assert all("nobody collected them" in gap.reason for gap in told.values())
    assert len([gap for gap in got.gaps if gap.feed == "quotes"]) == 1


def test_quotes_are_whole_again_in_the_minute_after_a_drop(
    exchange: ScriptedExchange, connect: Connect
):
    feed = connect(buffer_rows=2)
    exchange.mark(START)
    minute(feed)
    exchange.send("public", *[quote_message(n, START + n) for n in range(1, 6)])
    exchange.mark(T1)
    minute(feed, START)
    exchange.send("public", quote_message(6, T1 + 1))
    exchange.mark(T2)
    got = minute(feed, T1)
    assert got.quotes_from == START + 4
    assert "quotes" not in {gap.feed for gap in got.gaps}


def test_trades_of_a_minute_that_was_dropped_whole_come_with_that_minute(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.trades = [trade_row(0, START - 1_000)]
    exchange.candles = {START + n * 60_000: kline(START + n * 60_000) for n in range(-1, 2)}
    feed = connect(buffer_rows=2)
    exchange.mark(START)
    minute(feed)
    exchange.trades = [trade_row(1, START + 1), trade_row(2, T1 + 1), trade_row(3, T1 + 2)]
    exchange.send("market", *[trade_message(row["a"], row["T"]) for row in exchange.trades])
    exchange.mark(T1)
    exchange.mark(T2)
    first, second = minute(feed, START), minute(feed, T1)
    assert first.trades.trade_id.tolist() == [1]
    assert second.trades.trade_id.tolist() == [2, 3]
    assert [gap.repaired_from for gap in first.gaps if gap.feed == "trades"] == ["rest"]
    assert first.trades_from == second.trades_from == START - 1_000


def test_dropped_trades_that_cannot_be_fetched_break_the_coverage(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.trades = [trade_row(0, START - 1_000)]
    exchange.candles = {START - 60_000: kline(START - 60_000), START: kline(START)}
    feed = connect(buffer_rows=2, trade_pages=1)
    exchange.mark(START)
    minute(feed)
    exchange.send("market", *[trade_message(n, START + n) for n in range(1, 6)])
    exchange.mark(T1)
    got = minute(feed, START)
    assert got.trades.trade_id.tolist() == [4, 5]
    assert got.trades_from == START + 4
    assert [gap.repaired_from for gap in got.gaps if gap.feed == "trades"] == [None]


def test_a_market_that_stands_at_a_minute_decided_before_is_let_go_on(
    exchange: ScriptedExchange, connect: Connect
):
    feed = connect()
    exchange.mark(START)
    assert feed.next_minute(after=T1, timeout=0.1) is None
    assert START in exchange.released


def test_a_release_reaches_the_exchange(exchange: ScriptedExchange, feed: BinanceFeed):
    assert exchange.released == [START]


def test_a_recording_that_was_played_has_ended(exchange: ScriptedExchange, feed: BinanceFeed):
    exchange.mark(T1)
    assert minute(feed, START).as_of == T1
    exchange.status |= {"ended": True, "held_at": T1}
    feed.release(T1)
    with pytest.raises(MarketEnded):
        feed.next_minute(after=T1, timeout=5)


def test_an_exchange_that_disappears_is_unavailable_not_a_silent_wait(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.stop()
    with pytest.raises(ExchangeUnavailable):
        feed.next_minute(after=START, timeout=5)


def test_a_stop_wakes_a_waiting_consumer_and_ends_the_thread(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    stopper = threading.Timer(0.1, feed.stop)
    stopper.start()
    began = time.monotonic()
    with pytest.raises(ExchangeUnavailable, match="not running"):
        feed.next_minute(after=START, timeout=30)
    stopper.join()
    feed.stop()
    assert time.monotonic() - began < 8
    for call in (feed.now, lambda: feed.candles("1m", START, T1)):
        with pytest.raises(ExchangeUnavailable):
            call()


def test_a_crash_of_the_background_thread_reaches_the_consumer(
    exchange: ScriptedExchange, feed: BinanceFeed, monkeypatch: pytest.MonkeyPatch
):
    def break_down(_data: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setitem(feed._session._inbox._handlers, "aggTrade", break_down)
    exchange.send("market", trade_message(1, START))
    for _ in range(2):
        with pytest.raises(ExchangeUnavailable, match="out of order"):
            feed.next_minute(after=START, timeout=5)


def test_a_feed_that_was_not_started_says_so():
    feed = BinanceFeed("BTCUSDT", base_url="http://127.0.0.1:9")
    with pytest.raises(ExchangeUnavailable):
        feed.next_minute(after=None, timeout=1)
    with pytest.raises(ExchangeUnavailable):
        _ = feed.info
    feed.stop()


def test_what_the_market_lacks_is_neither_subscribed_nor_made_up(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.status["feeds"] = ["candles"]
    exchange.candles[START - 60_000] = kline(START - 60_000, V="0")
    feed = connect()
    assert exchange.connections["public"] == 0
    exchange.send("market", {"e": "clock", "E": START})
    got = minute(feed)
    assert feed.info.feeds == {"candles"}
    assert got.candles.taker_buy_base_volume.tolist() != [0.0]
    assert (got.trades_from, got.quotes_from, got.depth, got.mark_price) == (None,) * 4
    assert set(exchange.requests) == {"klines"}


def test_funding_is_offered_as_derived_where_only_mark_prices_are(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.status["feeds"] = ["candles", "mark_price"]
    info = connect().info
    assert "funding" in info.feeds
    assert info.derived == {"funding"}
