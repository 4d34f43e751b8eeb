"""The regime of every recorded bar against the rules written out over TA-Lib and numpy."""

import numpy as np
import pytest
import talib

from babingepet.domain.codes import Regime
from babingepet.market.history import resample
from babingepet.market.intervals import DAY
from babingepet.signals.regime import read_regime
from tests import factories as f
from tests.parity.recorded import spot_minutes

START = 1_709_251_200_000  # 2024-03-01
SPAN = 15 * 60_000


@pytest.fixture(scope="module")
def quarters(recorded_data):
    return resample(spot_minutes(recorded_data, START, 25), "15m", START + 25 * DAY)


def states(bars):
    """(confirmed, raw) of each bar."""
    high, low, close = bars.high, bars.low, bars.close
    adx, plus, minus = (
        function(high, low, close, 14) for function in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)
    )
    reach = talib.ATR(high, low, close, 14)
    average = [close[0]]
    for price in close[1:]:
        average.append(average[-1] + 2 / 51 * (price - average[-1]))
    confirmed, streak, before = "UNKNOWN", 0, None
    for i in range(119, len(close)):
        path = np.abs(np.diff(close[i - 20 : i + 1])).sum()
        er = abs(close[i] - close[i - 20]) / path if path else 0.0
        slope = (average[i] - average[i - 10]) / (10 * reach[i])
        natr = (reach / close)[14 : i + 1][-500:]
        rank = ((natr < natr[-1]).sum() + (natr == natr[-1]).sum() / 2) / len(natr)
        raw = "NEUTRAL"
        if adx[i] < 20 or er < 0.15:
            raw = "RANGING"
        if adx[i] >= 25 and minus[i] > plus[i] and slope < -0.05 and er >= 0.30:
            raw = "TRENDING_DOWN"
        if adx[i] >= 25 and plus[i] > minus[i] and slope > 0.05 and er >= 0.30:
            raw = "TRENDING_UP"
        if len(natr) >= 100 and rank >= 0.95 and er < 0.30:
            raw = "VOLATILE"
        streak = streak + 1 if raw == before else 1
        before = raw
        if confirmed == "UNKNOWN" or raw == "VOLATILE" or streak >= 3:
            confirmed = raw
        yield i, confirmed, raw


def test_every_recorded_quarter_of_an_hour_has_the_state_of_the_rules(quarters):
    seen = set()
    for i, confirmed, raw in list(states(quarters))[::7]:
        known = quarters.rows(0, i + 1)
        as_of = int(known.open_time[-1]) + SPAN
        reading = read_regime(f.signal_inputs(as_of, bars={"15m": known}))
        assert (reading.state.name, reading.raw_state.name) == (confirmed, raw)
        seen.add(reading.state)
    assert seen == set(Regime) - {Regime.UNKNOWN}
