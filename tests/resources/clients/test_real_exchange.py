"""The rules for the exchange itself, which announces no boundaries: candle, grace, REST."""

import time
from collections.abc import Callable, Iterator

import pytest
from binance.async_client import AsyncClient
from binance.ws.streams import BinanceSocketManager

from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.binance.options import FeedOptions
from tests.resources.clients.scripted_exchange import (
    START,
    ScriptedExchange,
    kline,
    kline_message,
    quote_message,
    trade_message,
    wait_until,
)

T1 = START + 60_000
OPTIONS = FeedOptions(
    settle_ms=400, grace_ms=1_500, silence_s=0.6, reconnect_s=0.02, reconnect_most_s=0.05
)


@pytest.fixture
def connect(
    exchange: ScriptedExchange, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], BinanceFeed]]:
    """A feed on the exchange's own addresses, led to this machine; its clock starts where told."""
    monkeypatch.setattr(AsyncClient, "FUTURES_URL", f"{exchange.url}/fapi")
    stream_url = exchange.url.replace("http", "ws") + "/"
    monkeypatch.setattr(BinanceSocketManager, "FSTREAM_URL", stream_url)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    feeds: list[BinanceFeed] = []

    def start(at: int) -> BinanceFeed:
        began = time.monotonic()
        exchange.server_time = lambda: at + round((time.monotonic() - began) * 1_000)
        feeds.append(BinanceFeed("btcusdt", options=OPTIONS))
        feeds[-1].start()
        return feeds[-1]

    yield start
    for feed in feeds:
        feed.stop()


def test_the_exchange_itself_is_named_as_the_source(connect: Callable[[int], BinanceFeed]):
    info = connect(START).info
    assert (info.source, info.product, info.symbol) == ("binance", "usdm_perp", "BTCUSDT")
    assert (info.lockstep, info.derived) == (False, frozenset())


@pytest.mark.slow
def test_the_clock_is_the_exchanges_and_its_distance_is_told(
    exchange: ScriptedExchange, connect: Callable[[int], BinanceFeed]
):
    feed = connect(T1 - 1_000)
    assert T1 - 1_000 <= feed.now() <= T1
    exchange.send("market", kline_message(START))
    got = feed.next_minute(after=None, timeout=5)
    assert got.health.clock_skew_ms > 10**10


def test_a_minute_is_complete_soon_after_its_closing_candle(
    exchange: ScriptedExchange, connect: Callable[[int], BinanceFeed]
):
    feed = connect(T1 - 1_000)
    exchange.send("market", trade_message(1, T1 - 100), kline_message(START), trade_message(2, T1))
    exchange.send("public", quote_message(1, T1 - 150), quote_message(2, T1))
    got = feed.next_minute(after=None, timeout=5)
    assert got.as_of == T1
    assert T1 + 400 <= got.clock < T1 + 1_500
    assert got.candles.open_time.tolist() == [START]
    assert got.trades.trade_id.tolist() == [1]
    assert got.quotes.update_id.tolist() == [1]
    assert "klines" not in exchange.requests[exchange.requests.index("klines") + 1 :]


@pytest.mark.slow
def test_a_candle_that_does_not_arrive_in_time_is_fetched(
    exchange: ScriptedExchange, connect: Callable[[int], BinanceFeed]
):
    exchange.candles[START] = kline(START)
    feed = connect(T1 - 1_000)
    got = feed.next_minute(after=None, timeout=5)
    assert got.clock >= T1 + 1_500
    assert got.candles.open_time.tolist() == [START]


@pytest.mark.slow
def test_a_minute_without_any_candle_is_delivered_as_such(
    connect: Callable[[int], BinanceFeed],
):
    got = connect(T1 - 1_000).next_minute(after=None, timeout=5)
    assert (got.as_of, len(got.candles)) == (T1, 0)
    assert [(gap.feed, gap.repaired_from) for gap in got.gaps] == [("candles", None)]


def test_a_socket_without_messages_is_opened_again(
    exchange: ScriptedExchange, connect: Callable[[int], BinanceFeed]
):
    connect(START)
    wait_until(lambda: exchange.connections["public"] >= 2, seconds=3)


def test_nothing_is_released_to_an_exchange_that_runs_by_itself(
    exchange: ScriptedExchange, connect: Callable[[int], BinanceFeed]
):
    connect(START).release(START)
    assert exchange.released == []
