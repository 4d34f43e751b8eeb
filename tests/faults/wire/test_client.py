"""The client's answer to each fault of a request, and to a clock that is wrong."""

from collections.abc import Iterator

import pytest

from babingepet.errors import ExchangeUnavailable, InputError, RateLimited
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.exchange.simulated import SimulatedMarket
from babingepet_resources.exchange.threaded import ServedExchange, serve_in_thread
from tests.faults.wire.market import START
from tests.resources.clients.scripted_exchange import wait_until

KLINES = "/fapi/v1/klines"
OPTIONS = FeedOptions(deadline_s=6.0, attempt_s=0.5, retries=2, backoff_s=0.01, clock_every_s=0.05)
MINUTES = 5


@pytest.fixture(scope="module")
def exchange() -> Iterator[ServedExchange]:
    with serve_in_thread(SimulatedMarket(seed=1, start=START), speed=None) as served:
        yield served


@pytest.fixture
def feed(exchange: ServedExchange) -> Iterator[BinanceFeed]:
    exchange.faults.injected.clear()
    feed = BinanceFeed("BTCUSDT", base_url=exchange.url, options=OPTIONS)
    feed.start()
    assert ask(feed) == MINUTES
    yield feed
    exchange.faults.clear()
    feed.stop()


def ask(feed: BinanceFeed) -> int:
    return len(feed.candles("1m", START - MINUTES * MINUTE, START))


MENDED = {
    "a server error": ("status", {"status": 500}, 1),
    "a time-out of the exchange's own": ("status", {"status": 408}, 1),
    "a late answer": ("latency", {"seconds": 0.9}, 1),
    "a hang before the headers": ("hang", {"seconds": 5.0}, 1),
    "a hang in the body": ("hang", {"seconds": 5.0, "after": "body"}, 1),
    "a reset": ("reset", {}, 2),  # aiohttp itself asks once more
    "a body cut off": ("cut", {}, 1),
    "garbage called gzip": ("gzip", {}, 1),
}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "settings", "count"), MENDED.values(), ids=MENDED)
def test_what_may_pass_is_tried_again(exchange, feed, kind, settings, count):
    exchange.faults.add(kind, count=count, where=KLINES, **settings)
    assert ask(feed) == MINUTES
    assert exchange.faults.injected[kind] == count


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_does_not_pass_is_given_up_after_the_retries(exchange, feed, status):
    exchange.faults.add("status", where=KLINES, status=status)
    with pytest.raises(ExchangeUnavailable, match=str(status)):
        ask(feed)
    assert exchange.faults.injected["status"] == 1 + OPTIONS.retries


FINAL = {
    "a wall": ("status", {"status": 403, "body": "html"}),
    "another country": ("status", {"status": 451, "body": "html"}),
    "HTML for JSON": ("body", {"text": "<html>", "content_type": "text/html"}),
    "an empty body": ("body", {}),
    "half of the JSON": ("truncate", {}),
    "an error under status 200": ("body", {"text": '{"code":-1000,"msg":"no"}'}),
    "an object for rows": ("retype", {}),
    "a number for rows": ("body", {"text": "17"}),
}


@pytest.mark.parametrize(("kind", "settings"), FINAL.values(), ids=FINAL)
def test_what_is_no_answer_is_refused_whole_and_not_asked_for_again(exchange, feed, kind, settings):
    exchange.faults.add(kind, where=KLINES, **settings)
    with pytest.raises(ExchangeUnavailable):
        ask(feed)
    assert exchange.faults.injected[kind] == 1
    exchange.faults.clear()
    assert ask(feed) == MINUTES


@pytest.mark.parametrize("status", [429, 418])
@pytest.mark.parametrize("retry_after", ["60", "", "soon", "-3"])
def test_after_a_refusal_no_call_of_any_kind_is_sent(exchange, feed, status, retry_after):
    exchange.faults.add("status", status=status, retry_after=retry_after)
    for call in (
        lambda: ask(feed),
        lambda: feed.funding_rates(START - 9 * MINUTE, START),
        lambda: feed.open_interest(START - 9 * MINUTE, START),
        feed.filters,
    ):
        with pytest.raises(RateLimited):
            call()
    assert exchange.faults.injected["status"] == 1


def test_rows_that_lack_fields_are_counted_and_left_out(exchange, feed):
    exchange.faults.add("strip", where=KLINES)
    assert ask(feed) == 0
    assert feed._session.health().counters["rejected"] == MINUTES


def test_a_symbol_that_was_listed_before_is_the_exchanges_trouble_not_the_users(exchange, feed):
    exchange.faults.add("delist", symbol="BTCUSDT")
    with pytest.raises(ExchangeUnavailable, match="no longer lists the symbol BTCUSDT"):
        ask(feed)
    stranger = BinanceFeed("BTCUSDT", base_url=exchange.url, options=OPTIONS)
    with pytest.raises(InputError, match="does not list the symbol BTCUSDT"):
        stranger.start()


@pytest.fixture
def running() -> Iterator[tuple[ServedExchange, BinanceFeed]]:
    with serve_in_thread(SimulatedMarket(seed=1, start=START), speed=1.0) as served:
        feed = BinanceFeed("BTCUSDT", base_url=served.url, options=OPTIONS)
        feed.start()
        yield served, feed
        feed.stop()


def skew(feed: BinanceFeed) -> int:
    return feed._session.health().clock_skew_ms


@pytest.mark.slow
@pytest.mark.parametrize("shift", [-300_000, -5_000, 5_000, 300_000])
def test_a_running_clock_that_is_wrong_is_told_and_moves_no_minute(running, shift):
    exchange, feed = running
    began = feed.now()
    assert skew(feed) < 1_000
    exchange.faults.add("clock", shift=shift, where="*time", count=3)
    wait_until(lambda: skew(feed) > abs(shift) - 1_000)
    assert began <= feed.now() < began + MINUTE
    wait_until(lambda: skew(feed) < 1_000)
    assert exchange.faults.injected["clock"] == 3
