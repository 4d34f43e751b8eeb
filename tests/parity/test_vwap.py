"""The day's volume-weighted average price against pandas and exact fractions, on recorded minutes."""

import numpy as np
import pandas as pd
import pytest

from babingepet.domain.codes import Regime
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.vwap import vwap, weighted_moments
from tests import factories as f
from tests.parity import formulas
from tests.parity.recorded import spot_minutes

START = 1_709_510_400_000


@pytest.mark.parametrize("hours", [1, 7, 13, 23])
@pytest.mark.parametrize("day", [1, 4])
def test_vwap_is_that_of_pandas(recorded_data, day, hours):
    minutes = spot_minutes(recorded_data, START, 7)
    as_of = START + day * DAY + hours * HOUR + 17 * MINUTE
    inputs: SignalInputs = f.signal_inputs(as_of, minutes=minutes.between(START, as_of))
    today = minutes.between(START + day * DAY, as_of)
    table = pd.DataFrame(today.columns())
    typical = (table["high"] + table["low"] + table["close"]) / 3
    volume = table["base_volume"]
    mean = (typical * volume).cumsum().iloc[-1] / volume.cumsum().iloc[-1]
    deviation = np.sqrt((volume * (typical - mean) ** 2).sum() / volume.sum())
    score = vwap(inputs, Regime.NEUTRAL)
    assert score.raw["vwap"] == pytest.approx(mean, rel=1e-12)
    assert score.raw["deviation"] == pytest.approx(deviation, rel=1e-9)
    assert score.raw["z"] == pytest.approx((table["close"].iloc[-1] - mean) / deviation, abs=1e-9)


@pytest.mark.parametrize("rows", [2, 30, 400, 1_439])
@pytest.mark.parametrize("day", [0, 3, 5])
def test_mean_and_deviation_are_those_of_exact_fractions(recorded_data, day, rows):
    today = spot_minutes(recorded_data, START, 7).between(START + day * DAY, START + 7 * DAY)
    today = today.rows(0, rows)
    typical = (today.high + today.low + today.close) / 3.0
    mean, deviation = weighted_moments(typical, today.base_volume)
    exact = formulas.weighted_moments(typical.tolist(), today.base_volume.tolist())
    assert mean == pytest.approx(exact[0], rel=1e-14)
    assert deviation == pytest.approx(exact[1], rel=1e-10)


def test_the_deviation_of_prices_that_hardly_differ_is_not_lost():
    typical = 1e9 + np.array([0.0, 1e-3, 0.0])
    volume = np.array([1.0, 2.0, 3.0])
    exact = formulas.weighted_moments(typical.tolist(), volume.tolist())
    assert weighted_moments(typical, volume) == pytest.approx(exact, rel=1e-3)
    naive = (volume * typical**2).sum() / 6 - ((volume * typical).sum() / 6) ** 2
    assert naive != pytest.approx(exact[1] ** 2, rel=0.5)  # nothing but rounding is left of it
