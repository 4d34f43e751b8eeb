"""The indicators against the libraries that define them, on a recorded week."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import talib

from babingepet import indicators
from babingepet.market.history import resample
from babingepet.market.intervals import DAY
from tests.parity.recorded import spot_minutes

START = 1_709_510_400_000  # 2024-03-04, a week around a record high
INTERVALS = ("1m", "15m")


@pytest.fixture(params=INTERVALS)
def bars(recorded_data, request):
    minutes = spot_minutes(recorded_data, START, 7)
    return resample(minutes, request.param, START + 7 * DAY)


def test_ranges_are_those_of_talib(bars):
    for period in (14, 22):
        ours = indicators.average_true_range(bars.high, bars.low, bars.close, period)
        theirs = talib.ATR(bars.high, bars.low, bars.close, period)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_directional_movement_is_that_of_talib(bars):
    ours = indicators.directional_movement(bars.high, bars.low, bars.close, 14)
    for mine, function in zip(ours, (talib.ADX, talib.PLUS_DI, talib.MINUS_DI), strict=True):
        theirs = function(bars.high, bars.low, bars.close, 14)
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-9)


def wilder_sum(values, period):
    """Seeded with the first period - 1 terms, then last - last / period + value."""
    total = sum(values[: period - 1])
    for value in values[period - 1 :]:
        total += value - total / period
        yield total


def test_directional_movement_is_that_of_wilders_text(bars):
    high, low, close = (getattr(bars, name)[:400].tolist() for name in ("high", "low", "close"))
    up = [b - a for a, b in pairwise(high)]
    down = [a - b for a, b in pairwise(low)]
    plus = [u if u > d and u > 0 else 0.0 for u, d in zip(up, down, strict=True)]
    minus = [d if d > u and d > 0 else 0.0 for u, d in zip(up, down, strict=True)]
    reach = [
        max(h - lo, abs(h - c), abs(lo - c))
        for h, lo, c in zip(high[1:], low[1:], close[:-1], strict=True)
    ]
    sums = zip(*(wilder_sum(values, 14) for values in (plus, minus, reach)), strict=True)
    di = [(100 * p / t, 100 * m / t) for p, m, t in sums]
    dx = [100 * abs(p - m) / (p + m) for p, m in di]
    adx = sum(dx[:14]) / 14
    for value in dx[14:]:
        adx = (adx * 13 + value) / 14
    ours = indicators.directional_movement(bars.high[:400], bars.low[:400], bars.close[:400], 14)
    assert [series[-1] for series in ours] == pytest.approx([adx, *di[-1]], abs=1e-9)


def test_the_moving_average_is_that_of_pandas(bars):
    for period in (20, 50):
        theirs = pd.Series(bars.close).ewm(span=period, adjust=False).mean().to_numpy()
        np.testing.assert_allclose(indicators.ema(bars.close, period), theirs, rtol=1e-12)


def test_efficiency_is_net_change_over_path_in_numpy(bars):
    close = bars.close
    path = np.convolve(np.abs(np.diff(close)), np.ones(20), "valid")
    theirs = np.abs(close[20:] - close[:-20]) / path
    np.testing.assert_allclose(indicators.efficiency_ratio(close, 20)[20:], theirs, atol=1e-9)


def test_the_mid_rank_is_that_of_scipy(bars):
    population = np.round(bars.close[:500], -1)  # with ties
    for value in population[::25]:
        theirs = scipy.stats.percentileofscore(population, value, kind="mean") / 100
        assert indicators.mid_rank(population, value) == pytest.approx(theirs, abs=1e-12)
