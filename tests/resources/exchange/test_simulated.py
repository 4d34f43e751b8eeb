"""The simulated market: the same for the same seed, and a market that could be one."""

from collections import Counter
from itertools import islice, pairwise

import numpy as np
import orjson
import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange.instruments import INSTRUMENTS
from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket
from babingepet_resources.exchange.simulated_path import EPOCH_MS
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


@pytest.mark.parametrize(
    ("seed", "symbol"),
    [(0, "BTCUSDT"), (1, "BTCUSDT"), (2, "ETHUSDT"), (3, "1000PEPEUSDT"), (4, "BCHUSDT")],
)
def test_the_trades_of_a_minute_are_its_candle(seed, symbol):
    market = SimulatedMarket(seed=seed, symbol=symbol)
    for open_time in range(START, START + 40 * MINUTE, MINUTE):
        trades = minute_candles(market._entries((open_time - EPOCH_MS) // MINUTE))
        candle = market.minutes(open_time, open_time + MINUTE)
        assert trades.open_time.tolist() == [open_time]
        exact = [0, 1, 2, 3, 6]
        assert np.array_equal(trades.values[0, exact], candle.values[0, exact])
        sums = [4, 7]
        assert trades.values[0, sums] == pytest.approx(candle.values[0, sums], rel=1e-12)
        assert trades.values[0, 5] == pytest.approx(candle.values[0, 5], rel=0.005)


def test_any_minute_can_be_asked_for_without_the_minutes_before():
    fresh, used = SimulatedMarket(seed=5), SimulatedMarket(seed=5)
    for minute in range(0, 10 * MINUTE, MINUTE):
        used.book(20, START + minute)
    now = START + 10 * MINUTE + 4_321
    assert fresh.book(20, now) == used.book(20, now)
    assert fresh.quote(now) == used.quote(now)
    assert fresh.open_interest(now) == used.open_interest(now)
    assert fresh.mark_price(now) == used.mark_price(now)


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


@pytest.mark.slow
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


def test_a_minute_has_the_messages_of_a_busy_perpetual():
    counts = Counter(row[1] for row in stream(6, count=5_000) if row[0] < START + MINUTE)
    assert 400 <= counts["bookTicker"] <= 5_000
    assert counts["bookTicker"] > counts["aggTrade"] >= 20
    assert counts["depth@100ms"] == counts["depth5@100ms"] == 600
    assert counts["markPrice@1s"] == 60
    assert counts["kline_1m"] == 1


def test_funding_settles_every_eight_hours_at_the_announced_rate():
    market = SimulatedMarket(seed=1)
    rows = market.funding(START - DAY, START, 100)
    assert [row.time - START for row in rows] == [-DAY, -DAY * 2 // 3, -DAY // 3, 0]
    assert market.funding(None, START, 2) == rows[-2:]
    assert market.funding(START - DAY, START, 2) == rows[:2]
    assert market.mark_price(START - 1).funding_rate == rows[-1].rate
    assert market.mark_price(START + 1).next_funding_time == START + DAY // 3


def test_some_altcoins_settle_every_four_hours():
    market = SimulatedMarket(seed=1, symbol="WIFUSDT")
    assert market.funding_interval_hours == 4
    rows = market.funding(START - DAY, START, 100)
    assert {one.time - other.time for other, one in pairwise(rows)} == {DAY // 6}


def test_only_what_is_listed_is_simulated():
    assert len(INSTRUMENTS) == 31
    for symbol in INSTRUMENTS:
        info = SimulatedMarket(seed=0, symbol=symbol).info
        assert (info.symbol, info.price_tick) == (symbol, INSTRUMENTS[symbol].price_tick)
    with pytest.raises(InputError, match="--symbol LUNAUSDT: is not simulated"):
        SimulatedMarket(seed=0, symbol="LUNAUSDT")


def test_numbers_are_written_as_the_exchange_does():
    assert INSTRUMENTS["BTCUSDT"].prices([601_235]) == ["60123.50"]
    assert INSTRUMENTS["1000PEPEUSDT"].prices([98_765]) == ["0.0098765"]
    assert INSTRUMENTS["BTCUSDT"].quantities([1_002]) == ["1.002"]
    assert INSTRUMENTS["ADAUSDT"].quantities([77]) == ["77"]
