"""What the simulated market is like: references are scipy, statsmodels and pandas."""

import numpy as np
import orjson
import pandas as pd
import pytest
from scipy import stats
from statsmodels.tsa.stattools import acf

from babingepet_resources.exchange.instruments import INSTRUMENTS
from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket
from babingepet_resources.exchange.simulated_path import EPOCH_MS

START = DEFAULT_START_MS
MINUTE = 60_000
DAY = 1_440 * MINUTE
DAYS = 16


def minute_returns(seed, symbol="BTCUSDT", days=DAYS):
    candles = SimulatedMarket(seed=seed, symbol=symbol).minutes(START, START + days * DAY)
    return pd.Series(candles.values[:, 3]).apply(np.log).diff().dropna()


def day_with_forced_moves(market):
    """The day of January with the largest one, and its index since the epoch."""
    first = (START - EPOCH_MS) // DAY
    return max(range(first, first + 31), key=lambda k: np.abs(market._days.day(k).forced).max())


@pytest.mark.parametrize("seed", range(4))
def test_minute_returns_have_fat_tails_and_clustered_sizes(seed):
    returns = minute_returns(seed)
    assert 3 < stats.kurtosis(returns) < 400
    tail = np.sort(returns.abs())[-len(returns) // 100 :]
    assert 2.3 < stats.pareto.fit(tail, floc=0, fscale=tail[0])[0] < 4.8
    sizes = acf(returns.abs(), nlags=60)
    assert sizes[1] > 0.15
    assert sizes[60] > 0.06
    assert abs(acf(returns, nlags=1)[1]) < 0.09


def test_an_hour_varies_about_as_much_as_sixty_minutes():
    ratios = []
    for seed in range(6):
        returns = minute_returns(seed)
        ratios.append(
            returns.groupby(np.arange(len(returns)) // 60).sum().var() / returns.var() / 60
        )
    assert 0.8 < np.median(ratios) < 1.15


def test_the_afternoon_is_livelier_than_the_morning():
    candles = SimulatedMarket(seed=2).minutes(START, START + 40 * DAY)
    hour = pd.to_datetime(candles.open_time, unit="ms").hour
    moves = (
        pd.Series(np.log(candles.values[:, 3] / candles.values[:, 0])).abs().groupby(hour).mean()
    )
    volume = pd.Series(candles.values[:, 4]).groupby(hour).mean()
    assert moves[13:17].mean() > 1.2 * moves[3:7].mean()
    assert volume[13:17].mean() > 1.2 * volume[3:7].mean()


@pytest.mark.parametrize("symbol", ["ETHUSDT", "SOLUSDT", "1000PEPEUSDT", "BNBUSDT"])
def test_an_altcoin_moves_with_bitcoin_and_by_itself(symbol):
    hours = np.arange(DAYS * 1_440 - 1) // 60
    mine, btc = (minute_returns(5, name).groupby(hours).sum() for name in (symbol, "BTCUSDT"))
    line = stats.linregress(btc, mine)
    assert line.slope == pytest.approx(INSTRUMENTS[symbol].beta, abs=0.35)
    assert 0.45 < line.rvalue < 0.97
    other = minute_returns(6, symbol).groupby(hours).sum()
    assert abs(stats.pearsonr(mine, other).statistic) < 0.2


def test_the_flow_goes_with_the_price_and_sides_have_a_long_memory():
    market = SimulatedMarket(seed=1)
    candles = market.minutes(START, START + 5 * DAY)
    lean = 2 * candles.values[:, 7] / candles.values[:, 4] - 1
    moves = np.log(candles.values[:, 3] / candles.values[:, 0])
    assert 0.3 < stats.spearmanr(lean, moves).statistic < 0.8
    prints = [market._prints((START - EPOCH_MS) // MINUTE + k) for k in range(60)]
    sides = np.concatenate([np.where(one.is_buy, 1.0, -1.0) for one in prints])
    memory = acf(sides, nlags=50, fft=True)
    assert memory[1] > 0.3
    assert memory[10] > 0.1
    assert memory[50] > 0.02


def test_large_orders_come_on_both_sides_and_often_in_several_prints():
    market = SimulatedMarket(seed=7)
    now = START + 60 * MINUTE
    trades = market.trades(first_id=None, start=START, end=now, now=now, limit=500_000)
    table = pd.DataFrame(
        [(t.time, t.is_buyer_maker, float(t.price) * float(t.quantity)) for t in trades],
        columns=["time", "maker", "usdt"],
    )
    orders = table.groupby(["time", "maker"]).usdt.agg(["sum", "size"]).reset_index()
    large = orders[orders["sum"] >= 500_000]
    assert 6 < len(large) < 300
    assert set(large.maker) == {True, False}
    assert (large["size"] > 1).mean() > (orders["size"] > 1).mean()


@pytest.mark.parametrize("symbol", ["BTCUSDT", "SOLUSDT"])
def test_a_liquidation_is_a_trade_of_the_move_that_forced_it(symbol):
    market = SimulatedMarket(seed=3, symbol=symbol)
    index = day_with_forced_moves(market)
    day = market._days.day(index)
    minute = int(np.argmax(np.abs(day.forced)))
    opened = EPOCH_MS + (index * 1_440 + minute) * MINUTE
    trades, orders = {}, []
    for event in market.events(opened):
        if event.time >= opened + MINUTE:
            break
        if event.channel == "aggTrade":
            data = orjson.loads(event.payload())
            trades[data["T"], data["p"], data["q"]] = data
        elif event.channel == "forceOrder":
            data = orjson.loads(event.payload())
            assert (data["e"], data["E"], event.time) == ("forceOrder", data["o"]["T"], event.time)
            orders.append(data["o"])
    assert len(orders) >= 5
    assert len({order["T"] // 1_000 for order in orders}) == len(orders)
    forced = "SELL" if day.forced[minute] < 0 else "BUY"
    for order in orders:
        trade = trades[order["T"], order["p"], order["q"]]
        assert order["S"] == forced == ("SELL" if trade["m"] else "BUY")
        assert order["s"] == symbol
        assert (order["ap"], order["l"], order["z"]) == (order["p"], order["q"], order["q"])


def test_open_interest_falls_when_positions_are_forced_out():
    market = SimulatedMarket(seed=3)
    index = day_with_forced_moves(market)
    minute = int(np.argmax(np.abs(market._days.day(index).forced)))
    at = EPOCH_MS + (index * 1_440 + minute) * MINUTE
    history = market.open_interest_history(at, at + 15 * MINUTE, 5 * MINUTE, 10)
    assert [row.time - at // (5 * MINUTE) * 5 * MINUTE for row in history][-1] <= 15 * MINUTE
    before, after = (
        float(market.open_interest(time).open_interest) for time in (at, at + 10 * MINUTE)
    )
    assert after < 0.995 * before


def test_open_interest_history_is_paged_as_the_exchange_does():
    market = SimulatedMarket(seed=2)
    rows = market.open_interest_history(START, START + DAY, 3_600_000, 500)
    assert [row.time for row in rows] == list(range(START, START + DAY + 1, 3_600_000))
    assert market.open_interest_history(None, START + DAY, 3_600_000, 3) == rows[-3:]
    assert market.open_interest_history(START, START + DAY, 3_600_000, 3) == rows[:3]
    newest = market.open_interest(START + 1)
    assert newest.open_interest == rows[0].open_interest
    price = float(newest.notional) / float(newest.open_interest)
    assert price == pytest.approx(market.minutes(START - MINUTE, START).values[0, 3])
    assert market.open_interest(START).time < START


def test_funding_follows_the_basis():
    market = SimulatedMarket(seed=4)
    for settlement in market.funding(START - 3 * DAY, START, 90):
        marks = [
            market.mark_price(settlement.time - hour * 3_600_000 + MINUTE) for hour in range(1, 9)
        ]
        premium = np.mean([float(m.mark_price) / float(m.index_price) - 1 for m in marks])
        rate = premium + np.clip(0.0001 - premium, -0.0005, 0.0005)
        assert float(settlement.rate) == pytest.approx(rate, abs=2e-8)
