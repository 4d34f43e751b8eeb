"""The simulated market: the same for the same seed, and a market that could be one."""

from collections import Counter
from itertools import islice, pairwise

import numpy as np
import orjson
import pytest

from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket
from babingepet_resources.exchange.simulated_days import EPOCH_MS
from babingepet_resources.exchange.trade_tape import minute_candles

START = DEFAULT_START_MS
MINUTE = 60_000
DAY = 1_440 * MINUTE


def stream(seed, start=START, count=2_000):
    market = SimulatedMarket(seed=seed)
    return [
        (event.time, event.channel, event.payload())
        for event in islice(market.events(start), count)
        if not event.channel.startswith("depth1")
    ]


def test_the_same_seed_and_start_give_the_same_bytes():
    assert stream(3) == stream(3)
    assert stream(3) != stream(4)


def test_any_day_can_be_asked_for_without_the_days_before():
    fresh, used = SimulatedMarket(seed=5), SimulatedMarket(seed=5)
    used.minutes(START - 30 * DAY, START)
    one, other = fresh.minutes(START, START + DAY), used.minutes(START, START + DAY)
    assert np.array_equal(one.values, other.values)


def test_a_stream_joined_later_goes_on_as_the_same_stream():
    whole = [row for row in stream(3, count=9_000) if row[0] >= START + MINUTE]
    joined = stream(3, start=START + MINUTE)
    assert joined == whole[: len(joined)]


def test_years_of_minutes_have_no_gap_and_each_opens_at_the_close_before():
    candles = SimulatedMarket(seed=1).minutes(START - 5 * DAY, START)
    assert set(np.diff(candles.open_time)) == {MINUTE}
    opened, high, low, close = candles.values[:, :4].T
    assert np.array_equal(opened[1:], close[:-1])
    assert np.all(high >= np.maximum(opened, close))
    assert np.all(low <= np.minimum(opened, close))
    assert np.all(low > 0)


@pytest.mark.parametrize("seed", range(3))
def test_the_trades_of_a_minute_are_its_candle(seed):
    market = SimulatedMarket(seed=seed)
    for open_time in range(START, START + 40 * MINUTE, MINUTE):
        entries = [
            entry
            for entry in market._gather((open_time - EPOCH_MS) // MINUTE, 0, 0)
            if entry.trade.time >= open_time
        ]
        trades, candle = minute_candles(entries), market.minutes(open_time, open_time + MINUTE)
        exact = [0, 1, 2, 3, 4, 6, 7]
        assert np.allclose(trades.values[0, exact], candle.values[0, exact], atol=1e-9, rtol=0)
        assert trades.values[0, 5] == pytest.approx(candle.values[0, 5], rel=0.002)


def test_trade_ids_have_no_gap_and_paging_by_id_finds_them_all():
    market = SimulatedMarket(seed=2)
    now = START + 30 * MINUTE
    newest = market.trades(first_id=None, start=None, end=now, now=now, limit=1_000)
    ids = [trade.aggregate_id for trade in newest]
    assert ids == list(range(ids[0], ids[0] + 1_000))
    again = market.trades(first_id=ids[0], start=None, end=now, now=now, limit=1_000)
    assert again == newest
    hour = market.trades(first_id=None, start=START, end=now, now=now, limit=1_000)
    assert hour[0].time >= START
    assert len(hour) == 1_000
    assert market.trades(first_id=ids[-1] + 1, start=None, end=now, now=now, limit=5) == []
    assert market.trades(first_id=None, start=2**52, end=2**53, now=now, limit=5) == []
    assert market.trades(first_id=None, start=None, end=0, now=now, limit=5) == []
    assert market.trades(first_id=2**52, start=None, end=now, now=now, limit=5) == []


def test_quotes_never_cross_and_a_trade_prints_at_the_quote_before_it():
    quote = None
    for _, channel, data in stream(6, count=20_000):
        message = orjson.loads(data)
        if channel == "bookTicker":
            assert quote is None or message["u"] > quote["u"]
            quote = message
            assert float(quote["b"]) < float(quote["a"])
        elif channel == "aggTrade" and quote is not None:
            assert message["p"] == (quote["b"] if message["m"] else quote["a"])


@pytest.mark.slow
def test_a_minute_has_the_messages_of_a_busy_perpetual():
    counts = Counter(row[1] for row in stream(6, count=30_000) if row[0] < START + MINUTE)
    assert 150 <= counts["bookTicker"] <= 900
    assert counts["markPrice@1s"] == 60
    assert counts["kline_1m"] == 1


def test_the_book_has_twenty_levels_behind_the_quote():
    market = SimulatedMarket(seed=6)
    book, quote = market.book(20, START + 5_000), market.quote(START + 5_000)
    bids, asks = [float(p) for p, _ in book.bids], [float(p) for p, _ in book.asks]
    assert (book.bids[0], book.asks[0]) == (
        (quote.bid_price, quote.bid_quantity), (quote.ask_price, quote.ask_quantity),
    )  # fmt: skip
    assert all(a > b for a, b in pairwise(bids))
    assert all(a < b for a, b in pairwise(asks))
    assert len(bids) == len(asks) == 20


def test_large_prints_happen_now_and_then():
    market = SimulatedMarket(seed=7)
    now = START + 60 * MINUTE
    trades = market.trades(first_id=None, start=START, end=now, now=now, limit=100_000)
    large = [t for t in trades if float(t.price) * float(t.quantity) > 500_000]
    assert 0 < len(large) < 200


def test_funding_settles_every_eight_hours_at_the_announced_rate():
    market = SimulatedMarket(seed=1)
    rows = market.funding(START - DAY, START, 100)
    assert [row.time - START for row in rows] == [-DAY, -DAY * 2 // 3, -DAY // 3, 0]
    assert market.funding(None, START, 2) == rows[-2:]
    assert market.funding(START - DAY, START, 2) == rows[:2]
    assert market.mark_price(START - 1).funding_rate == rows[-1].rate
    assert market.mark_price(START + 1).next_funding_time == START + DAY // 3
