"""Every bar feature against pandas, TA-Lib and SciPy, on recorded minutes resampled by pandas."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import talib

from babingepet.market.frames import Candles
from babingepet.signals.ml_features import BAR_FEATURES, bar_features
from tests.parity.recorded import spot_minutes

START = 1_709_510_400_000  # 2024-03-04, around a record high
DAYS = 9
HOLES = ("2024-03-07 03:00", "2024-03-07 03:10", "2024-03-09 11:45", "2024-03-09 11:55")
"""Bars left out, never more than three in a row."""
HOUR, DAY = 12, 288
"""Bars."""
RETURNS = {"ret_5m": "5min", "ret_15m": "15min", "ret_1h": "1h", "ret_4h": "4h", "ret_24h": "24h"}


@pytest.fixture(scope="module")
def table(recorded_data):
    """Bars of five minutes, by pandas."""
    minutes = pd.DataFrame(spot_minutes(recorded_data, START, DAYS).columns())
    minutes.index = pd.to_datetime(minutes.pop("open_time"), unit="ms")
    how = {"open": "first", "high": "max", "low": "min", "close": "last"}
    sums = ("base_volume", "quote_volume", "trade_count", "taker_buy_base_volume")
    bars = minutes.resample("5min").agg(how | dict.fromkeys(sums, "sum"))
    holes = pd.date_range(HOLES[0], HOLES[1], freq="5min").append(
        pd.date_range(HOLES[2], HOLES[3], freq="5min")
    )
    return bars.drop(index=holes)


def frame_of(table):
    open_time = table.index.as_unit("ms").astype(np.int64).to_numpy()
    return Candles(open_time, *(table[name].to_numpy() for name in Candles.column_names()[1:]))


@pytest.fixture(scope="module")
def ours(table):
    values = bar_features(frame_of(table))
    return pd.DataFrame(values, index=table.index, columns=list(BAR_FEATURES))


def averages(table):
    """Distances of moving averages, in ranges."""
    high, low, close = (table[name].to_numpy() for name in ("high", "low", "close"))
    reach = talib.ATR(high, low, close, 14)

    def smooth(series, span):
        return series.ewm(span=span, adjust=False).mean()

    price = table["close"]
    macd = smooth(price, 12) - smooth(price, 26)
    return {
        "natr14": (pd.Series(reach, table.index) / price, 14),
        "ema_gap": ((smooth(price, 20) - smooth(price, 50)) / reach, 149),
        "macd_hist": ((macd - smooth(macd, 9)) / reach, 77),
    }


def oscillators(table):
    high, low, close = (table[name].to_numpy() for name in ("high", "low", "close"))
    plus, minus = talib.PLUS_DI(high, low, close, 14), talib.MINUS_DI(high, low, close, 14)
    values = {
        "rsi14": (talib.RSI(close, 14) / 100, 14),
        "adx14": (talib.ADX(high, low, close, 14) / 100, 27),
        "di_spread": ((plus - minus) / 100, 27),
    }
    return {name: (pd.Series(v, table.index), first) for name, (v, first) in values.items()}


def place_in_band(close):
    """A window at a time: pandas' own rolling deviation carries 2e-9 along at this price."""
    return (close[-1] - close.mean()) / (2 * close.std(ddof=1))


def windows(table):
    price, volume = table["close"], table["base_volume"]
    squares = np.log(price).diff().pow(2)
    hour, day = (squares.rolling(count).sum().pow(0.5) for count in (HOUR, DAY))
    reach, body = np.log(table["high"] / table["low"]), np.log(price / table["open"])
    variance = reach.pow(2) / 2 - (2 * np.log(2) - 1) * body.pow(2)
    crowd = np.log(1 + volume).rolling(DAY)
    imbalance = 2 * table["taker_buy_base_volume"] - volume
    return {
        "rv_1h": (hour, 12),
        "rv_24h": (day, 288),
        "vol_ratio": (hour * np.sqrt(24) / day, 288),
        "gk_vol": (variance.rolling(48).mean().pow(0.5), 47),
        "bb_pos": (price.rolling(20).apply(place_in_band, raw=True), 19),
        "er20": (price.diff(20).abs() / price.diff().abs().rolling(20).sum(), 20),
        "vol_z": ((np.log(1 + volume) - crowd.mean()) / crowd.std(), 287),
        "taker_imb": (imbalance.rolling(HOUR).sum() / volume.rolling(HOUR).sum(), 11),
    }


def returns(table):
    """pandas looks the earlier bar up by its time."""
    price = table["close"]
    return {
        name: (np.log(price / price.shift(freq=span)).reindex(table.index), None)
        for name, span in RETURNS.items()
    }


def test_every_bar_feature_but_hurst_is_that_of_the_libraries(table, ours):
    theirs = averages(table) | oscillators(table) | windows(table) | returns(table)
    assert set(theirs) == set(BAR_FEATURES) - {"hurst"}
    for name, (values, first) in theirs.items():
        expected = values.to_numpy().copy()
        if first is not None:
            expected[:first] = np.nan
            assert not np.isnan(expected[first:]).any()
        np.testing.assert_allclose(ours[name].to_numpy(), expected, rtol=0, atol=1e-9, err_msg=name)


def test_a_return_over_an_hour_is_missing_an_hour_after_the_missing_bars(ours):
    assert ours["ret_1h"].loc["2024-03-07 04:00":"2024-03-07 04:10"].isna().all()
    assert ours["ret_1h"].loc["2024-03-07 04:15":"2024-03-07 05:00"].notna().all()


def structure_slope(close):
    """Slope of the log deviation of log price changes on the log lag."""
    logs = np.log(close)
    lags = np.arange(2, 21)
    spreads = [np.std(logs[k:] - logs[:-k], ddof=0) for k in lags]
    return scipy.stats.linregress(np.log(lags), np.log(spreads)).slope


def test_hurst_is_the_slope_of_scipys_regression(table, ours):
    close = table["close"].to_numpy()
    assert ours["hurst"].first_valid_index() == table.index[287]
    rows = range(287, len(close), 37)
    theirs = [structure_slope(close[row - 287 : row + 1]) for row in rows]
    np.testing.assert_allclose(ours["hurst"].to_numpy()[list(rows)], theirs, rtol=0, atol=1e-9)
    assert 0.3 < np.mean(theirs) < 0.7


def test_the_future_changes_nothing_on_recorded_bars(table, ours):
    bars = frame_of(table)
    values = ours.to_numpy()
    rng = np.random.default_rng(7)
    for row in (0, 30, 200, *rng.integers(288, len(bars) - 1, 12).tolist()):
        known = bars.rows(0, row + 1)
        assert bar_features(known, row)[0].tobytes() == values[row].tobytes()
        after = bars.rows(row + 1, len(bars)).columns()
        upside_down = {n: v if n == "open_time" else 2 * v[::-1] for n, v in after.items()}
        altered = Candles.concat([known, Candles(**upside_down)])
        assert bar_features(altered)[: row + 1].tobytes() == values[: row + 1].tobytes()
