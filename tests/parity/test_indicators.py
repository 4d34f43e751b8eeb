"""The indicators against the libraries that define them, on a recorded week."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import talib

from babingepet import indicators
from babingepet.market.history import resample
from babingepet.market.intervals import DAY
from tests.parity import formulas
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


def is_everywhere(ours, theirs, tolerance=1e-9):
    """Whether two series agree, also in where they begin."""
    theirs = np.array([np.nan if value is None else value for value in theirs])
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, equal_nan=True)
    return True


def test_ranges_are_those_of_wilders_text(bars):
    columns = (bars.high, bars.low, bars.close)
    for period in (14, 22):
        theirs = formulas.average_true_range(*(c.tolist() for c in columns), period)
        assert is_everywhere(indicators.average_true_range(*columns, period), theirs)


def test_directional_movement_is_that_of_wilders_text(bars):
    columns = (bars.high, bars.low, bars.close)
    theirs = formulas.directional_movement(*(c.tolist() for c in columns), 14)
    ours = indicators.directional_movement(*columns, 14)
    assert all(is_everywhere(*pair) for pair in zip(ours, theirs, strict=True))


def test_chandelier_levels_are_those_of_pandas(bars):
    reach = formulas.average_true_range(
        bars.high.tolist(), bars.low.tolist(), bars.close.tolist(), 22
    )
    top = pd.Series(bars.high).rolling(22).max()
    bottom = pd.Series(bars.low).rolling(22).min()
    for end in range(23, len(bars), 97):
        known = bars.rows(0, end)
        ours = indicators.chandelier(known.high, known.low, known.close, 22, 3.0)
        theirs = (top[end - 1] - 3 * reach[end - 1], bottom[end - 1] + 3 * reach[end - 1])
        assert [level[-1] for level in ours] == pytest.approx(theirs, abs=1e-9)


def test_the_moving_average_is_that_of_pandas(bars):
    for period in (20, 50):
        theirs = pd.Series(bars.close).ewm(span=period, adjust=False).mean().to_numpy()
        np.testing.assert_allclose(indicators.ema(bars.close, period), theirs, rtol=1e-12)


def test_the_moving_average_is_that_of_its_definition(bars):
    for period in (20, 50):
        theirs = formulas.moving_average(bars.close.tolist(), period)
        np.testing.assert_allclose(indicators.ema(bars.close, period), theirs, rtol=1e-12)


def test_efficiency_is_net_change_over_path(bars):
    theirs = formulas.efficiency(bars.close.tolist(), 20)
    assert is_everywhere(indicators.efficiency_ratio(bars.close, 20), theirs, tolerance=1e-12)


def test_the_mid_rank_is_that_of_scipy(bars):
    population = np.round(bars.close[:500], -1)  # with ties
    for value in population[::25]:
        theirs = scipy.stats.percentileofscore(population, value, kind="mean") / 100
        assert indicators.mid_rank(population, value) == pytest.approx(theirs, abs=1e-12)
