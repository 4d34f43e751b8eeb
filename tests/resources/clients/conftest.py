"""What the client's tests share: a scripted exchange, and feeds that are stopped whatever happens."""

import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.resources.clients.scripted_exchange import (
    START,
    ScriptedExchange,
    kline,
    minute,
    scripted_exchange,
    trade_row,
)

with warnings.catch_warnings():
    # python-binance imports names that websockets deprecated: the library's business, not ours.
    warnings.simplefilter("ignore", DeprecationWarning)
    from babingepet_resources.clients.binance.feed import BinanceFeed

from babingepet_resources.clients.binance.options import FeedOptions

QUICK = FeedOptions(
    deadline_s=8.0, attempt_s=4.0, backoff_s=0.01, reconnect_s=0.02, reconnect_most_s=0.1
)
"""Patience for tests: an exchange on this machine answers within milliseconds."""


@pytest.fixture
def exchange() -> Iterator[ScriptedExchange]:
    with scripted_exchange() as scripted:
        yield scripted


@pytest.fixture
def connect(exchange: ScriptedExchange) -> Iterator[Callable[..., BinanceFeed]]:
    """Start a feed on the scripted exchange; stopped at the end, without a thread left behind."""
    feeds: list[BinanceFeed] = []

    def start(symbol: str = "BTCUSDT", **options: Any) -> BinanceFeed:
        quick = FeedOptions(**{**vars(QUICK), **options})
        feed = BinanceFeed(symbol, base_url=exchange.url, options=quick)
        feeds.append(feed)
        feed.start()
        return feed

    yield start
    for feed in feeds:
        feed.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("binance-")]


@pytest.fixture
def feed(exchange: ScriptedExchange, connect: Callable[..., BinanceFeed]) -> BinanceFeed:
    """A lock-stepped market whose first minute, with one trade in it, is over."""
    exchange.trades = [trade_row(0, START - 1_000)]
    exchange.candles[START - 60_000] = kline(START - 60_000)
    started = connect()
    exchange.mark(START)
    assert minute(started).as_of == START
    started.release(START)
    exchange.requests.clear()
    return started
