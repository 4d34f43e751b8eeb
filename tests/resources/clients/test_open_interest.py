"""Open interest: asked for beside the minutes, handed over once, and never made up."""

import asyncio
import math
import time
from collections.abc import Callable

import orjson
import pytest

from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.clients.binance import payloads
from babingepet_resources.clients.binance.exchange_time import ExchangeTime
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.binance.open_interest import OpenInterestPoll
from tests.fakes import FakeClock
from tests.resources.clients.scripted_exchange import (
    START,
    ScriptedExchange,
    answer,
    kline,
    kline_message,
    minute,
    past_reading,
)

Connect = Callable[..., BinanceFeed]
T1, T2 = START + MINUTE, START + 2 * MINUTE
OFFERED = ["candles", "open_interest"]


@pytest.fixture
def feed(exchange: ScriptedExchange, connect: Connect) -> BinanceFeed:
    """A lock-stepped market of candles and open interest, whose first minute is over."""
    exchange.status["feeds"] = OFFERED
    exchange.candles[START - MINUTE] = kline(START - MINUTE)
    feed = connect()
    exchange.send("market", {"e": "clock", "E": START})
    minute(feed)
    return feed


def next_minute(exchange: ScriptedExchange, feed: BinanceFeed, as_of: int):
    exchange.send("market", kline_message(as_of - MINUTE), {"e": "clock", "E": as_of})
    return minute(feed, as_of - MINUTE)


def test_a_minute_carries_the_reading_with_the_exchanges_own_time(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.open_interest = {"symbol": "BTCUSDT", "openInterest": "81234.567", "time": T1 - 900}
    got = next_minute(exchange, feed, T1).open_interest
    assert got.event_time.tolist() == [T1 - 900]
    assert got.open_interest.tolist() == [81234.567]
    assert math.isnan(got.notional[0])


def test_a_reading_is_handed_over_once_and_an_unchanged_one_is_no_gap(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.open_interest = {"openInterest": "5", "time": T1 - 900}
    assert len(next_minute(exchange, feed, T1).open_interest) == 1
    got = next_minute(exchange, feed, T2)
    assert (len(got.open_interest), got.gaps) == (0, ())


def test_a_reading_of_after_the_minute_waits_for_the_next(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.open_interest = {"openInterest": "5", "time": T1 + 1}
    assert len(next_minute(exchange, feed, T1).open_interest) == 0
    exchange.open_interest = {"openInterest": "6", "time": T2}
    assert next_minute(exchange, feed, T2).open_interest.open_interest.tolist() == [5.0, 6.0]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, '{"code":-1000,"msg":"busy"}', "busy"),
        (400, '{"code":-1121,"msg":"Invalid symbol."}', "the symbol BTCUSDT"),
        (200, '{"openInterest":"NaN","time":1}', "no number"),
        (200, '{"time":1}', "no number"),
        (429, "{}", "429"),
    ],
    ids=["refused", "delisted", "not a number", "nothing told", "silenced"],
)
def test_a_failed_reading_is_a_gap_and_not_a_zero(
    exchange: ScriptedExchange, feed: BinanceFeed, status: int, body: str, reason: str
):
    exchange.next_answers.append(answer(status, body))
    got = next_minute(exchange, feed, T1)
    assert len(got.open_interest) == 0
    (gap,) = got.gaps
    assert (gap.feed, gap.start, gap.end, gap.repaired_from) == ("open_interest", START, T1, None)
    assert reason in gap.reason


def test_a_market_without_open_interest_is_not_asked(exchange: ScriptedExchange, connect: Connect):
    exchange.status["feeds"] = ["candles"]
    feed = connect()
    exchange.send("market", {"e": "clock", "E": START})
    assert len(minute(feed).open_interest) == 0
    assert len(feed.open_interest(START - DAY, START)) == 0
    assert not [name for name in exchange.requests if name.startswith("openInterest")]


def test_a_free_running_market_hands_its_minute_over_while_the_answer_hangs(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.status |= {"feeds": OFFERED, "lockstep": False}
    began = time.monotonic()
    exchange.server_time = lambda: T1 - 600 + round((time.monotonic() - began) * 1_000)
    exchange.slow["openInterest"] = 3.0
    feed = connect()
    exchange.send("market", kline_message(START), {"e": "clock", "E": T1})
    got = minute(feed)
    assert (got.as_of, exchange.requests[-1]) == (T1, "openInterest")
    assert got.clock < T1 + 2_000


class Answers:
    """What the exchange says, one after the other; what is an error is raised."""

    def __init__(self, *given: object) -> None:
        self.given = list(given)

    async def open_interest(self) -> object:
        return self.given.pop(0)


def test_it_is_asked_for_early_enough_for_the_answer_to_be_there_in_time(
    monkeypatch: pytest.MonkeyPatch,
):
    clock, slept = FakeClock(START + 5_000), []
    poll = OpenInterestPoll(Answers((START, 1.0, math.nan)), ExchangeTime(clock))

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(poll.keep_asking())
    assert slept == [43.0]
    assert len(poll.newly_known(T1).rows) == 1


def test_the_past_comes_page_by_page_and_no_older_than_the_exchange_tells(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    step = 5 * MINUTE
    first = START - 40 * DAY - START % step
    exchange.past_open_interest = [past_reading(first + n * step) for n in range(40 * 288)]
    exchange.requests.clear()
    got = feed.open_interest(START - 40 * DAY, START)
    assert exchange.requests == ["openInterestHist"] * 18
    assert START - 30 * DAY < got.event_time[0] <= START - 30 * DAY + step + MINUTE
    assert (got.event_time[1:] - got.event_time[:-1] == step).all()
    assert got.event_time[-1] < START
    assert (got.open_interest[0], got.notional[0]) == (80.5, 8000.25)


def test_an_unusable_row_of_the_past_is_left_out_and_counted(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.past_open_interest = [
        past_reading(START - 2 * MINUTE, sumOpenInterest="-1"),
        past_reading(START - MINUTE),
    ]
    assert feed.open_interest(START - DAY, START).event_time.tolist() == [START - MINUTE]
    assert next_minute(exchange, feed, T1).health.counters["rejected"] == 1


def test_a_row_as_the_exchange_sent_it_is_read(recorded_data):
    folder = recorded_data / "crypto" / "rest_ws_fixtures" / "captured_2026-08-02"
    first, second = orjson.loads((folder / "openInterestHist_1h.json").read_bytes())
    assert payloads.past_open_interest(first) == (1785672000000, 109026.205, 6869451556.0471070)
    assert payloads.past_open_interest(second)[0] - 1785672000000 == 3_600_000
